import type { PolicyCompareBody, PolicyComparison } from "@patchbay/client/types";

/** A file that `patchbay simulate` takes. */
export interface File {
  name: string;
  text: string;
}

/** The files of a comparison, and the commands that say the same with them: one, or one for each side's people. */
export function filesOf({ plans }: PolicyCompareBody, { played }: PolicyComparison): { files: File[]; commands: string[] } | undefined {
  const sides = played.map(({ files }, i) => files && { plan: /^\d+$/.test(plans[i]!) ? `revision-${plans[i]}.json` : `${plans[i]}.json`, policy: textOf(files.policy), day: textOf(files.scenario) });
  const [first, second] = sides;
  if (!first || !second) return undefined;
  const same = first.day === second.day;
  const days = same ? ["day.json", "day.json"] : ["day-1.json", "day-2.json"];
  const all = [{ name: days[0]!, text: first.day }, { name: days[1]!, text: second.day }, { name: first.plan, text: first.policy }, { name: second.plan, text: second.policy }];
  const policies = [...new Set([first.plan, second.plan])].map((plan) => `--policy ${plan}`);
  return {
    files: all.filter((file, i) => all.findIndex((one) => one.name === file.name) === i),
    commands: same ? [["patchbay simulate", days[0], ...policies].join(" ")] : [first, second].map(({ plan }, i) => `patchbay simulate ${days[i]} --policy ${plan}`),
  };
}

const textOf = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;
