/** Room left in a text, counted as the server does: Unicode code points, without the space around it. */
export interface Room {
  left: number;
  /** Near enough to the end to be shown. */
  near: boolean;
  over: boolean;
}

/** What a note may have, and a message where the channel does not say. */
export const MAX_TEXT = 10_000;

export function roomOf(text: string, limit: number): Room {
  const left = limit - [...text.trim()].length;
  return { left, near: left <= Math.min(200, Math.ceil(limit / 10)), over: left < 0 };
}
