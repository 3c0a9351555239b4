import { describe, expect, it } from "vitest";
import type { LicenseStanding } from "@patchbay/client/api";
import { reminder, termsOf } from "@/plugins/license";

const now = new Date(2026, 10, 22, 12).getTime();
const on = (days: number, hour = 12) => new Date(2026, 10, 22 + days, hour).toISOString();
const standing = (more: Partial<LicenseStanding>): LicenseStanding => ({
  model: "subscription", product: "acme/crm", state: "valid", host_trial: false, perpetual: false, too_new: false, on_expiry: "read_only", barred: false, ...more,
});

describe("reminders of licenses", () => {
  it("come 30, 14 and 3 days before", () => {
    const tone = (days: number) => reminder(standing({ expires_at: on(days) }), now)?.tone;
    expect([31, 30, 15, 14, 4, 3, 0].map(tone)).toEqual([undefined, "plain", "plain", "warn", "warn", "danger", "danger"]);
  });
  it("count days of the calendar", () => {
    const days = (at: string) => reminder(standing({ expires_at: at }), now)?.days;
    expect([on(0, 23), on(1, 0), on(1, 23), on(2, 1)].map(days)).toEqual([0, 1, 1, 2]);
  });
  it("are not for what runs for ever", () => {
    expect(reminder(standing({ perpetual: true, expires_at: on(-400) }), now)).toBeUndefined();
    expect(reminder(standing({}), now)).toBeUndefined();
  });
  it("say what is over", () => {
    expect(reminder(standing({ state: "none" }), now)).toMatchObject({ key: "none", tone: "danger" });
    expect(reminder(standing({ state: "expired" }), now)?.key).toBe("expired");
    expect(reminder(standing({ state: "expired", host_trial: true }), now)?.key).toBe("trialOver");
    expect(reminder(standing({ state: "expired", too_new: true }), now)?.key).toBe("newer");
    expect(reminder(standing({ state: "grace", grace_until: on(7) }), now)).toMatchObject({ key: "grace", days: 7, tone: "danger" });
    expect(reminder(standing({ state: "trial", expires_at: on(2) }), now)).toMatchObject({ key: "trial", days: 2 });
  });
});

describe("how long a license lasts", () => {
  it("is said in one sentence", () => {
    expect(termsOf(standing({ expires_at: on(9) }))).toEqual({ key: "until", at: on(9) });
    expect(termsOf(standing({}))).toEqual({ key: "ever" });
    expect(termsOf(standing({ perpetual: true, maintained_until: on(-1), expires_at: on(-9) }))).toEqual({ key: "maintained", at: on(-1) });
    expect(termsOf(standing({ state: "grace", grace_until: on(3), expires_at: on(-4) }))).toEqual({ key: "grace", at: on(3) });
    expect(termsOf({ state: "not_yet", begins_at: on(3), expires_at: on(30), perpetual: false })).toEqual({ key: "begins", at: on(3) });
  });
});
