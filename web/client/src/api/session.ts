import type { InvitationPreview, Me } from "../types";
import type { Api } from "./client";

/** Setting up, signing in and one's own account. */
export class SessionApi {
  constructor(private readonly api: Api) {}

  /** Answers 404 once there is an account. */
  setupNeeded(): Promise<{ needed: boolean }> {
    return this.api.call("get", "/api/v1/setup", {});
  }

  setUp(body: { token: string; workspace_name: string; name: string; email: string; password: string; locale?: "en" | "zh-CN" }): Promise<Me> {
    return this.api.call("post", "/api/v1/setup", { body });
  }

  me(): Promise<Me> {
    return this.api.call("get", "/api/v1/session", {});
  }

  signIn(email: string, password: string): Promise<Me> {
    return this.api.call("post", "/api/v1/session", { body: { email, password } });
  }

  signInByLink(token: string): Promise<Me> {
    return this.api.call("post", "/api/v1/session/link", { body: { token } });
  }

  update(body: { name?: string; locale?: "en" | "zh-CN" }): Promise<Me> {
    return this.api.call("patch", "/api/v1/session", { body });
  }

  async signOut(): Promise<void> {
    await this.api.call("delete", "/api/v1/session", {});
  }

  /** Ends every other session. */
  async changePassword(current: string, next: string): Promise<void> {
    await this.api.call("post", "/api/v1/session/password", { body: { current, new: next } });
  }

  lookUpInvitation(token: string): Promise<InvitationPreview> {
    return this.api.call("post", "/api/v1/invitations/lookup", { body: { token } });
  }

  acceptInvitation(body: { token: string; name?: string; password: string }): Promise<Me> {
    return this.api.call("post", "/api/v1/invitations/accept", { body });
  }
}
