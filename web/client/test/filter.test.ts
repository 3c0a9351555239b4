import { describe, expect, it } from "vitest";
import { agoOf, conditionsOf, filterFields, isRestless, judge, operatorsOf, readFilter, valuesOf, type FilterWorld, type Verdict } from "../src/filter";
import type { Attribute, Conversation, FilterNode } from "../src/types";

const now = Date.UTC(2026, 2, 1, 12);
const iso = (ms: number) => new Date(now + ms).toISOString();
const HOUR = 3_600_000;

const definition = (key: string, type: Attribute["type"], target: Attribute["target"] = "conversation", options?: string[]): Attribute =>
  ({ id: `cat_${key}`, target, key, name: key, type, required: false, created_at: iso(0), ...(options ? { options } : {}) }) as Attribute;

const fields = filterFields([definition("plan", "list", "conversation", ["gold", "silver"]), definition("seats", "number"), definition("vip", "boolean"), definition("renewal", "date"), definition("note", "text"), definition("tier", "text", "contact")]);
const world: FilterWorld = { now, me: "mem_me", teams: ["tea_1", "tea_2"], fields };

const row: Conversation = {
  id: "cnv_1", inbox_id: "inb_1", contact: { id: "con_1", name: "Li Ming 李明" }, state: "open", responder: "agent", assignee_id: "mem_me", team_id: "tea_2",
  last_seq: 3, last_public_seq: 3, last_inbound_seq: 3, contact_read_seq: 0, created_at: iso(-72 * HOUR), updated_at: iso(-HOUR), waiting_since: iso(-3 * HOUR), unread: true, number: 7,
  labels: ["lab_1", "lab_2"], participants: ["mem_me"], attributes: { plan: "gold", seats: 12, vip: true, renewal: "2026-03-10", note: "Ünïted 100%_off" }, priority: "high",
  last_message: { text: "x", kind: "text", sender_kind: "contact", at: iso(-2 * HOUR) } as Conversation["last_message"],
};
const bare: Conversation = { ...row, assignee_id: undefined, team_id: undefined, responder: undefined, waiting_since: undefined, last_message: undefined, priority: undefined, labels: [], participants: [], attributes: {}, unread: false, contact: { id: "con_2", name: "" } };

type Leaf = [field: string, op: string, value: unknown];
const leaf = ([field, op, value]: Leaf): FilterNode => (value === undefined ? { field, op } : { field, op, value });

/** What a condition says of the full row and of the one that has nothing. */
const table: [...Leaf, Verdict, Verdict][] = [
  ["state", "is", "open", true, true],
  ["state", "not_in", ["open", "snoozed"], false, false],
  ["responder", "is_not", "queue", true, true],
  ["responder", "is_set", undefined, true, false],
  ["assignee", "is", "me", true, false],
  ["assignee", "is", "mem_other", false, false],
  ["assignee", "is_not", "me", false, true],
  ["assignee", "is", null, false, true],
  ["assignee", "is_not", null, true, false],
  ["assignee", "in", ["mem_other", "me"], true, false],
  ["team", "is", "mine", true, false],
  ["team", "is_not", "mine", false, true],
  ["team", "in", ["tea_9"], false, false],
  ["inbox", "in", ["inb_1"], true, true],
  ["contact", "is", "con_1", true, false],
  ["label", "has", "lab_2", true, false],
  ["label", "has_not", "lab_3", true, true],
  ["label", "has_any", ["lab_3", "lab_1"], true, false],
  ["label", "is_not_set", undefined, false, true],
  ["participant", "has", "me", true, false],
  ["priority", "in", ["high", "urgent"], true, false],
  ["priority", "not_in", ["high"], false, true],
  ["unread", "is", true, true, false],
  ["unread", "is", false, false, true],
  ["number", "between", [7, 7], true, true],
  ["number", "gt", 7, false, false],
  ["rating", "lte", 2, false, false],
  ["rating", "is_not_set", undefined, true, true],
  ["waiting_since", "lt", { ago: "2h" }, true, false],
  ["waiting_since", "lt", { ago: "4h" }, false, false],
  ["waiting_since", "between", [{ ago: "4h" }, iso(0)], true, false],
  ["last_message_at", "gte", iso(-2 * HOUR), true, false],
  ["created_at", "gte", { ago: "7d" }, true, true],
  ["created_at", "is", iso(-72 * HOUR), true, true],
  ["updated_at", "lte", "2026-03-01T19:00:00.0009+08:00", true, true],
  ["contact.name", "contains", "MING", true, false],
  ["contact.name", "contains", "李", true, false],
  ["contact.name", "starts_with", "li m", true, false],
  ["contact.name", "not_contains", "ming", false, true],
  ["contact.name", "is", "li ming 李明", true, false],
  ["attributes.plan", "in", ["gold"], true, false],
  ["attributes.seats", "gte", 12, true, false],
  ["attributes.vip", "is", true, true, false],
  ["attributes.vip", "is", false, false, true],
  ["attributes.renewal", "between", ["2026-03-01", "2026-03-10"], true, false],
  ["attributes.renewal", "gt", { ago: "1d" }, true, false],
  ["attributes.note", "contains", "ÜNÏTED", false, false],
  ["attributes.note", "contains", "100%_", true, false],
  ["attributes.note", "contains", "100x_", false, false],
];

