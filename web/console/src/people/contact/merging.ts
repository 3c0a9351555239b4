import type { Contact, ContactDuplicate } from "@patchbay/client/types";

const details = ["name", "email", "phone", "external_id", "organisation", "note"] as const;
export type Detail = (typeof details)[number];

/** What the contact that stays will hold after a merge, and from which of the two it comes. */
export interface MergedDetail {
  field: Detail;
  value: string;
  /** It had none and takes the other's. */
  filled: boolean;
}

const valueOf = (contact: Contact, field: Detail) => (field === "organisation" ? (contact.organisation?.name ?? "") : (contact[field] ?? ""));

/** The details of a merge: those of the one that stays win, empty ones are filled. */
export function mergedDetails(stays: Contact, goes: Contact): MergedDetail[] {
  return details.flatMap((field) => {
    const own = valueOf(stays, field);
    const value = own || valueOf(goes, field);
    return value ? [{ field, value, filled: !own }] : [];
  });
}

/** How many attributes of the one that goes the one that stays does not have. */
export function newAttributes(stays: Contact, goes: Contact): number {
  return Object.keys(goes.attributes).filter((key) => !(key in stays.attributes)).length;
}

/** A verified contact is not merged into one that is not: whoever wrote under the other name would be taken for them. */
export function refused(stays: Contact, goes: Contact): boolean {
  return goes.verified && !stays.verified;
}

/** Each candidate once, with everything it has in common. */
export function byContact(found: readonly ContactDuplicate[]): { contact: Contact; reasons: ContactDuplicate["reason"][] }[] {
  const all = new Map<string, { contact: Contact; reasons: ContactDuplicate["reason"][] }>();
  for (const { contact, reason } of found) {
    const held = all.get(contact.id);
    if (held) held.reasons.push(reason);
    else all.set(contact.id, { contact, reasons: [reason] });
  }
  return [...all.values()];
}
