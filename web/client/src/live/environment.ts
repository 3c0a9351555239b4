/** The part of WebSocket a link uses; a test passes its own. */
export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

/** Calls `tick` every `ms` until stopped. The console passes one that hidden tabs do not slow down. */
export type Ticker = (ms: number, tick: () => void) => () => void;

/** Calls `wake` when the machine may have come back: online, tab shown. Returns how to stop. */
export type WakeSource = (wake: () => void) => () => void;

/** What a link takes from its surroundings. Everything has a browser default. */
export interface Environment {
  connect?: (url: string) => SocketLike;
  ticker?: Ticker;
  wake?: WakeSource;
  online?: () => boolean;
  random?: () => number;
}

export const browserConnect = (url: string): SocketLike => new WebSocket(url) as SocketLike;

export const intervalTicker: Ticker = (ms, tick) => {
  const id = setInterval(tick, ms);
  return () => clearInterval(id);
};

export const browserOnline = (): boolean => globalThis.navigator?.onLine !== false;

export const browserWake: WakeSource = (wake) => {
  const shown = () => document.visibilityState === "visible" && wake();
  addEventListener("online", wake);
  addEventListener("offline", wake);
  addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", shown);
  return () => {
    removeEventListener("online", wake);
    removeEventListener("offline", wake);
    removeEventListener("pageshow", wake);
    document.removeEventListener("visibilitychange", shown);
  };
};

/** The WebSocket URL of a path on this page's own origin, or on `origin` if given. */
export function socketURL(path: string, origin: string = location.origin): string {
  return origin.replace(/^http/, "ws") + path;
}
