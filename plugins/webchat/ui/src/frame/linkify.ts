export interface Segment {
  text: string;
  /** Where it leads, for a link. */
  href?: string;
}

const URLS = /https?:\/\/[^\s<>"'`，。；：！？、（）《》【】「」]+/gi;

/**
 * Cuts a text into plain pieces and http(s) links. Joined, the pieces are the text; nothing else
 * becomes a link, and what ends a sentence is not part of its link.
 */
export function linkify(text: string): Segment[] {
  const segments: Segment[] = [];
  let end = 0;
  for (const found of text.matchAll(URLS)) {
    const link = trimmed(found[0]);
    const href = hrefOf(link);
    if (!href) continue;
    if (found.index > end) segments.push({ text: text.slice(end, found.index) });
    segments.push({ text: link, href });
    end = found.index + link.length;
  }
  if (end < text.length) segments.push({ text: text.slice(end) });
  return segments;
}

function trimmed(link: string): string {
  let cut = link.replace(/[.,;:!?*_~\]}]+$/, "");
  while (cut.endsWith(")") && cut.split("(").length < cut.split(")").length) cut = cut.slice(0, -1).replace(/[.,;:!?]+$/, "");
  return cut;
}

function hrefOf(link: string): string | undefined {
  try {
    const url = new URL(link);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}
