/**
 * Filters as a client understands them: which fields there are, what they take, and whether a row
 * belongs. The meaning is that of the server (`docs/reference/filters.md`); what a row does not carry,
 * such as who was mentioned, is left open rather than guessed.
 */
import type { Attribute, Conversation, FilterCondition, FilterNode } from "./types";

export type FilterKind = "enum" | "id" | "set" | "text" | "number" | "time" | "date" | "bool";

export interface FilterField {
  name: string;
  kind: FilterKind;
  /** Of an enum. */
  options?: readonly string[];
  /** What stands for the one who asks: `me`, or `mine` for their teams. */
  word?: "me" | "mine";
}

/** Limits of a filter, as the server has them. */
export const filterLimits = { depth: 5, leaves: 50, values: 50, text: 200 } as const;

const noValue = ["is_set", "is_not_set"];
const ordered = ["is", "lt", "lte", "gt", "gte", "between", ...noValue];
const chosen = ["is", "is_not", "in", "not_in", ...noValue];
const operators: Record<FilterKind, readonly string[]> = {
  enum: chosen,
  id: chosen,
  set: ["has", "has_not", "has_any", ...noValue],
  text: ["is", "is_not", "contains", "not_contains", "starts_with", ...noValue],
  number: ordered,
  time: ordered,
  date: ordered,
  bool: ["is"],
};

/** The operators that a kind of field takes. */
export const operatorsOf = (kind: FilterKind): readonly string[] => operators[kind];

/** How many values an operator takes: none, one, two, or a list. */
export function valuesOf(op: string): 0 | 1 | 2 | "list" {
  if (noValue.includes(op)) return 0;
  if (op === "between") return 2;
  return ["in", "not_in", "has_any"].includes(op) ? "list" : 1;
}

const states = ["open", "snoozed", "resolved"];
const priorities = ["low", "normal", "high", "urgent"];
const builtin: readonly FilterField[] = [
  { name: "state", kind: "enum", options: states },
  { name: "responder", kind: "enum", options: ["bot", "queue", "agent"] },
  { name: "assignee", kind: "id", word: "me" },
  { name: "offered", kind: "id", word: "me" },
  { name: "team", kind: "id", word: "mine" },
  { name: "queue", kind: "id" },
  { name: "inbox", kind: "id" },
  { name: "label", kind: "set" },
  { name: "participant", kind: "set", word: "me" },
  { name: "mention", kind: "set", word: "me" },
  { name: "priority", kind: "enum", options: priorities },
  { name: "unread", kind: "bool" },
  { name: "ignored", kind: "bool" },
  { name: "number", kind: "number" },
  { name: "rating", kind: "number" },
  { name: "waiting_since", kind: "time" },
  { name: "last_message_at", kind: "time" },
  { name: "created_at", kind: "time" },
  { name: "updated_at", kind: "time" },
  { name: "contact", kind: "id" },
  { name: "contact.name", kind: "text" },
  { name: "contact.email", kind: "text" },
  { name: "contact.organisation", kind: "id" },
  { name: "page_url", kind: "text" },
];

/** What a custom field of a type is to a filter. */
export const kindOfAttribute = (type: Attribute["type"]): FilterKind => kinds[type];
const kinds: Record<Attribute["type"], FilterKind> = { text: "text", link: "text", number: "number", boolean: "bool", date: "date", list: "enum" };

/** The fields that can be asked about, by name; those of a workspace come from its definitions. */
export function filterFields(attributes: readonly Attribute[]): Map<string, FilterField> {
  const custom = attributes.map((one): FilterField => ({
    name: `${one.target === "contact" ? "contact.attributes" : "attributes"}.${one.key}`,
    kind: kinds[one.type],
    ...(one.type === "list" ? { options: one.options ?? [] } : {}),
  }));
  return new Map([...builtin, ...custom].map((field) => [field.name, field]));
}

/** The conditions of a filter, from left to right. */
export function conditionsOf(node: FilterNode): FilterCondition[] {
  if ("and" in node) return node.and.flatMap(conditionsOf);
  if ("or" in node) return node.or.flatMap(conditionsOf);
  return "not" in node ? conditionsOf(node.not) : [node];
}

