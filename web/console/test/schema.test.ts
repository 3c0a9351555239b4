import { describe, expect, it } from "vitest";
import { problemOf, settingsOf, type Schema } from "@/forms/schema";
import { initialValues, toSend } from "@/forms/values";
import { linesToList } from "@/ui/lines";

const schema: Schema = {
  required: ["key"],
  properties: {
    key: { type: "string", writeOnly: true, title: "Key" },
    title: { type: "string", title: "Title", default: "", "x-i18n": { "zh-CN": { title: "标题", description: "顶部" } } },
    greeting: { type: "string", maxLength: 300 },
    site: { type: "string", format: "uri" },
    colour: { type: "string", format: "color", default: "#112233" },
    corner: { type: "string", enum: ["right", "left"], default: "right", "x-i18n": { "zh-CN": { enum: ["右", "左"] } } },
    delay: { type: "integer", minimum: 0, maximum: 60 },
    loud: { type: "boolean", default: false },
    origins: { type: "array", items: { type: "string" } },
    nested: { type: "object" },
  },
};

const settings = settingsOf(schema, "en");

describe("settingsOf", () => {
  it("chooses a control for each kind of setting", () => {
    expect(Object.fromEntries(settings.map((one) => [one.name, one.control]))).toEqual({
      key: "hidden", title: "line", greeting: "lines", site: "url", colour: "color", corner: "choice", delay: "number", loud: "boolean", origins: "list", nested: "other",
    });
    expect(settings.filter((one) => one.required).map((one) => one.name)).toEqual(["key"]);
  });

  it("speaks the reader's language where the author did", () => {
    const chinese = settingsOf(schema, "zh-CN");
    expect(chinese[1]).toMatchObject({ title: "标题", description: "顶部" });
    expect(chinese[5]!.options).toEqual([{ value: "right", raw: "right", label: "右" }, { value: "left", raw: "left", label: "左" }]);
    expect(chinese[0]!.title).toBe("Key");
    expect(settings[5]!.options[0]!.label).toBe("right");
  });
});

describe("values", () => {
  it("start with what is stored, else the defaults, and keep what has no control", () => {
    const values = initialValues(settings, { colour: "#ffffff", nested: { deep: 1 } });
    expect(values).toMatchObject({ colour: "#ffffff", corner: "right", title: "", key: "", loud: false, origins: [], nested: { deep: 1 } });
  });

  it("are sent without the optional ones left empty", () => {
    const sent = toSend(settings, initialValues(settings, { nested: { deep: 1 } }));
    expect(sent).toEqual({ title: "", colour: "#112233", corner: "right", loud: false, origins: [], nested: { deep: 1 } });
  });

  it("take one entry a line", () => {
    expect(linesToList(" https://a \n\n https://b\n")).toEqual(["https://a", "https://b"]);
  });
});

describe("problemOf", () => {
  it("finds the problem of a setting and of what is inside it", () => {
    const errors = { "/config/colour": "no colour", "/config/origins/1": "no origin", "/config/origins_more": "other" };
    expect(problemOf("/config/colour", errors)).toBe("no colour");
    expect(problemOf("/config/origins", errors)).toBe("no origin");
    expect(problemOf("/config/title", errors)).toBeUndefined();
  });
});

describe("settings inside settings", () => {
  const deep: Schema = {
    $defs: { tongue: { type: "string", maxLength: 35, title: "Tongue" } },
    properties: {
      theme: { type: "object", properties: { radius: { type: "integer", default: 12 }, corner: { type: "string", enum: ["left"] }, tongue: { $ref: "#/$defs/tongue", title: "First" } } },
      rules: {
        type: "array",
        maxItems: 3,
        items: { type: "object", required: ["words"], properties: { words: { type: "object", additionalProperties: { type: "string" } }, returning: { type: "boolean" }, when: { type: "object", properties: { path: { type: "string" } } } } },
      },
    },
  };
  const own = settingsOf(deep, "en");

  it("have controls of their own", () => {
    expect(own.map((one) => [one.name, one.control, one.children.map((child) => child.control)])).toEqual([
      ["theme", "group", ["number", "choice", "line"]],
      ["rules", "rows", ["texts", "maybe", "group"]],
    ]);
    expect(own[0]!.children[2]).toMatchObject({ title: "First", limits: { maxLength: 35 } });
  });

  it("start with defaults at every depth", () => {
    expect(initialValues(own, { rules: [{ words: { en: "hi" } }] })).toEqual({ theme: { radius: 12, corner: undefined, tongue: "" }, rules: [{ words: { en: "hi" }, returning: undefined, when: { path: "" } }] });
  });

  it("are sent without what is empty, and with what is needed", () => {
    expect(toSend(own, { theme: { radius: undefined, corner: "", tongue: "" }, rules: [{ words: { en: "hi", zh: "" }, when: { path: "" } }, { words: {}, returning: false }] })).toEqual({
      rules: [{ words: { en: "hi" } }, { words: {}, returning: false }],
    });
  });

  it("tell a problem where it is", () => {
    const errors = { "/config/rules/0/words/en": "too long" };
    expect(problemOf("/config/rules", errors, false)).toBeUndefined();
    expect(problemOf("/config/rules/0/words", errors)).toBe("too long");
  });
});
