/**
 * The name of a contact. One without is a visitor with the end of its id, so that two of them can be
 * told apart.
 */
export function contactName(contact: { id: string; name?: string }, t: (key: string, values: { id: string }) => string): string {
  return contact.name?.trim() || t("contact.unnamed", { id: contact.id.slice(-4) });
}
