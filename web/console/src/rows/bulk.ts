import { computed, ref, type Ref, type WritableComputedRef } from "vue";
import type { BulkItem } from "@patchbay/client/types";
import { useI18n } from "vue-i18n";
import { sentenceOf } from "@/api/errors";
import { notifyDone, notifyFailed } from "@/ui/notices";
import type { Step } from "./undo";

/** A row that was left as it is, and why. */
export interface Failure {
  id: string;
  name: string;
  why: string;
}

interface Options<Row, Action> {
  rows: () => readonly Row[];
  call: (ids: string[], action: Action) => Promise<readonly BulkItem[]>;
  /** What takes the action back for rows as they were before it; empty where there is no way back. */
  undoOf: (action: Action, before: readonly Row[]) => Step<Action>[];
  nameOf: (row: Row) => string;
  texts: { done: (n: number) => string; failed: (n: number) => string; undo: () => string; undone: () => string };
  /** Told of the rows that were changed, before anything is said. */
  changed?: (rows: readonly Row[], action: Action) => void;
  /** All went well, and it was not a label: nothing need stay chosen. */
  finished: () => void;
}

export interface Bulk<Action> {
  busy: Readonly<Ref<boolean>>;
  failures: Readonly<Ref<readonly Failure[]>>;
  failed: (n: number) => string;
  /** Whether failures are shown; false forgets them. */
  told: WritableComputedRef<boolean>;
  act: (action: Action) => Promise<void>;
}

/** Does one thing to many rows: what failed is told one by one, and what can be is taken back. */
export function useBulk<Row extends { id: string }, Action extends { action: string }>({ rows, call, undoOf, nameOf, texts, changed, finished }: Options<Row, Action>): Bulk<Action> {
  const { t } = useI18n();
  const busy = ref(false);
  const failures = ref<Failure[]>([]);

  async function act(action: Action): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    const before = [...rows()];
    try {
      tell(before, await call(before.map((row) => row.id), action), action);
    } catch (error) {
      notifyFailed(error);
    } finally {
      busy.value = false;
    }
  }

  /** Says what became of each; the feed brings the rows. */
  function tell(before: readonly Row[], items: readonly BulkItem[], action: Action): void {
    const ids = new Set(items.filter((item) => item.ok).map((item) => item.id));
    const done = before.filter((row) => ids.has(row.id));
    changed?.(done, action);
    const back = undoOf(action, done);
    if (ids.size > 0) notifyDone(texts.done(ids.size), back.length > 0 ? { label: texts.undo(), run: () => void undo(back, before) } : undefined);
    failures.value = failed(before, items);
    if (failures.value.length === 0 && !action.action.endsWith("label")) finished();
  }

  function failed(before: readonly Row[], items: readonly BulkItem[]): Failure[] {
    return items.flatMap((item) => {
      const row = before.find((one) => one.id === item.id);
      return item.ok || !row ? [] : [{ id: item.id, name: nameOf(row), why: sentenceOf(item.code ?? "", item.detail) }];
    });
  }

  /** Runs also when the bar is gone: the notice that leads here lives on. */
  async function undo(back: readonly Step<Action>[], before: readonly Row[]): Promise<void> {
    try {
      const items: BulkItem[] = [];
      for (const step of back) items.push(...(await call(step.ids, step.action)));
      failures.value = failed(before, items);
      const [first] = failures.value;
      if (first) notifyDone(`${texts.failed(failures.value.length)}: ${failures.value.map((one) => one.name).join(t("common.listSeparator"))}. ${first.why}`);
      else notifyDone(texts.undone());
    } catch (error) {
      notifyFailed(error);
    }
  }

  return { busy, failures, failed: texts.failed, told: computed({ get: () => failures.value.length > 0, set: () => (failures.value = []) }), act };
}
