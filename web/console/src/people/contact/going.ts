import { shallowRef, type Ref } from "vue";

/** As long as the notice with the way back is shown. */
const PAUSE_MS = 12_000;

/**
 * Things that are on their way out: gone from sight at once, gone for good after a while or when the
 * page is left. Until then `keep` brings one back as it was.
 */
export class Going {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly hidden = shallowRef<ReadonlySet<string>>(new Set());

  constructor(private readonly remove: (id: string, leaving: boolean) => Promise<void>) {}

  /** What is not to be shown. */
  get ids(): Ref<ReadonlySet<string>> {
    return this.hidden;
  }

  begin(id: string): void {
    this.hidden.value = new Set([...this.hidden.value, id]);
    this.timers.set(id, setTimeout(() => this.finish(id, false), PAUSE_MS));
  }

  keep(id: string): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    this.hidden.value = new Set([...this.hidden.value].filter((one) => one !== id));
  }

  /** Does all that is waiting now. `leaving`: the page is being closed. */
  now(leaving: boolean): void {
    for (const id of [...this.timers.keys()]) this.finish(id, leaving);
  }

  private finish(id: string, leaving: boolean): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    void this.remove(id, leaving);
  }
}
