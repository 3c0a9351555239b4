/** What is offered for how long sessions last, in seconds; the server takes anything between its bounds. */
export const idleChoices: readonly number[] = [900, 1800, 3600, 28_800, 86_400, 604_800, 2_592_000];
export const lifeChoices: readonly number[] = [3600, 28_800, 86_400, 604_800, 2_592_000, 7_776_000];

/** The choices, with one that was set otherwise in its place. */
export function withChosen(choices: readonly number[], chosen: number): number[] {
  return [...new Set([...choices, chosen])].sort((a, b) => a - b);
}

const units = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** "8 hours", in the largest unit that says it in a whole number. */
export function spanText(seconds: number, locale: string): string {
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? units[3];
  return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
}
