import { defineStore } from "pinia";
import { computed, ref } from "vue";
import { ApiError } from "@patchbay/client/api";
import type { Me, Membership, SignedIn } from "@patchbay/client/types";
import { sessionApi } from "@/api";
import { setLocale, type Locale } from "@/i18n";
import { forget as forgetPush } from "@/notifications/push/browser";
import { forgetPerson, readStored, writeStored } from "@/ui/stored";

/** Who is signed in, and in which workspace. */
export const useSession = defineStore("session", () => {
  const me = ref<Me>();
  const known = ref(false);
  const chosen = ref(readStored("workspace"));

  const membership = computed<Membership | undefined>(
    () => me.value?.memberships.find((one) => one.workspace.id === chosen.value) ?? me.value?.memberships[0],
  );

  /** Asks the server once who we are. Throws when it cannot be reached. */
  async function load(): Promise<void> {
    if (known.value) return;
    try {
      await signedIn(await sessionApi.me());
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    }
    known.value = true;
  }

  /** Takes over the answer of a sign-in or of a change to the account. */
  async function signedIn(next: Me): Promise<void> {
    me.value = next;
    known.value = true;
    await setLocale(next.account.locale as Locale);
  }

  /** Takes over the answer of a sign-in. Returns the challenge of an account with a second factor. */
  async function entered(answer: SignedIn): Promise<string | undefined> {
    if (answer.account) await signedIn({ account: answer.account, memberships: answer.memberships ?? [] });
    return answer.challenge?.token;
  }

  /** The server says that nobody is signed in any more. */
  function ended(): void {
    me.value = undefined;
    known.value = true;
  }

  /** Takes notice of an answer that says so, or that the workspace asks for more now. */
  function noticed(error: unknown): void {
    if (!(error instanceof ApiError)) return;
    if (error.code === "session.ended" || error.code === "session.missing") ended();
    if ((error.code === "account.two_factor_required" || error.code === "session.provider_required") && !membership.value?.barrier) refresh().catch(noticed);
  }

  async function signOut(): Promise<void> {
    await sessionApi.signOut();
    // What the push service of the browser knows ends too; the server's part ended with the session.
    await forgetPush().catch(() => undefined);
    forgetPerson();
    ended();
  }

  async function refresh(): Promise<void> {
    me.value = await sessionApi.me();
  }

  function choose(workspace: string): void {
    chosen.value = workspace;
    writeStored("workspace", workspace);
  }

  return { me, membership, load, signedIn, entered, ended, noticed, signOut, refresh, choose };
});
