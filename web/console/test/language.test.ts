import { beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  vi.stubGlobal("navigator", { language: "en-US", languages: ["en-US"], platform: "Linux" });
  vi.stubGlobal("document", { documentElement: {}, createElement: () => ({}) });
});

it("brings the texts of a part that opens while its language is still on its way", async () => {
  const { i18n, setLocale, withTexts } = await import("@/i18n");
  const chosen = setLocale("zh-CN");
  const opened = withTexts("auth", () => Promise.resolve("page"))();
  await Promise.all([chosen, opened]);
  expect(i18n.global.t("setup.submit")).toBe("开始");
});

it("brings the texts of a part that was open before the language changed", async () => {
  const { i18n, setLocale, withTexts } = await import("@/i18n");
  await withTexts("auth", () => Promise.resolve("page"))();
  expect(i18n.global.t("setup.submit")).toBe("Begin");
  await setLocale("zh-CN");
  expect(i18n.global.t("setup.submit")).toBe("开始");
});

it("speaks the language that was chosen last, whichever texts are here first", async () => {
  const { i18n, locale, setLocale } = await import("@/i18n");
  await Promise.all([setLocale("zh-CN"), setLocale("en")]);
  expect([i18n.global.locale.value, locale.value, document.documentElement.lang]).toEqual(["en", "en", "en"]);
});

it("says what is wrong with a field in the reader's language, in the server's words only in English", async () => {
  const { setLocale } = await import("@/i18n");
  const { ApiError } = await import("@patchbay/client/api");
  const { fieldErrors } = await import("@/api/errors");
  const failed = new ApiError({ status: 422, title: "", code: "catalog.invalid", detail: "Some values are not accepted.", fields: [
    { pointer: "/name", code: "taken", detail: "another label has this name" },
    { pointer: "/shortcut", code: "format", detail: "must be one word" },
    { pointer: "/config/color", code: "invalid", detail: "must be a colour" },
    { pointer: "/odd", code: "not_known_here", detail: "is odd" },
  ] });
  expect(fieldErrors(failed)["/name"]).toBe("another label has this name");
  await setLocale("zh-CN");
  expect(fieldErrors(failed)).toEqual({ "/name": "已存在。", "/shortcut": "须为一个词，不含空格和斜杠。", "/config/color": "不符合要求：must be a colour", "/odd": "is odd" });
});
