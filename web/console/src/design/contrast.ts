/** Relative luminance and contrast as WCAG 2.2 defines them. Colours are #rrggbb. */
export function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A pair that the console draws on one another, and the least contrast it must have. */
export interface Pair {
  text: string;
  on: string;
  least: number;
}

const READ = 4.5; // WCAG 2.2, 1.4.3: text
const SEE = 3; // 1.4.11: edges of controls, icons, states

/** Every combination in use. A new one belongs here: the test checks both themes. */
export const pairs: Pair[] = [
  ...["surface", "sunken", "raised", "bg", "hover"].flatMap((on) => ["text", "textSoft", "accent"].map((text) => ({ text, on, least: READ }))),
  ...["surface", "sunken", "raised", "bg"].map((on) => ({ text: "textFaint", on, least: READ })),
  ...["bubbleIn", "bubbleOut"].map((on) => ({ text: "text", on, least: READ })),
  { text: "noteText", on: "note", least: READ },
  { text: "whisperText", on: "whisper", least: READ },
  { text: "danger", on: "dangerSoft", least: READ },
  { text: "danger", on: "surface", least: READ },
  { text: "warn", on: "warnSoft", least: READ },
  { text: "ok", on: "okSoft", least: READ },
  { text: "accent", on: "accentSoft", least: READ },
  { text: "onAccent", on: "accent", least: READ },
  { text: "railText", on: "rail", least: READ },
  { text: "edge", on: "surface", least: SEE },
];
