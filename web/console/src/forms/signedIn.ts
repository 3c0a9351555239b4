import { onMounted } from "vue";
import { useI18n } from "vue-i18n";
import { useRoute, useRouter } from "vue-router";
import { sentenceOf } from "@/api/errors";
import { notifyDone, notifyWrong } from "@/ui/notices";

/** Says how a sign-in at a far side ended, when the browser comes back from one, and takes it out of the address. */
export function useSignedIn(): void {
  const { t, te } = useI18n();
  const route = useRoute();
  const router = useRouter();
  onMounted(() => {
    const { signed_in: done, failed, ...rest } = route.query;
    if (!done && !failed) return;
    void router.replace({ query: rest });
    if (done) return notifyDone(t("forms.oauth.done"));
    const key = `forms.oauth.failures.${String(failed).replaceAll(".", "_")}`;
    notifyWrong(te(key, "en") ? t(key) : sentenceOf(String(failed), t("forms.oauth.failed")), String(failed));
  });
}

/** The fields that somebody is signed in for, by pointer, as a form holds secrets. */
export const signedIn = (fields: { pointer: string; state: string }[] | null | undefined): Record<string, boolean> =>
  Object.fromEntries((fields ?? []).filter((field) => field.state === "ok").map((field) => [field.pointer, true]));
