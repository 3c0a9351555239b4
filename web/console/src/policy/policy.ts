import type { DispatchPolicy, PolicyChannel, PolicyPlan, PolicyDraftBody } from "@patchbay/client/types";

/** What inboxes bring today. A policy may say something of tickets and calls too; the form leaves that as it is. */
export const channels = ["chat", "message", "mail", "ticket"] as const;
export type Channel = (typeof channels)[number];

export const orders = ["arrival", "value", "ageing", "deadline", "cost"] as const;
export type Order = (typeof orders)[number];
export const choices = ["longest_idle", "least_loaded", "pack"] as const;
export type Choice = (typeof choices)[number];

/** What a policy means where it says nothing. */
const STARVATION = 4;
const HANDLING_S = 300;
const BOOST_S = 300;

/** A channel as the form holds it. */
export interface ChannelDraft {
  weight: number;
  /** 0: as the capacity allows; -1: none. */
  limit: number;
  exclusive: boolean;
  target_s: number;
  cost: number;
  handling_s: number;
}

/** A policy as the form holds it: what is meant by saying nothing is said. */
export interface Draft {
  order: Order;
  boost_s: number;
  agents: Choice;
  free: number;
  reserved: string[];
  /** Times the target; 0: nobody goes first for having waited too long. */
  starvation: number;
  sticky_s: number;
  channels: Record<Channel, ChannelDraft>;
}

function channelOf(plan?: PolicyChannel): ChannelDraft {
  return {
    weight: plan?.weight || 1,
    limit: plan?.limit ?? 0,
    exclusive: plan?.exclusive ?? false,
    target_s: plan?.target_s ?? 0,
    cost: plan?.cost ?? 1,
    handling_s: plan?.handling_s || HANDLING_S,
  };
}

export function draftOf(plan?: PolicyPlan): Draft {
  const starvation = plan?.starvation ?? 0;
  return {
    order: (plan?.order.by as Order | undefined) || "arrival",
    boost_s: plan?.order.boost_s || BOOST_S,
    agents: (plan?.agents.by as Choice | undefined) || "longest_idle",
    free: plan?.agents.reserve?.free ?? 0,
    reserved: [...(plan?.agents.reserve?.channels ?? [])],
    starvation: starvation === -1 ? 0 : starvation || STARVATION,
    sticky_s: plan?.sticky.for_s ?? 0,
    channels: Object.fromEntries(channels.map((channel) => [channel, channelOf(plan?.channels[channel])])) as Record<Channel, ChannelDraft>,
  };
}

/** What is sent of a channel: nothing of what is as where nothing is said. */
function channelBody(draft: ChannelDraft): PolicyChannel {
  return {
    ...(draft.weight === 1 ? {} : { weight: draft.weight }),
    ...(draft.limit === 0 ? {} : { limit: draft.limit }),
    ...(draft.exclusive ? { exclusive: true } : {}),
    ...(draft.target_s === 0 ? {} : { target_s: draft.target_s }),
    ...(draft.cost === 1 ? {} : { cost: draft.cost }),
    ...(draft.handling_s === HANDLING_S ? {} : { handling_s: draft.handling_s }),
  };
}

/** What is sent. Whatever the form does not show stays as the plan that it was made of says. */
export function bodyOf(draft: Draft, of: PolicyPlan): Omit<PolicyDraftBody, "revision"> {
  const known = channels.map((channel) => [channel, channelBody(draft.channels[channel])] as const).filter(([, body]) => Object.keys(body).length > 0);
  const others = Object.entries(of.channels).filter(([channel]) => !(channels as readonly string[]).includes(channel));
  const reserve = draft.free > 0 || draft.reserved.length > 0;
  return {
    order: { ...(draft.order === "arrival" ? {} : { by: draft.order }), ...(draft.order === "ageing" ? { boost_s: draft.boost_s } : {}) },
    agents: { ...(draft.agents === "longest_idle" ? {} : { by: draft.agents }), ...(reserve ? { reserve: { free: draft.free, channels: draft.reserved } } : {}) },
    starvation: draft.starvation === 0 ? -1 : draft.starvation === STARVATION ? 0 : draft.starvation,
    channels: Object.fromEntries([...known, ...others]),
    values: of.values,
    sticky: { for_s: draft.sticky_s },
  };
}

/** Something that a policy says. */
export interface Fact {
  id: string;
  label: string;
  text: string;
}

/** Where two policies say something else. */
export interface Difference {
  id: string;
  label: string;
  before: string;
  after: string;
}

export function differences(before: readonly Fact[], after: readonly Fact[]): Difference[] {
  const was = new Map(before.map((fact) => [fact.id, fact.text]));
  return after.filter((fact) => was.get(fact.id) !== fact.text).map((fact) => ({ id: fact.id, label: fact.label, before: was.get(fact.id) ?? "", after: fact.text }));
}

/** Whether what the form does not show is in the way: it is published all the same. */
export function saysMore(plan: PolicyPlan): boolean {
  return plan.values.length > 0 || Object.keys(plan.channels).some((channel) => !(channels as readonly string[]).includes(channel));
}

/** The numbers of the newest revision and of the draft, for what is compared and named. */
export function standing(policy: DispatchPolicy): { number: number; draft: number } {
  return { number: policy.published?.number ?? 0, draft: policy.draft.revision };
}
