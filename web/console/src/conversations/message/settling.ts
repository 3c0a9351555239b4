import { ref } from "vue";
import type { Message } from "@patchbay/client/types";
import { useWorkspace } from "@/session/workspace";
import { notifyFailed } from "@/ui/notices";

/** A person says what became of a message that left, or of a change of it. */
export function useSettling(message: () => Message) {
  const { api } = useWorkspace();
  const settling = ref(false);

  async function settle(resolve: Parameters<typeof api.desk.settle>[2]): Promise<void> {
    settling.value = true;
    try {
      await api.desk.settle(message().conversation_id, message().id, resolve);
    } catch (error) {
      notifyFailed(error);
    } finally {
      settling.value = false;
    }
  }

  return { settling, settle };
}
