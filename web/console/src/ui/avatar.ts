const TINTS = 8;

/** One or two characters for a name: the last Han characters, else the first letters of two words. */
export function initials(name: string, most = 2): string {
  const trimmed = name.trim();
  if (!trimmed) return "?";
  const han = trimmed.match(/\p{Script=Han}/gu);
  if (han) return han.slice(-most).join("");
  const words = trimmed.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], most > 1 && words.length > 1 ? words[words.length - 1] : undefined].map((word) => word?.match(/[\p{L}\p{N}]/u)?.[0] ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}

/** Always the same tint for a name. */
export function tintOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % TINTS;
}
