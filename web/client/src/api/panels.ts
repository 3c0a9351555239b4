import type { Api, Input } from "./client";
import type { components } from "./schema";

type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** Something that a plugin shows, as the reader may see it. */
export type Panel = Schema<"PanelBody">;
/** Where plugins show something. */
export type PanelSlot = Panel["slot"];
/** What a panel is looked at with. */
export type PanelLook = Schema<"PanelLook">;
/** A card, or why there is none. Times in seconds. */
export type PanelCard = Schema<"CardBody">;
export type Pressed = Schema<"PressedBody">;
export type RecordField = Schema<"RecordFieldBody">;
/** A kind of record of a connected system, and what that takes. */
export type RecordObject = Schema<"ObjectBody">;
export type FarRecord = Schema<"RecordBody">;
/** What one connected system knows of a contact. */
export type RecordLookup = Schema<"LookupBody">;
/** A use of a tool that waits for somebody to agree, or is over. */
export type ToolUse = Schema<"ToolCallBody">;
export type Tool = Schema<"ToolBody">;

const BASE = "/api/v1/workspaces/{workspace}" as const;
const CONNECTION = `${BASE}/connections/{connection}` as const;
const PANEL = `${CONNECTION}/panels/{panel}` as const;

type Press = Input<"post", `${typeof PANEL}/act`>["body"];
type FrameCall = Input<"post", `${typeof PANEL}/call`>["body"];
type NewRecord = Input<"post", `${typeof CONNECTION}/records`>["body"];
type Summary = Input<"post", `${typeof BASE}/conversations/{conversation}/summary`>["body"];

/** What plugins show beside the work: panels, records of connected systems, tools that want a yes. */
export class PanelsApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  /** Of one place, or of every one that fits what is named. */
  async list(query: { slot?: PanelSlot; conversation?: string; ticket?: string } = {}): Promise<Panel[]> {
    return (await this.api.call("get", `${BASE}/panels`, { path: this.path, query })).items;
  }

  render(connection: string, panel: string, look: PanelLook): Promise<PanelCard> {
    return this.api.call("post", `${PANEL}/render`, { path: { ...this.path, connection, panel }, body: look });
  }

  act(connection: string, panel: string, press: Press): Promise<Pressed> {
    return this.api.call("post", `${PANEL}/act`, { path: { ...this.path, connection, panel }, body: press });
  }

  frame(connection: string, panel: string, look: PanelLook): Promise<Schema<"OpenedBody">> {
    return this.api.call("post", `${PANEL}/frame`, { path: { ...this.path, connection, panel }, body: look });
  }

  async call(connection: string, panel: string, call: FrameCall): Promise<unknown> {
    return (await this.api.call("post", `${PANEL}/call`, { path: { ...this.path, connection, panel }, body: call })).value;
  }

  async objects(connection: string, locale: string): Promise<RecordObject[]> {
    return (await this.api.call("get", `${CONNECTION}/objects`, { path: { ...this.path, connection }, query: { locale } })).items;
  }

  /** Every connected system is asked at once, and has a state of its own. */
  async records(contact: string): Promise<RecordLookup[]> {
    return (await this.api.call("get", `${BASE}/contacts/{contact}/records`, { path: { ...this.path, contact } })).items;
  }

  async searchRecords(connection: string, object: string, q: string): Promise<FarRecord[]> {
    return (await this.api.call("get", `${CONNECTION}/records`, { path: { ...this.path, connection }, query: { object, q } })).items;
  }

  /** Without an id it is made. The same key again has no further effect. */
  saveRecord(connection: string, record: NewRecord): Promise<FarRecord> {
    return this.api.call("post", `${CONNECTION}/records`, { path: { ...this.path, connection }, body: record });
  }

  async writeSummary(conversation: string, summary: Summary): Promise<void> {
    await this.api.call("post", `${BASE}/conversations/{conversation}/summary`, { path: { ...this.path, conversation }, body: summary });
  }

  async tools(): Promise<Tool[]> {
    return (await this.api.call("get", `${BASE}/tools`, { path: this.path })).items;
  }

  async approvals(): Promise<ToolUse[]> {
    return (await this.api.call("get", `${BASE}/approvals`, { path: this.path })).items;
  }

  decide(approval: string, approve: boolean): Promise<ToolUse> {
    return this.api.call("post", `${BASE}/approvals/{approval}`, { path: { ...this.path, approval }, body: { approve } });
  }

  /** Somebody has looked at what an analyzer noticed: it is settled. */
  async dismissFinding(finding: string): Promise<void> {
    await this.api.call("post", `${BASE}/findings/{finding}/dismiss`, { path: { ...this.path, finding } });
  }
}
