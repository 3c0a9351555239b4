import { describe, expect, it } from "vitest";
import { ref, shallowRef } from "vue";
import { useSteadyOrder } from "@/rows/steady";

interface Row {
  id: string;
  text: string;
}
const rows = (ids: string): Row[] => [...ids].map((id) => ({ id, text: id }));

function setUp(ids: string) {
  const all = shallowRef<Row[]>(rows(ids));
  const held = ref(false);
  const source = ref("mine");
  const steady = useSteadyOrder(all, held, source);
  const shown = () => steady.rows.value.map((row) => row.id).join("");
  return { all, held, source, steady, shown };
}

describe("useSteadyOrder", () => {
  it("follows while no pointer is over the list", () => {
    const { all, shown } = setUp("abc");
    all.value = rows("cab");
    expect(shown()).toBe("cab");
  });

  it("holds still under the pointer, counts what would move, and settles after", () => {
    const { all, held, shown, steady } = setUp("abc");
    held.value = true;
    all.value = rows("xcab");
    expect(shown()).toBe("abc");
    expect(steady.waiting.value).toBe(2);
    held.value = false;
    expect(shown()).toBe("xcab");
    expect(steady.waiting.value).toBe(0);
  });

  it("changes rows in place, and keeps one that left where it was", () => {
    const { all, held, steady, shown } = setUp("abc");
    held.value = true;
    all.value = [{ id: "a", text: "new" }, { id: "c", text: "c" }];
    expect(shown()).toBe("abc");
    expect(steady.rows.value[0]!.text).toBe("new");
  });

  it("takes a further page at the end, and another list, at once", () => {
    const { all, held, source, shown } = setUp("abc");
    held.value = true;
    all.value = rows("abcde");
    expect(shown()).toBe("abcde");
    all.value = rows("zy");
    source.value = "all";
    expect(shown()).toBe("zy");
  });
});
