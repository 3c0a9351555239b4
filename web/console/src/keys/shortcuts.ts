import { onScopeDispose, shallowReactive } from "vue";
import { storedChoice } from "@/ui/stored";

/** A key, or Mod+key (Ctrl, or Command on Apple), and what it does. */
export interface Shortcut {
  keys: string;
  /** i18n key of what it does, for the help. */
  label: string;
  group: "anywhere" | "list" | "conversation" | "composer";
  run: (event: KeyboardEvent) => void;
  /** Also while the person types. */
  whileTyping?: boolean;
  /** Also while a dialog or a menu is open. */
  anyTime?: boolean;
}

/** Those on now; a later one wins over an earlier one with the same key. */
export const shortcuts = shallowReactive<Shortcut[]>([]);

/** Single keys can be switched off: speech input and some assistive tools type letters by themselves. */
export const singleKeys = storedChoice<"on" | "off">("single-keys", ["on", "off"], "on");

export const isApple = /Mac|iPhone|iPad/.test(navigator.platform);

/** Adds shortcuts for as long as the calling component lives. */
export function useShortcuts(own: Shortcut[]): void {
  shortcuts.push(...own);
  onScopeDispose(() => {
    for (const shortcut of own) shortcuts.splice(shortcuts.indexOf(shortcut), 1);
  });
}

/** The keys as people read them: Mod+K becomes Ctrl K, or ⌘ K. */
export function keyNames(keys: string): string[] {
  return keys.split("+").map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key));
}

const names: Record<string, string> = { Mod: isApple ? "⌘" : "Ctrl", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", Shift: isApple ? "⇧" : "Shift" };

/** The shortcut an event means, if any. */
export function shortcutFor(event: KeyboardEvent, known: readonly Shortcut[], singles: boolean): Shortcut | undefined {
  if (event.isComposing || event.altKey || event.defaultPrevented) return undefined;
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const wanted = mod ? `Mod+${key}` : key;
  const typing = isEditable(event.target);
  return known.findLast((shortcut) => {
    if (shortcut.keys.toLowerCase() !== wanted.toLowerCase()) return false;
    if (typing && !shortcut.whileTyping) return false;
    return mod || singles || event.key.length > 1;
  });
}

/** Whether keys are text there. A field of a dialog that has just closed keeps the focus for a moment. */
export function isEditable(target: EventTarget | null): boolean {
  const element = target as { tagName?: string; isContentEditable?: boolean; closest?: (selector: string) => unknown } | null;
  if (element?.closest?.("dialog:not([open])")) return false;
  return element?.isContentEditable === true || ["INPUT", "TEXTAREA", "SELECT"].includes(element?.tagName ?? "");
}

/** Listens to the whole page. A dialog that is open keeps most keys to itself. */
export function listenForShortcuts(): () => void {
  const listen = (event: KeyboardEvent) => {
    const shortcut = shortcutFor(event, shortcuts, singleKeys.value === "on");
    if (!shortcut) return;
    if (document.querySelector("dialog[open], [role=menu]:focus-within") && !shortcut.anyTime && !shortcut.keys.startsWith("Mod+")) return;
    event.preventDefault();
    shortcut.run(event);
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
