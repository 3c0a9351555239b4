import type { Addressed, Conversation, DeliveryStep, GroupMember, MessageVersion, Priority, Scheduled, ServerDraft, Whisper } from "../types";
import { uploadTransport, type UploadTransport } from "../upload";
import type { Api } from "./client";

export interface DraftBody {
  text: string;
  kind: "text" | "note";
  attachment_ids?: string[];
  reply_to?: string;
  envelope?: Addressed;
  /** Of the draft this one was written over; 0 for none. */
  rev: number;
}

export interface ScheduleBody {
  client_msg_id: string;
  text: string;
  attachment_ids?: string[];
  reply_to?: string;
  envelope?: Addressed;
  send_at: string;
  unless_reply: boolean;
}

export interface ForwardBody {
  client_msg_id: string;
  text: string;
  forwards: string;
  envelope: Addressed;
}

export interface BeginBody {
  client_msg_id: string;
  inbox_id: string;
  contact_id?: string;
  envelope: Addressed;
  text: string;
  attachment_ids?: string[];
}

/** What a member does inside a conversation beyond answering it. */
export class DeskApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  get uploads(): UploadTransport {
    return uploadTransport(`${this.base}/uploads`);
  }

  /** Begins a conversation with its first message. */
  async begin(body: BeginBody): Promise<Conversation> {
    return (await this.api.request<{ conversation: Conversation }>("post", `${this.base}/conversations`, { body })).conversation;
  }

  async delivery(conversation: string, message: string): Promise<DeliveryStep[]> {
    return (await this.api.request<{ items: DeliveryStep[] }>("get", `${this.one(conversation)}/messages/${message}/delivery`)).items;
  }

  /** Who wrote in a group lately, who wrote last first. */
  async groupMembers(conversation: string): Promise<GroupMember[]> {
    return (await this.api.request<{ items: GroupMember[] }>("get", `${this.one(conversation)}/group-members`)).items;
  }

  /** What a message said before it was edited or taken back, the oldest first. */
  async versions(conversation: string, message: string): Promise<MessageVersion[]> {
    return (await this.api.request<{ items: MessageVersion[] }>("get", `${this.one(conversation)}/messages/${message}/versions`)).items;
  }

  /** Has one's own message say something else; where its channel has to do that, the answer has `changing`. */
  async edit(conversation: string, message: string, text: string): Promise<void> {
    await this.api.request("patch", `${this.one(conversation)}/messages/${message}`, { body: { text } });
  }

  async recall(conversation: string, message: string): Promise<void> {
    await this.api.request("post", `${this.one(conversation)}/messages/${message}/recall`);
  }

  /** What a person knows of a message of which nobody else does; send_again of one that failed, too; dismiss of a change that was not made. */
  async settle(conversation: string, message: string, resolve: "arrived" | "send_again" | "dismiss"): Promise<void> {
    await this.api.request("post", `${this.one(conversation)}/messages/${message}/delivery`, { body: { resolve } });
  }

  /** Passes a message on, with its files, to whom the envelope names. */
  async forward(conversation: string, body: ForwardBody): Promise<void> {
    await this.api.request("post", `${this.one(conversation)}/messages`, { body: { kind: "text", ...body } });
  }

  /** Asks the channel again for a file that failed. */
  async refetch(conversation: string, message: string, attachment: string): Promise<void> {
    await this.api.request("post", `${this.one(conversation)}/messages/${message}/attachments/${attachment}/fetch`);
  }

  /** Undefined when nothing is kept. */
  draft(conversation: string): Promise<ServerDraft | undefined> {
    return this.api.request<ServerDraft | undefined>("get", `${this.one(conversation)}/draft`);
  }

  /** Empty text without attachments deletes. An old rev: 409 `draft.stale`. */
  saveDraft(conversation: string, body: DraftBody): Promise<{ rev: number; updated_at: string }> {
    return this.api.request("put", `${this.one(conversation)}/draft`, { body });
  }

  /** Those this member may read, the newest first. */
  async whispers(conversation: string): Promise<Whisper[]> {
    return (await this.api.request<{ items: Whisper[] }>("get", `${this.one(conversation)}/whispers`)).items;
  }

  /** Idempotent by client_msg_id. 409 `whisper.nobody` when no colleague has the conversation. */
  whisper(conversation: string, body: { client_msg_id: string; text: string }): Promise<Whisper> {
    return this.api.request("post", `${this.one(conversation)}/whispers`, { body });
  }

  /** Whoever has it is told why. 409 `conversation.held` when another colleague has it than from_id says; "" is no colleague. */
  takeOver(conversation: string, body: { from_id: string; reason: string }): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/take-over`, { body });
  }

  /** Takes part beside the colleague who has it. 409 `conversation.nobody_to_join` when none has. */
  join(conversation: string): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/join`);
  }

  leave(conversation: string): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/leave`);
  }

  /** Leaves a record that one begins to watch; nobody else is told. */
  watch(conversation: string): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/watch`);
  }

  /** Those that wait, and those that failed. */
  async scheduled(conversation: string): Promise<Scheduled[]> {
    return (await this.api.request<{ items: Scheduled[] }>("get", `${this.one(conversation)}/scheduled`)).items;
  }

  /** Idempotent by client_msg_id. */
  schedule(conversation: string, body: ScheduleBody): Promise<Scheduled> {
    return this.api.request("post", `${this.one(conversation)}/scheduled`, { body });
  }

  reschedule(conversation: string, scheduled: string, body: { text?: string; send_at?: string }): Promise<Scheduled> {
    return this.api.request("patch", `${this.one(conversation)}/scheduled/${scheduled}`, { body });
  }

  async unschedule(conversation: string, scheduled: string): Promise<void> {
    await this.api.request("delete", `${this.one(conversation)}/scheduled/${scheduled}`);
  }

  /** Where to download what was said. */
  transcriptURL(conversation: string, format: "txt" | "html" | "json", notes: boolean): string {
    return `${this.one(conversation)}/transcript?format=${format}&notes=${notes}`;
  }

  setLabels(conversation: string, label_ids: string[]): Promise<Conversation> {
    return this.api.request("put", `${this.one(conversation)}/labels`, { body: { label_ids } });
  }

  /** null takes a value away. */
  setAttributes(conversation: string, set: Record<string, unknown>): Promise<Conversation> {
    return this.api.request("patch", `${this.one(conversation)}/attributes`, { body: { set } });
  }

  setPriority(conversation: string, priority: Priority): Promise<Conversation> {
    return this.api.request("put", `${this.one(conversation)}/priority`, { body: { priority } });
  }

  setParticipants(conversation: string, member_ids: string[]): Promise<Conversation> {
    return this.api.request("put", `${this.one(conversation)}/participants`, { body: { member_ids } });
  }

  /** To a team, into a queue or with "" out of it, or to a member. */
  transfer(conversation: string, to: { member_id?: string; team_id?: string; queue_id?: string }): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/assign`, { body: to });
  }

  /** Answers the conversation that now holds both. */
  merge(conversation: string, into: string): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/merge`, { body: { into } });
  }

  unmerge(conversation: string): Promise<Conversation> {
    return this.api.request("post", `${this.one(conversation)}/unmerge`);
  }

  /** The conversation people call #12; undefined when there is none. */
  async byNumber(number: number): Promise<Conversation | undefined> {
    const filter = JSON.stringify({ field: "number", op: "is", value: number });
    const page = await this.api.request<{ items: Conversation[] }>("get", `${this.base}/conversations`, { query: { filter, state: "any", view: "all", limit: 1 } });
    return page.items.find((one) => one.number === number);
  }

  private one(conversation: string): string {
    return `${this.base}/conversations/${conversation}`;
  }
}
