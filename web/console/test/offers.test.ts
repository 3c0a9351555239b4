import { expect, test } from "vitest";
import type { Conversation, FeedEvent } from "@patchbay/client/types";
import { Offers } from "@/offers/offers";

const until = "2026-11-23T03:00:20Z";
const at = Date.parse("2026-11-23T03:00:00Z");

const row = (id: string, last_seq: number, offered_to?: string) => ({ id, last_seq, state: "open", offered_to, offer_until: offered_to && until }) as unknown as Conversation;
const offered = (conversation: Conversation) => ({ seq: 1, change: { type: "conversation.offered", at: "2026-11-23T03:00:00Z" }, conversation }) as unknown as FeedEvent;
const ended = (conversation: Conversation, reason: string) => ({ seq: 2, change: { type: "conversation.offer_ended", at: "2026-11-23T03:00:05Z", data: { reason } }, conversation }) as unknown as FeedEvent;
const ids = (offers: Offers) => offers.all.map(({ conversation }) => conversation.id);

test("what rings while the rows are fetched stays", () => {
  const offers = new Offers("me");
  offers.ask();
  offers.take(offered(row("a", 3, "me")), at);
  offers.adopt([]);
  expect(ids(offers)).toEqual(["a"]);
});

test("what ended while the rows were fetched does not ring again", () => {
  const offers = new Offers("me");
  offers.take(offered(row("a", 3, "me")), at);
  offers.ask();
  offers.take(ended(row("a", 4), "unanswered"), at);
  offers.adopt([row("a", 3, "me")]);
  expect(ids(offers)).toEqual([]);
});

test("an event older than what was fetched ends nothing", () => {
  const offers = new Offers("me");
  offers.ask();
  offers.adopt([row("a", 5, "me")]);
  expect(offers.take(ended(row("a", 4), "unanswered"), at)).toBeUndefined();
  expect(ids(offers)).toEqual(["a"]);
});

test("what is not among the rows is gone, and what rang out long ago is overdue", () => {
  const offers = new Offers("me");
  offers.take(offered(row("a", 3, "me")), at);
  expect(offers.overdue(at + 30_000, 15_000)).toBe(false);
  expect(offers.overdue(at + 36_000, 15_000)).toBe(true);
  offers.ask();
  offers.adopt([]);
  expect(ids(offers)).toEqual([]);
});
