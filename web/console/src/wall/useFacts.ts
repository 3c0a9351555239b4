import { locale } from "@/i18n";
import { duration } from "@/i18n/format";
import { ticking, type AgentRow, type QueueRow } from "./figures";
import { share } from "./words";

/** A figure beside its name. */
export interface Fact {
  key: string;
  text: string;
}

/** What the pane says of a queue or an agent beyond their row. */
export function useFacts() {
  const span = (seconds: number | undefined) => (seconds === undefined ? "–" : duration(seconds * 1000, locale.value));

  function queueFacts({ figures: of }: QueueRow): Fact[] {
    return [
      { key: "waiting", text: String(of.waiting) },
      { key: "inHand", text: String(of.in_hand) },
      { key: "arrived", text: String(of.arrived) },
      { key: "resolved", text: String(of.resolved) },
      { key: "wait90", text: span(of.wait_s?.p90) },
      { key: "first", text: span(of.first_response_s?.mean) },
      { key: "handle", text: span(of.handle_s?.mean) },
      { key: "within", text: share(of.within_target, locale.value) },
    ];
  }

  function agentFacts({ figures: of }: AgentRow): Fact[] {
    return [
      { key: "load", text: `${of.open}/${of.capacity}` },
      { key: "given", text: String(of.given) },
      { key: "resolved", text: String(of.resolved) },
      { key: "missed", text: `${of.missed} / ${of.rejected}` },
      { key: "first", text: span(of.first_response_s?.mean) },
      { key: "handle", text: span(of.handle_s?.mean) },
      { key: "there", text: ticking(of.available_s * 1000) },
      { key: "occupancy", text: share(of.occupancy, locale.value) },
    ];
  }

  return { queueFacts, agentFacts };
}
