import { computed, ref, watchEffect } from "vue";
import { storedChoice } from "@/ui/stored";
import { dark, fontFamily, fontFamilyMono, light, variables, type Tokens } from "./tokens";

export type ThemeChoice = "system" | "light" | "dark";

/** What the person chose, kept in this browser. */
export const themeChoice = storedChoice<ThemeChoice>("theme", ["system", "light", "dark"], "system");

const systemDark = matchMedia("(prefers-color-scheme: dark)");
const prefersDark = ref(systemDark.matches);
systemDark.addEventListener("change", (event) => (prefersDark.value = event.matches));

export const isDark = computed(() => (themeChoice.value === "system" ? prefersDark.value : themeChoice.value === "dark"));
export const tokens = computed<Tokens>(() => (isDark.value ? dark : light));

/** Writes the theme onto the page and keeps it there. */
export function applyTheme(root: HTMLElement): void {
  root.style.setProperty("--font", fontFamily);
  root.style.setProperty("--font-mono", fontFamilyMono);
  watchEffect(() => {
    for (const [name, value] of variables(tokens.value)) root.style.setProperty(name, value);
    root.style.colorScheme = isDark.value ? "dark" : "light";
    root.dataset["theme"] = isDark.value ? "dark" : "light";
  });
}
