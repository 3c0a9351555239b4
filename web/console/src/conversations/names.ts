/** The name of a contact, or the word for one without. */
export function contactName(name: string | undefined, t: (key: string) => string): string {
  return name?.trim() || t("contact.unnamed");
}
