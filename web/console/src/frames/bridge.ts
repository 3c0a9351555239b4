/**
 * The console's end of the talk with a page of a plugin's. The page is a stranger: it sits in a frame of no origin,
 * and all it can do is ask here. What it asks is bounded in size, rate and number; what is not named here is refused.
 *
 * Requests {id, method, params} are answered with {id, result} or {id, error: {code, message}}, once each. Events go
 * the other way as {event, data}.
 */
export interface Page {
  context: () => FrameContext;
  call: (method: string, params: unknown) => Promise<unknown>;
  resize: (height: number) => void;
  /** Absent where there is no composer. */
  insertText?: (text: string) => void;
  openSubject: (kind: SubjectKind, id: string) => void;
  toast: (text: string, failed: boolean) => void;
  /** The page gives the keyboard back. */
  leave: () => void;
  /** Whether somebody has just done something in the page: only then may it lead away from here. */
  touched: () => boolean;
}

export type SubjectKind = "conversation" | "ticket" | "contact";

/** What a page is told about where it stands. */
export interface FrameContext {
  connection: string;
  panel: string;
  slot: string;
  conversation_id?: string;
  ticket_id?: string;
  contact_id?: string;
  locale: string;
  theme: "light" | "dark";
  /** Colours and fonts by the names of their CSS variables, without the dashes. */
  tokens: Record<string, string>;
}

export type FrameEvent = "theme" | "locale" | "subject";

/** The part of a MessagePort that is needed here. */
export interface Port {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage: (message: unknown) => void;
  start?: () => void;
  close: () => void;
}

/** The bounds of a page. A message beyond them is refused; after too many of such the page is not heard any more. */
export const bounds = {
  /** Characters of the JSON of a request or of an answer. */
  size: 256 * 1024,
  /** Requests in a second, and at once after a pause. */
  perSecond: 20,
  burst: 60,
  atOnce: 16,
  timeout: 15_000,
  text: 4000,
  toast: 200,
  toastEvery: 3_000,
  height: { least: 40, most: 4000 },
  refusals: 500,
} as const;

type Params = Record<string, unknown>;

class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const refuse = (code: string, message: string): never => {
  throw new Refusal(code, message);
};

export class Bridge {
  private tokens: number = bounds.burst;
  private filledAt: number;
  private refusals = 0;
  private toastedAt = -Infinity;
  private closed = false;
  private readonly running = new Set<string | number>();

  constructor(
    private readonly port: Port,
    private readonly page: Page,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.filledAt = now();
    port.onmessage = (event) => void this.take(event.data);
    port.start?.();
  }

  tell(event: FrameEvent, data: unknown): void {
    if (!this.closed) this.port.postMessage({ event, data });
  }

  close(): void {
    this.closed = true;
    this.port.onmessage = null;
    this.port.close();
  }

  private async take(raw: unknown): Promise<void> {
    const request = envelope(raw);
    // There is nobody to answer.
    if (!request) return this.refused();
    const { id } = request;
    try {
      this.admit(request);
      this.running.add(id);
      const result = await limited(this.answer(request.method, request.params));
      this.running.delete(id);
      this.say({ id, result: fitting(result) });
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "duplicate_id")) this.running.delete(id);
      if (error instanceof Refusal) this.refused();
      this.say({ id, error: described(error) });
    }
  }

  private say(answer: object): void {
    if (!this.closed) this.port.postMessage(answer);
  }

  private refused(): void {
    if (++this.refusals >= bounds.refusals) this.close();
  }

  private admit({ id, size }: Request): void {
    if (size > bounds.size) refuse("too_large", "The request is too large.");
    if (this.running.has(id)) refuse("duplicate_id", "A request of this id is on its way.");
    if (this.running.size >= bounds.atOnce) refuse("too_many", "Too many requests at once.");
    const at = this.now();
    this.tokens = Math.min(bounds.burst, this.tokens + ((at - this.filledAt) / 1000) * bounds.perSecond);
    this.filledAt = at;
    if (this.tokens < 1) refuse("rate_limited", "Too many requests.");
    this.tokens -= 1;
  }

  private async answer(method: string, params: Params): Promise<unknown> {
    switch (method) {
      case "context":
        return this.page.context();
      case "call":
        return this.page.call(textOf(params, "method", 128), params["params"] ?? null);
      case "resize":
        return void this.page.resize(heightOf(params));
      case "insertText":
        return void (this.page.insertText ?? refuse("not_here", "There is no composer here."))(textOf(params, "text", bounds.text));
      case "openSubject":
        return this.open(params);
      case "toast":
        return this.toast(params);
      case "leave":
        return void this.page.leave();
      default:
        return refuse("unknown_method", "There is no such method.");
    }
  }

  private open(params: Params): void {
    const kind = params["kind"];
    const id = textOf(params, "id", 64);
    if ((kind !== "conversation" && kind !== "ticket" && kind !== "contact") || !/^[a-z]{3}_[0-9A-Za-z]+$/.test(id)) return refuse("invalid", "There is no such subject.");
    if (!this.page.touched()) return refuse("needs_gesture", "A page leads elsewhere only when somebody presses something in it.");
    this.page.openSubject(kind, id);
  }

  private toast(params: Params): void {
    const text = textOf(params, "text", bounds.toast);
    if (this.now() - this.toastedAt < bounds.toastEvery) return refuse("rate_limited", "Too many notices.");
    this.toastedAt = this.now();
    this.page.toast(text, params["failed"] === true);
  }
}

interface Request {
  id: string | number;
  method: string;
  params: Params;
  size: number;
}

/** A request out of whatever was posted; undefined when it cannot even be answered. */
function envelope(raw: unknown): Request | undefined {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { id, method, params } = raw as Params;
  const named = (typeof id === "string" && id.length > 0 && id.length <= 64) || (typeof id === "number" && Number.isSafeInteger(id));
  if (!named || typeof method !== "string") return undefined;
  const size = sizeOf(raw);
  return { id: id as string | number, method, params: typeof params === "object" && params !== null && !Array.isArray(params) ? (params as Params) : {}, size };
}

function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return Infinity;
  }
}

/** An answer as JSON has it: nothing of ours with a life of its own goes to the page. */
function fitting(result: unknown): unknown {
  if (result === undefined) return null;
  const text = JSON.stringify(result);
  if (text.length > bounds.size) refuse("too_large", "The answer is too large.");
  return JSON.parse(text);
}

/** What the page learns of a failure: a code and a sentence, never what is behind it. */
function described(error: unknown): { code: string; message: string } {
  if (error instanceof Refusal) return { code: error.code, message: error.message };
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === "string" && typeof message === "string" ? { code, message } : { code: "failed", message: "The request failed." };
}

function textOf(params: Params, key: string, most: number): string {
  const value = params[key];
  if (typeof value !== "string" || value.length === 0 || value.length > most) return refuse("invalid", `“${key}” must be a text of 1 to ${most} characters.`);
  return value;
}

function heightOf(params: Params): number {
  const height = params["height"];
  if (typeof height !== "number" || !Number.isFinite(height)) return refuse("invalid", "“height” must be a number.");
  return Math.round(Math.min(Math.max(height, bounds.height.least), bounds.height.most));
}

function limited<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Refusal("timeout", "There was no answer in time.")), bounds.timeout);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
