import type { SystemHeard, SystemTrial } from "@patchbay/client/api";

/** What this browser found out about its way to the server. */
export interface Tried {
  /** Key under system.trial; "ok" is fine. */
  code: "ok" | "blocked" | "stripped" | "origin" | "lost" | "silent" | "buffered" | "unknown";
  /** How far this machine's clock is ahead of the server's, in milliseconds. */
  skew: number;
  /** The console was opened at another address than the public one. */
  elsewhere: string;
  heard?: string;
}

/** What a socket of this browser did. */
export interface Seen {
  opened: boolean;
  /** When each frame came, in milliseconds. */
  frames: number[];
}

/** The frames that the server sends, and the pause before the last one. */
const FRAMES = 3;
const PAUSE = 400;
/** Clocks that differ by less are not worth a word. */
export const SKEW = 5_000;

/** Makes one word of what the browser saw and what the server heard. */
export function judge(seen: Seen, heard: SystemHeard | undefined): Tried["code"] {
  if (seen.frames.length >= FRAMES) return (seen.frames[2] ?? 0) - (seen.frames[0] ?? 0) < PAUSE / 2 ? "buffered" : "ok";
  if (seen.opened) return "silent";
  if (!heard) return "unknown";
  if (!heard.arrived) return "blocked";
  if (!heard.upgrade) return "stripped";
  return heard.code === "request.cross_site" ? "origin" : "lost";
}

/** Opens a socket at an address and watches it until it ends, or for so long. */
export function watch(address: string, patience = 6_000): Promise<Seen> {
  return new Promise((done) => {
    const seen: Seen = { opened: false, frames: [] };
    const socket = new WebSocket(address);
    const timer = setTimeout(() => socket.close(), patience);
    socket.onopen = () => {
      seen.opened = true;
      socket.send("hi");
    };
    socket.onmessage = () => seen.frames.push(performance.now());
    socket.onclose = () => {
      clearTimeout(timer);
      done(seen);
    };
  });
}

/** Tries the way from this browser to the server. */
export async function tryOut(prepare: () => Promise<SystemTrial>, here: Location): Promise<Tried> {
  const began = Date.now();
  const trial = await prepare();
  const now = (began + Date.now()) / 2;
  const seen = await watch(`${here.protocol === "https:" ? "wss" : "ws"}://${here.host}${trial.path}/socket`);
  const heard = await fetch(trial.path, { cache: "no-store" })
    .then((answer): Promise<SystemHeard> | undefined => (answer.ok ? (answer.json() as Promise<SystemHeard>) : undefined))
    .catch(() => undefined);
  const publicOrigin = new URL(trial.public_url).origin;
  return {
    code: judge(seen, heard),
    skew: now - Date.parse(trial.now),
    elsewhere: publicOrigin === here.origin ? "" : publicOrigin,
    ...(heard?.host ? { heard: heard.host } : {}),
  };
}
