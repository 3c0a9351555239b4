import { describe, expect, it, vi } from "vitest";
import { createMemoryHistory, createRouter } from "vue-router";
import { routes } from "@/router";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en"], language: "en" }));

const router = createRouter({ history: createMemoryHistory(), routes });

describe("addresses", () => {
  it.each([
    ["/conversations/mine", "conversations"],
    ["/conversations/all/cnv_1", "conversations"],
    ["/conversations/vie_01ARZ/cnv_1", "conversations"],
    ["/conversations/tea_1", "conversations"],
    ["/conversations/lab_1?state=open", "conversations"],
    ["/conversations/inb_1", "conversations"],
    ["/conversations/nonsense", "lost"],
    ["/search?q=x", "search"],
    ["/contacts", "contacts"],
    ["/contacts/import", "contact-import"],
    ["/contacts/con_1", "contact"],
    ["/settings/inboxes/new", "inbox-new"],
    ["/settings/inboxes/inb_1", "inbox"],
  ])("%s is %s", (path, name) => {
    expect(router.resolve(path).name).toBe(name);
  });
});
