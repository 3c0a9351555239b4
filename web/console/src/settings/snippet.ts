import type { Inbox } from "@patchbay/client/types";

/** Attributes of the chat's line, in a page that has use for them. */
export type SnippetAttribute = "data-proactive" | "data-page-views";

/**
 * The line that puts the chat on a page, as the inbox is set up: the loader asks the server for
 * nothing before it is pressed, so what must happen earlier has to stand in the page.
 */
export function snippetFor({ embed_snippet = "", config }: Pick<Inbox, "embed_snippet" | "config">): { line: string; attributes: SnippetAttribute[] } {
  const { proactive, page_views } = config as { proactive?: unknown; page_views?: unknown };
  const attributes: SnippetAttribute[] = [];
  if (Array.isArray(proactive) && proactive.length > 0) attributes.push("data-proactive");
  if (page_views === "on" || page_views === "consent") attributes.push("data-page-views");
  const more = attributes.map((name) => ` ${name}="on"`).join("");
  return { line: embed_snippet.replace(/><\/script>$/, `${more}></script>`), attributes };
}
