import type { Need, Queue, QueueDraft, Skill } from "../types";
import type { Api } from "./client";
import { everything } from "./pages";

/** Who is given what: queues, skills, and who has which. */
export class QueuesApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  queues(): Promise<Queue[]> {
    return everything((cursor) => this.api.request("get", `${this.base}/queues`, { query: { limit: 200, cursor } }));
  }

  create(draft: QueueDraft): Promise<Queue> {
    return this.api.request("post", `${this.base}/queues`, { body: draft });
  }

  update(id: string, revision: number, draft: QueueDraft): Promise<Queue> {
    return this.api.request("patch", `${this.base}/queues/${id}`, { body: { ...draft, revision } });
  }

  async remove(id: string): Promise<void> {
    await this.api.request("delete", `${this.base}/queues/${id}`);
  }

  skills(): Promise<Skill[]> {
    return everything((cursor) => this.api.request("get", `${this.base}/skills`, { query: { limit: 200, cursor } }));
  }

  createSkill(name: string): Promise<Skill> {
    return this.api.request("post", `${this.base}/skills`, { body: { name } });
  }

  renameSkill(id: string, name: string): Promise<Skill> {
    return this.api.request("patch", `${this.base}/skills/${id}`, { body: { name } });
  }

  async removeSkill(id: string): Promise<void> {
    await this.api.request("delete", `${this.base}/skills/${id}`);
  }

  /** All that a member has; what is not named is taken away. */
  async setAbilities(member: string, skills: readonly Need[]): Promise<Need[]> {
    return (await this.api.request<{ skills: Need[] }>("put", `${this.base}/members/${member}/skills`, { body: { skills } })).skills;
  }
}
