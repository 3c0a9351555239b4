import type { LinkStatus } from "@patchbay/client/member";

/** The sentence of the connection banner: an i18n key under `connection.` and its values. */
export interface Diagnosis {
  key: "offline" | "unreachable" | "restarting" | "handshake" | "silent" | "slow" | "cut" | "proxy" | "refused" | "connecting";
  values: Record<string, number>;
}

export function diagnosis(status: LinkStatus, now: number): Diagnosis {
  const seconds = Math.max(0, Math.ceil(((status.retryAt ?? now) - now) / 1000));
  if (status.state === "refused") return { key: "refused", values: {} };
  if (!status.trouble) return { key: "connecting", values: {} };
  return { key: status.trouble, values: { seconds, after: Math.round((status.afterMs ?? 0) / 1000) } };
}
