import { describe, expect, it } from "vitest";
import { readSnippets, snippets } from "@/webhooks/snippets";

describe("the code that checks a signature", () => {
  it("is that of the guide, in three languages", () => {
    expect(snippets.map((one) => one.language)).toEqual(["go", "javascript", "python"]);
    for (const { code } of snippets) expect(code).toMatch(/verify\(header/);
  });

  it("is read from a page block by block", () => {
    expect(readSnippets("x\n<!-- verify:a -->\n```b\none\ntwo\n```\n```c\nno\n```\n")).toEqual([{ language: "a", code: "one\ntwo" }]);
  });
});
