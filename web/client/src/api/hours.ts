import type { Calendar, CalendarDay, HolidaySet, ImportPlan } from "../types";
import type { Api } from "./client";

/** What a calendar becomes, beside its revision. */
export type CalendarDraft = Pick<Calendar, "name" | "time_zone" | "week" | "exceptions">;

/** Where holidays come from: the text of a calendar file, or a built-in set. */
export interface HolidaySource {
  file?: string;
  set?: string;
  /** The day of the week as which make-up days are open. */
  make_up?: string;
}

/** Business hours of a workspace. */
export class HoursApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}`;
  }

  /** All of them: a workspace has at most fifty. */
  async calendars(): Promise<Calendar[]> {
    const page = await this.api.request<{ items: Calendar[] }>("get", `${this.base}/calendars`, { query: { limit: 200 } });
    return page.items;
  }

  calendar(id: string): Promise<Calendar> {
    return this.api.request("get", `${this.base}/calendars/${id}`);
  }

  create(draft: CalendarDraft): Promise<Calendar> {
    return this.api.request("post", `${this.base}/calendars`, { body: draft });
  }

  update(id: string, revision: number, draft: CalendarDraft): Promise<Calendar> {
    return this.api.request("patch", `${this.base}/calendars/${id}`, { body: { ...draft, revision } });
  }

  async remove(id: string): Promise<void> {
    await this.api.request("delete", `${this.base}/calendars/${id}`);
  }

  async days(id: string): Promise<CalendarDay[]> {
    return (await this.api.request<{ items: CalendarDay[] }>("get", `${this.base}/calendars/${id}/days`)).items;
  }

  async holidays(): Promise<HolidaySet[]> {
    return (await this.api.request<{ items: HolidaySet[] }>("get", `${this.base}/holiday-sets`)).items;
  }

  /** What an import would do; nothing is written. */
  preview(id: string, source: HolidaySource): Promise<ImportPlan> {
    return this.api.request("post", `${this.base}/calendars/${id}/import/preview`, { body: source });
  }

  import(id: string, revision: number, source: HolidaySource): Promise<Calendar> {
    return this.api.request("post", `${this.base}/calendars/${id}/import`, { body: { ...source, revision } });
  }
}
