import { describe, expect, it } from "vitest";
import { placeOf } from "../src/loader/place";
import { wordsFor } from "../src/loader/words";
import { localeOf } from "../src/locale";

describe("placeOf", () => {
  it.each([
    ["https://chat.example/w/inb_01/loader.js", "https://chat.example", "https://chat.example/w/inb_01/"],
    ["http://localhost:8080/w/inb_01/loader.js?v=2#x", "http://localhost:8080", "http://localhost:8080/w/inb_01/"],
    ["https://shop.example/support/w/inb_01/loader.js", "https://shop.example", "https://shop.example/support/w/inb_01/"],
  ])("reads %s", (src, origin, base) => {
    expect(placeOf(src)).toEqual({ origin, base, inbox: "inb_01" });
  });
});

describe("language", () => {
  it.each([
    ["zh", "zh-CN"],
    ["zh-CN", "zh-CN"],
    ["zh-Hant-TW", "zh-TW"],
    ["zh-HK", "zh-TW"],
    ["ar-EG", "ar"],
    ["pt-BR", "pt"],
    ["ZH_cn".replace("_", "-"), "zh-CN"],
    ["en-GB", "en"],
    ["fr", "fr"],
    ["nl", "en"],
    ["zha", "en"],
    ["", "en"],
  ])("answers %j in %s", (tag, locale) => {
    expect(localeOf(tag)).toBe(locale);
  });

  it("says the same things in both", () => {
    const [en, zh] = [wordsFor("en"), wordsFor("zh")];
    expect(Object.keys(zh)).toEqual(Object.keys(en));
    expect(Object.values(zh).every((word) => /[\u4e00-\u9fff]/.test(word))).toBe(true);
  });
});
