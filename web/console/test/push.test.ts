import { describe, expect, it } from "vitest";
import type { AppNotification } from "@patchbay/client/types";
import { keyBytes, keyText } from "@/notifications/push/key";
import { addressOf, isConsole, shownOf, tongueOf, type Letter } from "@/notifications/push/letter";
import { kinds } from "@/notifications/sentence";
import { contact as contactEn } from "@/locales/en.json";
import { notices as noticesEn } from "@/locales/notices.en.json";
import { contact as contactZh } from "@/locales/zh-CN.json";
import { notices as noticesZh } from "@/locales/notices.zh-CN.json";

const english = tongueOf("en", { notices: noticesEn, contact: { unnamed: contactEn.unnamed } });
const chinese = tongueOf("zh-CN", { notices: noticesZh, contact: { unnamed: contactZh.unnamed } });
const letter = (more: Partial<Letter>): Letter => ({ locale: "en", tag: "t", path: "/", ...more });
const told = (more: Partial<AppNotification>): AppNotification => ({ id: "ntf_1", kind: "mention", text: "look", at: "2026-03-02T10:00:00Z", ...more });

describe("what is pushed", () => {
  it("is worded as in the console", () => {
    const one = shownOf(letter({ workspace: "wsp_1", path: "/conversations/all/cnv_1?at=3", notification: told({ actor: { kind: "agent", id: "mem_1", name: "Lin" } }) }), english);
    expect(one).toEqual({ title: "Lin mentions you", options: { body: "look", tag: "t", icon: "/icon-192.png", lang: "en", data: { path: "/conversations/all/cnv_1?at=3", workspace: "wsp_1", id: "ntf_1" } } });
    expect(shownOf(letter({ notification: told({ kind: "reply", actor: { kind: "contact", id: "con_abcd", name: "" } }) }), english).title).toBe("Visitor abcd answers");
    expect(shownOf(letter({ notification: told({ kind: "ticket_overdue", text: "", ticket: { id: "tkt_1", number: 7, title: "Tins" } }) }), english)).toMatchObject({ title: "T-7 is overdue", options: { body: "Tins" } });
  });

  it("says what happened where names and words were left out, in either language", () => {
    for (const tongue of [english, chinese]) {
      for (const kind of kinds) {
        const { title, options } = shownOf(letter({ notification: told({ kind, text: "" }) }), tongue);
        expect(title, kind).toBe(tongue.t(`notices.kinds.${kind}`));
        expect(title + options.body, kind).not.toMatch(/\{|undefined/);
      }
    }
  });

  it("counts, and is tried", () => {
    expect(shownOf(letter({ more: 7 }), chinese).title).toBe("7 条新通知");
    expect(shownOf(letter({ test: true }), english).options.body).toContain("no window");
    expect(shownOf(letter({}), english).title).toBe("News in Patchbay");
  });
});

describe("where a push leads", () => {
  it("names its workspace", () => {
    expect(addressOf({ path: "/tickets/tkt_1", workspace: "wsp_1" })).toBe("/tickets/tkt_1?workspace=wsp_1");
    expect(addressOf({ path: "/conversations/all/cnv_1?at=3", workspace: "wsp_1" })).toBe("/conversations/all/cnv_1?at=3&workspace=wsp_1");
    expect(addressOf({ path: "/" })).toBe("/");
  });

  it("is a window of the console, and no other page of the server", () => {
    for (const path of ["/", "/conversations/mine", "/tickets/tkt_1", "/settings/notifications", "/reports/pin_1/x", "/welcome"]) expect(isConsole(`https://desk.example${path}`), path).toBe(true);
    for (const path of ["/w/inb_1/frame.html", "/demo", "/demo/", "/chat/inb_1", "/t/x", "/r/x", "/x/a", "/docs/api"]) expect(isConsole(`https://desk.example${path}`), path).toBe(false);
  });
});

it("writes keys as the server reads them", () => {
  const bytes = Uint8Array.from({ length: 65 }, (_, n) => (n * 37) % 256);
  expect(keyText(bytes.buffer)).toMatch(/^[\w-]+$/);
  expect([...keyBytes(keyText(bytes.buffer))]).toEqual([...bytes]);
});
