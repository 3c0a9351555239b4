import { describe, expect, it } from "vitest";
import { applyChanges, applyOlder, applyToPages, emptyTimeline, entriesOf, gapAfter, matches, newerConversation, type ConversationFilter } from "../src/apply";
import type { Change, Conversation, Message } from "../src/types";

function message(id: string, delivery: Message["delivery"] | "" = "pending"): Message {
  return { id, conversation_id: "cnv_1", client_msg_id: `c-${id}`, kind: "text", sender: { kind: "agent" }, text: id, created_at: "2026-01-01T00:00:00.000Z", delivery: delivery || undefined };
}

function change(seq: number, type: Change["type"], msg?: Message): Change {
  return { id: `chg_${seq}`, conversation_id: "cnv_1", seq, type, at: "2026-01-01T00:00:00.000Z", actor: { kind: "agent" }, message: msg };
}

const history = [
  change(1, "conversation.created"),
  change(2, "message.created", message("m1")),
  change(3, "conversation.assigned"),
  change(4, "message.delivery", message("m1", "sent")),
  change(5, "note.created", message("m2", "")),
  change(6, "message.created", message("m3")),
  change(7, "message.delivery", message("m3", "failed")),
  change(8, "conversation.resolved"),
];

const fresh = applyChanges(emptyTimeline, history);

describe("timeline", () => {
  it("ends like a fresh fetch for every order, repetition and batch", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = lcg(seed);
      const arrivals = [...history, ...history.filter(() => random() > 0.5)].sort(() => random() - 0.5);
      let held = emptyTimeline;
      while (arrivals.length > 0) held = applyChanges(held, arrivals.splice(0, 1 + Math.floor(random() * 3)));
      expect(held.changes).toEqual(fresh.changes);
      expect(entriesOf(held)).toEqual(entriesOf(fresh));
    }
  });

  it("holds the Law for every point at which live changes take over from a fetch", () => {
    for (let n = 0; n <= history.length; n++) {
      let held = applyChanges(emptyTimeline, history.slice(0, n));
      for (const next of history.slice(n)) held = applyChanges(held, [next]);
      expect(entriesOf(held)).toEqual(entriesOf(fresh));
    }
  });

  it("is the same object when nothing is new", () => {
    expect(applyChanges(fresh, history.slice(2, 4))).toBe(fresh);
  });

  it("shows messages once, in their newest delivery state", () => {
    const shown = entriesOf(fresh).map((entry) => (entry.kind === "message" ? `${entry.message.id}:${entry.message.delivery ?? ""}` : entry.change.type));
    expect(shown).toEqual(["conversation.created", "m1:sent", "conversation.assigned", "m2:", "m3:failed", "conversation.resolved"]);
  });

  it("tells a message's newest state wherever it is told of, as a fetch does", () => {
    expect(fresh.changes.filter((one) => one.message?.id === "m1").map((one) => one.message?.delivery)).toEqual(["sent", "sent"]);
  });

  it("tells what a message says by now, and of one that was taken back nothing, in quotes neither", () => {
    const quote = { id: "m1", seq: 2, kind: "text" as const, sender: { kind: "agent" as const }, text: "m1" };
    const gone = { ...message("m1", "sent"), text: "", recalled_at: "2026-01-01T00:01:00.000Z" };
    const news = [
      change(9, "message.created", { ...message("m4", ""), reply_to: quote }),
      change(10, "message.edited", { ...message("m4", ""), text: "better", edited_at: "2026-01-01T00:00:30.000Z", reply_to: quote }),
      change(11, "message.recalled", gone),
    ];
    const whole = applyChanges(fresh, news);
    for (const order of [[9, 10, 11], [11, 9, 10], [10, 11, 9]]) {
      const held = order.reduce((timeline, seq) => applyChanges(timeline, [news[seq - 9]!]), fresh);
      expect(held.changes).toEqual(whole.changes);
    }
    const shown = entriesOf(whole).flatMap((entry) => (entry.kind === "message" ? [[entry.message.id, entry.message.text, entry.message.reply_to?.text]] : []));
    expect(shown).toEqual([["m1", "", undefined], ["m2", "m2", undefined], ["m3", "m3", undefined], ["m4", "better", ""]]);
  });

  it("leaves how far the customer has read to the row", () => {
    const read = applyChanges(fresh, [change(9, "conversation.read_by_contact")]);
    expect(read.changes).toHaveLength(9);
    expect(entriesOf(read)).toEqual(entriesOf(fresh));
  });

  it("knows where something is missing", () => {
    expect(gapAfter(fresh)).toBeUndefined();
    expect(gapAfter(applyChanges(emptyTimeline, [history[0]!, history[1]!, history[4]!]))).toBe(2);
  });

  it("takes older pages in front", () => {
    const newest = { ...applyChanges(emptyTimeline, history.slice(5)), hasOlder: true };
    const whole = applyOlder(newest, { items: history.slice(0, 5), has_more: false });
    expect(whole.changes).toEqual(fresh.changes);
    expect(whole.hasOlder).toBe(false);
  });
});

