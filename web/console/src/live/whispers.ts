import type { QueryClient } from "@tanstack/vue-query";
import type { Whisper } from "@patchbay/client/types";
import { keys } from "@/query/keys";

/** Adds a whisper to those of its conversation, once, if they were fetched. */
export function takeWhisper(client: QueryClient, workspace: string, whisper: Whisper): void {
  client.setQueryData<Whisper[]>(keys.whispers(workspace, whisper.conversation_id), (known) => (known && !known.some((one) => one.id === whisper.id) ? [...known, whisper] : known));
}
