import { describe, expect, it } from "vitest";
import { entriesOf } from "@patchbay/client/member";
import type { Attachment, Change, Queue } from "@patchbay/client/types";
import { parseValue, shownValue } from "@/conversations/desk/attributes";
import { mergeCandidates, numberIn } from "@/conversations/desk/merge";
import { destinations, transferTo } from "@/conversations/desk/transfer";
import { eventSentence, isSilent, type EventNames } from "@/conversations/events";
import { boxOf, isPicture } from "@/conversations/message/pictures";
import { linesOf, piecesOf, quoteOf, seenBy } from "@/conversations/timeline";
import { bytes, playTime } from "@/i18n/format";
import en from "@/locales/en.json";
import { change, conversation, message } from "./fixtures";

/** The English text of a key, with its values. */
function t(key: string, values: Record<string, unknown> = {}): string {
  const text = key.split(".").reduce<unknown>((tree, part) => (tree as Record<string, unknown>)?.[part], en);
  if (typeof text !== "string") throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

const names: EventNames = { label: (id) => `L${id}`, member: (id) => `M${id}`, team: (id) => `T${id}`, queue: (id) => `Q${id}`, skill: (id) => `S${id}`, attribute: (key) => key.toUpperCase() };
const said = (type: Change["type"], data: Record<string, unknown>, actor: Change["actor"] = { kind: "agent", id: "mem_1", name: "Lin" }) => eventSentence(change(1, { type, data, actor }), t, "en", names);

describe("eventSentence", () => {
  it("says labels, participants and attributes by name", () => {
    expect(said("conversation.labeled", { added: ["1", "2"], removed: [] })).toBe("Lin added the label L1, L2");
    expect(said("conversation.labeled", { added: ["1"], removed: ["2"] })).toBe("Lin added the label L1 and took off L2");
    expect(said("conversation.labeled", { added: [], removed: ["2"] })).toBe("Lin took the label L2 off");
    expect(said("conversation.participants", { added: ["mem_1"], removed: [] })).toBe("Lin follows the conversation");
    expect(said("conversation.participants", { added: [], removed: ["mem_2"] })).toBe("Lin removed Mmem_2");
    expect(said("conversation.attributes", { set: { order: "12", gone: null } })).toBe("Lin set ORDER: 12");
    expect(said("conversation.attributes", { set: { gone: null } })).toBe("Lin cleared GONE");
  });

  it("says transfers, merges, ratings and what is scheduled", () => {
    expect(said("conversation.team", { team_id: "1" })).toBe("Lin moved the conversation to T1");
    expect(said("conversation.merged", { number: 12 })).toBe("Lin merged this conversation into #12");
    expect(said("conversation.unmerged", { by: "contact" })).toContain("wrote again");
    expect(said("rating.given", { score: 4, comment: "ok" })).toBe("The customer gave 4 of 5: ok");
    expect(said("scheduled.cancelled", {}, { kind: "system" })).toContain("the customer wrote first");
    expect(said("conversation.priority", { priority: "urgent" })).toBe("Lin set the priority to Urgent");
  });

  it("says which routing rule decided, and what it set", () => {
    const queued = (rule: Record<string, unknown>) => said("conversation.queued", { reason: "new", rule }, { kind: "system" });
    expect(queued({ name: "VIP" })).toBe("Waits for an agent by the rule “VIP”");
    expect(queued({ name: "VIP", skills: [{ skill_id: "de", level: 3 }, { skill_id: "tax", level: 1 }], value: 20 })).toBe("Waits for an agent by the rule “VIP” (Sde at least at level 3, Stax at least at level 1, value 20)");
    expect(queued({ name: "VIP", value: 5 })).toBe("Waits for an agent by the rule “VIP” (value 5)");
  });

  it("is quiet about marks, and about what a newer server may add", () => {
    expect(isSilent(change(1, { type: "conversation.read_by_contact" }))).toBe(true);
    expect(said("from.the.future" as Change["type"], {})).toBe("");
  });
});

describe("linesOf", () => {
  const lines = (changes: Change[]) => linesOf(entriesOf({ changes, hasOlder: false }), [], { id: "mem_1", name: "Lin" }).map((line) => line.kind);
  const absorbed = (seq: number, from: string) => change(seq, { type: "conversation.absorbed", data: { from_id: from, number: 7 } });

  it("folds what was merged in, until it is undone", () => {
    const undone = change(2, { type: "conversation.unmerged", data: { from_id: "cnv_2" } });
    expect(lines([absorbed(1, "cnv_2")])).toEqual(["day", "absorbed"]);
    expect(lines([absorbed(1, "cnv_2"), undone])).toEqual(["day", "events"]);
    expect(lines([absorbed(1, "cnv_2"), undone, absorbed(3, "cnv_2")])).toEqual(["day", "events", "absorbed"]);
  });

  it("has no line for a read mark, not even a day", () => {
    expect(lines([change(1, { type: "conversation.read_by_contact" })])).toEqual([]);
  });
});

describe("seenBy", () => {
  it("holds what was sent to the customer up to the mark", () => {
    const agent = { kind: "agent" as const, id: "mem_1" };
    const entries = entriesOf({
      hasOlder: false,
      changes: [change(1, { message: message("a", { sender: agent }) }), change(2, { message: message("b") }), change(3, { type: "note.created", message: message("c", { sender: agent, kind: "note" }) }), change(4, { message: message("d", { sender: agent }) })],
    });
    expect([...seenBy(entries, 3)]).toEqual(["a"]);
    expect([...seenBy(entries, 0)]).toEqual([]);
  });
});

describe("piecesOf", () => {
  it("marks who is named, the longest name first, and leaves addresses alone", () => {
    const mentions = [{ member_id: "1", name: "林薇" }, { member_id: "2", name: "林薇薇" }];
    expect(piecesOf("@林薇薇 和 @林薇 看 https://x.example/@林薇", mentions).map((piece) => piece.mention ?? piece.href ?? piece.text)).toEqual(["2", " 和 ", "1", " 看 ", "https://x.example/@林薇"]);
    expect(piecesOf("@Nobody", mentions)).toEqual([{ text: "@Nobody" }]);
  });
});

describe("quoteOf", () => {
  it("cuts between characters, not inside them", () => {
    expect([...quoteOf(message("a", { text: "😀".repeat(200) }), 3).text]).toHaveLength(140);
  });
});

describe("pictures", () => {
  it("have their room before they are loaded", () => {
    expect(boxOf({ width: 3200, height: 2600 })).toEqual({ width: 320, height: 260 });
    expect(boxOf({ width: 100, height: 50 })).toEqual({ width: 100, height: 50 });
    expect(boxOf({ width: 10_000, height: 10 }).height).toBe(48);
    expect(boxOf({})).toEqual({ width: 240, height: 180 });
  });

  it("are what the server drew itself, nothing else", () => {
    const attachment: Attachment = { id: "att_1", name: "a.svg", type: "image/svg+xml", size: 1, kind: "image", url: "/a" };
    expect(isPicture(attachment)).toBe(false);
    expect(isPicture({ ...attachment, preview_url: "/p" })).toBe(true);
    expect(isPicture({ ...attachment, kind: "file", preview_url: "/p" })).toBe(false);
  });
});

describe("custom attributes", () => {
  it("are read by their type", () => {
    expect(parseValue({ type: "number" }, " 1,5 ")).toBe(1.5);
    expect(parseValue({ type: "number" }, "many")).toBeUndefined();
    expect(parseValue({ type: "date" }, "2026-02-30x")).toBeUndefined();
    expect(parseValue({ type: "list", options: ["a"] }, "b")).toBeUndefined();
    expect(parseValue({ type: "link" }, "javascript:alert(1)")).toBeUndefined();
    expect(parseValue({ type: "link" }, "https://crm.example/1")).toBe("https://crm.example/1");
    expect(parseValue({ type: "text" }, "  ")).toBeNull();
  });

  it("are shown for people", () => {
    const words = { yes: "Yes", no: "No" };
    expect(shownValue({ type: "boolean" }, true, "en", words)).toBe("Yes");
    expect(shownValue({ type: "number" }, 12_345.5, "en", words)).toBe("12,345.5");
    expect(shownValue({ type: "date" }, "2026-11-21", "en", words)).toBe("Nov 21, 2026");
    expect(shownValue({ type: "text" }, undefined, "en", words)).toBe("");
  });
});

describe("transfer", () => {
  const people = [{ id: "mem_1", name: "Lin", status: "available" as const, load: "" }, { id: "mem_2", name: "Marco", status: "offline" as const, load: "" }];
  const teams = [{ id: "tea_1", name: "After-sales", description: "退换货", member_ids: ["mem_1", "mem_2"], inbox_ids: [], created_at: "" }];
  const choices = { people, teams, queues: [{ id: "que_1", name: "Sales", description: "售前" } as Queue], back: "Queue", groups: { people: "P", teams: "T", queues: "Q" } };

  it("finds people and teams, and says how many of a team are there", () => {
    expect(destinations(choices, "").map((one) => one.key)).toEqual(["mem_1", "mem_2", "tea_1", "que_1", "queue"]);
    expect(destinations(choices, "退换")[0]).toMatchObject({ key: "tea_1", there: 1 });
    expect(destinations(choices, "售前").map((one) => one.key)).toEqual(["que_1"]);
    expect(destinations({ ...choices, back: undefined }, "queue")).toEqual([]);
  });

  it("asks for the person, the team, the queue, or where it waited", () => {
    expect(destinations(choices, "").map(transferTo)).toEqual([{ member_id: "mem_1" }, { member_id: "mem_2" }, { team_id: "tea_1" }, { queue_id: "que_1" }, { member_id: "" }]);
  });
});

describe("merge", () => {
  const source = conversation("cnv_1", { number: 1 });
  const other = conversation("cnv_2", { number: 2, last_message: { text: "发票", sender_kind: "contact", kind: "text", at: "" } });
  const groups = { own: "own", other: "other" };

  it("offers the customer's others and the number that was typed, never itself or what is merged", () => {
    const merged = conversation("cnv_3", { merged_into: "cnv_9" });
    expect(mergeCandidates(source, [source, other, merged], undefined, "", groups).map((one) => one.key)).toEqual(["cnv_2"]);
    expect(mergeCandidates(source, [other], undefined, "发票", groups)).toHaveLength(1);
    expect(mergeCandidates(source, [other], conversation("cnv_7", { number: 7 }), "#7", groups).map((one) => one.group)).toEqual(["other"]);
    expect(mergeCandidates(source, [other], source, "#1", groups)).toEqual([]);
  });

  it("reads a number as people write it", () => {
    expect([numberIn("#12"), numberIn("12"), numberIn("#0"), numberIn("12a"), numberIn("")]).toEqual([12, 12, undefined, undefined, undefined]);
  });
});

describe("formats", () => {
  it("say sizes and times as people count them", () => {
    expect([bytes(820, "en"), bytes(48_213, "en"), bytes(3_200_000, "en")]).toEqual(["820 bytes", "48 kB", "3.2 MB"]);
    expect([playTime(7_000), playTime(760_000)]).toEqual(["0:07", "12:40"]);
  });
});
