/** What is offered for how long sessions last, in seconds; the server takes anything between its bounds. */
export const idleChoices: readonly number[] = [900, 1800, 3600, 28_800, 86_400, 604_800, 2_592_000];
export const lifeChoices: readonly number[] = [3600, 28_800, 86_400, 604_800, 2_592_000, 7_776_000];

/** The choices, with one that was set otherwise in its place. */
export function withChosen(choices: readonly number[], chosen: number): number[] {
  return [...new Set([...choices, chosen])].sort((a, b) => a - b);
}
