import { computed, ref, watch, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import { useQuery } from "@tanstack/vue-query";
import type { Contact } from "@patchbay/client/types";
import { contactName } from "@/conversations/names";
import type { Command } from "@/keys/commands";
import { keys } from "@/query/keys";
import type { WorkspaceContext } from "@/session/workspace";
import { notifyFailed } from "@/ui/notices";

const PAUSE_MS = 150;
const MOST = 6;

/** Customers whose name, e-mail or phone holds what was typed: each opens their newest conversation, or their page when there is none. */
export function useCustomerCommands(workspace: WorkspaceContext, search: Ref<string>): ComputedRef<Command[]> {
  const { t } = useI18n();
  const router = useRouter();
  const asked = ref("");

  let timer: ReturnType<typeof setTimeout> | undefined;
  watch(search, (typed) => {
    clearTimeout(timer);
    timer = setTimeout(() => (asked.value = typed.trim()), typed ? PAUSE_MS : 0);
  });

  const { data } = useQuery({
    queryKey: computed(() => keys.contactSearch(workspace.id, asked.value)),
    queryFn: ({ queryKey }) => workspace.api.contacts(queryKey[2]),
    enabled: computed(() => asked.value !== "" && workspace.may("contact.read")),
    staleTime: 30_000,
    gcTime: 60_000,
  });

  async function open(contact: Contact): Promise<void> {
    try {
      const { items } = workspace.may("conversation.read") ? await workspace.api.conversations({ contact: contact.id, limit: 1 }) : { items: [] };
      await router.push(items[0] ? { name: "conversations", params: { view: "all", id: items[0].id } } : { name: "contact", params: { id: contact.id } });
    } catch (error) {
      notifyFailed(error);
    }
  }

  return computed(() =>
    (asked.value ? (data.value?.items ?? []) : []).slice(0, MOST).map((contact): Command => ({
      id: contact.id,
      title: () => contactName(contact, t),
      group: "conversation",
      icon: "user",
      run: () => void open(contact),
    })),
  );
}
