import { describe as suite, expect, it } from "vitest";
import { filterFields } from "@patchbay/client/member";
import type { FilterNode } from "@patchbay/client/types";
import { describe, operatorName } from "@/conversations/list/describe";
import en from "@/locales/lists.en.json";

/** The English texts, values put in; of a plural its second part. */
function t(key: string, values?: unknown): string {
  if (key === "common.listSeparator") return ", ";
  const text = key.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], en);
  if (typeof text !== "string") throw new Error(key);
  const [one, many] = text.split(" | ");
  const named = typeof values === "number" ? { n: values } : ((values ?? {}) as Record<string, unknown>);
  return (named["n"] === 1 ? one! : (many ?? one!)).replace(/\{(\w+)\}/g, (_, name: string) => String(named[name]));
}

const words = { t, fields: filterFields([]), fieldName: (name: string) => name, valueName: (_: unknown, value: unknown) => String(value), time: (at: string) => at.slice(0, 10) };
const say = (node: FilterNode) => describe(node, words);

suite("describe", () => {
  it("says a filter in words", () => {
    expect(say({ and: [] })).toBe("everything");
    expect(say({ field: "assignee", op: "is", value: null })).toBe("assignee is not set");
    expect(say({ field: "priority", op: "in", value: ["high", "urgent"] })).toBe("priority is one of high, urgent");
    expect(say({ field: "unread", op: "is", value: true })).toBe("unread is yes");
    expect(say({ field: "waiting_since", op: "lt", value: { ago: "2h" } })).toBe("waiting_since is before 2 hours ago");
    expect(say({ field: "created_at", op: "between", value: [{ ago: "1d" }, "2026-03-01T00:00:00Z"] })).toBe("created_at from 1 day ago to 2026-03-01");
  });

  it("shows how conditions are joined", () => {
    const open: FilterNode = { field: "state", op: "is", value: "open" };
    expect(say({ and: [open, { or: [open, { not: open }] }] })).toBe("state is open and (state is open or not state is open)");
    expect(say({ or: [{ and: [open] }, open] })).toBe("state is open or state is open");
    expect(say({ not: { and: [open, open] } })).toBe("not (state is open and state is open)");
  });

  it("compares times by words of their own", () => {
    expect([operatorName(words.fields.get("number"), "lt", words), operatorName(words.fields.get("created_at"), "lt", words)]).toEqual(["is below", "is before"]);
  });
});
