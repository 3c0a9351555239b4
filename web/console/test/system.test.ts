import { describe, expect, it } from "vitest";
import type { SystemHeard } from "@patchbay/client/api";
import { judge } from "@/system/trial";

const heard = (change: Partial<SystemHeard> = {}): SystemHeard => ({ patchbay: true, arrived: true, upgrade: true, opened: true, spoke: true, ...change }) as SystemHeard;

describe("the way from a browser", () => {
  it("is fine when frames come with the pause between them", () => {
    expect(judge({ opened: true, frames: [10, 15, 420] }, heard())).toBe("ok");
  });

  it("is named after what was lost on it", () => {
    expect(judge({ opened: true, frames: [400, 401, 402] }, heard())).toBe("buffered");
    expect(judge({ opened: true, frames: [] }, heard())).toBe("silent");
    expect(judge({ opened: false, frames: [] }, heard({ arrived: false }))).toBe("blocked");
    expect(judge({ opened: false, frames: [] }, heard({ upgrade: false, code: "socket.handshake" }))).toBe("stripped");
    expect(judge({ opened: false, frames: [] }, heard({ opened: false, code: "request.cross_site" }))).toBe("origin");
    expect(judge({ opened: false, frames: [] }, heard())).toBe("lost");
    expect(judge({ opened: false, frames: [] }, undefined)).toBe("unknown");
  });
});
