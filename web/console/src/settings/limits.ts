import type { Member } from "@patchbay/client/types";

/** The kinds of work of which somebody may be given less than their capacity. */
export const limitKinds = ["chat", "message", "mail", "ticket"] as const;

/** What is said of a member's limits, of those that are set. */
export function limitTexts(member: Member, t: (key: string, values?: Record<string, unknown>) => string): string[] {
  return limitKinds.filter((kind) => member.limits[kind] !== 0).map((kind) => t(`members.limitShort.${kind}`, { n: member.limits[kind] < 0 ? t("members.noneShort") : t("members.upTo", { n: member.limits[kind] }) }));
}
