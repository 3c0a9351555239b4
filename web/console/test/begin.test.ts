import { beforeEach, describe, expect, it, vi } from "vitest";
import { forgetOpening, MOST_OPENINGS, readOpening, writeOpening, type Opening } from "@/begin/draft";

const opening = (more: Partial<Opening> = {}): Opening => ({ text: "", envelope: {}, inbox: "", attachments: [], apart: false, attempt: { key: "", id: "" }, ...more });

describe("conversations that are not begun yet", () => {
  const stored = new Map<string, string>();

  beforeEach(() => {
    stored.clear();
    vi.stubGlobal("localStorage", { getItem: (key: string) => stored.get(key) ?? null, setItem: (key: string, value: string) => stored.set(key, value), removeItem: (key: string) => stored.delete(key) });
  });

  it("are kept apart: for each contact, and for nobody", () => {
    const written = opening({ text: "For Ann", envelope: { to: [{ address: "ann@shop.test" }] }, apart: true, attempt: { key: "k", id: "m" } });
    writeOpening("w", "con_a", written);
    writeOpening("w", "", opening({ text: "For somebody" }));
    expect(readOpening("w", "con_a")).toEqual(written);
    expect(readOpening("w", "").text).toBe("For somebody");
    expect(readOpening("w", "con_b")).toEqual(opening());
    expect(readOpening("v", "con_a")).toEqual(opening());
    forgetOpening("w", "con_a", "inb_2");
    expect(readOpening("w", "con_a")).toEqual(opening({ inbox: "inb_2" }));
    expect(readOpening("w", "").text).toBe("For somebody");
  });

  it("are as many as were written last", () => {
    for (let n = 0; n < MOST_OPENINGS; n++) writeOpening("w", `con_${n}`, opening({ text: `${n}` }));
    writeOpening("w", "con_0", opening({ text: "again" }));
    writeOpening("w", "con_new", opening({ text: "new" }));
    expect(readOpening("w", "con_0").text).toBe("again");
    expect(readOpening("w", "con_1").text).toBe("");
    expect(readOpening("w", "con_2").text).toBe("2");
  });

  it("are not kept where nothing was written: they push no other out", () => {
    writeOpening("w", "con_a", opening({ envelope: { to: [{ address: "ann@shop.test" }] } }));
    expect([...stored.keys()]).toEqual([]);
    writeOpening("w", "", opening({ envelope: { to: [{ address: "ann@shop.test" }] } }));
    expect(readOpening("w", "").envelope.to).toHaveLength(1);
    writeOpening("w", "", opening());
    expect([...stored.keys()]).toEqual([]);
  });

  it("go with the person who signs out, and what cannot be read is begun anew", () => {
    writeOpening("w", "", opening({ text: "a" }));
    const [key] = [...stored.keys()];
    expect(key).toMatch(/^patchbay\.draft\./);
    for (const broken of ["{", "null", "7"]) {
      stored.set(key!, broken);
      expect(readOpening("w", "")).toEqual(opening());
    }
  });
});
