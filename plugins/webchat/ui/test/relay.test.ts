import { describe, expect, it } from "vitest";
import { CHANNEL, seal, trusted, type ToPage } from "../src/relay";

const frame = {};
const origin = "https://chat.example";
const event = (change: object = {}) => ({ source: frame as never, origin, data: seal({ type: "close" }), ...change });

describe("trusted", () => {
  it("takes our message from exactly our window and origin", () => {
    expect(trusted<ToPage>(event(), frame, origin)).toEqual({ type: "close", channel: CHANNEL });
  });

  it.each([
    ["another origin", { origin: "https://evil.example" }],
    ["an origin that only begins alike", { origin: `${origin}.evil.example` }],
    ["another port", { origin: `${origin}:8443` }],
    ["an opaque origin", { origin: "null" }],
    ["another window of our origin", { source: {} }],
    ["no window", { source: null }],
    ["another program's message", { data: { type: "close" } }],
    ["an older channel", { data: { type: "close", channel: "patchbay/0" } }],
    ["text", { data: "close" }],
    ["nothing", { data: null }],
  ])("refuses %s", (_, change) => {
    expect(trusted<ToPage>(event(change), frame, origin)).toBeUndefined();
  });

  it("refuses everything before there is a frame, even a message without a source", () => {
    expect(trusted<ToPage>(event({ source: null }), null, origin)).toBeUndefined();
    expect(trusted<ToPage>(event({ source: undefined }), undefined, origin)).toBeUndefined();
  });
});
