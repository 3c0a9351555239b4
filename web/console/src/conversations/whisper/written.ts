import { ref, type Ref } from "vue";

const written = new Map<string, Ref<string>>();

/** What this window is about to whisper in a conversation. It is kept nowhere else. */
export function writtenIn(conversation: string): Ref<string> {
  const text = written.get(conversation) ?? ref("");
  written.set(conversation, text);
  return text;
}
