import guide from "../../../../docs/api/webhooks.md?raw";

/** Code that checks a signature, in one language. */
export interface Snippet {
  language: string;
  code: string;
}

/** The code of the guide: the same text that its tests run. */
export const snippets: readonly Snippet[] = readSnippets(guide);

export function readSnippets(text: string): Snippet[] {
  return [...text.matchAll(/<!-- verify:(\w+) -->\n```\w+\n([\s\S]*?)\n```/g)].map(([, language, code]) => ({ language: language!, code: code! }));
}
