import type { Condition } from "@patchbay/client/api";

/** An inbox or a connection, as far as how it fares goes. */
interface Account {
  enabled: boolean;
  live?: boolean;
  condition: Condition;
  status?: { state: string };
  health?: { state: string };
}

/** How it fares now, in a word: it is not said to work before the other side was asked. */
export function stateOf(one: Account): string {
  if (!one.enabled) return "off";
  const now = (one.status ?? one.health)?.state ?? "unknown";
  if (one.condition.state === "credentials") return "down";
  return now === "ok" && !one.live && one.condition.state === "unknown" ? "unknown" : now;
}

/** Since when it does not work, or not well; undefined while it does. */
export function badSince(one: Account): string | undefined {
  return one.enabled && one.condition.state !== "ok" && one.condition.state !== "unknown" ? one.condition.since : undefined;
}
