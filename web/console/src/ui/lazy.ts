import { defineAsyncComponent, type AsyncComponentLoader, type Component } from "vue";
import { offerReload } from "./notices";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** Failures in a row, with a network, after which the file is probably gone: a newer console was installed. */
const GONE_AFTER = 3;

/**
 * Fetches a part of the console, again and again while that fails: the server restarts, a train
 * enters a tunnel. Who waits gets it in the end, or is offered to load the newer console.
 */
export function persistent<T>(load: () => Promise<T>): () => Promise<T> {
  return async () => {
    for (let failures = 1; ; failures++) {
      try {
        return await load();
      } catch {
        if (failures === GONE_AFTER && navigator.onLine) offerReload();
        await pause(Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS));
      }
    }
  };
}

/** A component that is fetched when it is first shown. */
export function lazy<T extends Component>(load: AsyncComponentLoader<T>): T {
  return defineAsyncComponent<T>({ loader: persistent(load), delay: 0 });
}

/** Ends early when the network comes back. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}
