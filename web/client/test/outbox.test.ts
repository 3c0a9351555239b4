import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox, type OutboxEntry, type OutboxStorage } from "../src/live/outbox";

interface Item {
  client_msg_id: string;
  lane: string;
}

const item = (id: string, lane = "a"): Item => ({ client_msg_id: id, lane });

class MemoryStorage implements OutboxStorage<Item> {
  readonly records = new Map<string, string>();
  load = () => [...this.records.values()].map((text) => JSON.parse(text) as OutboxEntry<Item>);
  put = (entry: OutboxEntry<Item>) => void this.records.set(entry.item.client_msg_id, JSON.stringify(entry));
  remove = (id: string) => void this.records.delete(id);
}

function setUp(storage = new MemoryStorage()) {
  const net = { up: true, sent: [] as string[] };
  const outbox = new Outbox<Item>({
    lane: (it) => it.lane,
    transmit: (it) => {
      if (net.up) net.sent.push(it.client_msg_id);
      return net.up;
    },
    storage,
    random: () => 0,
  });
  const states = () => outbox.list.map((entry) => `${entry.item.client_msg_id}:${entry.state}`);
  return { outbox, net, storage, states };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Outbox", () => {
  it("sends the items of a lane one after the other", () => {
    const { outbox, net } = setUp();
    ["1", "2", "3"].forEach((id) => outbox.add(item(id)));
    expect(net.sent).toEqual(["1"]);
    outbox.acked("1");
    expect(net.sent).toEqual(["1", "2"]);
    outbox.acked("2");
    outbox.acked("3");
    expect(net.sent).toEqual(["1", "2", "3"]);
    expect(outbox.list).toEqual([]);
  });

  it("does not let one lane wait for another", () => {
    const { outbox, net } = setUp();
    outbox.add(item("1", "a"));
    outbox.add(item("2", "b"));
    expect(net.sent).toEqual(["1", "2"]);
  });

  it("sends what was not answered again after a reconnect, under the same id", () => {
    const { outbox, net, states } = setUp();
    outbox.add(item("1"));
    outbox.add(item("2"));
    net.up = false;
    outbox.resume();
    expect(states()).toEqual(["1:queued", "2:queued"]);
    net.up = true;
    outbox.resume();
    outbox.acked("1");
    expect(net.sent).toEqual(["1", "1", "2"]);
  });

  it("sends again when no answer comes", () => {
    const { outbox, net } = setUp();
    outbox.add(item("1"));
    vi.advanceTimersByTime(20_000);
    expect(net.sent).toEqual(["1", "1"]);
    outbox.acked("1");
    vi.advanceTimersByTime(120_000);
    expect(net.sent).toEqual(["1", "1"]);
  });

  it("leaves a refused item to its writer and goes on", () => {
    const { outbox, net, states } = setUp();
    outbox.add(item("1"));
    outbox.add(item("2"));
    outbox.refused("1", { code: "message.text_too_long", detail: "too long" });
    expect(states()).toEqual(["1:failed", "2:sending"]);
    expect(outbox.list[0]).toMatchObject({ code: "message.text_too_long", detail: "too long" });
    outbox.acked("2");
    outbox.retry("1");
    expect(net.sent).toEqual(["1", "2", "1"]);
    outbox.refused("1", { code: "message.text_too_long" });
    outbox.discard("1");
    expect(outbox.list).toEqual([]);
  });

  it("tries again by itself where a refusal passes", () => {
    const { outbox, net, states } = setUp();
    outbox.add(item("1"));
    outbox.refused("1", { code: "storage.busy", transient: true });
    expect(states()).toEqual(["1:sending"]);
    vi.advanceTimersByTime(499);
    expect(net.sent).toEqual(["1"]);
    vi.advanceTimersByTime(1);
    expect(net.sent).toEqual(["1", "1"]);
  });

  it("survives a reload", () => {
    const first = setUp();
    first.net.up = false;
    first.outbox.add(item("1"));
    vi.advanceTimersByTime(5);
    first.outbox.add(item("2"));
    const second = setUp(first.storage);
    second.outbox.resume();
    expect(second.net.sent).toEqual(["1"]);
    second.outbox.acked("1");
    second.outbox.acked("2");
    expect(first.storage.records.size).toBe(0);
  });

  it("asks before it sends what was written long ago", () => {
    const first = setUp();
    first.net.up = false;
    first.outbox.add(item("1"));
    vi.advanceTimersByTime(13 * 3_600_000);
    const second = setUp(first.storage);
    second.outbox.resume();
    expect(second.states()).toEqual(["1:failed"]);
    expect(second.net.sent).toEqual([]);
    second.outbox.retry("1");
    expect(second.net.sent).toEqual(["1"]);
  });

  it("delivers another way, one a lane, and keeps what did not get through", async () => {
    const { outbox, net, states } = setUp();
    net.up = false;
    outbox.add(item("1", "a"));
    outbox.add(item("2", "a"));
    outbox.add(item("3", "b"));
    const posted: string[] = [];
    await outbox.deliver((it) => {
      posted.push(it.client_msg_id);
      return it.lane === "b" ? Promise.reject(new Error("unreachable")) : Promise.resolve();
    });
    expect(posted).toEqual(["1", "3"]);
    expect(states()).toEqual(["2:queued", "3:queued"]);
  });
});
