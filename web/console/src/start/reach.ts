import type { Place } from "@patchbay/client/types";

/**
 * The address a phone can use: one this page came by, if that is no loopback; else the widest
 * that the server knows of. None when it listens to this machine alone.
 */
export function phoneAddress(places: readonly Place[], origin: string): string | undefined {
  if (!isLoopback(new URL(origin).hostname)) return origin;
  return places.find((place) => place.from !== "here")?.url;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}
