import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { keymap, layered, together } from "@/keys/keymap";

const source = join(import.meta.dirname, "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.(vue|ts)$/.test(name) && !name.startsWith("keys/"));

/** Keys that more than one action of the parts has, without those that are layered by intent. */
function clashes(parts: readonly (keyof typeof keymap)[]): string[] {
  const owners = new Map<string, string[]>();
  for (const part of parts) {
    for (const [action, key] of Object.entries(keymap[part])) owners.set(key, [...(owners.get(key) ?? []), `${part}.${action}`]);
  }
  return [...owners].filter(([key, held]) => held.length > 1 && !layered.includes(key)).map(([key, held]) => `${key}: ${held.join(", ")}`);
}

describe("keymap", () => {
  it.each(together)("%s share no key", (...parts) => {
    expect(clashes(parts)).toEqual([]);
  });

  it("finds a clash", () => {
    expect(clashes(["conversation", "ticket"])).toContain("r: conversation.reply, ticket.reply");
  });

  it("has every part on some screen", () => {
    expect(Object.keys(keymap).filter((part) => !together.flat().includes(part as keyof typeof keymap))).toEqual([]);
  });

  it("is where all shortcuts come from", () => {
    const literal = /\bkeys: "|[^:-](?:aria-keyshortcuts|keys)="(?:[a-z0-9/?]|Escape)"/;
    expect(files.filter((name) => literal.test(readFileSync(join(source, name), "utf8")))).toEqual([]);
  });

  it("names nothing that no screen uses", () => {
    const all = files.map((name) => readFileSync(join(source, name), "utf8")).join("\n");
    const unused = Object.entries(keymap).flatMap(([part, actions]) => Object.keys(actions).map((action) => `keymap.${part}.${action}`)).filter((name) => !all.includes(name));
    expect(unused).toEqual([]);
  });
});
