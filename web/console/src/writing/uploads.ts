import { computed, markRaw, onScopeDispose, reactive, watch } from "vue";
import { Upload, uuidv7, type UploadProgress } from "@patchbay/client/member";
import type { Attachment } from "@patchbay/client/types";
import { useLive } from "@/live/live";
import { useWorkspace } from "@/session/workspace";
import { kindOf } from "./abilities";

/** A file beside the text: on its way, or there. */
export interface Held {
  key: string;
  name: string;
  size: number;
  kind: Attachment["kind"];
  /** An address of this page to show a picture by before the server has it. */
  thumb?: string;
  progress: UploadProgress;
  upload?: Upload;
}

/** Files of conversations that are left while they are on their way: they go on, and are there on return. */
const shelves = new Map<string, Held[]>();

export type Uploads = ReturnType<typeof useUploads>;

/** The files that go with what is being written in a conversation or a ticket. */
export function useUploads(conversation: string) {
  const { api, id, memberID } = useWorkspace();
  const live = useLive();
  const shelf = `${id}.${memberID}.${conversation}`;
  const items = shelves.get(shelf) ?? (reactive([]) as Held[]);
  shelves.set(shelf, items);

  function add(file: File): void {
    const key = uuidv7();
    const kind = kindOf(file.type);
    const thumb = kind === "image" ? URL.createObjectURL(file) : undefined;
    items.push({ key, name: file.name, size: file.size, kind, thumb, progress: { phase: "waiting", sent: 0, size: file.size } });
    const upload = markRaw(new Upload({
      transport: api.desk.uploads,
      file: { name: file.name, size: file.size, slice: (from, to) => file.slice(from, to) },
      onChange: (progress) => {
        const held = items.find((one) => one.key === key);
        if (held) held.progress = progress;
      },
    }));
    items[items.length - 1]!.upload = upload;
    upload.start();
  }

  /** Puts files back that the server has: those of a draft. */
  function restore(attachments: readonly Attachment[]): void {
    for (const one of attachments) {
      if (items.some((held) => held.progress.attachment?.id === one.id)) continue;
      items.push({ key: one.id, name: one.name, size: one.size, kind: one.kind, thumb: one.preview_url, progress: { phase: "done", sent: one.size, size: one.size, attachment: one } });
    }
  }

  function remove(key: string): void {
    const at = items.findIndex((held) => held.key === key);
    const [held] = at < 0 ? [] : items.splice(at, 1);
    held?.upload?.cancel();
    if (held?.thumb?.startsWith("blob:")) URL.revokeObjectURL(held.thumb);
  }

  /** Empties the shelf without giving up what is there: a message took it. */
  function clear(): void {
    for (const held of items) if (held.thumb?.startsWith("blob:")) URL.revokeObjectURL(held.thumb);
    items.splice(0);
  }

  const resume = () => items.forEach((held) => held.upload?.resume());
  watch(() => live.status.value.state, (state) => state === "ready" && resume());
  addEventListener("online", resume);
  onScopeDispose(() => {
    removeEventListener("online", resume);
    if (items.length === 0) shelves.delete(shelf);
  });

  const attachments = computed(() => items.flatMap((held) => held.progress.attachment ?? []));
  return {
    items,
    attachments,
    /** Whether one is still on its way. */
    busy: computed(() => items.some((held) => held.progress.phase === "sending" || held.progress.phase === "waiting")),
    /** Whether one was refused: the message waits for a decision. */
    stuck: computed(() => items.some((held) => held.progress.phase === "failed")),
    add,
    restore,
    remove,
    clear,
    retry: (key: string) => items.find((held) => held.key === key)?.upload?.start(),
  };
}
