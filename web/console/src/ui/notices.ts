import { ref } from "vue";
import { i18n } from "@/i18n";
import { shownError } from "@/api/errors";
import { useSession } from "@/session/session";

/** A short message that goes away by itself. */
export interface Notice {
  id: number;
  kind: "done" | "failed";
  text: string;
  code?: string;
  /** A way back, offered while the notice is there. */
  action?: { label: string; run: () => void };
}

const DONE_MS = 4_000;
const FAILED_MS = 10_000;
/** Time to think about a way back. */
const ACTION_MS = 12_000;
const RELOAD_MS = 60_000;

export const notices = ref<Notice[]>([]);
let last = 0;

export function notifyDone(text: string, action?: Notice["action"]): void {
  push({ kind: "done", text, action }, action ? ACTION_MS : DONE_MS);
}

/** Something that somebody else did, with time to read it. */
export function notifyNews(text: string): void {
  push({ kind: "done", text }, ACTION_MS);
}

export function notifyFailed(error: unknown): void {
  useSession().noticed(error);
  const { text, code } = shownError(error);
  push({ kind: "failed", text, code }, FAILED_MS);
}

/** A failure that was told in an address and not in an answer. */
export function notifyWrong(text: string, code: string): void {
  push({ kind: "failed", text, code }, FAILED_MS);
}

/** A part of the console that cannot be fetched: a newer one may have been installed meanwhile. */
export function offerReload(): void {
  const { t } = i18n.global;
  push({ kind: "failed", text: t("app.partMissing"), action: { label: t("app.reload"), run: () => location.reload() } }, RELOAD_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

function push(notice: Omit<Notice, "id">, ms: number): void {
  const id = ++last;
  notices.value = [...notices.value.slice(-3), { ...notice, id }];
  setTimeout(() => dismiss(id), ms);
}
