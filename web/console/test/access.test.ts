import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import type { Allowance } from "@patchbay/client/api";
import { withChosen } from "@/access/lives";
import { grouped, meetsCustomers, withoutPermission, withPermission } from "@/access/permissions";
import { routes } from "@/router";
import { home } from "@/shell/home";
import { spanText } from "@/ui/span";
import en from "@/locales/access.en.json";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en"], language: "en" }));

const allow = (name: string, needs: string[] = [], group = "conversations"): Allowance => ({ name, group, needs, may_give: true });
const all = [
  allow("conversation.read", ["contact.read"]),
  allow("conversation.reply", ["contact.read", "conversation.read"]),
  allow("contact.read", [], "contacts"),
  allow("audit.read", [], "security"),
];

describe("ticking what a role allows", () => {
  it("brings along what it is of no use without, in the order of the catalogue", () => {
    expect(withPermission(["audit.read"], "conversation.reply", all)).toEqual(["conversation.read", "conversation.reply", "contact.read", "audit.read"]);
  });

  it("takes away what is of no use any more", () => {
    expect(withoutPermission(["conversation.read", "conversation.reply", "contact.read", "audit.read"], "contact.read", all)).toEqual(["audit.read"]);
    expect(withoutPermission(["conversation.read", "conversation.reply", "contact.read"], "conversation.reply", all)).toEqual(["conversation.read", "contact.read"]);
  });

  it("keeps what this console does not know", () => {
    expect(withPermission(["new.thing"], "audit.read", all)).toEqual(["audit.read", "new.thing"]);
  });

  it("is shown in groups, and knows who meets customers", () => {
    expect(grouped(all).map(({ group, items }) => [group, items.length])).toEqual([["conversations", 2], ["contacts", 1], ["security", 1]]);
    expect(meetsCustomers(["audit.read", "member.read"])).toBe(false);
    expect(meetsCustomers(["ticket.read"])).toBe(true);
  });
});

describe("the first page", () => {
  const permissionOf = (name: unknown): string | undefined => {
    const found = [...routes, ...routes.flatMap((route) => route.children ?? []), ...routes.flatMap((route) => (route.children ?? []).flatMap((child) => child.children ?? []))].find((route) => route.name === name);
    expect(found, String(name)).toBeDefined();
    return [found?.meta?.permission].flat()[0];
  };

  it.each([
    ["agent", ["member.read", "conversation.read", "ticket.read"], "conversations"],
    ["who has tickets alone", ["member.read", "ticket.read", "contact.read"], "tickets"],
    ["who looks after contacts", ["contact.read"], "contacts"],
    ["system administrator", ["workspace.read", "workspace.manage", "member.read", "inbox.read"], "workspace"],
    ["security administrator", ["workspace.read", "member.read", "member.manage", "role.manage"], "members"],
    ["auditor", ["member.read", "role.read", "audit.read", "audit.export"], "audit"],
    ["who only belongs", ["member.read", "role.read"], "members"],
    ["a role that is gone", [], "profile"],
  ])("of %s is one that they may see", (_, permissions, name) => {
    const to = home(permissions) as { name: string };
    expect(to.name).toBe(name);
    const needed = permissionOf(to.name);
    if (needed) expect(permissions).toContain(needed);
  });
});

describe("how long sessions last", () => {
  it("is said in the largest whole unit, in the reader's language", () => {
    expect([900, 5400, 28_800, 2_592_000, 61].map((seconds) => spanText(seconds, "en"))).toEqual(["15 minutes", "90 minutes", "8 hours", "30 days", "61 seconds"]);
    expect(spanText(28_800, "zh-CN")).toBe("8小时");
  });

  it("offers what was set otherwise, too", () => {
    expect(withChosen([900, 3600], 1200)).toEqual([900, 1200, 3600]);
    expect(withChosen([900, 3600], 900)).toEqual([900, 3600]);
  });
});

describe("permissions in plain words", () => {
  it("are there for each that the server asks for", () => {
    const { paths } = JSON.parse(readFileSync(new URL("../../client/openapi.json", import.meta.url), "utf8")) as { paths: Record<string, Record<string, { "x-access"?: string }>> };
    const asked = Object.values(paths).flatMap((path) => Object.values(path).map((operation) => operation["x-access"] ?? ""));
    const names = [...new Set(asked.filter((one) => one.includes(".")))].map((one) => one.replaceAll(".", "_"));
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) {
      expect(Object.keys(en.permissions)).toContain(name);
      expect(Object.keys(en.permissionHints)).toContain(name);
    }
  });
});
