import { describe, expect, it } from "vitest";
import { snippetFor } from "@/settings/snippet";

const embed_snippet = `<script async src="https://chat.example/w/inb_1/loader.js"></script>`;
const line = (config: Record<string, unknown>) => snippetFor({ embed_snippet, config }).line;

describe("the line for a website", () => {
  it("is the server's where nothing has to happen before the chat is pressed", () => {
    expect(line({})).toBe(embed_snippet);
    expect(line({ proactive: [], page_views: "off" })).toBe(embed_snippet);
  });

  it("names what the loader cannot know by itself", () => {
    expect(line({ proactive: [{ id: "a" }], page_views: "consent" })).toBe(`<script async src="https://chat.example/w/inb_1/loader.js" data-proactive="on" data-page-views="on"></script>`);
    expect(snippetFor({ embed_snippet, config: { page_views: "on" } }).attributes).toEqual(["data-page-views"]);
  });
});
