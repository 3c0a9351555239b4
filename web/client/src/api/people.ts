import type { AppNotification, ListPage, NotificationPreferences, PresenceEntry, Team } from "../types";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}" as const;

export interface TeamBody {
  name?: string;
  description?: string;
  member_ids?: string[];
  /** An inbox belongs to one team. */
  inbox_ids?: string[];
}

/** Teams, who is there, and what a member is told. */
export class PeopleApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  /** All teams: a workspace has at most as many as one page holds. */
  async teams(): Promise<Team[]> {
    return (await this.api.call("get", `${BASE}/teams`, { path: this.path, query: { limit: 200 } })).items;
  }

  createTeam(body: TeamBody & { name: string }): Promise<Team> {
    return this.api.call("post", `${BASE}/teams`, { path: this.path, body });
  }

  updateTeam(team: string, body: TeamBody): Promise<Team> {
    return this.api.call("patch", `${BASE}/teams/{team}`, { path: { ...this.path, team }, body });
  }

  /** What waits for the team goes to the queue of everybody. */
  async deleteTeam(team: string): Promise<void> {
    await this.api.call("delete", `${BASE}/teams/{team}`, { path: { ...this.path, team } });
  }

  async presence(): Promise<PresenceEntry[]> {
    return (await this.api.call("get", `${BASE}/presence`, { path: this.path })).members;
  }

  /** Why away: lunch, meeting, break, training, other, or the member's own words. */
  async choosePresence(status: "available" | "away", reason?: string): Promise<void> {
    await this.api.call("put", `${BASE}/presence/me`, { path: this.path, body: { status, reason: reason || undefined } });
  }

  /** Ends the wrap-up: new work may come. */
  async ready(): Promise<void> {
    await this.api.call("post", `${BASE}/presence/me/ready`, { path: this.path });
  }

  /** The newest first, with how many of all are unread. */
  notifications(query: { unread?: boolean; cursor?: string; limit?: number } = {}): Promise<ListPage<AppNotification> & { unread: number }> {
    return this.api.call("get", `${BASE}/notifications`, { path: this.path, query });
  }

  /** Answers how many are left unread. */
  async markNotificationsRead(which: { ids: string[] } | { all: true }): Promise<number> {
    return (await this.api.call("post", `${BASE}/notifications/read`, { path: this.path, body: which })).unread;
  }

  notificationPreferences(): Promise<NotificationPreferences> {
    return this.api.call("get", `${BASE}/notification-preferences`, { path: this.path });
  }

  /** Replaces what was chosen; kinds that are left out go back to the default. */
  setNotificationPreferences(body: NotificationPreferences): Promise<NotificationPreferences> {
    return this.api.call("put", `${BASE}/notification-preferences`, { path: this.path, body });
  }
}
