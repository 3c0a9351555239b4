import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sequence, type Range } from "../src/live/sequence";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(fetch: (after: number) => Promise<Range<number>>) {
  const applied: number[] = [];
  let lost = 0;
  const sequence = new Sequence<number>({
    position: (n) => n,
    apply: (n) => applied.push(n),
    fetch: vi.fn(fetch),
    onLost: () => lost++,
    random: () => 0,
  });
  sequence.reset(0, "e");
  return { sequence, applied, lost: () => lost };
}

const range = (items: number[], has_more = false, epoch = "e"): Range<number> => ({ epoch, items, has_more });
const never = () => Promise.reject(new Error("no fetch expected"));

describe("Sequence", () => {
  it("applies in order and drops duplicates", () => {
    const { sequence, applied } = setUp(never);
    [1, 2, 2, 1, 3].forEach((n) => sequence.offer(n));
    expect(applied).toEqual([1, 2, 3]);
  });

  it("fetches the range of a gap, then goes on with what waited", async () => {
    const after: number[] = [];
    const { sequence, applied } = setUp((n) => {
      after.push(n);
      return Promise.resolve(range([2, 3, 4]));
    });
    sequence.offer(1);
    sequence.offer(5);
    sequence.offer(6);
    await vi.runAllTimersAsync();
    expect(after).toEqual([1]);
    expect(applied).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("needs no fetch when the missing item comes by itself", async () => {
    let release = (_: Range<number>) => {};
    const { sequence, applied } = setUp(() => new Promise((resolve) => (release = resolve)));
    sequence.offer(2);
    sequence.offer(1);
    release(range([1, 2]));
    await vi.runAllTimersAsync();
    expect(applied).toEqual([1, 2]);
  });

  it("follows pages", async () => {
    const pages = [range([1, 2], true), range([3, 4], true), range([5])];
    const { sequence, applied } = setUp(() => Promise.resolve(pages.shift()!));
    await sequence.catchUp();
    expect(applied).toEqual([1, 2, 3, 4, 5]);
  });

  it("tries again for as long as the server cannot be reached", async () => {
    let failures = 20;
    const { sequence, applied, lost } = setUp(() => (failures-- > 0 ? never() : Promise.resolve(range([1]))));
    sequence.offer(2);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(applied).toEqual([1, 2]);
    expect(lost()).toBe(0);
  });

  it("is lost when the epoch is another one", async () => {
    const { sequence, applied, lost } = setUp(() => Promise.resolve(range([1], false, "other")));
    sequence.offer(2);
    await vi.runAllTimersAsync();
    expect(lost()).toBe(1);
    expect(applied).toEqual([]);
  });

  it("is lost when the server's answers do not close the gap", async () => {
    const { sequence, lost } = setUp(() => Promise.resolve(range([])));
    sequence.offer(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(lost()).toBe(1);
  });

  it("forgets a fetch that belongs to before a reset", async () => {
    let release = (_: Range<number>) => {};
    const { sequence, applied } = setUp(() => new Promise((resolve) => (release = resolve)));
    sequence.offer(3);
    sequence.reset(10, "e2");
    release(range([1, 2, 3]));
    await vi.runAllTimersAsync();
    sequence.offer(11);
    expect(applied).toEqual([11]);
  });

  it("ends complete and in order for every order of arrival", async () => {
    const all = Array.from({ length: 30 }, (_, i) => i + 1);
    for (let seed = 1; seed <= 50; seed++) {
      const random = lcg(seed);
      const { sequence, applied } = setUp((after) => Promise.resolve(range(all.filter((n) => n > after).slice(0, 4), true)));
      const arrivals = [...all, ...all.slice(0, 10)].sort(() => random() - 0.5).filter(() => random() > 0.3);
      for (const n of arrivals) {
        sequence.offer(n);
        if (random() > 0.7) await Promise.resolve();
      }
      sequence.offer(30);
      await vi.runAllTimersAsync();
      expect(applied).toEqual(all);
    }
  });
});

function lcg(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}
