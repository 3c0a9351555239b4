import { inject, provide, type InjectionKey, type Ref } from "vue";
import type { Action, Input } from "./card";

/** What everything on a card shares. */
export interface CardContext {
  answers: Ref<Map<string, string>>;
  /** What is wrong, by the input's id; empty until somebody pressed. */
  wrong: Readonly<Ref<ReadonlyMap<string, string>>>;
  /** The button that is being worked on. */
  busy: Readonly<Ref<Action | undefined>>;
  /** Whether there is a composer to put text into. */
  inserts: Readonly<Ref<boolean>>;
  disabled: Readonly<Ref<boolean>>;
  /** Where a file of the core's is read; "" shows what the picture says instead. */
  file: (id: string) => string;
  press: (action: Action & { type: "Action.Submit" }, inputs: readonly Input[]) => void;
  insert: (text: string) => void;
}

const key: InjectionKey<CardContext> = Symbol("card");

export const provideCard = (context: CardContext) => provide(key, context);

export function useCard(): CardContext {
  const context = inject(key);
  if (!context) throw new Error("no card around this part");
  return context;
}
