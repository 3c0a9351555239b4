/** Colours as settings give them: #rrggbb. */
const HEX = /^#[0-9a-f]{6}$/i;

export const isColor = (value: unknown): value is string => typeof value === "string" && HEX.test(value);

/** Relative luminance, WCAG 2.2. */
const luminance = (hex: string): number =>
  [1, 3, 5].reduce((sum, at, i) => {
    const part = parseInt(hex.slice(at, at + 2), 16) / 255;
    const linear = part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    return sum + linear * [0.2126, 0.7152, 0.0722][i]!;
  }, 0);

/** Contrast ratio of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Black or white, whichever can be read on `background`; white as long as it reaches AA. */
export const inkOn = (background: string): string => (contrast(background, "#ffffff") >= 4.5 ? "#ffffff" : "#000000");
