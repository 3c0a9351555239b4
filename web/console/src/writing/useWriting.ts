import { computed, nextTick, ref, useId, watch, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import type { CannedContext } from "@patchbay/client/member";
import type { MessageKind } from "@patchbay/client/types";
import { useCanned } from "@/query/desk";
import { useWorkspace } from "@/session/workspace";
import { notifyDone } from "@/ui/notices";
import type { Abilities } from "./abilities";
import { roomOf } from "./limit";
import { mentionsIn, type Person } from "./trigger";
import type { Uploads } from "./uploads";
import { useFiles } from "./useFiles";
import { useSuggestions } from "./useSuggestions";

interface Sources {
  /** For customers, or for colleagues alone. */
  kind: Ref<MessageKind>;
  text: Ref<string>;
  uploads: Uploads;
  abilities: Ref<Abilities>;
  /** Who can be named: colleagues in a note, members of the group in an answer. */
  members: Ref<readonly Person[] | undefined>;
  /** What the variables of canned replies stand for here. */
  context: () => CannedContext;
  send: () => void;
  /** Keys of one's own, asked before those that all have; true: it was one. */
  keys?: (event: KeyboardEvent) => boolean;
}

export type Writing = ReturnType<typeof useWriting>;

/** What writing is, whoever reads it: a text that grows, its files, what is suggested, and the keys. `WritingBox` shows it. */
export function useWriting({ kind, text, uploads, abilities, members, context, send, keys }: Sources) {
  const { t } = useI18n();
  const { memberID } = useWorkspace();
  const { data: canned } = useCanned();
  const listID = useId();
  const area = ref<HTMLTextAreaElement>();
  const picker = ref<HTMLInputElement>();
  const { refused, over, take, drag } = useFiles(abilities, uploads);
  const naming = () => kind.value === "note" || Boolean(abilities.value.mention);
  const suggestions = useSuggestions({ area, kind, text, canned, members, naming, self: memberID, context, limit: () => abilities.value.textLimit });
  const room = computed(() => roomOf(text.value, abilities.value.textLimit));
  /** Whether there is something that may be sent, as far as text and files tell. */
  const ready = computed(() => (text.value.trim() !== "" || uploads.items.length > 0) && !room.value.over && !uploads.stuck.value);

  watch([text, area], () => void nextTick(grow));

  function grow(): void {
    if (!area.value) return;
    area.value.style.height = "auto";
    area.value.style.height = `${Math.min(area.value.scrollHeight, 240)}px`;
  }

  /** Enter sends, but not the one that ends a composition of Chinese or Japanese. */
  function key(event: KeyboardEvent): void {
    if (suggestions.key(event) || event.isComposing || event.keyCode === 229) return;
    if (keys?.(event)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      area.value?.blur();
    }
  }

  async function start(next: MessageKind): Promise<void> {
    kind.value = next;
    await nextTick();
    area.value?.focus();
  }

  /** Offers the canned replies, or says that there are none. */
  async function canning(): Promise<void> {
    await start(kind.value);
    if (canned.value?.length === 0) return notifyDone(t("canned.none"));
    await suggestions.begin("/");
  }

  function paste(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    take(files);
  }

  function picked(): void {
    take([...(picker.value?.files ?? [])]);
    if (picker.value) picker.value.value = "";
    area.value?.focus();
  }

  /** Puts text where the caret stands, apart from what is beside it. */
  async function insert(added: string): Promise<void> {
    const at = area.value?.selectionStart ?? text.value.length;
    const end = area.value?.selectionEnd ?? at;
    const gap = at > 0 && !/\s$/.test(text.value.slice(0, at)) ? " " : "";
    text.value = text.value.slice(0, at) + gap + added + text.value.slice(end);
    await nextTick();
    area.value?.focus();
    area.value?.setSelectionRange(at + gap.length + added.length, at + gap.length + added.length);
  }

  /** Empties it: what stood there is on its way. */
  function clear(): void {
    text.value = "";
    uploads.clear();
    refused.value = [];
  }

  return {
    kind, text, uploads, abilities, listID, area, picker, refused, over, drag, suggestions, room, ready, key, start, canning, paste, picked, clear, insert,
    /** Files are chosen. */
    attach: () => picker.value?.click(),
    /** Whom the text names. */
    mentioned: () => (naming() ? mentionsIn(text.value, members.value ?? [], suggestions.picked) : []),
  };
}
