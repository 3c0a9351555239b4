import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import en from "@/locales/en.json";
import zhCN from "@/locales/zh-CN.json";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  return new Map(Object.entries(tree).flatMap(([key, value]): [string, string][] => (typeof value === "string" ? [[prefix + key, value]] : [...flat(value, `${prefix}${key}.`)])));
}

const english = flat(en);
const chinese = flat(zhCN);
const source = fileURLToPath(new URL("../src", import.meta.url));

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    // The page of components brings its own texts.
    if (name === "design") return [];
    return statSync(path).isDirectory() ? sources(path) : /\.(vue|ts)$/.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}

const code = sources(source).join("\n");

describe("locales", () => {
  it("have the same keys", () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("leave no text empty", () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe("");
  });

  it("take the same values", () => {
    const values = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const [key, text] of english) expect(values(chinese.get(key) ?? ""), key).toEqual(values(text));
  });

  it("hold every key the code asks for by name", () => {
    const asked = [...code.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((match) => match[1]!);
    expect(asked.length).toBeGreaterThan(100);
    for (const key of asked) expect(english.has(key), key).toBe(true);
  });

  it("hold no key that nothing asks for", () => {
    const built = [...code.matchAll(/`([\w.]+)\.\$\{/g)].map((match) => `${match[1]!}.`);
    const unused = [...english.keys()].filter((key) => !code.includes(`"${key}"`) && !code.includes(`'${key}'`) && !built.some((prefix) => key.startsWith(prefix)));
    expect(unused).toEqual([]);
  });
});
