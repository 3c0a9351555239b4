import { InfiniteQueryObserver, QueryClient, QueryObserver } from "@tanstack/vue-query";
import { describe, expect, it, vi } from "vitest";
import { askAgain } from "@/query/client";

/** A server that answers when it is told to. */
function server() {
  const answers: ((value: string) => void)[] = [];
  return { answers, ask: vi.fn(() => new Promise<string>((answer) => answers.push(answer))) };
}

const client = () => new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, retry: false } } });

describe("askAgain", () => {
  it("gives up a first answer that is on its way: it may be older than what is followed", async () => {
    const queries = client();
    const { ask, answers } = server();
    const list = new InfiniteQueryObserver(queries, { queryKey: ["w", "list"], queryFn: ask, initialPageParam: 0, getNextPageParam: () => undefined });
    const stop = list.subscribe(() => {});
    expect(ask).toHaveBeenCalledTimes(1);
    const done = askAgain(queries, ["w"]);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(2));
    answers[0]!("old");
    answers[1]!("new");
    await done;
    expect(queries.getQueryData(["w", "list"])).toMatchObject({ pages: ["new"] });
    expect(list.getCurrentResult().error).toBeNull();
    stop();
  });

  it("keeps showing what there is while it asks anew, and leaves other workspaces alone", async () => {
    const queries = client();
    const { ask, answers } = server();
    queries.setQueryData(["w", "one"], "held");
    queries.setQueryData(["x", "one"], "held");
    const stops = ["w", "x"].map((workspace) => new QueryObserver(queries, { queryKey: [workspace, "one"], queryFn: ask }).subscribe(() => {}));
    const done = askAgain(queries, ["w"]);
    await vi.waitFor(() => expect(ask).toHaveBeenCalledTimes(1));
    expect(queries.getQueryData(["w", "one"])).toBe("held");
    answers[0]!("new");
    await done;
    expect(queries.getQueryData(["w", "one"])).toBe("new");
    expect(ask).toHaveBeenCalledTimes(1);
    for (const stop of stops) stop();
  });
});
