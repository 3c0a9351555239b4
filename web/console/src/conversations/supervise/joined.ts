import { reactive, watch } from "vue";

const KEY = "patchbay.joined";

function read(): string[] {
  try {
    return (sessionStorage.getItem(KEY) ?? "").split(" ").filter(Boolean);
  } catch {
    return [];
  }
}

/** The colleagues' conversations that were joined in this window, beside those one only follows. */
export const joined = reactive(new Set<string>(read()));

watch(joined, () => {
  try {
    sessionStorage.setItem(KEY, [...joined].join(" "));
  } catch {
    // A blocked storage costs the line above the answer after a reload.
  }
});
