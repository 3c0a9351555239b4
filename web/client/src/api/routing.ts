import type { FilterNode, Need } from "../types";
import type { Api } from "./client";
import type { RuleTrial } from "./rules";

/** What a conversation asks of who is given it. */
export interface RoutingDemand {
  /** Beside those that its queue asks for. */
  skills?: Need[];
  /** Instead of its queue's, 1 to 100. */
  value?: number;
}

/** What a routing rule does. */
export interface RoutingEffects extends RoutingDemand {
  queue_id?: string;
  priority?: "low" | "normal" | "high" | "urgent";
}

/** A routing rule; one without an id is new. */
export interface RoutingDraft {
  id?: string;
  name: string;
  enabled: boolean;
  when: FilterNode;
  then: RoutingEffects;
}

export interface RoutingRule extends RoutingDraft {
  id: string;
  /** What does not work, since it is not there any more; pointers into the rule. */
  faults: { pointer: string; code: string; detail: string }[];
}

export interface RoutingRules {
  revision: number;
  /** Of hours and weekdays; "" = UTC. */
  time_zone: string;
  rules: RoutingRule[];
  fields: { name: string; kind: "enum" | "id" | "set" | "text" | "number" | "date" | "bool"; options?: string[] }[];
  /** Rules that can never count, or ask for what nobody can; pointers into this. */
  warnings: { pointer: string; code: string; detail: string }[];
}

/** A conversation to try rules on: one that there was, or its parts. */
export interface RoutingTrialOf {
  conversation_id?: string;
  inbox_id?: string;
  language?: string;
  page_url?: string;
  page_title?: string;
  attributes?: Record<string, unknown>;
  verified?: boolean;
  returning?: boolean;
  text?: string;
  at?: string;
}

export interface RoutingTrial extends RuleTrial, RoutingDemand {
  /** What was looked at, in the time zone of the rules. */
  at: string;
  queue_id?: string;
  team_id?: string;
  priority?: "low" | "normal" | "high" | "urgent";
  skipped: { pointer: string; code: string; detail: string }[];
  serves: { member_id: string; status: "available" | "away" | "offline" }[];
  warnings: { code: "closed" | "passed_on" | "nobody" | "nobody_available"; detail: string; queue_id?: string; opens_at?: string }[];
}

/** In which queue conversations wait that come to people for the first time. */
export class RoutingApi {
  private readonly base: string;

  constructor(
    private readonly api: Api,
    workspace: string,
  ) {
    this.base = `/api/v1/workspaces/${workspace}/routing`;
  }

  get(): Promise<RoutingRules> {
    return this.api.request("get", this.base);
  }

  /** Refused when they are not those of the revision any more. */
  put(revision: number, zone: string, rules: readonly RoutingDraft[]): Promise<RoutingRules> {
    return this.api.request("put", this.base, { body: { revision, time_zone: zone, rules: rules.map(({ id, name, enabled, when, then }) => ({ id, name, enabled, when, then })) } });
  }

  /** Changes nothing. */
  try(of: RoutingTrialOf): Promise<RoutingTrial> {
    return this.api.request("post", `${this.base}/try`, { body: of });
  }
}
