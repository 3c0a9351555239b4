import { inject, provide, type InjectionKey, type Ref } from "vue";
import type { Values } from "./schema";

/** What every field of a form knows of the whole. */
export interface FormContext {
  /** The values of the whole configuration, that conditions look at. */
  root: Readonly<Ref<Values>>;
  errors: Readonly<Ref<Record<string, string>>>;
  /** The secrets that the server holds, by pointer below the configuration. */
  held: Readonly<Ref<Readonly<Record<string, boolean>>>>;
  disabled: Readonly<Ref<boolean>>;
  /** Begins the sign-in of a field; absent where the form is not stored yet. */
  signIn?: (pointer: string) => Promise<void>;
}

const key: InjectionKey<FormContext> = Symbol("form");

export const provideForm = (context: FormContext) => provide(key, context);

export function useForm(): FormContext {
  const context = inject(key);
  if (!context) throw new Error("no form around this field");
  return context;
}
