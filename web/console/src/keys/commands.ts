import { onScopeDispose, shallowReactive, watchEffect } from "vue";
import type { IconName } from "@/ui/icons";

/** Something the command palette can do. */
export interface Command {
  id: string;
  /** As it is shown. */
  title: () => string;
  group: "conversation" | "go" | "settings";
  icon: IconName;
  keys?: string;
  /** More words to find it by, in any language. */
  words?: string;
  run: () => void;
  /** Offered only while true. */
  when?: () => boolean;
}

export const commands = shallowReactive<Command[]>([]);

/** Offers commands for as long as the calling component lives. */
export function useCommands(own: Command[]): void {
  commands.push(...own);
  onScopeDispose(() => {
    for (const command of own) commands.splice(commands.indexOf(command), 1);
  });
}

/** Offers commands that come and go. */
export function useCommandsOf(own: () => Command[]): void {
  watchEffect((onCleanup) => {
    const offered = own();
    commands.push(...offered);
    onCleanup(() => {
      for (const command of offered) commands.splice(commands.indexOf(command), 1);
    });
  });
}

/** Whether every word of the search is in the text, in order or not. */
export function found(text: string, search: string): boolean {
  const haystack = text.toLocaleLowerCase();
  return search
    .toLocaleLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => haystack.includes(word));
}
