import { nextTick, ref, type Ref } from "vue";
import { fieldErrors, shownError, type Shown } from "@/api/errors";
import { useSession } from "@/session/session";

/** The sending of a form: one at a time, with what is wrong by field and as a whole. */
export interface Submit {
  busy: Ref<boolean>;
  /** What is wrong as a whole; undefined when single fields say it. */
  failed: Ref<Shown | undefined>;
  fields: Ref<Record<string, string>>;
  submit: () => Promise<void>;
}

export function useSubmit(send: () => Promise<void>): Submit {
  const session = useSession();
  const busy = ref(false);
  const failed = ref<Shown>();
  const fields = ref<Record<string, string>>({});

  async function submit(): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failed.value = undefined;
    fields.value = {};
    try {
      await send();
    } catch (error) {
      session.noticed(error);
      fields.value = fieldErrors(error);
      if (Object.keys(fields.value).length === 0) failed.value = shownError(error);
      else void nextTick(toFirstWrong);
    } finally {
      busy.value = false;
    }
  }

  return { busy, failed, fields, submit };
}

/** To the first field that is wrong: in a long form it is far from the button that was pressed. */
function toFirstWrong(): void {
  const form = document.querySelector("dialog[open]") ?? document;
  form.querySelector<HTMLElement>(".invalid [aria-invalid=true]")?.focus();
}
