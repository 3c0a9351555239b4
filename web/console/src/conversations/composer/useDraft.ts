import { onScopeDispose, reactive, ref, watch, type Ref } from "vue";
import type { Attachment, MessageKind, ServerDraft } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { draftKey, readDraft, readMark, writeDraft, type Draft } from "../drafts";
import { DraftSync, type DraftContent, type LocalMark } from "./draftsync";

export interface DraftFiles {
  attachments: Ref<Attachment[]>;
  restore: (attachments: readonly Attachment[]) => void;
  items: readonly { key: string; progress: { attachment?: Attachment } }[];
  remove: (key: string) => void;
}

/**
 * What is being written in a conversation: in this browser at once, on the server a moment later,
 * and what another window of the same person wrote.
 */
export function useDraft(conversation: string, kind: Ref<MessageKind>, files: DraftFiles) {
  const { api, id } = useWorkspace();
  const live = useLive();
  const draft = reactive<Draft>(readDraft(id, conversation));
  const other = ref<ServerDraft>();
  let mark: LocalMark = readMark(id, conversation);
  /** While the draft is taken from elsewhere, its change is not ours to save. */
  let taking = false;

  const sync = new DraftSync({
    mark,
    load: () => api.desk.draft(conversation),
    save: ({ quote, attachments, ...content }, rev) => api.desk.saveDraft(conversation, { ...content, rev, reply_to: quote?.id, attachment_ids: attachments.length > 0 ? attachments.map((one) => one.id) : undefined }),
    onRemote: take,
    onConflict: (theirs) => (other.value = theirs),
    onMark: (next) => {
      mark = next;
      writeDraft(id, conversation, draft, mark);
    },
  });

  function content(): DraftContent {
    const beside = kind.value === "text" ? "note" : "text";
    const written = !draft[kind.value].trim() && draft[beside].trim() ? beside : kind.value;
    return { kind: written, text: draft[written], quote: draft.quote, envelope: draft.envelope, attachments: files.attachments.value };
  }

  function take(theirs: ServerDraft | undefined): void {
    taking = true;
    if (theirs) show(theirs);
    else {
      draft[draft.kind] = "";
      draft.quote = draft.envelope = undefined;
      for (const held of [...files.items]) if (held.progress.attachment) files.remove(held.key);
    }
    other.value = undefined;
    writeDraft(id, conversation, draft, mark);
    queueMicrotask(() => (taking = false));
  }

  function show(theirs: ServerDraft): void {
    draft[theirs.kind] = theirs.text;
    draft.kind = theirs.kind;
    draft.quote = theirs.reply_to;
    draft.envelope = theirs.envelope;
    if (theirs.text) kind.value = theirs.kind;
    const keep = new Set((theirs.attachments ?? []).map((one) => one.id));
    for (const held of [...files.items]) if (held.progress.attachment && !keep.has(held.progress.attachment.id)) files.remove(held.key);
    files.restore(theirs.attachments ?? []);
  }

  watch(
    [() => draft.text, () => draft.note, () => draft.quote?.id, () => JSON.stringify(draft.envelope), () => files.attachments.value.map((one) => one.id).join()],
    () => {
      draft.kind = kind.value;
      if (!taking) sync.changed(content());
      writeDraft(id, conversation, draft, mark);
    },
    { flush: "sync" },
  );

  // Another window says so over the live connection; without one it is asked when this one is looked at.
  live.onDraft((where, rev, theirs) => where === conversation && sync.heard(rev, theirs));
  const look = () => document.visibilityState === "visible" && void sync.check();
  const stored = (event: StorageEvent) => event.key?.endsWith(draftKey(id, conversation)) && void sync.check();
  document.addEventListener("visibilitychange", look);
  addEventListener("focus", look);
  addEventListener("storage", stored);
  const leave = () => void sync.flush();
  addEventListener("pagehide", leave);
  onScopeDispose(() => {
    document.removeEventListener("visibilitychange", look);
    removeEventListener("focus", look);
    removeEventListener("storage", stored);
    removeEventListener("pagehide", leave);
    sync.end();
  });
  if (mark.dirty) sync.changed(content());
  void sync.check();

  return {
    draft,
    /** What another window wrote over the same draft. */
    other,
    take,
    dismiss: () => (other.value = undefined),
    /** After sending: the server's copy goes too, at once. */
    sent: () => {
      other.value = undefined;
      sync.changed(content());
      void sync.flush();
    },
  };
}
