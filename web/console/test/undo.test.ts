import { describe, expect, it } from "vitest";
import { undoOf } from "@/conversations/list/undo";
import { groupedViews, movedTo } from "@/conversations/list/views";
import type { SavedView } from "@patchbay/client/types";
import { at, conversation } from "./fixtures";

describe("undoOf", () => {
  const open = conversation("o");
  const done = conversation("d", { state: "resolved" });
  const later = conversation("s", { state: "snoozed", snoozed_until: at(60) });

  it("puts states back as they were", () => {
    expect(undoOf({ action: "resolve" }, [open, done, later])).toEqual([{ ids: ["o"], action: { action: "reopen" } }, { ids: ["s"], action: { action: "snooze", snoozed_until: at(60) } }]);
    expect(undoOf({ action: "reopen" }, [open, done, later])).toEqual([{ ids: ["d"], action: { action: "resolve" } }, { ids: ["s"], action: { action: "snooze", snoozed_until: at(60) } }]);
    expect(undoOf({ action: "snooze", snoozed_until: at(90) }, [open, done])).toEqual([{ ids: ["o"], action: { action: "reopen" } }, { ids: ["d"], action: { action: "resolve" } }]);
  });

  it("gives back to whom each was with, together where it is the same", () => {
    const rows = [conversation("a", { assignee_id: "mem_2" }), conversation("b", { assignee_id: undefined, team_id: "tea_1" }), conversation("c", { assignee_id: "mem_2" })];
    expect(undoOf({ action: "assign", member_id: "mem_9" }, rows)).toEqual([
      { ids: ["a", "c"], action: { action: "assign", member_id: "mem_2", team_id: "" } },
      { ids: ["b"], action: { action: "assign", member_id: "", team_id: "tea_1" } },
    ]);
    const standing = [conversation("a", { assignee_id: undefined, queue_id: "que_1", team_id: "tea_1" }), conversation("b", { assignee_id: undefined, team_id: "tea_1" })];
    expect(undoOf({ action: "assign", queue_id: "que_2" }, standing)).toEqual([
      { ids: ["b"], action: { action: "assign", queue_id: "" } },
      { ids: ["a"], action: { action: "assign", member_id: "", queue_id: "que_1" } },
      { ids: ["b"], action: { action: "assign", member_id: "", team_id: "tea_1" } },
    ]);
  });

  it("touches no label that was, or was not, there before", () => {
    const rows = [conversation("a", { labels: ["lab_1"] }), conversation("b")];
    expect(undoOf({ action: "label", label_ids: ["lab_1"] }, rows)).toEqual([{ ids: ["b"], action: { action: "unlabel", label_ids: ["lab_1"] } }]);
    expect(undoOf({ action: "unlabel", label_ids: ["lab_1"] }, rows)).toEqual([{ ids: ["a"], action: { action: "label", label_ids: ["lab_1"] } }]);
  });

  it("has a way back from a priority, and none from having read", () => {
    expect(undoOf({ action: "priority", priority: "high" }, [conversation("a", { priority: "low" }), conversation("b")])).toEqual([{ ids: ["a"], action: { action: "priority", priority: "low" } }, { ids: ["b"], action: { action: "priority", priority: "" } }]);
    expect(undoOf({ action: "read" }, [open])).toEqual([]);
  });
});

describe("saved views", () => {
  const view = (id: string, scope: SavedView["scope"], position: number, team_id?: string): SavedView => ({ id, name: id, scope, team_id, position, filter: { and: [] }, sort: "updated_desc", updated_at: at(0) });
  const names = { personal: "Mine", team: "Team", workspace: "All" };

  it("stand by who sees them", () => {
    const groups = groupedViews([view("w", "workspace", 0), view("t", "team", 0, "tea_1"), view("p", "personal", 0), view("x", "team", 1, "tea_gone")], [{ id: "tea_1", name: "Sales" } as never], names);
    expect(groups.map((group) => [group.name, group.views.map((one) => one.id)])).toEqual([["Mine", ["p"]], ["Sales", ["t"]], ["Team", ["x"]], ["All", ["w"]]]);
  });

  it("move by one, also when their positions were the same", () => {
    const group = [view("a", "personal", 0), view("b", "personal", 0), view("c", "personal", 5)];
    expect(Object.fromEntries(movedTo(group, "c", -1))).toEqual({ c: 1, b: 2 });
    expect(movedTo(group, "a", -1).size).toBe(0);
    expect(movedTo(group, "c", 1).size).toBe(0);
  });
});