describe("judge", () => {
  it("says what the server would", () => {
    for (const [field, op, value, full, none] of table) {
      const node = leaf([field, op, value]);
      expect(judge(node, row, world), `${JSON.stringify(node)} of the full row`).toBe(full);
      expect(judge(node, bare, world), `${JSON.stringify(node)} of the bare row`).toBe(none);
      expect(judge({ not: node }, row, world), `not ${JSON.stringify(node)}`).toBe(!full);
    }
  });

  it("tries every operator of every kind that rows tell of", () => {
    const tried = new Set(table.map(([field, op]) => `${fields.get(field)!.kind} ${op}`));
    const all = (["enum", "id", "set", "bool"] as const).flatMap((kind) => operatorsOf(kind).map((op) => `${kind} ${op}`));
    expect(all.filter((one) => !tried.has(one) && !/is_set|is_not_set|id not_in|enum is_not_set/.test(one))).toEqual([]);
  });

  it("leaves open what a row does not carry", () => {
    const open: Leaf[] = [["mention", "has", "me"], ["contact.email", "contains", "@"], ["contact.organisation", "is_set", undefined], ["contact.attributes.tier", "is", "x"], ["page_url", "contains", "/"], ["attributes.gone", "is", "x"]];
    for (const one of open) expect(judge(leaf(one), row, world), one.join(" ")).toBeUndefined();
    expect(judge(leaf(["unread", "is", true]), { ...row, unread: undefined }, world)).toBeUndefined();
    expect(judge(leaf(["team", "is", "mine"]), row, { ...world, teams: undefined })).toBeUndefined();
  });

  it("joins as far as it can tell", () => {
    const open = leaf(["mention", "has", "me"]);
    const yes = leaf(["state", "is", "open"]);
    const no = leaf(["state", "is", "resolved"]);
    const cases: [FilterNode, Verdict][] = [
      [{ and: [] }, true], [{ and: [yes, yes] }, true], [{ and: [yes, no] }, false], [{ and: [open, no] }, false], [{ and: [open, yes] }, undefined],
      [{ or: [open, yes] }, true], [{ or: [open, no] }, undefined], [{ or: [no, no] }, false], [{ not: open }, undefined], [{ not: { and: [open, no] } }, true],
    ];
    for (const [node, verdict] of cases) expect(judge(node, row, world), JSON.stringify(node)).toBe(verdict);
  });

  it("does not take an attribute of another type", () => {
    const odd = { ...row, attributes: { seats: "12", vip: "true", plan: 3 } };
    expect(judge(leaf(["attributes.seats", "is_set", undefined]), odd, world)).toBe(false);
    expect(judge(leaf(["attributes.vip", "is", true]), odd, world)).toBe(false);
    expect(judge(leaf(["attributes.plan", "is_not_set", undefined]), odd, world)).toBe(true);
  });
});

describe("filters", () => {
  it("are read from JSON, and nothing else is", () => {
    const node: FilterNode = { and: [{ field: "state", op: "is", value: "open" }, { not: { or: [{ field: "unread", op: "is", value: true }] } }] };
    expect(readFilter(JSON.stringify(node))).toEqual(node);
    for (const bad of ["", "{", "[]", "null", "{}", '{"and":{}}', '{"and":[1]}', '{"field":"x"}', `${'{"not":'.repeat(6)}{"field":"a","op":"is"}${"}".repeat(6)}`]) expect(readFilter(bad), bad).toBeUndefined();
    expect(conditionsOf(node).map((one) => one.field)).toEqual(["state", "unread"]);
  });

  it("know what time alone changes", () => {
    expect(isRestless({ and: [{ field: "created_at", op: "between", value: [{ ago: "2h" }, iso(0)] }] })).toBe(true);
    expect(isRestless({ field: "page_url", op: "contains", value: "x" })).toBe(true);
    expect(isRestless({ field: "created_at", op: "gt", value: iso(0) })).toBe(false);
    expect([agoOf({ ago: "90s" }), agoOf({ ago: "2w" }), agoOf({ ago: "-2h" }), agoOf("2h"), agoOf(null)]).toEqual([90_000, 1_209_600_000, undefined, undefined, undefined]);
  });

  it("know how many values an operator takes", () => {
    expect(["is_set", "is", "between", "has_any"].map(valuesOf)).toEqual([0, 1, 2, "list"]);
  });
});
