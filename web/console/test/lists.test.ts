import { describe, expect, it } from "vitest";
import { ref } from "vue";
import { canJudge, refreshInPages } from "@patchbay/client/member";
import { countText } from "@/conversations/list/count";
import { useSelection } from "@/conversations/list/selection";
import { listFilter } from "@/conversations/useListRoute";
import { conversation } from "./fixtures";

describe("useSelection", () => {
  const ids = () => ref(["a", "b", "c", "d", "e"]);

  it("chooses one, and lets it go", () => {
    const some = useSelection(ids());
    some.toggle("b", false);
    expect(some.chosen.value).toEqual(["b"]);
    some.toggle("b", false);
    expect(some.chosen.value).toEqual([]);
  });

  it("makes a range as its first row is, in both directions", () => {
    const some = useSelection(ids());
    some.toggle("d", false);
    some.toggle("b", true);
    expect(some.chosen.value).toEqual(["b", "c", "d"]);
    some.toggle("c", false);
    some.toggle("d", true);
    expect(some.chosen.value).toEqual(["b"]);
  });

  it("takes a range without a beginning as one row", () => {
    const some = useSelection(ids());
    some.toggle("c", true);
    expect(some.chosen.value).toEqual(["c"]);
  });

  it("forgets what left the list", () => {
    const list = ids();
    const some = useSelection(list);
    some.all();
    list.value = ["e", "a"];
    expect(some.chosen.value).toEqual(["e", "a"]);
    some.clear();
    expect(some.chosen.value).toEqual([]);
  });
});

describe("listFilter", () => {
  it("shows what is open, but lets a saved view and a filter say so themselves", () => {
    expect(listFilter("mine", {})).toMatchObject({ view: "mine", state: "open" });
    expect(listFilter("vie_1", {}).state).toBe("any");
    expect(listFilter("all", { filter: "{}" })).toMatchObject({ state: "any", filter: "{}" });
    expect(listFilter("vie_1", { state: "snoozed", sort: "waiting_asc" })).toMatchObject({ state: "snoozed", sort: "waiting_asc" });
  });

  it("takes no order that does not exist", () => {
    expect(listFilter("all", { sort: "by_magic", state: ["open"] }).sort).toBeUndefined();
  });
});

describe("canJudge", () => {
  it("knows the lists whose rows tell whether they belong", () => {
    for (const view of ["mine", "unassigned", "all", "participating"] as const) expect(canJudge({ view, state: "open" })).toBe(true);
    for (const view of ["mentions", "team", "vie_1"] as const) expect(canJudge({ view, state: "open" })).toBe(false);
    expect(canJudge({ view: "all", state: "any", filter: "{}" })).toBe(false);
    expect(canJudge({ view: "all", state: "any", sort: "priority_desc" })).toBe(false);
  });
});

describe("refreshInPages", () => {
  const pages = [{ items: [conversation("a"), conversation("b", { last_seq: 4 })] }];

  it("takes a newer row in its place, and neither an older nor a strange one", () => {
    expect(refreshInPages(pages, conversation("a", { last_seq: 2, state: "resolved" }))[0]!.items.map((row) => row.state)).toEqual(["resolved", "open"]);
    expect(refreshInPages(pages, conversation("b", { last_seq: 3 }))).toBe(pages);
    expect(refreshInPages(pages, conversation("z"))).toBe(pages);
  });

  it("lets a merged one go", () => {
    expect(refreshInPages(pages, conversation("a", { last_seq: 2, merged_into: "b" }))[0]!.items.map((row) => row.id)).toEqual(["b"]);
  });
});

describe("countText", () => {
  it("is short", () => {
    expect([0, undefined, 7, 999, 1_000].map(countText)).toEqual(["", "", "7", "999", "999+"]);
  });
});
