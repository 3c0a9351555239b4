import type { World } from "./world.ts";

/** What a route answers: a status and a body. */
export type Answer = [status: number, body?: unknown];
export type Body = Record<string, unknown>;
export type Route = (world: World, parts: string[], query: URLSearchParams, body: Body, raw: Buffer) => Answer;

export const refused = (status: number, code: string, fields?: { pointer: string; code: string; detail: string }[]): Answer => [status, { status, code, title: code, detail: code, fields }];
export const absent = refused(404, "not_found");

export function agent(world: World) {
  const self = world.members.find((member) => member.id === world.self)!;
  return { kind: "agent" as const, id: self.id, name: self.name };
}
