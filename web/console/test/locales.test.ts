import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { createI18n } from "vue-i18n";
import { areas } from "@/i18n/areas";

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, prefix = ""): Map<string, string> {
  return new Map(Object.entries(tree).flatMap(([key, value]): [string, string][] => (typeof value === "string" ? [[prefix + key, value]] : [...flat(value, `${prefix}${key}.`)])));
}

const source = fileURLToPath(new URL("../src", import.meta.url));

function sources(folder: string): { path: string; text: string }[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    // The page of components brings its own texts.
    if (name === "design") return [];
    if (statSync(path).isDirectory()) return sources(path);
    return /\.(vue|ts)$/.test(name) ? [{ path: relative(source, path), text: readFileSync(path, "utf8") }] : [];
  });
}

const files = sources(source);
const code = files.map((file) => file.text).join("\n");

const read = (name: string) => JSON.parse(readFileSync(join(source, "locales", `${name}.json`), "utf8")) as Tree;
/** The texts of the first load, and those of every area by its name. */
const parts = ["", ...Object.keys(areas)].map((area) => {
  const prefix = area ? `${area}.` : "";
  return { area, english: flat(read(`${prefix}en`)), chinese: flat(read(`${prefix}zh-CN`)) };
});
const english = new Map(parts.flatMap((part) => [...part.english]));

/** What the compiler of messages says of a text; empty when it takes it. */
function complaint(text: string): string {
  const said: string[] = [];
  const log = vi.spyOn(console, "error").mockImplementation((...words: unknown[]) => void said.push(words.join(" ")));
  createI18n({ legacy: false, locale: "en", messages: { en: { text } } }).global.t("text", {});
  log.mockRestore();
  return said.join("\n");
}

describe("locales", () => {
  it("have the same keys", () => {
    for (const part of parts) expect([...part.chinese.keys()].sort(), part.area).toEqual([...part.english.keys()].sort());
  });

  it("name a text in one file only", () => {
    const names = parts.flatMap((part) => [...part.english.keys()]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it("leave no text empty", () => {
    for (const part of parts) for (const [key, text] of [...part.english, ...part.chinese]) expect(text.trim(), key).not.toBe("");
  });

  it("take the same values", () => {
    const values = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
    for (const part of parts) for (const [key, text] of part.english) expect(values(part.chinese.get(key) ?? ""), key).toEqual(values(text));
  });

  it("are messages that compile", () => {
    expect(complaint("agent@example.com")).not.toBe("");
    for (const part of parts) for (const [key, text] of [...part.english, ...part.chinese]) expect(complaint(text), `${key}: ${text}`).toBe("");
  }, 60_000);

  it("hold every key the code asks for by name", () => {
    const asked = [...code.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map((match) => match[1]!);
    expect(asked.length).toBeGreaterThan(100);
    for (const key of asked) expect(english.has(key), key).toBe(true);
  });

  it("hold no key that nothing asks for", () => {
    const built = [...code.matchAll(/`([\w.]+)\.\$\{/g)].map((match) => `${match[1]!}.`);
    const unused = [...english.keys()].filter((key) => !code.includes(`"${key}"`) && !code.includes(`'${key}'`) && !built.some((prefix) => key.startsWith(prefix)));
    expect(unused).toEqual([]);
  }, 60_000);

  it("of an area are asked for in its folder alone: elsewhere they may not be there yet", () => {
    const asked = files.map(({ path, text }) => ({ path, keys: new Set([...text.matchAll(/\bt\(\s*["']([\w.-]+)["']/g)].map((match) => match[1]!)) }));
    for (const part of parts.filter((part) => part.area)) {
      const folders = areas[part.area as keyof typeof areas];
      const elsewhere = asked.filter((file) => !folders.some((folder) => file.path.startsWith(`${folder}/`)));
      for (const key of part.english.keys()) {
        const by = elsewhere.filter((file) => file.keys.has(key)).map((file) => file.path);
        expect(by, `${key} belongs to ${folders.join(", ")}`).toEqual([]);
      }
    }
  });
});
