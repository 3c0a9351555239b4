import { describe, expect, it } from "vitest";
import { ref } from "vue";
import { placeInPages } from "@patchbay/client/member";
import { countText } from "@/conversations/list/count";
import { useSelection } from "@/rows/selection";
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

describe("placeInPages", () => {
  const pages = [{ items: [conversation("a", { priority: "urgent" }), conversation("b", { last_seq: 4 })], next_cursor: "x" }];
  const ids = (row: ReturnType<typeof conversation>, belongs: boolean | undefined) => placeInPages(pages, row, () => belongs, "priority_desc").flatMap((page) => page.items.map((one) => `${one.id}${one.last_seq}`));

  it("puts a row where the order has it, and what comes after the page nowhere", () => {
    expect(ids(conversation("c", { priority: "high" }), true)).toEqual(["a1", "c1", "b4"]);
    expect(ids(conversation("0", { updated_at: conversation("b").updated_at }), true)).toEqual(["a1", "b4"]);
  });

  it("keeps what nobody can judge, and adds nothing of the kind", () => {
    expect(ids(conversation("b", { last_seq: 5 }), undefined)).toEqual(["a1", "b5"]);
    expect(ids(conversation("z", { priority: "urgent" }), undefined)).toEqual(["a1", "b4"]);
    expect(placeInPages(pages, conversation("b", { last_seq: 3 }), () => undefined)).toBe(pages);
  });
});

describe("countText", () => {
  it("is short", () => {
    expect([0, undefined, 7, 999, 1_000].map(countText)).toEqual(["", "", "7", "999", "999+"]);
  });
});