function row(id: string, over: Partial<Conversation> = {}): Conversation {
  return {
    id, inbox_id: "inb_1", contact: { id: "con_1", name: "Li" }, state: "open", responder: "queue",
    last_seq: 1, last_public_seq: 1, last_inbound_seq: 1, contact_read_seq: 0, created_at: "2026-01-01T00:00:00.000Z",
    updated_at: `2026-01-01T00:00:0${id}.000Z`, unread: false, number: 1, labels: [], attributes: {}, participants: [], ...over,
  };
}

describe("newerConversation", () => {
  it("takes a merged conversation out of its list, and puts it back when that is undone", () => {
    const filter: ConversationFilter = { view: "all", state: "any" };
    const pages = [{ items: [row("2", { last_seq: 4 }), row("1")] }];
    const merged = applyToPages(pages, row("2", { last_seq: 5, state: "resolved", merged_into: "9" }), filter, "me");
    expect(merged[0]!.items.map((item) => item.id)).toEqual(["1"]);
    const undone = applyToPages(merged, row("2", { last_seq: 6 }), filter, "me");
    expect(undone[0]!.items.map((item) => item.id)).toEqual(["2", "1"]);
  });

  it("keeps what is newer and the reader's mark", () => {
    const held = row("1", { last_seq: 5, last_inbound_seq: 3 });
    expect(newerConversation(held, row("1", { last_seq: 4 }))).toBe(held);
    const answered = newerConversation(held, { ...row("1", { last_seq: 6, last_inbound_seq: 3 }), unread: undefined });
    expect(answered.unread).toBe(false);
    const asked = newerConversation(answered, { ...row("1", { last_seq: 7, last_inbound_seq: 7 }), unread: undefined });
    expect(asked.unread).toBe(true);
  });
});

describe("applyToPages", () => {
  const all: ConversationFilter = { view: "all", state: "open" };
  const ids = (pages: { items: Conversation[] }[]) => pages.map((page) => page.items.map((item) => item.id).join(""));
  const pages = [
    { items: [row("9"), row("8")], next_cursor: "x" },
    { items: [row("5"), row("4")], next_cursor: "y" },
  ];

  it("moves a conversation to its place", () => {
    const moved = applyToPages(pages, row("4", { last_seq: 2, updated_at: "2026-01-01T00:01:00.000Z" }), all, "me");
    expect(ids(moved)).toEqual(["498", "5"]);
  });

  it("leaves alone what belongs on a page not fetched", () => {
    expect(ids(applyToPages(pages, row("3"), all, "me"))).toEqual(["98", "54"]);
    expect(ids(applyToPages([{ items: [row("5")] }], row("3"), all, "me"))).toEqual(["53"]);
  });

  it("takes out what the list would not show any more", () => {
    expect(ids(applyToPages(pages, row("8", { last_seq: 2, state: "resolved" }), all, "me"))).toEqual(["9", "54"]);
  });

  it("puts the first into an empty list", () => {
    expect(ids(applyToPages([{ items: [] }], row("1"), all, "me"))).toEqual(["1"]);
  });

  it("does nothing for what is old", () => {
    expect(applyToPages(pages, row("9", { last_seq: 0 }), all, "me")).toBe(pages);
  });

  it("compares times, which are written without closing zeros", () => {
    const tenth = row("1", { updated_at: "2026-01-01T00:00:05.1Z" });
    const later = row("2", { updated_at: "2026-01-01T00:00:05.12Z", last_seq: 2 });
    expect(ids(applyToPages([{ items: [tenth] }], later, all, "me"))).toEqual(["21"]);
  });

  it("leaves the order of what was written in one millisecond to the server", () => {
    const at = "2026-01-01T00:00:09.001Z";
    const held = [{ items: ["3", "7", "5"].map((id) => row(id, { updated_at: at })) }];
    expect(ids(applyToPages(held, row("7", { last_seq: 2, updated_at: at, contact_read_seq: 1 }), all, "me"))).toEqual(["375"]);
    expect(ids(applyToPages(held, row("4", { updated_at: at }), all, "me"))).toEqual(["4375"]);
  });

  it("takes what was never held for unread, unless the contact never wrote", () => {
    const fed = { ...row("1"), unread: undefined };
    expect(applyToPages([{ items: [] }], fed, all, "me")[0]!.items[0]!.unread).toBe(true);
    expect(newerConversation(undefined, { ...fed, last_inbound_seq: 0 }).unread).toBe(false);
  });

  it("knows the views", () => {
    const mine = row("1", { assignee_id: "me" });
    expect(matches(mine, { view: "mine", state: "open" }, "me")).toBe(true);
    expect(matches(mine, { view: "mine", state: "open" }, "you")).toBe(false);
    expect(matches(mine, { view: "unassigned", state: "open" }, "me")).toBe(false);
    expect(matches(mine, { view: "all", state: "resolved" }, "me")).toBe(false);
    expect(matches(mine, { view: "all", state: "open", contact: "con_2" }, "me")).toBe(false);
    expect(matches({ ...mine, merged_into: "cnv_2" }, { view: "all", state: "any" }, "me")).toBe(false);
  });
});

function lcg(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}
