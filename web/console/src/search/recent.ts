import { ref, type Ref } from "vue";
import { readStored, writeStored } from "@/ui/stored";

const MOST = 8;

export interface Recent {
  searches: Readonly<Ref<string[]>>;
  /** Puts a search first; what it goes on from, typed a moment before, goes. */
  keep: (q: string) => void;
  forget: () => void;
}

/** What was looked for lately in a workspace, in this browser alone. */
export function useRecent(workspace: string): Recent {
  const key = `searches.${workspace}`;
  const searches = ref(read(key));

  function put(next: string[]): void {
    searches.value = next;
    writeStored(key, next.length > 0 ? JSON.stringify(next) : null);
  }

  return {
    searches,
    keep: (q) => put([q, ...searches.value.filter((one) => one !== q && !q.startsWith(one))].slice(0, MOST)),
    forget: () => put([]),
  };
}

function read(key: string): string[] {
  try {
    const held: unknown = JSON.parse(readStored(key) ?? "[]");
    return Array.isArray(held) ? held.filter((one) => typeof one === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}
