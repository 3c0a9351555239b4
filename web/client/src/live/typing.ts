/** Someone who is writing right now. */
export interface Typist {
  kind: string;
  id?: string;
  name?: string;
}

const EXPIRES_MS = 6_000;
const REPEAT_MS = 3_000;
const IDLE_MS = 4_000;

/** Who is typing where. An entry that is not renewed disappears after six seconds. */
export class TypingTracker {
  private readonly typists = new Map<string, Map<string, { who: Typist; timer: ReturnType<typeof setTimeout> }>>();

  constructor(private readonly onChange: (place: string, typists: Typist[]) => void) {}

  set(place: string, who: Typist, on: boolean): void {
    const key = `${who.kind}:${who.id ?? who.name ?? ""}`;
    const here = this.typists.get(place) ?? new Map();
    clearTimeout(here.get(key)?.timer);
    if (on) {
      here.set(key, { who, timer: setTimeout(() => this.set(place, who, false), EXPIRES_MS) });
      this.typists.set(place, here);
    } else if (!here.delete(key)) return;
    this.onChange(place, this.in(place));
  }

  in(place: string): Typist[] {
    return Array.from(this.typists.get(place)?.values() ?? [], (entry) => entry.who);
  }

  /** Forgets everyone, as after a lost connection. */
  clear(): void {
    for (const [place, here] of this.typists) {
      for (const entry of here.values()) clearTimeout(entry.timer);
      here.clear();
      this.onChange(place, []);
    }
    this.typists.clear();
  }
}

/** Turns keystrokes into few typing frames: on at most every three seconds, off after four idle ones. */
export class TypingSignal {
  private sentAt = 0;
  private idle?: ReturnType<typeof setTimeout>;

  constructor(private readonly send: (on: boolean) => void) {}

  /** A key was pressed. */
  input(): void {
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.stop(), IDLE_MS);
    if (Date.now() - this.sentAt < REPEAT_MS) return;
    this.sentAt = Date.now();
    this.send(true);
  }

  /** The text was sent, emptied or left. */
  stop(): void {
    clearTimeout(this.idle);
    if (!this.sentAt) return;
    this.sentAt = 0;
    this.send(false);
  }
}
