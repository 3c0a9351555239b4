import type { FilterCondition, FilterNode } from "../types";
import type { Api } from "./client";

/** What a rule does with a conversation that begins. */
export interface RuleEffects {
  team_id?: string;
  priority?: "low" | "normal" | "high" | "urgent";
  label_ids?: string[];
  ticket?: { type_id?: string };
  ignore?: boolean;
}

/** A rule of an inbox; one without an id is new. */
export interface RuleDraft {
  id?: string;
  name: string;
  enabled: boolean;
  when: FilterNode;
  then: RuleEffects;
}

export interface InboxRule extends RuleDraft {
  id: string;
  /** What is left out, since it is not there any more; pointers into `then`. */
  faults: { pointer: string; code: string; detail: string }[];
}

export interface InboxRules {
  revision: number;
  rules: InboxRule[];
  fields: { name: string; kind: "text" | "bool" }[];
}

/** A message to try rules on: one that came, or its parts. */
export interface RuleTrialOf {
  conversation_id?: string;
  message_id?: string;
  from?: string;
  to?: string[];
  subject?: string;
  text?: string;
  attachments?: boolean;
  automatic?: boolean;
  verified?: boolean;
}

export interface RuleTrial {
  /** The rule that counts; absent: none does. */
  rule_id?: string;
  rules: { rule_id: string; name: string; enabled: boolean; holds: boolean; fires: boolean; conditions: { pointer: string; condition: FilterCondition; holds: boolean; has: string[] }[] }[];
}

/** What becomes of conversations that begin in an inbox. */
export class RulesApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
    inbox: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}/inboxes/${inbox}/rules`;
  }

  get(): Promise<InboxRules> {
    return this.api.request("get", this.base);
  }

  /** Refused when they are not those of the revision any more. */
  put(revision: number, rules: readonly RuleDraft[]): Promise<InboxRules> {
    return this.api.request("put", this.base, { body: { revision, rules: rules.map(({ id, name, enabled, when, then }) => ({ id, name, enabled, when, then })) } });
  }

  /** Changes nothing. */
  try(message: RuleTrialOf): Promise<RuleTrial> {
    return this.api.request("post", `${this.base}/try`, { body: message });
  }
}
