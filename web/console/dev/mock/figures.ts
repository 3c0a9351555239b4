import type { AgentFigures, Conversation, Figures, QueueFigures } from "@patchbay/client/types";
import type { Route } from "./answers.ts";
import { queueIDs } from "./queues.ts";
import type { World } from "./world.ts";

const start = Date.now();
const ago = (seconds: number) => new Date(start - seconds * 1000).toISOString();
const spread = (mean: number) => ({ mean, p50: mean * 0.8, p90: mean * 2.1, max: mean * 4 });

/** How long ago in seconds the longest wait of a queue began. */
const oldest: Record<string, number> = { que_1: 95, que_2: 742 };

function ofQueue(world: World, id: string, n: number): QueueFigures {
  const rows = [...world.conversations.values()].filter((row) => row.state === "open" && !row.merged_into && (row.queue_id ?? "") === id);
  const waiting = rows.filter((row) => row.responder === "queue").length;
  return {
    queue_id: id, waiting, tickets: 0, ringing: n, in_hand: rows.length - waiting, ...(waiting > 0 && { oldest_since: ago(oldest[id] ?? 30), expected_wait_s: 120 + 200 * n }), closed: n === 1, available: 2 - n,
    arrived: 41 - 11 * n, answered: 35 - 9 * n, abandoned: 2, resolved: 20, wait_s: spread(48 + 70 * n), first_response_s: spread(65), handle_s: spread(420), within_target: 0.93 - 0.2 * n, at_risk: 1 + n, breached: n,
  };
}

function ofAgent(world: World, id: string, n: number): AgentFigures {
  const { status, open, capacity } = world.presence.get(id)!;
  const held = (row: Conversation) => row.state === "open" && row.assignee_id === id;
  return {
    member_id: id, status, ...(status === "away" && { reason: "lunch" }), since: ago(600 + n * 1234), ...(n === 2 && { wrap_up_until: new Date(Date.now() + 25_000).toISOString() }), open: open + n, capacity,
    in_hand: [...world.conversations.values()].filter(held).length, ringing: Number(n === 0), given: 14 - n, resolved: 9 - n, missed: n % 2, rejected: 0, first_response_s: spread(55), handle_s: spread(380 + n * 60), available_s: 14_400, busy_s: 9_000 + n * 800, ...(status !== "offline" && { occupancy: 0.62 + n * 0.06 }),
  };
}

const sum = (queues: QueueFigures[], name: "waiting" | "tickets" | "ringing" | "in_hand" | "available" | "arrived" | "answered" | "abandoned" | "resolved" | "at_risk" | "breached") => queues.reduce((all, one) => all + one[name], 0);

export const figureRoutes: Record<string, Route> = {
  "GET figures": (world) => {
    const queues = queueIDs().map((id, n) => ofQueue(world, id, n));
    const counts = Object.fromEntries((["waiting", "tickets", "ringing", "in_hand", "available", "arrived", "answered", "abandoned", "resolved", "at_risk", "breached"] as const).map((name) => [name, sum(queues, name)]));
    const total = { ...queues[0]!, ...counts, oldest_since: queues.map((one) => one.oldest_since).sort()[0], closed: false };
    const figures: Figures = { at: new Date().toISOString(), since: ago(30_000), zone: "Asia/Shanghai", total, queues, agents: [...world.presence.keys()].map((id, n) => ofAgent(world, id, n)) };
    return [200, figures];
  },
};
