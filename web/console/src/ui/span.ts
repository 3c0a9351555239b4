/** The units in which people say how long something takes, with their lengths in seconds. */
export const spanUnits = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;
export type SpanUnit = (typeof spanUnits)[number][0];

/** The largest unit that says it in a whole number. */
export function unitOf(seconds: number): SpanUnit {
  return (spanUnits.find(([, length]) => seconds % length === 0) ?? spanUnits[3])[0];
}

export function lengthOf(unit: SpanUnit): number {
  return spanUnits.find(([name]) => name === unit)![1];
}

/** "8 hours". */
export function spanText(seconds: number, locale: string): string {
  const unit = unitOf(seconds);
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(seconds / lengthOf(unit));
}

/** The name of a unit as it stands beside a number: "hours". */
export function unitName(unit: SpanUnit, n: number, locale: string): string {
  const parts = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).formatToParts(n);
  return parts.find((part) => part.type === "unit")?.value ?? unit;
}
