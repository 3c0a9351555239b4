import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, type LinkStatus } from "../src/live/link";
import { FakeNetwork } from "./fakesocket";

const ready = { op: "ready", epoch: "e1", heartbeat_ms: 10_000, resync: false };

function start() {
  const network = new FakeNetwork();
  const statuses: LinkStatus[] = [];
  const frames: object[] = [];
  const link = new Link({
    ...network.environment,
    url: () => "ws://test/live",
    hello: () => ({ op: "hello", after: 7 }),
    onReady: () => undefined,
    onFrame: (frame) => frames.push(frame),
    onStatus: (status) => statuses.push(status),
  });
  link.start();
  return { network, link, statuses, frames };
}

function startReady() {
  const test = start();
  test.network.last.open();
  test.network.last.say(ready);
  return test;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("Link", () => {
  it("says hello first and is ready when the server says so", () => {
    const { network, link } = start();
    network.last.open();
    expect(network.last.sent).toEqual([{ op: "hello", after: 7 }]);
    expect(link.send({ op: "x" })).toBe(false);
    network.last.say(ready);
    expect(link.status).toMatchObject({ state: "ready", failures: 0 });
    expect(link.send({ op: "x" })).toBe(true);
  });

  it("passes frames on, but not its own", () => {
    const { network, frames } = startReady();
    network.last.say({ op: "pong" });
    network.last.say({ op: "event", feed: 1 });
    expect(frames).toEqual([{ op: "event", feed: 1 }]);
  });

  it("comes back with growing, jittered waits up to the cap", () => {
    const { network, link } = start();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      network.last.drop();
      waits.push(link.status.retryAt! - Date.now());
      vi.advanceTimersByTime(link.status.retryAt! - Date.now());
    }
    expect(waits).toEqual([375, 750, 1500, 3000, 6000, 12_000, 22_500, 22_500, 22_500]);
    expect(network.sockets).toHaveLength(10);
  });

  it("starts the back-off again only after a connection that lasted", () => {
    const { network, link } = start();
    const live = (ms: number) => {
      network.last.open();
      network.last.say(ready);
      vi.advanceTimersByTime(ms);
      network.last.drop();
      const { failures } = link.status;
      vi.advanceTimersByTime(link.status.retryAt! - Date.now());
      return failures;
    };
    expect([live(0), live(0), live(100), live(6_000), live(0)]).toEqual([1, 2, 3, 1, 2]);
  });

  it("gives up a handshake that does not end", () => {
    const { network, link } = start();
    network.last.open();
    vi.advanceTimersByTime(10_000);
    expect(link.status).toMatchObject({ state: "waiting", trouble: "handshake" });
    expect(network.sockets[0]!.closed).toBe(4000);
  });

  it("pings, and leaves a connection that does not answer", () => {
    const { network, link } = startReady();
    vi.advanceTimersByTime(10_000);
    expect(network.last.frames("ping")).toHaveLength(1);
    network.last.say({ op: "pong" });
    vi.advanceTimersByTime(10_000);
    expect(network.last.frames("ping")).toHaveLength(2);
    expect(link.status.state).toBe("ready");
    vi.advanceTimersByTime(8_000);
    expect(link.status).toMatchObject({ state: "waiting", trouble: "silent" });
  });

  it("asks at once after a wake-up whether the connection still lives", () => {
    const { network, link } = startReady();
    network.wake();
    expect(network.last.frames("ping")).toHaveLength(1);
    vi.advanceTimersByTime(4_000);
    expect(link.status).toMatchObject({ state: "waiting", trouble: "silent" });
  });

  it("waits as long as a restarting server asks, then some", () => {
    const { network, link } = startReady();
    network.last.say({ op: "bye", retry_ms: 2_000 });
    network.last.drop(1012);
    expect(link.status).toMatchObject({ state: "waiting", trouble: "restarting" });
    expect(link.status.retryAt! - Date.now()).toBe(3_000);
  });

  it("ends with the session and starts again when told", () => {
    const { network, link } = startReady();
    network.last.drop(4401);
    expect(link.status.state).toBe("ended");
    vi.advanceTimersByTime(60_000);
    expect(network.sockets).toHaveLength(1);
    link.start();
    expect(network.sockets).toHaveLength(2);
  });

  it("does not insist where policy refuses", () => {
    const { network, link } = startReady();
    network.last.drop(4403);
    vi.advanceTimersByTime(60_000);
    expect(link.status.state).toBe("refused");
    expect(network.sockets).toHaveLength(1);
  });

  it("knows that this machine is offline and retries when it is back", () => {
    const { network, link } = startReady();
    network.isOnline = false;
    network.last.drop();
    expect(link.status.trouble).toBe("offline");
    network.isOnline = true;
    network.wake();
    expect(network.sockets).toHaveLength(2);
  });

  it("recognises a proxy that cuts after a fixed time", () => {
    const { network, link } = startReady();
    const live = (ms: number) => {
      for (let t = 0; t < ms; t += 10_000) {
        vi.advanceTimersByTime(10_000);
        network.last.say({ op: "pong" });
      }
      network.last.drop();
    };
    live(60_000);
    expect(link.status.trouble).toBe("cut");
    vi.advanceTimersByTime(link.status.retryAt! - Date.now());
    network.last.open();
    network.last.say(ready);
    live(60_000);
    expect(link.status).toMatchObject({ trouble: "proxy", afterMs: 60_000 });
  });

  it("leaves a peer that does not speak the protocol", () => {
    const { network, link } = start();
    network.last.open();
    network.last.onmessage?.({ data: "<html>" });
    expect(link.status).toMatchObject({ state: "waiting", trouble: "handshake" });
  });

  it("ignores the end of a connection it has left", () => {
    const { network, link } = startReady();
    const old = network.last;
    link.stop();
    old.drop();
    vi.advanceTimersByTime(60_000);
    expect(link.status.state).toBe("stopped");
    expect(network.sockets).toHaveLength(1);
  });
});
