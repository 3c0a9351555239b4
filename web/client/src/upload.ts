import { Backoff } from "./live/backoff";
import type { Attachment } from "./types";
import { ApiError, problemOf, unreachable } from "./problem";

/** An upload as the server knows it; `attachment` is there once the last byte is. */
export interface UploadState {
  id: string;
  /** Bytes the server has. */
  offset: number;
  size: number;
  chunk_size: number;
  expires_at?: string;
  attachment?: Attachment;
}

/** The four requests of an upload. Every failure is an ApiError. */
export interface UploadTransport {
  create: (file: { name: string; size: number }, signal: AbortSignal) => Promise<UploadState>;
  write: (upload: string, offset: number, bytes: Blob, signal: AbortSignal) => Promise<UploadState>;
  state: (upload: string, signal: AbortSignal) => Promise<UploadState>;
  discard: (upload: string) => Promise<unknown>;
}

/** waiting: before a retry, or for the network. failed: refused, a person decides. */
export type UploadPhase = "sending" | "waiting" | "done" | "failed" | "cancelled";

export interface UploadProgress {
  phase: UploadPhase;
  sent: number;
  size: number;
  error?: ApiError;
  attachment?: Attachment;
}

export interface UploadOptions {
  transport: UploadTransport;
  file: { name: string; size: number; slice: (from: number, to: number) => Blob };
  onChange: (progress: UploadProgress) => void;
  random?: () => number;
}

/**
 * Brings one file to the server in pieces. A lost connection costs at most the piece under way: the
 * server is asked how far it came and the rest follows. Ends in done, failed or cancelled.
 */
export class Upload {
  private current: UploadProgress;
  private known?: UploadState;
  /** After a failure our idea of the offset may be wrong: the server is asked first. */
  private unsure = false;
  private abort = new AbortController();
  private timer?: ReturnType<typeof setTimeout>;
  private readonly backoff: Backoff;

  constructor(private readonly options: UploadOptions) {
    this.backoff = new Backoff({ first: 1_000, random: options.random });
    this.current = { phase: "waiting", sent: 0, size: options.file.size };
  }

  get progress(): UploadProgress {
    return this.current;
  }

  /** Starts, or starts again after a failure: at once, not after the back-off. */
  start(): void {
    if (this.current.phase === "done" || this.current.phase === "sending") return;
    clearTimeout(this.timer);
    this.abort = new AbortController();
    this.change({ phase: "sending", error: undefined });
    void this.run(this.abort.signal);
  }

  /** Gives the file up; what the server has of it is thrown away. */
  cancel(): void {
    if (this.current.phase === "cancelled") return;
    clearTimeout(this.timer);
    const { phase } = this.current;
    this.change({ phase: "cancelled" });
    this.abort.abort();
    // A finished one is the server's to sweep when no message takes it.
    if (this.known && phase !== "done") this.options.transport.discard(this.known.id).catch(() => undefined);
  }

  /** The network is back: what waits goes on at once. */
  resume(): void {
    if (this.current.phase === "waiting") this.start();
  }

  private async run(signal: AbortSignal): Promise<void> {
    try {
      while (this.current.phase === "sending") await this.step(signal);
    } catch (error) {
      if (!signal.aborted) this.failed(error);
    }
  }

  private async step(signal: AbortSignal): Promise<void> {
    const { transport, file } = this.options;
    if (!this.known) return this.take(await transport.create({ name: file.name, size: file.size }, signal), signal);
    if (this.unsure) return this.take(await transport.state(this.known.id, signal), signal);
    const { id, offset, chunk_size } = this.known;
    const next = await transport.write(id, offset, file.slice(offset, Math.min(offset + chunk_size, file.size)), signal);
    if (next.offset <= offset && !next.attachment) throw new ApiError({ status: 502, code: "upload.stuck", detail: "The server took none of the bytes." });
    this.backoff.reset();
    this.take(next, signal);
  }

  private take(state: UploadState, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.unsure = false;
    this.known = { ...state, chunk_size: state.chunk_size || this.known?.chunk_size || 1 << 20 };
    const { attachment } = state;
    this.change({ sent: state.offset, phase: attachment ? "done" : "sending", attachment });
  }

  private failed(cause: unknown): void {
    const error = cause instanceof ApiError ? cause : new ApiError({ status: 0, code: "client.failed", detail: String(cause) });
    if (error.code === "upload.offset") return this.corrected(error);
    // Swept or expired: it starts anew.
    if (error.status === 404 && this.known) {
      this.known = undefined;
      this.unsure = false;
      return this.later(error);
    }
    this.unsure = this.known !== undefined;
    if (error.transient) this.later(error);
    else this.change({ phase: "failed", error });
  }

  /** The server has another offset than we thought, and says which. */
  private corrected(error: ApiError): void {
    const right = Number(error.fields[0]?.detail);
    if (this.known && Number.isInteger(right) && right >= 0 && right <= this.options.file.size && right !== this.known.offset) {
      this.known = { ...this.known, offset: right };
      this.change({ sent: right });
      void this.run(this.abort.signal);
      return;
    }
    this.unsure = true;
    this.later(error);
  }

  private later(error: ApiError): void {
    this.change({ phase: "waiting", error });
    this.timer = setTimeout(() => this.start(), Math.max(this.backoff.next(), error.retryAfter));
  }

  private change(next: Partial<UploadProgress>): void {
    this.current = { ...this.current, ...next };
    this.options.onChange(this.current);
  }
}

/** The uploads below an address: a member's, or with a bearer token a visitor's. */
export function uploadTransport(base: string, headers: () => Record<string, string> = () => ({}), fetcher: typeof fetch = (...args) => fetch(...args)): UploadTransport {
  async function ask(method: string, path: string, init: { body?: BodyInit; type?: string; signal?: AbortSignal }): Promise<Response> {
    const request = { method, body: init.body, signal: init.signal, credentials: "same-origin" as const, headers: { ...headers(), ...(init.type && { "Content-Type": init.type }) } };
    const response = await fetcher(base + path, request).catch((cause: unknown) => {
      throw unreachable(cause);
    });
    if (!response.ok) throw await problemOf(response);
    return response;
  }
  const state = async (response: Promise<Response>) => (await (await response).json()) as UploadState;
  return {
    create: (file, signal) => state(ask("POST", "", { body: JSON.stringify(file), type: "application/json", signal })),
    write: (upload, offset, bytes, signal) => state(ask("PATCH", `/${upload}?offset=${offset}`, { body: bytes, type: "application/octet-stream", signal })),
    state: (upload, signal) => state(ask("GET", `/${upload}`, { signal })),
    discard: (upload) => ask("DELETE", `/${upload}`, {}),
  };
}
