import type { Enrolment, InvitationPreview, Me, MyProvider, PushBrowsers, SecondFactor, SignedIn, SignInSession } from "../types";
import type { Api } from "./client";

/** Setting up, signing in and one's own account. */
export class SessionApi {
  constructor(private readonly api: Api) {}

  /** Answers 404 once there is an account. */
  setupNeeded(): Promise<{ needed: boolean }> {
    return this.api.call("get", "/api/v1/setup", {});
  }

  setUp(body: { token: string; workspace_name: string; name: string; email: string; password: string; locale?: "en" | "zh-CN" }): Promise<SignedIn> {
    return this.api.call("post", "/api/v1/setup", { body });
  }

  me(): Promise<Me> {
    return this.api.call("get", "/api/v1/session", {});
  }

  signIn(email: string, password: string): Promise<SignedIn> {
    return this.api.call("post", "/api/v1/session", { body: { email, password } });
  }

  signInByLink(token: string): Promise<SignedIn> {
    return this.api.call("post", "/api/v1/session/link", { body: { token } });
  }

  /** Answers a challenge with a code of the authenticator app, or with a recovery code. */
  signInSecond(challenge: string, code: string): Promise<SignedIn> {
    return this.api.call("post", "/api/v1/session/second", { body: { challenge, code } });
  }

  /** The providers whose buttons the sign-in page shows. */
  async providers(): Promise<{ id: string; name: string }[]> {
    return (await this.api.call("get", "/api/v1/sign-in/providers", {})).items ?? [];
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

  acceptInvitation(body: { token: string; name?: string; password: string }): Promise<SignedIn> {
    return this.api.call("post", "/api/v1/invitations/accept", { body });
  }

  lookUpReset(token: string): Promise<{ email: string }> {
    return this.api.call("post", "/api/v1/password-resets/lookup", { body: { token } });
  }

  /** Sets a new password and ends every session of the account. */
  async useReset(token: string, password: string): Promise<void> {
    await this.api.call("post", "/api/v1/password-resets/use", { body: { token, password } });
  }

  async sessions(): Promise<SignInSession[]> {
    return (await this.api.call("get", "/api/v1/account/sessions", {})).items ?? [];
  }

  async endSession(session: string): Promise<void> {
    await this.api.call("delete", "/api/v1/account/sessions/{session}", { path: { session } });
  }

  async endOtherSessions(): Promise<void> {
    await this.api.call("delete", "/api/v1/account/sessions", {});
  }

  /** Browsers that are told with no window open, and the key that this one subscribes with. */
  pushes(): Promise<PushBrowsers> {
    return this.api.call("get", "/api/v1/account/push", {});
  }

  /** Has this browser be told; its subscription ends with the session. */
  async subscribePush(body: { endpoint: string; key: string; auth: string; say: "all" | "kind" }): Promise<void> {
    await this.api.call("put", "/api/v1/account/push", { body });
  }

  /** Pushes something here and answers what the push service said. */
  tryPush(): Promise<{ sent: boolean; trouble?: string }> {
    return this.api.call("post", "/api/v1/account/push/test", {});
  }

  async endPush(session: string): Promise<void> {
    await this.api.call("delete", "/api/v1/account/push/{session}", { path: { session } });
  }

  secondFactor(): Promise<SecondFactor> {
    return this.api.call("get", "/api/v1/account/totp", {});
  }

  beginSecondFactor(password?: string): Promise<Enrolment> {
    return this.api.call("post", "/api/v1/account/totp", { body: { password } });
  }

  /** Turns the second factor on; the recovery codes are shown this once. */
  async confirmSecondFactor(code: string): Promise<string[]> {
    return (await this.api.call("post", "/api/v1/account/totp/confirm", { body: { code } })).recovery_codes ?? [];
  }

  async disableSecondFactor(body: { password?: string; code: string }): Promise<void> {
    await this.api.call("post", "/api/v1/account/totp/disable", { body });
  }

  async renewRecoveryCodes(code: string): Promise<string[]> {
    return (await this.api.call("post", "/api/v1/account/totp/recovery-codes", { body: { code } })).recovery_codes ?? [];
  }

  async myProviders(): Promise<MyProvider[]> {
    return (await this.api.call("get", "/api/v1/account/providers", {})).items ?? [];
  }

  /** Where the browser goes to link a provider. */
  async linkProvider(provider: string, back: string): Promise<string> {
    return (await this.api.call("post", "/api/v1/account/providers/{provider}", { path: { provider }, body: { return: back } })).url;
  }

  async unlinkProvider(provider: string): Promise<void> {
    await this.api.call("delete", "/api/v1/account/providers/{provider}", { path: { provider } });
  }
}
