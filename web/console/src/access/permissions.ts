import type { Allowance } from "@patchbay/client/api";

/** What every member may do, whatever their role says. */
export const everybodys: readonly string[] = ["member.read", "role.read"];

/** The key of a permission's texts. */
export const textKey = (permission: string): string => permission.replaceAll(".", "_");

/** What a role holds once one thing is ticked: that, and what it is of no use without. */
export function withPermission(held: readonly string[], permission: string, all: readonly Allowance[]): string[] {
  const needs = all.find((one) => one.name === permission)?.needs ?? [];
  return ordered(new Set([...held, permission, ...needs]), all);
}

/** What a role holds once one thing is unticked: neither that nor what is of no use without it. */
export function withoutPermission(held: readonly string[], permission: string, all: readonly Allowance[]): string[] {
  const useless = new Set(all.filter((one) => one.name === permission || one.needs.includes(permission)).map((one) => one.name));
  return held.filter((one) => !useless.has(one));
}

/** In the order of the catalogue; what it does not know comes last. */
function ordered(held: ReadonlySet<string>, all: readonly Allowance[]): string[] {
  const known = all.map((one) => one.name).filter((one) => held.has(one));
  return [...known, ...[...held].filter((one) => !known.includes(one))];
}

/** The catalogue by its groups, in its order. */
export function grouped(all: readonly Allowance[]): { group: string; items: Allowance[] }[] {
  const groups = new Map<string, Allowance[]>();
  for (const one of all) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups].map(([group, items]) => ({ group, items }));
}

/** Whether a role meets customers at all: for others its reach says nothing. */
export const meetsCustomers = (held: readonly string[]): boolean => ["conversation.read", "ticket.read", "contact.read"].some((one) => held.includes(one));
