import type { InboxRule, InboxRules, RuleDraft, RuleTrialOf } from "@patchbay/client/api";
import { refused, type Body, type Route } from "./answers.ts";

const held = new Map<string, InboxRules>();
const fields: InboxRules["fields"] = [
  ...["from", "from_domain", "to", "to_tag", "subject", "text"].map((name) => ({ name, kind: "text" as const })),
  ...["attachments", "verified", "automatic"].map((name) => ({ name, kind: "bool" as const })),
];

function of(inbox: string, live: boolean): InboxRules {
  const now = held.get(inbox) ?? { revision: 0, rules: [], fields: live ? fields.filter(({ name }) => ["text", "attachments", "verified"].includes(name)) : fields };
  held.set(inbox, now);
  return now;
}

/** The rules of inboxes, and what they would make of a message. */
export const ruleRoutes: Record<string, Route> = {
  "GET inboxes/:i/rules": (world, [id]) => [200, of(id!, world.inboxes.find((one) => one.id === id)?.live ?? false)],
  "PUT inboxes/:i/rules": (world, [id], _q, body) => {
    const now = of(id!, world.inboxes.find((one) => one.id === id)?.live ?? false);
    const drafts = body["rules"] as RuleDraft[];
    if (body["revision"] !== now.revision) return refused(409, "inbox.rules_changed", []);
    const empty = drafts.findIndex((one) => Object.keys(one.then).length === 0);
    if (empty >= 0) return refused(422, "inbox.rules", [{ pointer: `/rules/${empty}/then`, code: "required", detail: "it does nothing. Choose at least one effect." }]);
    now.revision++;
    now.rules = drafts.map((one): InboxRule => ({ ...one, id: one.id ?? world.id("rul"), faults: [] }));
    return [200, now];
  },
  "POST inboxes/:i/rules/try": (world, [id], _q, body) => [200, tried(of(id!, world.inboxes.find((one) => one.id === id)?.live ?? false), body)],
};

function tried(rules: InboxRules, body: Body) {
  const message = body as RuleTrialOf;
  const domain = message.from?.split("@")[1] ?? "";
  const has = (name: string): (string | boolean)[] => {
    if (name === "from_domain") return domain ? [domain] : [];
    if (name === "to_tag") return (message.to ?? []).flatMap((one) => one.split("@")[0]!.split("+").slice(1));
    const value = (message as Record<string, string | string[] | boolean | undefined>)[name];
    if (["attachments", "verified", "automatic"].includes(name)) return [value === true];
    return value === undefined || value === "" ? [] : ([value].flat() as string[]);
  };
  const holds = (when: InboxRule["when"]): boolean => {
    if ("not" in when) return !holds(when.not);
    if ("and" in when) return when.and.every(holds);
    if ("or" in when) return when.or.some(holds);
    return meets(when, has(when.field).map((one) => String(one).toLowerCase()));
  };
  const first = rules.rules.find((one) => one.enabled && holds(one.when));
  return {
    rule_id: first?.id,
    rules: rules.rules.map((one) => ({
      rule_id: one.id, name: one.name, enabled: one.enabled, holds: holds(one.when), fires: one === first,
      conditions: leaves(one.when, "").map(({ pointer, condition }) => ({ pointer, condition, holds: holds(condition), has: has(condition.field).map(String) })),
    })),
  };
}

function meets({ op, value }: Condition, have: string[]): boolean {
  const want = String(value).toLowerCase();
  const some = (fits: (one: string) => boolean) => have.some(fits);
  switch (op) {
    case "is_not":
      return !some((one) => one === want);
    case "contains":
      return some((one) => one.includes(want));
    case "not_contains":
      return !some((one) => one.includes(want));
    case "starts_with":
      return some((one) => one.startsWith(want));
    case "is_set":
      return have.length > 0;
    case "is_not_set":
      return have.length === 0;
    default:
      return some((one) => one === want);
  }
}

type Condition = Extract<InboxRule["when"], { field: string }>;

function leaves(node: InboxRule["when"], pointer: string): { pointer: string; condition: Condition }[] {
  if ("not" in node) return leaves(node.not, `${pointer}/not`);
  if ("and" in node) return node.and.flatMap((one, at) => leaves(one, `${pointer}/and/${at}`));
  if ("or" in node) return node.or.flatMap((one, at) => leaves(one, `${pointer}/or/${at}`));
  return [{ pointer, condition: node }];
}
