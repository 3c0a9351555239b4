import { describe, expect, it } from "vitest";
import { entriesOf } from "@patchbay/client/member";
import type { Change } from "@patchbay/client/types";
import { linesOf, piecesOf, type Line } from "@/conversations/timeline";
import { at, change, message } from "./fixtures";

const me = { id: "mem_1", name: "Lin" };

function shape(line: Line): string {
  if (line.kind === "message") return `${line.message.id}${line.first ? "!" : ""}${line.unsent ? "?" : ""}`;
  return line.kind === "events" ? `events:${line.changes.length}` : "day";
}

const lines = (changes: Change[], unsent: Parameters<typeof linesOf>[1] = []) => linesOf(entriesOf({ changes, hasOlder: false }), unsent, me).map(shape);
const said = (seq: number, minutes: number, over: Parameters<typeof message>[1] = {}) => change(seq, { at: at(minutes), message: message(`m${seq}`, { created_at: at(minutes), ...over }) });

describe("linesOf", () => {
  it("puts messages of one sender under one name, for five minutes", () => {
    expect(lines([said(1, 0), said(2, 4), said(3, 10), said(4, 11, { sender: { kind: "agent", id: "mem_1" } })])).toEqual(["day", "m1!", "m2", "m3!", "m4!"]);
  });

  it("does not mix a note with an answer", () => {
    const agent = { kind: "agent" as const, id: "mem_1" };
    expect(lines([said(1, 0, { sender: agent }), said(2, 1, { sender: agent, kind: "note" })])).toEqual(["day", "m1!", "m2!"]);
  });

  it("folds runs of events and tells days apart", () => {
    const event = (seq: number, minutes: number) => change(seq, { type: "conversation.assigned", at: at(minutes) });
    expect(lines([event(1, 0), event(2, 0), said(3, 1), event(4, 24 * 60)])).toEqual(["day", "events:2", "m3!", "day", "events:1"]);
  });

  it("shows what is not stored yet at the end, and once", () => {
    const unsent = ["c-m1", "c-new"].map((client_msg_id) => ({ item: { client_msg_id, conversation_id: "cnv_1", kind: "text" as const, text: "" }, state: "sending" as const, at: Date.parse(at(3)) }));
    expect(lines([said(1, 0)], unsent)).toEqual(["day", "m1!", "c-new!?"]);
  });

  it("keeps the key of a message from writing to storing", () => {
    const unsent = { item: { client_msg_id: "c-m1", conversation_id: "cnv_1", kind: "text" as const, text: "" }, state: "sending" as const, at: Date.parse(at(0)) };
    const before = linesOf([], [unsent], me).at(-1)!.key;
    const after = linesOf(entriesOf({ changes: [said(1, 0)], hasOlder: false }), [], me).at(-1)!.key;
    expect(after).toBe(before);
  });
});

describe("piecesOf", () => {
  it("finds addresses and nothing else", () => {
    expect(piecesOf("看 https://a.example/x?y=1，然后 (https://b.example). ok")).toEqual([
      { text: "看 " },
      { text: "https://a.example/x?y=1", href: "https://a.example/x?y=1" },
      { text: "，然后 (" },
      { text: "https://b.example", href: "https://b.example" },
      { text: "). ok" },
    ]);
    expect(piecesOf("javascript:alert(1) <b>")).toEqual([{ text: "javascript:alert(1) <b>" }]);
  });
});
