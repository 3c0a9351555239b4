import type { License, LicenseStanding } from "@patchbay/client/api";

const DAY_MS = 86_400_000;
/** Before a license expires somebody is reminded, in days: the nearer, the louder. */
const REMIND = [
  { days: 3, tone: "danger" },
  { days: 14, tone: "warn" },
  { days: 30, tone: "plain" },
] as const;

export interface Reminder {
  key: "soon" | "trial" | "grace" | "newer" | "expired" | "trialOver" | "none";
  tone: "plain" | "warn" | "danger";
  /** Until what is near; 0 when it is over. */
  days: number;
  at?: string;
}

/** Days of the calendar from now until then, where the reader is; 0 = today, or before. */
function daysUntil(when: string, now: number): number {
  const day = (at: number) => new Date(at).setHours(0, 0, 0, 0);
  return Math.max(0, Math.round((day(Date.parse(when)) - day(now)) / DAY_MS));
}

/** What somebody should know of a license now; undefined when all is well. */
export function reminder(at: LicenseStanding, now: number): Reminder | undefined {
  const left = (when?: string) => (when ? daysUntil(when, now) : Infinity);
  switch (at.state) {
    case "none":
      return { key: "none", tone: "danger", days: 0 };
    case "expired":
      return { key: at.host_trial ? "trialOver" : at.too_new ? "newer" : "expired", tone: "danger", days: 0, at: at.too_new ? at.maintained_until : at.expires_at };
    case "grace":
      return { key: at.too_new ? "newer" : "grace", tone: "danger", days: left(at.grace_until), at: at.grace_until };
    case "trial":
    case "valid": {
      if (at.perpetual) return undefined;
      const days = left(at.expires_at);
      const near = REMIND.find((one) => days <= one.days);
      return near && { key: at.state === "trial" ? "trial" : "soon", tone: near.tone, days, at: at.expires_at };
    }
  }
}

export const toneOf = (state: LicenseStanding["state"] | NonNullable<License["state"]>) =>
  ({ none: "danger", not_yet: "plain", trial: "accent", valid: "ok", grace: "warn", expired: "danger" } as const)[state];

/** How long a license lasts, as the key of a sentence with a day. */
export function termsOf(one: Pick<License, "state" | "begins_at" | "expires_at" | "grace_until" | "maintained_until" | "perpetual"> | LicenseStanding): { key: string; at?: string } {
  if ("begins_at" in one && one.state === "not_yet") return { key: "begins", at: one.begins_at };
  if (one.state === "none") return { key: "none" };
  if (one.state === "grace") return { key: "grace", at: one.grace_until };
  if (one.state === "expired") return { key: "expired", at: one.expires_at ?? one.maintained_until };
  if (one.perpetual) return one.maintained_until ? { key: "maintained", at: one.maintained_until } : { key: "ever" };
  return one.expires_at ? { key: "until", at: one.expires_at } : { key: "ever" };
}
