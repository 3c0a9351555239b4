import type { PublicChange } from "@patchbay/client/types";
import { describe, expect, it } from "vitest";
import { phaseOf, unreadAfter, type Phase } from "../src/frame/state";

const change = (seq: number, kind: "visitor" | "agent" | "system"): PublicChange => ({
  seq,
  type: "message",
  at: "2026-03-01T10:00:00.000Z",
  message: { id: `msg_${seq}`, sender: { kind }, text: `${seq}` },
});

describe("phaseOf", () => {
  const waiting = (failures: number) => ({ state: "waiting" as const, trouble: "unreachable" as const, failures });

  it("is live when frames flow, whatever was before", () => {
    for (const before of ["connecting", "polling", "unavailable", "offline"] as Phase[]) {
      expect(phaseOf({ state: "ready", failures: 0 }, "unreachable", before, true)).toBe("live");
    }
  });

  it("goes from a lost connection over HTTP to unreachable, and never back to 'reconnecting' from there", () => {
    expect(phaseOf({ state: "waiting", trouble: "cut", failures: 1 }, "unknown", "live", true)).toBe("reconnecting");
    expect(phaseOf(waiting(2), "reached", "reconnecting", true)).toBe("polling");
    expect(phaseOf(waiting(2), "unreachable", "reconnecting", true)).toBe("reconnecting");
    expect(phaseOf(waiting(3), "unreachable", "reconnecting", true)).toBe("unavailable");
    expect(phaseOf({ state: "connecting", failures: 4 }, "unreachable", "unavailable", true)).toBe("unavailable");
    expect(phaseOf({ state: "waiting", trouble: "restarting", failures: 1 }, "unreachable", "unavailable", true)).toBe("unavailable");
  });

  it("says connecting, not reconnecting, before there was a connection", () => {
    expect(phaseOf({ state: "connecting", failures: 0 }, "unknown", "connecting", true)).toBe("connecting");
    expect(phaseOf(waiting(1), "unknown", "connecting", true)).toBe("connecting");
    expect(phaseOf({ state: "ended", failures: 0 }, "unknown", "live", true)).toBe("connecting");
  });

  it("blames this machine's network first", () => {
    expect(phaseOf(waiting(9), "unreachable", "unavailable", false)).toBe("offline");
    expect(phaseOf({ state: "waiting", trouble: "offline", failures: 1 }, "reached", "live", true)).toBe("offline");
  });
});

it("counts as unread what agents wrote after the last seen", () => {
  const changes = [change(1, "visitor"), change(2, "agent"), change(3, "system"), change(4, "agent"), change(5, "visitor")];
  expect(unreadAfter(changes, 0)).toBe(2);
  expect(unreadAfter(changes, 2)).toBe(1);
  expect(unreadAfter(changes, 5)).toBe(0);
  expect(unreadAfter([], 0)).toBe(0);
});
