import { intervalTicker, type Ticker } from "@patchbay/client/member";

/**
 * A heartbeat that goes on while the tab is hidden, so that an agent who reads another tab stays
 * available. Where workers are not to be had, a plain timer.
 */
export const workerTicker: Ticker = (ms, tick) => {
  try {
    const worker = new Worker(new URL("./ticker.worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = tick;
    worker.postMessage(ms);
    return () => worker.terminate();
  } catch {
    return intervalTicker(ms, tick);
  }
};
