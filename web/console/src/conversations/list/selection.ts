import { computed, ref, type Ref } from "vue";

/** Which rows of a list are chosen; those that leave the list are no more. */
export interface Selection {
  /** Those chosen, in the order of the list. */
  chosen: Readonly<Ref<string[]>>;
  has: (id: string) => boolean;
  /** Chooses a row or lets it go; with `range` every row from the last one touched to it becomes as that one is. */
  toggle: (id: string, range: boolean) => void;
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
    all: () => (held.value = new Set(ids.value)),
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
