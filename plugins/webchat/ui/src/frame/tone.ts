import { contrast } from "../color";

/**
 * `color` moved towards black or white just far enough to reach `ratio` on `background`: the
 * customer's accent, fit for text and lines.
 */
export function readableOn(color: string, background: string, ratio = 4.5): string {
  const target = contrast(background, "#ffffff") > contrast(background, "#000000") ? 255 : 0;
  for (let step = 0; step < 20; step++) {
    const mixed = mix(color, target, step / 20);
    if (contrast(mixed, background) >= ratio) return mixed;
  }
  return target ? "#ffffff" : "#000000";
}

function mix(hex: string, target: number, share: number): string {
  const part = (at: number) => {
    const from = parseInt(hex.slice(at, at + 2), 16);
    return Math.round(from + (target - from) * share).toString(16).padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`;
}
