/** Domains as people write them: apart by lines, blanks or commas, with or without an at sign, each once. */
export function domainsOf(text: string): string[] {
  const all = text.split(/[\s,，;；、]+/).map((one) => one.trim().replace(/^@/, "").toLowerCase());
  return [...new Set(all.filter(Boolean))];
}
