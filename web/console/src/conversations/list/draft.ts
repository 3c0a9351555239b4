import { filterLimits, operatorsOf, valuesOf, viewFilter, type ConversationFilter, type FilterField, type ListWorld } from "@patchbay/client/member";
import type { FilterCondition, FilterNode } from "@patchbay/client/types";

/** A filter as it is edited: every part has a key of its own, and "not" is a mark of a part. */
export type Part = Group | Leaf;
export interface Group {
  key: number;
  kind: "group";
  join: "and" | "or";
  not: boolean;
  parts: Part[];
}
export interface Leaf {
  key: number;
  kind: "leaf";
  not: boolean;
  field: string;
  op: string;
  value: unknown;
}

let last = 0;
const next = () => ++last;

export const newGroup = (join: Group["join"], parts: Part[] = []): Group => ({ key: next(), kind: "group", join, not: false, parts });

/** A condition on a field, with its kind's first operator and no value yet. */
export function newLeaf(field: FilterField): Leaf {
  const op = operatorsOf(field.kind)[0] ?? "is";
  return { key: next(), kind: "leaf", not: false, field: field.name, op, value: emptyValue(field, op) };
}

/** What a condition begins with. */
export function emptyValue(field: FilterField | undefined, op: string): unknown {
  const count = valuesOf(op);
  if (count === 0) return undefined;
  if (count === "list") return [];
  const one = field?.kind === "bool" ? true : field?.kind === "time" ? { ago: "1h" } : field?.kind === "date" ? { ago: "7d" } : field?.kind === "enum" ? (field.options?.[0] ?? "") : field?.kind === "number" ? 1 : "";
  return count === 2 ? [field?.kind === "time" ? { ago: "24h" } : one, one] : one;
}

/** A condition with another operator; a value that it takes as well stays. */
export function withOperator(leaf: Leaf, op: string, field: FilterField | undefined): Leaf {
  const same = valuesOf(op) === valuesOf(leaf.op);
  const one = leaf.value === null ? undefined : leaf.value;
  if (same) return { ...leaf, op, value: one ?? emptyValue(field, op) };
  if (valuesOf(op) === "list" && valuesOf(leaf.op) === 1 && one !== "" && one !== undefined) return { ...leaf, op, value: [one] };
  if (valuesOf(op) === 1 && Array.isArray(one) && one.length > 0) return { ...leaf, op, value: one[0] as unknown };
  return { ...leaf, op, value: emptyValue(field, op) };
}

/** The parts of a filter; a condition alone becomes a group of one. */
export function draftOf(node: FilterNode | undefined): Group {
  const part = node ? partOf(node, false) : newGroup("and");
  return part.kind === "group" && !part.not ? part : newGroup("and", [part]);
}

function partOf(node: FilterNode, not: boolean): Part {
  if ("not" in node) return partOf(node.not, !not);
  if ("and" in node || "or" in node) {
    const join = "and" in node ? "and" : "or";
    return { ...newGroup(join, ("and" in node ? node.and : node.or).map((one) => partOf(one, false))), not };
  }
  // "Is nobody" is said by the operator.
  if (node.value === null) return { key: next(), kind: "leaf", not, field: node.field, op: node.op === "is" ? "is_not_set" : "is_set", value: undefined };
  return { key: next(), kind: "leaf", not, field: node.field, op: node.op, value: node.value };
}

/** The filter of a draft, and the part that each JSON pointer of it belongs to. Groups of nothing are left out. */
export function nodeOf(draft: Group): { node: FilterNode; places: Map<string, number> } {
  const places = new Map<string, number>();
  const node = built(draft, "", places) ?? { and: [] };
  return { node, places };
}

function built(part: Part, at: string, places: Map<string, number>): FilterNode | undefined {
  const inner = part.not ? `${at}/not` : at;
  const node = part.kind === "leaf" ? condition(part) : joined(part, inner, places);
  if (!node) return undefined;
  places.set(at, part.key);
  places.set(inner, part.key);
  return part.not ? { not: node } : node;
}

function joined({ join, parts }: Group, at: string, places: Map<string, number>): FilterNode | undefined {
  const nodes: FilterNode[] = [];
  for (const part of parts) {
    const node = built(part, `${at}/${join}/${nodes.length}`, places);
    if (node) nodes.push(node);
  }
  if (nodes.length === 0) return undefined;
  return join === "and" ? { and: nodes } : { or: nodes };
}

function condition({ field, op, value }: Leaf): FilterCondition {
  return value === undefined ? { field, op } : { field, op, value };
}

/** The part that a problem is about: that of the longest beginning of its pointer. */
export function partAt(pointer: string, places: ReadonlyMap<string, number>): number | undefined {
  for (let at = pointer; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const key = places.get(at);
    if (key !== undefined || at === "") return key;
  }
}

/** How many levels a part takes; a group is one more than its deepest part. */
export function depthOf(part: Part): number {
  const own = part.not ? 2 : 1;
  return part.kind === "leaf" ? own : own + Math.max(0, ...part.parts.map(depthOf));
}

export const leavesOf = (part: Part): number => (part.kind === "leaf" ? 1 : part.parts.reduce((sum, one) => sum + leavesOf(one), 0));

/** Whether the whole still holds the limits when a part at this level gets a group with a condition in it. */
export const mayNest = (level: number): boolean => level + 2 <= filterLimits.depth;

/**
 * What a list shows, as one filter: its view's, the address's and the single choices together. A
 * saved view that is unknown is left out.
 */
export function shownFilter(list: ConversationFilter, own: FilterNode | undefined, saved: ListWorld["views"]): FilterNode {
  const single: [string, string, string | undefined][] = [["state", "is", list.state === "any" ? undefined : list.state], ["inbox", "is", list.inbox], ["contact", "is", list.contact], ["team", "is", list.team], ["queue", "is", list.queue], ["label", "has", list.label]];
  const nodes = [viewFilter(list.view, saved), own, ...single.flatMap(([field, op, value]): FilterNode[] => (value ? [{ field, op, value }] : []))];
  return { and: nodes.filter((node) => node !== undefined).flatMap((node) => ("and" in node ? node.and : [node])) };
}

/** The spans people choose for "ago". */
export const spanUnits = ["m", "h", "d", "w"] as const;

/** A text as a number where it is one; what is not stays for the server to refuse. */
export const numberOf = (text: string): unknown => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
