import { describe, expect, it } from "vitest";
import { linkify } from "../src/frame/linkify";
import { cleaned, lengthOf } from "../src/frame/text";

const links = (text: string) => linkify(text).flatMap((segment) => segment.href ?? []);

describe("linkify", () => {
  it.each([
    ["see https://a.example/x?y=1#z now", ["https://a.example/x?y=1#z"]],
    ["(http://a.example/x)", ["http://a.example/x"]],
    ["http://a.example/wiki/X_(y).", ["http://a.example/wiki/X_(y)"]],
    ["看https://a.example/订单，谢谢", ["https://a.example/%E8%AE%A2%E5%8D%95"]],
    ["https://a.example and https://b.example!", ["https://a.example/", "https://b.example/"]],
    ["HTTPS://A.EXAMPLE/X", ["https://a.example/X"]],
  ])("finds the links of %s", (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://a.example/x",
    "a.example/x",
    "mailto:a@b.example",
    "https://",
    "http://[",
    "<a href='x'>x</a>",
  ])("makes no link of %s", (text) => {
    expect(links(text)).toEqual([]);
  });

  it.each(["", "x", "https://a.example", "a https://a.example/(b). c", "https:// https://ok.example <b>", "\n https://a.example\n\n"])(
    "loses nothing of %j",
    (text) => {
      expect(linkify(text).map((segment) => segment.text).join("")).toBe(text);
    },
  );

  it("leads only to http and https, whatever is around it", () => {
    for (const href of links("javascript:https://a.example javascript://https://b.example")) expect(href).toMatch(/^https?:/);
  });
});

describe("what is sent", () => {
  it("has no space around it, no NUL and no half characters", () => {
    expect(cleaned("  a\0b \n")).toBe("ab");
    expect(cleaned("x\ud83dy")).toBe("x\ufffdy");
    expect(cleaned("\ude00z")).toBe("\ufffdz");
    expect(cleaned("你好 😀")).toBe("你好 😀");
    expect(cleaned(" \n\t ")).toBe("");
  });

  it("is counted in characters, as the server does", () => {
    expect(lengthOf("你好😀")).toBe(3);
    expect(lengthOf("😀".repeat(4000))).toBe(4000);
  });
});
