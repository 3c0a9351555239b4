import { effectScope, nextTick, ref } from "vue";
import { describe, expect, it, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en"], language: "en" }));
vi.mock("vue-i18n", async (original) => ({ ...(await original<object>()), useI18n: () => ({ t: (key: string) => key }) }));

import { check } from "@/forms/check";
import { isShown, pointerTo, sectionsOf, settingsOf, valueAt, type Schema, type Values } from "@/forms/schema";
import { useSchemaForm } from "@/forms/useSchemaForm";
import { initialValues, secretsToSend, toSend } from "@/forms/values";

/** Everything that a plugin may ask for, and some of it where it is least expected. */
const hard: Schema = {
  required: ["base_url", "auth", "token", "level", "objects"],
  $defs: { path: { type: "string", pattern: "^/[a-z/~]*$", maxLength: 40, title: "Path" } },
  properties: {
    base_url: { type: "string", format: "uri", title: "Address", "x-section": "Connection", "x-placeholder": "https://crm.example", "x-i18n": { "zh-CN": { title: "地址", section: "连接", placeholder: "https://crm.cn" } } },
    auth: { type: "string", enum: ["none", "basic", "token", "oauth"], default: "none", title: "Sign-in", "x-section": "Connection", "x-i18n": { "zh-CN": { enum: ["无", "密码", "令牌", "授权"], section: "连接" } } },
    user: { type: "string", title: "User", minLength: 2, "x-depends": { field: "/auth", equals: "basic" }, "x-section": "Connection" },
    token: { type: "string", "x-secret": true, maxLength: 400, "x-depends": { field: "/auth", in: ["basic", "token"] }, "x-section": "Connection" },
    account: { type: "string", "x-oauth": { authorize_url: "https://login.example", scopes: ["crm"] }, "x-depends": { field: "/auth", equals: "oauth" } },
    level: { type: "integer", enum: [1, 2, 3], title: "Level" },
    ratio: { type: "number", exclusiveMinimum: 0, maximum: 1, multipleOf: 0.05 },
    hours: { type: "integer", minimum: 1, maximum: 24 },
    note: { type: "string", "x-multiline": true },
    mail: { type: "string", format: "email" },
    from: { type: "string", format: "date" },
    colour: { type: "string", format: "color", pattern: "^#[0-9a-f]{6}$" },
    strict: { type: "boolean", default: false },
    maybe: { type: "boolean" },
    days: { type: "array", items: { type: "string", enum: ["mon", "tue"], "x-i18n": { en: { enum: ["Monday", "Tuesday"] } } }, minItems: 1 },
    hosts: { type: "array", items: { type: "string", minLength: 3, pattern: "^[a-z.]+$" }, uniqueItems: true, maxItems: 3 },
    inner: { type: "object", title: "Inner", required: ["a/b"], properties: { "a/b": { type: "string", title: "Slash" }, key: { type: "string", "x-secret": true }, "~": { $ref: "#/$defs/path" } } },
    objects: {
      type: "array", title: "Objects", minItems: 1, maxItems: 2,
      items: { type: "object", required: ["name"], properties: { name: { type: "string", title: "Name" }, kind: { type: "string", enum: ["list", "one"], default: "list" }, path: { $ref: "#/$defs/path" }, every: { type: "integer", minimum: 5, "x-depends": { field: "/strict", equals: true } }, words: { type: "object", additionalProperties: { type: "string" } } } },
    },
    odd: { type: ["string", "null"] as unknown as string },
    fromNowhere: { $ref: "#/$defs/constructor" },
  },
};

const settings = settingsOf(hard, "en");
const named = (name: string) => settings.find((one) => one.name === name)!;
const good = (): Values => ({ ...initialValues(settings, {}), base_url: "https://a.example", level: 2, objects: [{ name: "person", kind: "list", path: "/x" }], days: ["mon"] });

describe("a hard schema", () => {
  it("gets a control for everything, and none for what has none", () => {
    expect(Object.fromEntries(settings.map((one) => [one.name, one.control]))).toEqual({
      base_url: "url", auth: "choice", user: "line", token: "secret", account: "oauth", level: "choice", ratio: "number", hours: "number", note: "lines", mail: "email", from: "date", colour: "color",
      strict: "boolean", maybe: "maybe", days: "checks", hosts: "list", inner: "group", objects: "rows", odd: "other", fromNowhere: "other",
    });
    expect(named("level").options[1]).toEqual({ value: "2", raw: 2, label: "2" });
    expect(named("days").options[0]).toEqual({ value: "mon", raw: "mon", label: "Monday" });
  });

  it("is put under its headings, in the reader's language", () => {
    expect(sectionsOf(settings).map((one) => [one.title, one.settings.length])).toEqual([["Connection", 4], ["", 16]]);
    const chinese = settingsOf(hard, "zh-CN");
    expect(chinese[0]).toMatchObject({ title: "地址", section: "连接", placeholder: "https://crm.cn" });
    expect(chinese[1]!.options.map((one) => one.label)).toEqual(["无", "密码", "令牌", "授权"]);
  });

  it("shows a setting only while its condition holds", () => {
    expect(isShown(named("user"), { auth: "none" })).toBe(false);
    expect(isShown(named("user"), { auth: "basic" })).toBe(true);
    expect(isShown(named("token"), { auth: "token" })).toBe(true);
    expect(isShown({ ...named("user"), depends: { field: "/strict" } }, { strict: true })).toBe(true);
    // What hangs on a setting that is hidden is hidden with it, though that one has a value.
    const mode = (extra: object) => ({ type: "string", enum: ["a", "b"], ...extra });
    const chained = settingsOf({ properties: { way: mode({}), how: mode({ "x-depends": { field: "/way", equals: "b" } }), what: mode({ "x-depends": { field: "/how", in: ["a"] } }) } }, "en");
    expect(chained.map((one) => isShown(one, { way: "a", how: "a" }))).toEqual([true, false, false]);
    expect(chained.map((one) => isShown(one, { way: "b", how: "a" }))).toEqual([true, true, true]);
    expect(settingsOf({ properties: { one: mode({ "x-depends": { field: "/two", equals: "a" } }), two: mode({ "x-depends": { field: "/one", equals: "a" } }) } }, "en").map((one) => isShown(one, { one: "a", two: "a" }))).toEqual([true, true]);
    // What every object has is no value of the configuration.
    expect(isShown({ ...named("user"), depends: { field: "/constructor" } }, {})).toBe(false);
    expect(valueAt({ a: [{ "x/y": 1 }] }, "/a/0/x~1y")).toBe(1);
  });
});

describe("what is sent", () => {
  it("leaves out what is empty, hidden or secret", () => {
    const values = { ...good(), auth: "none", user: "hidden", token: "t0p", inner: { "a/b": "x", key: "k3y" } };
    expect(toSend(settings, values)).toEqual({ base_url: "https://a.example", auth: "none", level: 2, strict: false, days: ["mon"], hosts: [], inner: { "a/b": "x" }, objects: [{ name: "person", kind: "list", path: "/x" }] });
    expect(toSend(settings, { ...values, days: [] })).not.toHaveProperty("days");
    expect(secretsToSend(settings, values)).toEqual({ "/inner/key": "k3y" });
  });

  it("names secrets by pointer: new ones, and null for those taken away", () => {
    expect(secretsToSend(settings, { ...good(), auth: "token", token: "new", inner: { key: null } })).toEqual({ "/token": "new", "/inner/key": null });
    expect(secretsToSend(settings, { ...good(), auth: "token", token: undefined })).toEqual({});
    expect(pointerTo("", "a/b~")).toBe("/a~1b~0");
  });
});

describe("check", () => {
  const wrong = (more: Values, held: Record<string, boolean> = {}) => Object.fromEntries([...check(settings, { ...good(), ...more }, held)].map(([pointer, { code, limit }]) => [pointer, `${code} ${limit}`]));

  it("passes what is right", () => {
    expect(wrong({})).toEqual({});
    expect(wrong({ ratio: 0.15, mail: "a@b", from: "2026-02-28", colour: "#aabbcc", hosts: ["a.b"] })).toEqual({});
  });

  it("finds each kind of mistake where it is", () => {
    expect(wrong({ base_url: "crm", auth: "basic", user: "x", level: 7, ratio: 0, hours: 2.5, mail: "me", from: "2026-13-01", colour: "#XYZ", days: [], objects: [] })).toEqual({
      "/base_url": "url 0", "/user": "short 2", "/token": "required 0", "/level": "choice 0", "/ratio": "above 0", "/hours": "whole 0", "/mail": "email 0", "/from": "date 0", "/colour": "color 0", "/objects": "few 1",
    });
    expect(wrong({ hours: 25, ratio: 0.07, hosts: ["ab", "a.b", "UP."], base_url: "" })).toEqual({ "/hours": "most 24", "/ratio": "step 0.05", "/hosts/0": "short 3", "/hosts/2": "pattern 0", "/base_url": "required 0" });
    expect(wrong({ hosts: ["aaa", "aaa"] })).toEqual({ "/hosts": "same 0" });
    expect(wrong({ hosts: ["aaa", "bbb", "ccc", "ddd"] })).toEqual({ "/hosts": "many 3" });
  });

  it("looks into rows and groups, and asks for what they need once they are begun", () => {
    expect(wrong({ strict: true, objects: [{ name: "", path: "X" }, { name: "b", every: 2 }, { name: "c" }] })).toEqual({ "/objects": "many 2", "/objects/0/name": "required 0", "/objects/0/path": "pattern 0", "/objects/1/every": "least 5" });
    expect(wrong({ objects: [{ name: "b", every: 2 }] })).toEqual({});
    expect(wrong({ inner: { "~": "/a" } })).toEqual({ "/inner/a~1b": "required 0" });
  });

  it("does not ask again for a secret that is held, unless it is being removed", () => {
    expect(wrong({ auth: "token" }, { "/token": true })).toEqual({});
    expect(wrong({ auth: "token", token: null }, { "/token": true })).toEqual({ "/token": "required 0" });
  });

  it("leaves patterns that this browser cannot read to the server", () => {
    expect(check(settingsOf({ properties: { a: { type: "string", pattern: "(?i)^x" } } }, "en"), { a: "y" }).size).toBe(0);
  });
});

describe("a form", () => {
  function open(stored: Values = {}) {
    const fields = ref<Record<string, string>>({});
    const revision = ref(1);
    const scope = effectScope();
    const form = scope.run(() => useSchemaForm({ schema: hard, stored, revision, fields }))!;
    return { form, fields, revision, scope };
  }

  it("says what is wrong once a field was left, and all of it once it is sent", () => {
    const { form, scope } = open();
    expect(form.errors.value).toEqual({});
    form.touch("/config/base_url");
    expect(form.errors.value).toEqual({ "/config/base_url": "forms.problems.required" });
    vi.stubGlobal("document", { querySelector: () => null });
    expect(form.ready()).toBe(false);
    expect(Object.keys(form.errors.value)).toEqual(["/config/base_url", "/config/level", "/config/objects"]);
    scope.stop();
  });

  it("shows what the server found until that value is changed", async () => {
    const { form, fields, scope } = open(good());
    expect(form.ready()).toBe(true);
    fields.value = { "/config/base_url": "no answer", "/config/objects/0/path": "not found" };
    await nextTick();
    expect(form.errors.value).toEqual({ "/config/base_url": "no answer", "/config/objects/0/path": "not found" });
    form.values.value = { ...form.values.value, base_url: "https://b.example" };
    expect(form.errors.value).toEqual({ "/config/objects/0/path": "not found" });
    scope.stop();
  });

  it("knows whether something was changed, and begins anew with another revision", async () => {
    const { form, revision, scope } = open(good());
    expect(form.dirty.value).toBe(false);
    form.values.value = { ...form.values.value, note: "x" };
    expect(form.dirty.value).toBe(true);
    form.settle();
    expect(form.dirty.value).toBe(false);
    revision.value = 2;
    await nextTick();
    expect(form.values.value["note"]).toBe("");
    scope.stop();
  });
});
