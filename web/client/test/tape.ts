import type { Change, Conversation, FeedEvent, ListPage, PublicChange, TimelinePage } from "../src/types";
import schema from "../openapi.json";
import raw from "./law.json";

/** Answers of the API by path; the workspace's own paths are short. */
export type Answers = Record<string, unknown>;

export interface Step {
  name: string;
  /** Of the member's feed. */
  events: FeedEvent[];
  /** What the visitor is told. */
  public: PublicChange[];
  /** How far members have read, as the visitor is told. */
  read: number;
  /** What this member read themselves; no event tells of it. */
  own_read?: { conversation_id: string; seq: number };
  /** The answers that are others than before. */
  after: Answers;
}

/**
 * One story, recorded from the server's own code: what its API answers before and after each step, and
 * what its sockets say between. Written by `go test ./core/httpapi -run TestTape -update`.
 */
export interface Tape {
  name: string;
  workspace: string;
  member: string;
  inbox: string;
  start: Answers;
  steps: Step[];
}

export const tapes = raw as unknown as Tape[];

/** What the API answers after so many steps. */
export function answersAt(tape: Tape, steps: number): Answers {
  return Object.assign({}, tape.start, ...tape.steps.slice(0, steps).map((step) => step.after)) as Answers;
}

/** The pairs of moments between which the law must hold. */
export function spans(tape: Tape): [number, number][] {
  const moments = tape.steps.map((_, index) => index);
  return moments.flatMap((from) => tape.steps.slice(from).map((_, index): [number, number] => [from, from + index + 1]));
}

export const eventsIn = (tape: Tape, from: number, to: number): FeedEvent[] => tape.steps.slice(from, to).flatMap((step) => step.events);
export const publicIn = (tape: Tape, from: number, to: number): PublicChange[] => tape.steps.slice(from, to).flatMap((step) => step.public);

/** The values that the API promises for the type of a shape. */
export function typesOf(shape: "Change" | "FeedEvent" | "PublicChange" | "TicketChange"): string[] {
  return (schema as unknown as { components: { schemas: Record<string, { properties: { type: { enum: string[] } } }> } }).components.schemas[shape]!.properties.type.enum;
}

export const listOf = (answers: Answers, path: string) => answers[path] as ListPage<Conversation>;
export const rowOf = (answers: Answers, id: string) => answers[`/conversations/${id}`] as Conversation | undefined;
export const timelineOf = (answers: Answers, id: string) => answers[`/conversations/${id}/timeline?limit=50`] as TimelinePage | undefined;
export const changesOf = (answers: Answers, tape: Tape) => answers[`/api/v1/live/${tape.inbox}/changes?after=0`] as { items: PublicChange[] } | undefined;

/** The conversations that are followed. */
export const followed = (answers: Answers): string[] => Object.keys(answers).flatMap((path) => /^\/conversations\/(cnv_\w+)$/.exec(path)?.[1] ?? []);

/** The same order in each run. */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

/** A stream as bad networks give it: each item once or twice, near its place. */
export function scrambled<T>(items: readonly T[], seed: number): T[] {
  const random = randomOf(seed);
  return items
    .flatMap((item, index) => Array.from({ length: random() > 0.5 ? 2 : 1 }, () => ({ item, place: index + random() * 4 })))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

export type { Change };
