import { computed, ref, type Ref } from "vue";

/** As many as one call of the server changes. */
export const MOST_SELECTED = 200;

/** Which rows of a list are chosen; those that leave the list are no more. */
export interface Selection {
  /** Those chosen, in the order of the list. */
  chosen: Readonly<Ref<string[]>>;
  has: (id: string) => boolean;
  /** Chooses a row or lets it go; with `range` every row from the last one touched to it becomes as that one is. */
  toggle: (id: string, range: boolean) => void;
  add: (id: string) => void;
  /** The first of them, as many as can be changed at once. */
  all: () => void;
  clear: () => void;
}

export function useSelection(ids: Readonly<Ref<readonly string[]>>): Selection {
  const held = ref<ReadonlySet<string>>(new Set());
  const anchor = ref<string>();
  const chosen = computed(() => ids.value.filter((id) => held.value.has(id)));

  function toggle(id: string, range: boolean): void {
    const next = new Set(held.value);
    const from = anchor.value === undefined ? -1 : ids.value.indexOf(anchor.value);
    const at = ids.value.indexOf(id);
    if (range && from >= 0 && at >= 0) {
      const on = held.value.has(anchor.value!);
      for (const one of ids.value.slice(Math.min(from, at), Math.max(from, at) + 1)) set(next, one, on);
    } else {
      set(next, id, !held.value.has(id));
      anchor.value = id;
    }
    held.value = next;
  }

  return {
    chosen,
    has: (id) => held.value.has(id),
    toggle,
    add: (id) => {
      held.value = new Set([...held.value, id]);
      anchor.value = id;
    },
    all: () => (held.value = new Set(ids.value.slice(0, MOST_SELECTED))),
    clear: () => {
      held.value = new Set();
      anchor.value = undefined;
    },
  };
}

function set(ids: Set<string>, id: string, on: boolean): void {
  if (on) ids.add(id);
  else ids.delete(id);
}
