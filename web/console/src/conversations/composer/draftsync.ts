import { ApiError } from "@patchbay/client/api";
import type { Addressed, Attachment, MessageKind, Quote, ServerDraft } from "@patchbay/client/types";

/** What is being written, as far as it is worth keeping. */
export interface DraftContent {
  kind: MessageKind;
  text: string;
  quote?: Quote;
  envelope?: Addressed;
  attachments: Attachment[];
}

/** What this browser remembers of a draft between visits. */
export interface LocalMark {
  rev: number;
  /** Changed here since the server last took it. */
  dirty: boolean;
}

export interface DraftSyncOptions {
  load: () => Promise<ServerDraft | undefined>;
  save: (content: DraftContent, rev: number) => Promise<{ rev: number }>;
  /** The server's draft is newer, or gone, and nothing was changed here: show that. */
  onRemote: (draft: ServerDraft | undefined) => void;
  /** Both were changed: the other one, to be offered. */
  onConflict: (draft: ServerDraft) => void;
  onMark: (mark: LocalMark) => void;
  mark: LocalMark;
}

export const PAUSE_MS = 1_000;

/**
 * Keeps one draft here and on the server the same. What was typed last wins, and what it would
 * overwrite is offered first. A server that is away costs nothing: the browser holds its copy.
 */
export class DraftSync {
  private mark: LocalMark;
  private content?: DraftContent;
  private timer?: ReturnType<typeof setTimeout>;
  private saving?: Promise<void>;
  private ended = false;

  constructor(private readonly options: DraftSyncOptions) {
    this.mark = { ...options.mark };
  }

  /** Something was typed, or a file came or went. */
  changed(content: DraftContent): void {
    this.content = content;
    this.note({ ...this.mark, dirty: true });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), PAUSE_MS);
  }

  /** Asks whether another window wrote meanwhile. */
  async check(): Promise<void> {
    try {
      const draft = await this.options.load();
      // A draft that is gone does not say its version; the next save learns it.
      this.heard(draft?.rev ?? this.mark.rev, draft);
    } catch {
      // The copy here is what there is.
    }
  }

  /** The server has this version now; undefined: the draft is gone. */
  heard(rev: number, draft: ServerDraft | undefined): void {
    if (this.ended || this.saving || rev < this.mark.rev || (draft && rev === this.mark.rev)) return;
    if (this.mark.dirty) {
      if (draft) this.conflict(draft);
      else this.note({ rev, dirty: true });
      return;
    }
    const known = this.mark.rev > 0;
    this.note({ rev, dirty: false });
    if (draft || known) this.options.onRemote(draft);
  }

  /** Saves now what is not saved. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    await this.saving;
    const { content } = this;
    if (!content || !this.mark.dirty) return;
    this.saving = this.save(content);
    await this.saving;
    this.saving = undefined;
  }

  /** Stops; what is not saved is saved once more. */
  end(): void {
    void this.flush();
    this.ended = true;
  }

  private async save(content: DraftContent): Promise<void> {
    const { rev } = this.mark;
    try {
      const saved = await this.options.save(content, rev);
      this.note({ rev: saved.rev, dirty: this.content !== content });
    } catch (error) {
      const newer = staleDraft(error);
      if (!newer) return;
      this.conflict(newer);
      if (isEmpty(newer) && newer.rev > rev) await this.save(content);
    }
  }

  /** The next save goes over the other one: its writer has seen it. */
  private conflict(draft: ServerDraft): void {
    this.note({ rev: draft.rev, dirty: true });
    if (isEmpty(draft) || draft.text.trim() === this.content?.text.trim()) return;
    this.options.onConflict(draft);
  }

  private note(mark: LocalMark): void {
    this.mark = mark;
    this.options.onMark(mark);
  }
}

function isEmpty(draft: ServerDraft): boolean {
  return !draft.text.trim() && !draft.attachments?.length && !draft.envelope;
}

/** The newer draft that a refused save names. */
function staleDraft(error: unknown): ServerDraft | undefined {
  if (!(error instanceof ApiError) || error.code !== "draft.stale") return undefined;
  try {
    return JSON.parse(error.fields[0]?.detail ?? "") as ServerDraft;
  } catch {
    return undefined;
  }
}
