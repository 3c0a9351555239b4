import { ref, watch, type Ref } from "vue";

const PREFIX = "patchbay.";

/** A small value of this browser. Where storage is blocked it lives as long as the page. */
export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function writeStored(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // A full or blocked storage costs the memory, not the work.
  }
}

/** A choice out of few that this browser remembers. */
export function storedChoice<T extends string>(key: string, choices: readonly T[], fallback: T): Ref<T> {
  const held = readStored(key) as T | null;
  const choice = ref(held && choices.includes(held) ? held : fallback) as Ref<T>;
  watch(choice, (value) => writeStored(key, value));
  return choice;
}

/**
 * Forgets what a person was writing and looked for; the looks stay. Messages they sent but that are not stored yet
 * stay too: they are kept by member, and go out when that member is back.
 */
export function forgetPerson(): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(`${PREFIX}draft.`) || key.startsWith(`${PREFIX}searches.`) || key === `${PREFIX}workspace`) localStorage.removeItem(key);
    }
  } catch {
    // Nothing was kept then.
  }
}
