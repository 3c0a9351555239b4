import { reactive } from "vue";
import type { PolicyDays } from "@patchbay/client/types";
import { trialOn, type Trial } from "./day";

const held = new Map<string, Trial>();

/** The date of now in a time zone, as "2026-11-20". */
const todayIn = (timeZone: string) => new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());

/**
 * What is tried in a workspace. It stays as it was chosen while one goes to the draft and comes back, as long as
 * the console is not loaded anew; a recorded day that is no longer listed gives way to one that is.
 */
export function trialIn(workspace: string, recorded: PolicyDays): Trial {
  const dates = recorded.days.map((day) => day.date);
  const before = held.get(workspace);
  if (before && (before.day.kind !== "recorded" || dates.includes(before.day.date))) return before;
  const trial = reactive(trialOn(dates, todayIn(recorded.time_zone)));
  held.set(workspace, trial);
  return trial;
}
