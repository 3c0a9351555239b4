import { describe, expect, it, vi } from "vitest";
import type { Change } from "@patchbay/client/types";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en"], language: "en" }));

import { findingsOf, marked } from "@/conversations/findings";
import { piecesOf } from "@/conversations/timeline";
import { shownValue } from "@/panels/records";

const change = (type: string, data: object) => ({ type, data, actor: { kind: "plugin", name: "Risk" } }) as unknown as Change;
const raised = (id: string, level: string, start = 0, end = 0) => change("finding.created", { finding_id: id, message_id: "msg_1", level, title: { en: id }, start, end });

describe("findings", () => {
  it("stand by their message until they are settled, the gravest first", () => {
    const found = findingsOf([raised("a", "notice"), raised("b", "critical"), raised("c", "unheard of"), change("finding.dismissed", { finding_id: "a" })]);
    expect(found.get("msg_1")!.map((one) => [one.id, one.level])).toEqual([["b", "critical"], ["c", "notice"]]);
    expect(findingsOf([raised("a", "notice"), change("finding.dismissed", { finding_id: "a" })]).size).toBe(0);
  });

  it("mark their words by characters, across what is a link, and the gravest wins", () => {
    const findings = findingsOf([raised("a", "notice", 0, 4), raised("b", "critical", 1, 2)]).get("msg_1")!;
    expect(marked(piecesOf("🍵茶好吗 ok"), findings)).toEqual([{ text: "🍵", level: "notice" }, { text: "茶", level: "critical" }, { text: "好吗", level: "notice" }, { text: " ok" }]);
    expect(marked(piecesOf("a https://x.example b"), findingsOf([raised("a", "warning", 0, 10)]).get("msg_1")!)).toEqual([
      { text: "a ", level: "warning" }, { text: "https://", href: "https://x.example", level: "warning" }, { text: "x.example", href: "https://x.example" }, { text: " b" },
    ]);
    expect(marked([{ text: "whole" }], findingsOf([raised("a", "warning")]).get("msg_1")!)).toEqual([{ text: "whole" }]);
  });
});

describe("a value of a record", () => {
  const show = (value: unknown, type: Parameters<typeof shownValue>[1]) => shownValue(value, type, "en", { yes: "Yes", no: "No" });

  it("is shown as what it is", () => {
    expect(show("12.50 EUR", "money").text).toBe("€12.50");
    expect(show("much", "money").text).toBe("much");
    expect([show(true, "boolean").text, show("no time", "time").text, show({ a: 1 }, "text").text]).toEqual(["Yes", "no time", '{"a":1}']);
  });

  it("is a link only where it leads where it says", () => {
    expect(show("https://x.example/1", "url").href).toBe("https://x.example/1");
    for (const bad of ["javascript:alert(1)", "http://x.example", "https://x y"]) expect(show(bad, "url").href).toBeUndefined();
    expect(show("a@b.example?cc=c@d.example", "email").href).toBeUndefined();
    expect(show("+86 138-0000", "phone").href).toBe("tel:+861380000");
  });
});
