import type { Attribute, ContactImport } from "@patchbay/client/types";

/** What a column may become; custom attributes follow as attributes.KEY. */
export const fields = ["name", "email", "phone", "external_id", "organisation", "note"] as const;
export type Match = ContactImport["match"];
export const matches: readonly Match[] = ["email", "phone", "external_id", "none"];

/** As large as the server takes a table. */
export const MAX_FILE = 20 * 1024 * 1024;

type Mapping = Record<string, string>;

/** All that a column may become, with the attributes that are defined. */
export function choices(attributes: readonly Attribute[]): { value: string; attribute?: Attribute }[] {
  return [...fields.map((value) => ({ value })), ...attributes.filter((one) => one.target === "contact").map((attribute) => ({ value: `attributes.${attribute.key}`, attribute }))];
}

/** The mapping with one column changed. A field is of one column: another that had it has none then. */
export function assign(mapping: Mapping, index: number, field: string): Mapping {
  const others = Object.entries(mapping).filter(([column, held]) => Number(column) !== index && held !== field);
  return Object.fromEntries(field ? [...others, [String(index), field]] : others);
}

/** By what rows can find contacts: what is mapped, or nothing. */
export function matchable(mapping: Mapping): Match[] {
  const mapped = new Set(Object.values(mapping));
  return matches.filter((match) => match === "none" || mapped.has(match));
}

/** The match to keep after a mapping changed: the one chosen while it can be, else the best there is. */
export function matchFor(mapping: Mapping, chosen: Match): Match {
  const can = matchable(mapping);
  return can.includes(chosen) && chosen !== "none" ? chosen : can[0]!;
}

/** Whether the import is at work now. */
export function working(state: ContactImport["state"]): boolean {
  return state === "checking" || state === "running";
}

/** Done of all, 0 to 100. */
export function percent({ position, rows }: Pick<ContactImport, "position" | "rows">): number {
  return rows > 0 ? Math.min(100, Math.floor((position / rows) * 100)) : 0;
}
