/** When a message may be sent later. */
export interface LaterChoice {
  key: "hour" | "evening" | "tomorrow" | "monday";
  at: Date;
}

const MORNING = 9;
const EVENING = 18;

/** Times to come: this evening is offered only while it is some time off. */
export function laterChoices(now: Date): LaterChoice[] {
  const day = (days: number, hour: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const choices: LaterChoice[] = [
    { key: "hour", at: new Date(now.getTime() + 3_600_000) },
    { key: "evening", at: day(0, EVENING) },
    { key: "tomorrow", at: day(1, MORNING) },
    { key: "monday", at: day(((8 - now.getDay()) % 7) || 7, MORNING) },
  ];
  return choices.filter(({ key, at }, index) => (key !== "evening" || at.getTime() - now.getTime() > 2 * 3_600_000) && choices.findIndex((one) => one.at.getTime() === at.getTime()) === index);
}
