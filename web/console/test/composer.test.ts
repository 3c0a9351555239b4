import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@patchbay/client/api";
import type { Canned, Member, ServerDraft } from "@patchbay/client/types";
import { DraftSync, PAUSE_MS, type DraftContent, type LocalMark } from "@/conversations/composer/draftsync";
import { kindOf, refusalOf, type Abilities } from "@/writing/abilities";
import { laterChoices } from "@/conversations/composer/later";
import { cannedFor, peopleFor, mentionsIn, replaced, triggerAt } from "@/writing/trigger";
import { fieldTime } from "@/conversations/snooze";

describe("triggerAt", () => {
  const at = (text: string, signs: ("/" | "@")[] = ["/", "@"]) => triggerAt(text, text.length, signs);

  it("finds the word after a sign that begins a word", () => {
    expect(at("/hi")).toEqual({ sign: "/", query: "hi", from: 0, to: 3 });
    expect(at("好的 /发票")?.query).toBe("发票");
    expect(at("a\n@林")).toEqual({ sign: "@", query: "林", from: 2, to: 4 });
    expect(at("/")?.query).toBe("");
  });

  it("is nothing inside words, addresses, dates and finished words", () => {
    for (const text of ["and/or", "https://x", "a@b", "21/11", "/hi there", "//"]) expect(at(text), text).toBeUndefined();
    expect(at("@li", ["/"])).toBeUndefined();
  });

  it("looks at the caret alone, and puts its answer there", () => {
    const trigger = triggerAt("x /hi y", 5, ["/"])!;
    expect(trigger.query).toBe("hi");
    expect(replaced("x /hi y", trigger, "Hello!")).toEqual({ text: "x Hello! y", caret: 8 });
  });
});

describe("cannedFor", () => {
  const canned = (id: string, shortcut: string, title: string, text: string, uses = 0): Canned => ({ id, shortcut, title, text, uses, scope: "workspace", updated_at: "" });
  const all = [canned("1", "shipping", "Times", "…"), canned("2", "ship", "Costs", "…"), canned("3", "x", "About ship", "…"), canned("4", "y", "…", "we ship"), canned("5", "z", "…", "…", 9)];

  it("puts the exact shortcut first, then its beginning, the title, the text", () => {
    expect(cannedFor(all, "ship").map((one) => one.id)).toEqual(["2", "1", "3", "4"]);
  });

  it("shows all without a word, the often used first", () => {
    expect(cannedFor(all, "")[0]!.id).toBe("5");
  });
});

describe("mentions", () => {
  const member = (id: string, name: string, suspended = false) => ({ id, name, suspended }) as Member;
  const members = [member("1", "林薇"), member("2", "林薇薇"), member("3", "Marco Rossi"), member("4", "Marco Rossi"), member("5", "Gone", true)];

  it("offer those who are there, by the beginning of the name", () => {
    expect(peopleFor(members, "", "1").map((one) => one.id)).not.toContain("1");
    expect(peopleFor(members, "Gone", "1")).toEqual([]);
    expect(peopleFor([member("a", "Anna Marco"), member("b", "Marco")], "marco", "x").map((one) => one.id)).toEqual(["b", "a"]);
  });

  it("mean the longest name, once, and of two with one name the picked one", () => {
    expect(mentionsIn("@林薇薇 看一下 @林薇薇", members, new Set()).map((one) => one.id)).toEqual(["2"]);
    expect(mentionsIn("ask @Marco Rossi", members, new Set(["4"])).map((one) => one.id)).toEqual(["4"]);
    expect(mentionsIn("@Gone @nobody", members, new Set())).toEqual([]);
  });
});

describe("files", () => {
  const abilities: Abilities = { text: true, textLimit: 10, files: ["image"], fileLimit: 100, quote: true, envelope: false };

  it("are refused before anything is sent, with the reason", () => {
    expect(refusalOf({ size: 1, type: "image/png" }, 0, abilities)).toBeUndefined();
    expect(refusalOf({ size: 1, type: "image/png" }, 0, { ...abilities, files: [] })).toBe("none");
    expect(refusalOf({ size: 1, type: "audio/ogg" }, 0, abilities)).toBe("kind");
    expect(refusalOf({ size: 101, type: "image/png" }, 0, abilities)).toBe("size");
    expect(refusalOf({ size: 0, type: "image/png" }, 0, abilities)).toBe("empty");
    expect(refusalOf({ size: 1, type: "image/png" }, 10, abilities)).toBe("count");
  });

  it("are no pictures when they can hold a script", () => {
    expect(kindOf("image/svg+xml")).toBe("file");
    expect(kindOf("image/png")).toBe("image");
    expect(kindOf("")).toBe("file");
  });
});

