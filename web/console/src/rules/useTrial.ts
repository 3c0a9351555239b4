import { ref, type Ref } from "vue";
import { shownError } from "@/api/errors";

/** A trial of rules: what came of it, or why nothing did, and whether it is under way. */
export function useTrial<T>(ask: () => Promise<T>) {
  const trial = ref() as Ref<T | undefined>;
  const failure = ref("");
  const busy = ref(false);
  async function attempt(): Promise<void> {
    busy.value = true;
    failure.value = "";
    try {
      trial.value = await ask();
    } catch (error) {
      failure.value = shownError(error).text;
    } finally {
      busy.value = false;
    }
  }
  return { trial, failure, busy, attempt };
}
