import type { Canned } from "@patchbay/client/types";
import { found } from "@/keys/commands";

/** A word that is being written after `/` or `@`. */
export interface Trigger {
  sign: "/" | "@";
  query: string;
  /** Where the sign stands. */
  from: number;
  to: number;
}

const WORD = /(^|\s)([/@])([^\s/@]{0,32})$/u;

/** The trigger the caret stands in, if any: its sign begins a word. */
export function triggerAt(text: string, caret: number, signs: readonly Trigger["sign"][]): Trigger | undefined {
  const match = text.slice(0, caret).match(WORD);
  const sign = match?.[2] as Trigger["sign"] | undefined;
  if (!match || !sign || !signs.includes(sign)) return undefined;
  const query = match[3]!;
  return { sign, query, from: caret - query.length - 1, to: caret };
}

/** The text with the trigger replaced, and where the caret goes. */
export function replaced(text: string, trigger: Trigger, by: string): { text: string; caret: number } {
  return { text: text.slice(0, trigger.from) + by + text.slice(trigger.to), caret: trigger.from + by.length };
}

/** Canned replies that fit: by shortcut first, then by title, then by text; often used ones before. */
export function cannedFor(all: readonly Canned[], query: string): Canned[] {
  const wanted = query.toLocaleLowerCase();
  const rank = (one: Canned) => {
    const shortcut = one.shortcut.toLocaleLowerCase();
    if (shortcut === wanted) return 0;
    if (shortcut.startsWith(wanted)) return 1;
    if (found(`${one.shortcut} ${one.title}`, query)) return 2;
    return found(one.text, query) ? 3 : 4;
  };
  return all
    .map((one) => ({ one, rank: rank(one) }))
    .filter(({ rank }) => rank < 4)
    .sort((a, b) => a.rank - b.rank || b.one.uses - a.one.uses || a.one.shortcut.localeCompare(b.one.shortcut))
    .map(({ one }) => one);
}

/** Somebody who can be named: a colleague in a note, a member of the group in an answer. */
export interface Person {
  id: string;
  name: string;
  suspended?: boolean;
}

/** People whose name fits, best first. */
export function peopleFor(members: readonly Person[], query: string, self: string): Person[] {
  const wanted = query.toLocaleLowerCase();
  const starts = (member: Person) => member.name.toLocaleLowerCase().startsWith(wanted);
  return members
    .filter((member) => !member.suspended && member.id !== self && found(member.name, query))
    .sort((a, b) => Number(starts(b)) - Number(starts(a)) || a.name.localeCompare(b.name));
}

/** Who is named in a text by "@Name"; of two with one name, the one that was picked. */
export function mentionsIn(text: string, members: readonly Person[], picked: ReadonlySet<string>): Person[] {
  const byName = new Map<string, Person>();
  for (const member of members) {
    const before = byName.get(member.name);
    if (member.name && !member.suspended && (!before || picked.has(member.id))) byName.set(member.name, member);
  }
  const names = [...byName.keys()].sort((a, b) => b.length - a.length);
  const mentions = new Map<string, Person>();
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const name = names.find((one) => text.startsWith(one, at + 1));
    const member = name === undefined ? undefined : byName.get(name);
    if (member) mentions.set(member.id, { id: member.id, name: member.name });
  }
  return [...mentions.values()];
}