/** A filter from JSON; undefined when it is none. */
export function readFilter(json: string): FilterNode | undefined {
  try {
    const read: unknown = JSON.parse(json);
    return isNode(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isNode(node: unknown, depth = 1): node is FilterNode {
  if (typeof node !== "object" || node === null || depth > filterLimits.depth) return false;
  const { and, or, not, field, op } = node as Record<string, unknown>;
  const join = and ?? or;
  if (Array.isArray(join)) return join.every((one) => isNode(one, depth + 1));
  if (not !== undefined) return isNode(not, depth + 1);
  return typeof field === "string" && typeof op === "string";
}

/** Who asks, and when. */
export interface FilterWorld {
  now: number;
  me: string;
  /** The teams of who asks; undefined while they are not known. */
  teams?: readonly string[];
  fields: ReadonlyMap<string, FilterField>;
}

/** Whether a filter selects a row; undefined: the row does not tell. */
export type Verdict = boolean | undefined;

export const allOf = (verdicts: readonly Verdict[]): Verdict => (verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true);
export const anyOf = (verdicts: readonly Verdict[]): Verdict => (verdicts.includes(true) ? true : verdicts.includes(undefined) ? undefined : false);
export const not = (verdict: Verdict): Verdict => (verdict === undefined ? undefined : !verdict);

export function judge(node: FilterNode, row: Conversation, world: FilterWorld): Verdict {
  return judgeBy(node, (field) => held(field, row), world);
}

/** A value as filters compare it. */
export type FilterValue = string | number | boolean;
type Value = FilterValue;

/** As judge, for a row of any kind: `have` says what it has of a field, undefined when it does not tell. */
export function judgeBy(node: FilterNode, have: (field: FilterField) => FilterValue[] | undefined, world: FilterWorld): Verdict {
  if ("and" in node) return allOf(node.and.map((one) => judgeBy(one, have, world)));
  if ("or" in node) return anyOf(node.or.map((one) => judgeBy(one, have, world)));
  return "not" in node ? not(judgeBy(node.not, have, world)) : judgeCondition(node, have, world);
}

function judgeCondition(condition: FilterCondition, has: (field: FilterField) => FilterValue[] | undefined, world: FilterWorld): Verdict {
  const field = world.fields.get(condition.field);
  const have = field && has(field);
  const want = field && wanted(field, condition, world);
  if (!field || !have || !want) return undefined;
  const some = (fits: (value: Value) => boolean) => have.some(fits);
  const equal = some((value) => want.some((other) => value === other));
  const order = (fits: (value: Value, than: Value) => boolean) => want[0] !== undefined && some((value) => fits(value, want[0]!));
  const text = (value: Value) => String(value);
  switch (condition.op) {
    case "is":
      if (condition.value === null) return have.length === 0;
      return field.kind === "bool" ? some(Boolean) === want[0] : equal;
    case "in":
    case "has":
    case "has_any":
      return equal;
    case "is_not":
      return condition.value === null ? have.length > 0 : !equal;
    case "not_in":
    case "has_not":
      return !equal;
    case "is_set":
      return have.length > 0;
    case "is_not_set":
      return have.length === 0;
    case "contains":
      return order((value, part) => text(value).includes(text(part)));
    case "not_contains":
      return !order((value, part) => text(value).includes(text(part)));
    case "starts_with":
      return order((value, part) => text(value).startsWith(text(part)));
    case "lt":
      return order((value, than) => value < than);
    case "lte":
      return order((value, than) => value <= than);
    case "gt":
      return order((value, than) => value > than);
    case "gte":
      return order((value, than) => value >= than);
    case "between":
      return order((value, from) => value >= from && value <= want[1]!);
    default:
      return undefined;
  }
}

/** What the row has of a field: none, one or several; undefined when it does not tell. */
function held(field: FilterField, row: Conversation): Value[] | undefined {
  const one = (value: Value | undefined): Value[] => (value === undefined || value === "" ? [] : [value]);
  const time = (at: string | undefined) => (at ? [Date.parse(at)] : []);
  if (field.name.startsWith("attributes.")) return attribute(field, row.attributes?.[field.name.slice("attributes.".length)]);
  switch (field.name) {
    case "state":
      return [row.state];
    case "responder":
      return one(row.responder);
    case "assignee":
      return one(row.assignee_id);
    case "offered":
      return one(row.offered_to);
    case "team":
      return one(row.team_id);
    case "queue":
      return one(row.queue_id);
    case "inbox":
      return [row.inbox_id];
    case "label":
      return row.labels ?? [];
    case "participant":
      return row.participants ?? [];
    case "priority":
      return one(row.priority);
    case "unread":
      return row.unread === undefined ? undefined : [row.unread];
    case "ignored":
      return [row.ignored ?? false];
    case "number":
      return one(row.number);
    case "rating":
      return one(row.rating?.score);
    case "waiting_since":
      return time(row.waiting_since);
    case "last_message_at":
      return time(row.last_message?.at);
    case "created_at":
      return time(row.created_at);
    case "updated_at":
      return time(row.updated_at);
    case "contact":
      return [row.contact.id];
    case "contact.name":
      return one(row.contact.name).map((name) => lower(String(name)));
    default:
      return undefined;
  }
}

/** A custom attribute counts as set only when it is of the type that its definition says. */
export function attribute(field: FilterField, value: unknown): FilterValue[] {
  const type = field.kind === "number" ? "number" : field.kind === "bool" ? "boolean" : "string";
  if (typeof value !== type || value === "") return [];
  return [field.kind === "text" ? lower(value as string) : (value as Value)];
}

/** The values of a condition with what depends on who asks and when put in; undefined when that is not known. */
function wanted(field: FilterField, { value }: FilterCondition, world: FilterWorld): Value[] | undefined {
  if (value === undefined || value === null) return [];
  const out: Value[] = [];
  for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
    if (one === "mine" && field.word === "mine") {
      if (!world.teams) return undefined;
      out.push(...world.teams);
      continue;
    }
    const read = one === "me" && field.word === "me" ? world.me : readValue(field.kind, one, world.now);
    if (read === undefined) return undefined;
    out.push(read);
  }
  return out;
}

function readValue(kind: FilterKind, value: unknown, now: number): Value | undefined {
  if (kind === "time" || kind === "date") return moment(kind, value, now);
  if (kind === "number") return typeof value === "number" ? value : undefined;
  if (kind === "bool") return typeof value === "boolean" ? value : undefined;
  if (typeof value !== "string") return undefined;
  return kind === "text" ? lower(value) : value;
}

function moment(kind: "time" | "date", value: unknown, now: number): Value | undefined {
  const ago = agoOf(value);
  const at = ago === undefined ? undefined : now - ago;
  if (kind === "date") return at === undefined ? (typeof value === "string" ? value : undefined) : new Date(at).toISOString().slice(0, 10);
  const time = at ?? (typeof value === "string" ? Date.parse(value) : NaN);
  return Number.isNaN(time) ? undefined : time;
}

const spans: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A span before now, or after. */
export interface Span {
  way: "ago" | "in";
  /** As it was typed: digits, or nothing yet. */
  count: string;
  unit: string;
}

/** The parts of `{"ago":"2h"}` or `{"in":"2h"}`; undefined for anything else. */
export function spanOf(value: unknown): Span | undefined {
  const { ago, in: ahead } = (value ?? {}) as { ago?: unknown; in?: unknown };
  const text = ago ?? ahead;
  const [, count, unit] = (typeof text === "string" ? /^(\d*)([smhdw])$/.exec(text) : null) ?? [];
  return unit ? { way: ago === undefined ? "in" : "ago", count: count ?? "", unit } : undefined;
}

/** Milliseconds before now of a span: negative for one to come; undefined for anything else. */
export function agoOf(value: unknown): number | undefined {
  const span = spanOf(value);
  return span?.count ? Number(span.count) * spans[span.unit]! * (span.way === "in" ? -1 : 1) : undefined;
}

/** Whether rows come and go by themselves as time passes, or by what no event tells. */
export function isRestless(node: FilterNode): boolean {
  return conditionsOf(node).some(({ field, value }) => field === "page_url" || [value].flat().some((one) => agoOf(one) !== undefined));
}

/** ASCII letters only: the one folding that the server does on every database. */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
