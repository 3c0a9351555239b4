import type { OutboxEntry, OutboxStorage, Sendable } from "./outbox";

/**
 * Keeps an outbox in Web Storage, one key per item under `prefix`. A storage that is full, blocked
 * or broken costs the survival over a reload, never the sending.
 */
export function webStorage<T extends Sendable>(prefix: string, storage: Storage): OutboxStorage<T> {
  const attempt = (run: () => void) => {
    try {
      run();
    } catch {
      // The entry stays in memory and is still sent.
    }
  };
  return {
    load() {
      const entries: OutboxEntry<T>[] = [];
      attempt(() => {
        for (const key of Object.keys(storage)) {
          if (key.startsWith(prefix)) attempt(() => entries.push(JSON.parse(storage.getItem(key) ?? "") as OutboxEntry<T>));
        }
      });
      return entries;
    },
    put: (entry) => attempt(() => storage.setItem(prefix + entry.item.client_msg_id, JSON.stringify(entry))),
    remove: (id) => attempt(() => storage.removeItem(prefix + id)),
  };
}
