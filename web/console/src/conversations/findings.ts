import type { Change, Localized } from "@patchbay/client/types";
import type { Piece } from "./timeline";

/** Something that an analyzer noticed in a message, and that nobody has settled yet. */
export interface Finding {
  id: string;
  message: string;
  level: "notice" | "warning" | "critical";
  title: Localized;
  advice: Localized;
  /** The words it is about, in characters (code points); both 0: the whole message. */
  start: number;
  end: number;
  by: string;
}

const levels = ["notice", "warning", "critical"] as const;

/** The findings that stand, by their message, the gravest first. A level that is not known here is the mildest. */
export function findingsOf(changes: readonly Change[]): Map<string, Finding[]> {
  const standing = new Map<string, Finding>();
  for (const { type, data = {}, actor } of changes) {
    const id = String(data["finding_id"] ?? "");
    if (type === "finding.dismissed") standing.delete(id);
    if (type !== "finding.created") continue;
    const level = levels.find((one) => one === data["level"]) ?? "notice";
    standing.set(id, {
      id, level, message: String(data["message_id"] ?? ""), title: (data["title"] ?? {}) as Localized, advice: (data["advice"] ?? {}) as Localized,
      start: Number(data["start"] ?? 0), end: Number(data["end"] ?? 0), by: actor.name ?? "",
    });
  }
  const byMessage = new Map<string, Finding[]>();
  for (const one of standing.values()) byMessage.set(one.message, [...(byMessage.get(one.message) ?? []), one].sort((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level)));
  return byMessage;
}

export type MarkedPiece = Piece & { level?: Finding["level"] };

/** The pieces of a text with the words that findings are about cut out of them. Offsets count characters, not units. */
export function marked(pieces: readonly Piece[], findings: readonly Finding[]): MarkedPiece[] {
  const ranges = findings.filter((one) => one.end > one.start).sort((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level));
  if (ranges.length === 0) return [...pieces];
  let at = 0;
  return pieces.flatMap((piece) => {
    const cut: MarkedPiece[] = [];
    for (const character of piece.text) {
      const level = ranges.find((one) => at >= one.start && at < one.end)?.level;
      const last = cut.at(-1);
      if (last && last.level === level) last.text += character;
      else cut.push({ ...piece, text: character, ...(level && { level }) });
      at++;
    }
    return cut;
  });
}
