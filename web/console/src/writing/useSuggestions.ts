import { computed, nextTick, ref, watch, type Ref } from "vue";
import { expandCanned, openVariables, type CannedContext } from "@patchbay/client/member";
import type { Canned, MessageKind } from "@patchbay/client/types";
import { roomOf } from "./limit";
import { cannedFor, peopleFor, replaced, triggerAt, type Person, type Trigger } from "./trigger";

/** One line of the popover. */
export interface Suggestion {
  key: string;
  kind: "canned" | "member";
  title: string;
  shortcut?: string;
  scope?: Canned["scope"];
  /** The text it puts in, filled out. */
  preview?: string;
  /** Characters that are too many for what carries it. */
  over?: number;
  /** Variables that have no value here. */
  open?: string[];
}

interface Sources {
  area: Ref<HTMLTextAreaElement | undefined>;
  kind: Ref<MessageKind>;
  text: Ref<string>;
  canned: Ref<readonly Canned[] | undefined>;
  members: Ref<readonly Person[] | undefined>;
  /** Whether people can be named. */
  naming: () => boolean;
  self: string;
  context: () => CannedContext;
  /** Characters that a message may have. */
  limit: () => number;
}

const MOST = 50;

/** Canned replies behind `/` and people behind `@`, while one writes. */
export function useSuggestions({ area, kind, text, canned, members, naming, self, context, limit }: Sources) {
  const trigger = ref<Trigger>();
  const at = ref(0);
  /** Where the popover was closed by Escape: it stays closed for that word. */
  const refused = ref(-1);
  const picked = new Set<string>();

  const items = computed<Suggestion[]>(() => {
    const { sign, query } = trigger.value ?? {};
    if (sign === "@") return peopleFor(members.value ?? [], query!, self).slice(0, MOST).map((one) => ({ key: one.id, kind: "member", title: one.name }));
    if (sign !== "/") return [];
    return cannedFor(canned.value ?? [], query!).slice(0, MOST).map((one) => {
      const preview = expandCanned(one.text, context());
      const { left, over } = roomOf(preview, limit());
      return { key: one.id, kind: "canned", title: one.title, shortcut: one.shortcut, scope: one.scope, preview, open: openVariables(one.text, context()), ...(over && { over: -left }) };
    });
  });
  const open = computed(() => items.value.length > 0);

  /** Looks at the word the caret stands in. */
  function look(): void {
    const box = area.value;
    const found = box && box.selectionStart === box.selectionEnd ? triggerAt(box.value, box.selectionStart, naming() ? ["@", "/"] : ["/"]) : undefined;
    if (found?.from !== refused.value) refused.value = -1;
    trigger.value = found && found.from !== refused.value ? found : undefined;
  }

  watch(() => trigger.value?.query, () => (at.value = 0));
  watch(kind, () => (trigger.value = undefined));

  async function choose(item: Suggestion | undefined): Promise<void> {
    const held = trigger.value;
    if (!item || !held) return;
    if (item.kind === "member") picked.add(item.key);
    const next = replaced(text.value, held, item.kind === "member" ? `@${item.title} ` : (item.preview ?? ""));
    text.value = next.text;
    trigger.value = undefined;
    await nextTick();
    area.value?.focus();
    area.value?.setSelectionRange(next.caret, next.caret);
  }

  /** Whether the key was for the popover. */
  function key(event: KeyboardEvent): boolean {
    if (!open.value || event.isComposing || event.keyCode === 229) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) at.value = (at.value + step + items.value.length) % items.value.length;
    else if (event.key === "Enter" || event.key === "Tab") void choose(items.value[at.value]);
    else if (event.key === "Escape") {
      refused.value = trigger.value?.from ?? -1;
      trigger.value = undefined;
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Puts the sign where the caret is, as its button does. */
  async function begin(sign: Trigger["sign"]): Promise<void> {
    const box = area.value;
    if (!box) return;
    const caret = box.selectionStart;
    const gap = caret > 0 && !/\s/.test(text.value[caret - 1]!) ? " " : "";
    text.value = text.value.slice(0, caret) + gap + sign + text.value.slice(caret);
    await nextTick();
    box.focus();
    box.setSelectionRange(caret + gap.length + 1, caret + gap.length + 1);
    look();
  }

  return { trigger, items, at, open, picked, look, choose, key, begin, close: () => (trigger.value = undefined) };
}
