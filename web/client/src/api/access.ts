import type { SignInPolicy, SignInProvider } from "../types";
import type { components } from "./schema";
import type { Api } from "./client";

const BASE = "/api/v1/workspaces/{workspace}" as const;

export type RoleDefinition = components["schemas"]["RoleBody"];
export type RolePatch = components["schemas"]["RolePatch"];
/** One thing that a role can allow. */
export type Allowance = components["schemas"]["AllowedBody"];
/** What was found at a provider's address. */
export type Examination = components["schemas"]["ExaminationBody"];
export type ProviderFields = components["schemas"]["ProviderFields"];

/** Roles, and how people sign in: what decides who comes in and what they may do. */
export class AccessApi {
  private readonly path: { workspace: string };

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.path = { workspace };
  }

  /** All roles, the built-in ones first. */
  async roles(): Promise<RoleDefinition[]> {
    return (await this.api.call("get", `${BASE}/roles`, { path: this.path })).items;
  }

  async permissions(): Promise<Allowance[]> {
    return (await this.api.call("get", `${BASE}/permissions`, { path: this.path })).items;
  }

  createRole(body: RolePatch): Promise<RoleDefinition> {
    return this.api.call("post", `${BASE}/roles`, { path: this.path, body });
  }

  changeRole(role: string, body: RolePatch): Promise<RoleDefinition> {
    return this.api.call("patch", `${BASE}/roles/{role}`, { path: { ...this.path, role }, body });
  }

  async deleteRole(role: string): Promise<void> {
    await this.api.call("delete", `${BASE}/roles/{role}`, { path: { ...this.path, role } });
  }

  policy(): Promise<SignInPolicy> {
    return this.api.call("get", `${BASE}/sign-in/policy`, { path: this.path });
  }

  changePolicy(body: Partial<SignInPolicy>): Promise<SignInPolicy> {
    return this.api.call("patch", `${BASE}/sign-in/policy`, { path: this.path, body });
  }

  async providers(): Promise<SignInProvider[]> {
    return (await this.api.call("get", `${BASE}/sign-in/providers`, { path: this.path })).items ?? [];
  }

  createProvider(body: ProviderFields & { issuer: string }): Promise<SignInProvider> {
    return this.api.call("post", `${BASE}/sign-in/providers`, { path: this.path, body });
  }

  changeProvider(provider: string, body: ProviderFields): Promise<SignInProvider> {
    return this.api.call("patch", `${BASE}/sign-in/providers/{provider}`, { path: { ...this.path, provider }, body });
  }

  /** Asks a provider what it says of itself. */
  checkProvider(provider: string): Promise<Examination> {
    return this.api.call("get", `${BASE}/sign-in/providers/{provider}/check`, { path: { ...this.path, provider } });
  }

  async deleteProvider(provider: string): Promise<void> {
    await this.api.call("delete", `${BASE}/sign-in/providers/{provider}`, { path: { ...this.path, provider } });
  }
}
