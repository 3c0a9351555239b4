/** Strings kept on the customer's page, all under one prefix. */
export interface Store {
  all(): Record<string, string>;
  put(key: string, value: string | null): void;
}

/** Runs what a browser may forbid; undefined when it did. */
export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

/**
 * A Store on the page's localStorage. The frame decides keys and values, so it is confined: its
 * keys cannot leave the prefix, values are strings with a limit. Where storage is blocked or full,
 * values live as long as the page.
 */
export function createStore(prefix: string, storage: () => Storage): Store {
  const memory: Record<string, string> = {};
  return {
    all() {
      const found: Record<string, string> = {};
      for (const [key, value] of Object.entries(attempt(storage) ?? {})) {
        if (key.startsWith(prefix)) found[key.slice(prefix.length)] = value;
      }
      return { ...found, ...memory };
    },
    put(key, value) {
      if (!/^[\w.-]{1,100}$/.test(key)) return;
      delete memory[key];
      if (typeof value === "string" && value.length <= 65_536) {
        memory[key] = value;
        attempt(() => {
          storage().setItem(prefix + key, value);
          delete memory[key]; // other tabs may change what is stored
        });
      } else attempt(() => storage().removeItem(prefix + key));
    },
  };
}