describe("laterChoices", () => {
  it("offers times to come, each once", () => {
    const keys = (now: Date) => laterChoices(now).map(({ key, at }) => `${key} ${fieldTime(at)}`);
    expect(keys(new Date(2026, 10, 21, 10))).toEqual(["hour 2026-11-21T11:00", "evening 2026-11-21T18:00", "tomorrow 2026-11-22T09:00", "monday 2026-11-23T09:00"]);
    expect(keys(new Date(2026, 10, 22, 17))).toEqual(["hour 2026-11-22T18:00", "tomorrow 2026-11-23T09:00"]);
  });
});

describe("DraftSync", () => {
  let server: ServerDraft | undefined;
  let down = false;
  let saves: [string, number][];
  let remote: (ServerDraft | undefined)[];
  let conflicts: ServerDraft[];
  let mark: LocalMark;

  beforeEach(() => {
    vi.useFakeTimers();
    server = undefined;
    down = false;
    [saves, remote, conflicts] = [[], [], []];
    mark = { rev: 0, dirty: false };
  });
  afterEach(() => vi.useRealTimers());

  const stored = (text: string, rev: number): ServerDraft => ({ conversation_id: "cnv_1", text, kind: "text", rev, updated_at: "" });
  const typed = (text: string): DraftContent => ({ kind: "text", text, attachments: [] });
  const unreachable = () => new ApiError({ status: 0, code: "network.unreachable" });

  function sync(): DraftSync {
    return new DraftSync({
      mark,
      load: async () => {
        if (down) throw unreachable();
        return server;
      },
      save: async (content, rev) => {
        if (down) throw unreachable();
        if (rev < (server?.rev ?? 0)) throw new ApiError({ status: 409, code: "draft.stale", fields: [{ pointer: "/rev", code: "stale", detail: JSON.stringify(server) }] });
        saves.push([content.text, rev]);
        server = stored(content.text, rev + 1);
        return { rev: rev + 1 };
      },
      onRemote: (draft) => remote.push(draft),
      onConflict: (draft) => conflicts.push(draft),
      onMark: (next) => (mark = next),
    });
  }

  it("saves once when the writer pauses", async () => {
    const one = sync();
    one.changed(typed("H"));
    await vi.advanceTimersByTimeAsync(PAUSE_MS - 1);
    one.changed(typed("Hi"));
    await vi.advanceTimersByTimeAsync(PAUSE_MS);
    expect(saves).toEqual([["Hi", 0]]);
    expect(mark).toEqual({ rev: 1, dirty: false });
  });

  it("shows what another window wrote when nothing was changed here", async () => {
    server = stored("from the phone", 3);
    await sync().check();
    expect(remote.map((draft) => draft?.text)).toEqual(["from the phone"]);
    expect(mark).toEqual({ rev: 3, dirty: false });
  });

  it("offers the other one when both were changed, then goes over it", async () => {
    const one = sync();
    one.changed(typed("mine"));
    server = stored("theirs", 2);
    await one.flush();
    expect(conflicts.map((draft) => draft.text)).toEqual(["theirs"]);
    expect(remote).toEqual([]);
    one.changed(typed("mine, longer"));
    await one.flush();
    expect(saves).toEqual([["mine, longer", 2]]);
  });

  it("goes over a draft that was sent from another window, without a question", async () => {
    const one = sync();
    one.changed(typed("first"));
    await one.flush();
    server = stored("", 4);
    one.changed(typed("second"));
    await one.flush();
    expect(conflicts).toEqual([]);
    expect(saves.at(-1)).toEqual(["second", 4]);
  });

  it("empties when the draft was sent from another window", async () => {
    const one = sync();
    one.changed(typed("sent elsewhere"));
    await one.flush();
    one.heard(2, undefined);
    expect(remote).toEqual([undefined]);
    expect(mark).toEqual({ rev: 2, dirty: false });
  });

  it("does not mind the echo of its own save", async () => {
    const one = sync();
    one.changed(typed("mine"));
    await one.flush();
    one.heard(1, server);
    expect([remote, conflicts]).toEqual([[], []]);
  });

  it("keeps the copy here while the server is away, and saves it later", async () => {
    down = true;
    const one = sync();
    one.changed(typed("offline"));
    await one.flush();
    expect(mark).toEqual({ rev: 0, dirty: true });
    down = false;
    await one.flush();
    expect(saves).toEqual([["offline", 0]]);
  });

  it("is not asked about what is the same", async () => {
    const one = sync();
    one.changed(typed("same"));
    server = stored("same ", 5);
    await one.flush();
    expect(conflicts).toEqual([]);
  });

  it("saves what is not saved when it ends", async () => {
    const one = sync();
    one.changed(typed("last words"));
    one.end();
    await vi.advanceTimersByTimeAsync(0);
    expect(saves).toEqual([["last words", 0]]);
  });
});
