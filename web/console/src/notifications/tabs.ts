import { readStored, writeStored } from "@/ui/stored";

/**
 * Several tabs of the console hear the same things. The browser's locks say what is on the screen of
 * the one that is looked at, and let one of them speak for all. A browser without locks (pages without
 * TLS) is taken for one tab.
 */
const READING = "patchbay.reading.";
const ALERTED = "alerted";
/** How many of the last alerts are remembered: a tab that slept must not tell of them again. */
const REMEMBERED = 60;
/** How long who told of something keeps the lock of it: what one tab stores, another reads a moment later. */
const HELD_MS = 10_000;

/** Says to all tabs what this one shows, until told otherwise; undefined: nothing that is looked at. */
export class Reading {
  private current: string | undefined;
  private release: (() => void) | undefined;

  shows(conversation: string | undefined): void {
    if (conversation === this.current) return;
    this.release?.();
    this.release = undefined;
    this.current = conversation;
    if (!conversation || !navigator.locks) return;
    const held = new Promise<void>((done) => (this.release = done));
    void navigator.locks.request(READING + conversation, { mode: "shared" }, () => held);
  }

  /** Whether a tab shows it to somebody who looks. */
  async anywhere(conversation: string): Promise<boolean> {
    if (this.current === conversation) return true;
    const locks = await navigator.locks?.query();
    return locks?.held?.some((lock) => lock.name === READING + conversation) ?? false;
  }
}

/** Whether this tab is the one that does it: one of all tabs of the browser is, once. */
export async function firstOf(deed: string): Promise<boolean> {
  const claim = () => {
    const done = (readStored(ALERTED) ?? "").split(" ").filter(Boolean);
    if (done.includes(deed)) return false;
    writeStored(ALERTED, [...done, deed].slice(-REMEMBERED).join(" "));
    return true;
  };
  if (!navigator.locks) return claim();
  return new Promise((answer, refuse) => {
    navigator.locks
      .request(`patchbay.alerted.${deed}`, { ifAvailable: true }, async (lock) => {
        const first = lock !== null && claim();
        answer(first);
        if (first) await new Promise((done) => setTimeout(done, HELD_MS));
      })
      .catch(refuse);
  });
}
