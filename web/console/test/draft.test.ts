import { describe, expect, it } from "vitest";
import { filterFields } from "@patchbay/client/member";
import type { FilterNode } from "@patchbay/client/types";
import { depthOf, draftOf, emptyValue, leavesOf, mayNest, newGroup, newLeaf, nodeOf, partAt, shownFilter, withOperator, type Leaf } from "@/conversations/list/draft";

const fields = filterFields([]);
const open: FilterNode = { field: "state", op: "is", value: "open" };
const mine: FilterNode = { field: "assignee", op: "is", value: "me" };

describe("a filter that is edited", () => {
  it("comes out as it went in", () => {
    const nodes: FilterNode[] = [
      { and: [open, { or: [mine, { not: { field: "label", op: "has", value: "lab_1" } }] }] },
      { or: [open, { not: { and: [open, mine] } }] },
      { and: [{ field: "rating", op: "is_set" }] },
    ];
    for (const node of nodes) expect(nodeOf(draftOf(node)).node).toEqual(node);
  });

  it("is a group at its root, and says what the operator can say", () => {
    expect(nodeOf(draftOf(open)).node).toEqual({ and: [open] });
    expect(nodeOf(draftOf({ not: { and: [open] } })).node).toEqual({ and: [{ not: { and: [open] } }] });
    expect(nodeOf(draftOf({ field: "assignee", op: "is", value: null })).node).toEqual({ and: [{ field: "assignee", op: "is_not_set" }] });
    expect(nodeOf(draftOf({ not: { not: open } })).node).toEqual({ and: [open] });
    expect(nodeOf(draftOf(undefined)).node).toEqual({ and: [] });
  });

  it("leaves empty groups out, and finds the part a problem is about all the same", () => {
    const leaf = newLeaf(fields.get("contact.name")!);
    const inner = { ...newGroup("or", [newGroup("and"), leaf]), not: true };
    const draft = newGroup("and", [newGroup("or"), inner]);
    const { node, places } = nodeOf(draft);
    expect(node).toEqual({ and: [{ not: { or: [{ field: "contact.name", op: "is", value: "" }] } }] });
    expect(partAt("/and/0/not/or/0/value", places)).toBe(leaf.key);
    expect(partAt("/and/0/not/or/0/value/3", places)).toBe(leaf.key);
    expect(partAt("/and/0", places)).toBe(inner.key);
    expect(partAt("", places)).toBe(draft.key);
    expect(partAt("/name", places)).toBe(draft.key);
  });

  it("keeps within the limits", () => {
    const deep = draftOf({ and: [{ or: [{ and: [{ not: open }] }] }] });
    expect([depthOf(deep), leavesOf(deep)]).toEqual([5, 1]);
    expect([mayNest(1), mayNest(3), mayNest(4)]).toEqual([true, true, false]);
  });
});

describe("withOperator", () => {
  const leaf = (op: string, value: unknown): Leaf => ({ ...newLeaf(fields.get("priority")!), op, value });
  const priority = fields.get("priority");

  it("keeps a value that fits and makes one of many, and many of one", () => {
    expect(withOperator(leaf("is", "high"), "is_not", priority).value).toBe("high");
    expect(withOperator(leaf("is", "high"), "in", priority).value).toEqual(["high"]);
    expect(withOperator(leaf("in", ["low", "high"]), "is", priority).value).toBe("low");
    expect(withOperator(leaf("in", []), "is", priority).value).toBe("low");
    expect(withOperator(leaf("is", "high"), "is_set", priority).value).toBeUndefined();
    expect(withOperator({ ...leaf("lt", 3), field: "number" }, "between", fields.get("number")).value).toEqual([1, 1]);
  });

  it("begins with something that makes sense", () => {
    expect([emptyValue(fields.get("unread"), "is"), emptyValue(fields.get("created_at"), "between"), emptyValue(fields.get("label"), "has_any")]).toEqual([true, [{ ago: "24h" }, { ago: "1h" }], []]);
  });
});

describe("shownFilter", () => {
  it("is everything a list was asked for, in one", () => {
    expect(shownFilter({ view: "mine", state: "open", inbox: "inb_1" }, { or: [open] }, [])).toEqual({ and: [mine, { or: [open] }, open, { field: "inbox", op: "is", value: "inb_1" }] });
    expect(shownFilter({ view: "vie_1", state: "any" }, undefined, [{ id: "vie_1", sort: "updated_desc", filter: { and: [open, mine] } }])).toEqual({ and: [open, mine] });
    expect(shownFilter({ view: "vie_gone", state: "any", team: "tea_1" }, undefined, [])).toEqual({ and: [{ field: "team", op: "is", value: "tea_1" }] });
  });
});
