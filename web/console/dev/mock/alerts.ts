import type { Alert, AlertRules } from "@patchbay/client/types";
import { absent, agent, refused, type Route } from "./answers.ts";

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

let alerts: Alert[] = [
  { id: "alr_1", rule: "wait", queue_id: "que_2", limit: 600, since: ago(142), raised_at: ago(127) },
  { id: "alr_2", rule: "away", member_id: "mem_2", limit: 1800, since: ago(60), raised_at: ago(45), acknowledged_by: { kind: "agent", id: "mem_3", name: "赵敏" }, acknowledged_at: ago(20) },
];
let rules: AlertRules = {
  revision: 0,
  wait: { on: true, after_s: 600, of_target: 150 },
  staff: { on: true, fewer_than: 1, after_s: 120 },
  risk: { on: true, more_than: 5 },
  away: { on: true, after_s: 1800 },
};

/** What supervisors are to know, and when they are told. */
export const alertRoutes: Record<string, Route> = {
  "GET alerts": () => [200, { items: alerts }],
  "POST alerts/:a/acknowledge": (world, [id]) => {
    const held = alerts.find((one) => one.id === id);
    if (!held) return absent;
    const taken: Alert = { ...held, acknowledged_by: held.acknowledged_by ?? agent(world), acknowledged_at: held.acknowledged_at ?? new Date().toISOString() };
    alerts = alerts.map((one) => (one.id === id ? taken : one));
    return [200, taken];
  },
  "GET alert-rules": () => [200, rules],
  "PUT alert-rules": (_world, _parts, _query, body) => {
    const wanted = body as unknown as AlertRules;
    if (wanted.revision !== rules.revision) return refused(409, "alert.stale");
    if (wanted.wait.after_s < 60) return refused(422, "alert.rules", [{ pointer: "/wait/after_s", code: "range", detail: "must be 60 to 86400 seconds" }]);
    rules = { ...wanted, revision: rules.revision + 1 };
    return [200, rules];
  },
};
