import type { MessageTemplate } from "@patchbay/client/api";
import { readStored, writeStored } from "@/ui/stored";
import type { Values } from "./templates";

/** What is chosen and filled in for a conversation, until it is sent. */
export interface Kept {
  template?: MessageTemplate;
  /** By the key of the template: who looks at another one finds them again. */
  values: Record<string, Values>;
}

/** Begins like the drafts: what somebody was writing is forgotten when they sign out. */
const keptKey = (workspace: string, conversation: string) => `draft.${workspace}.${conversation}.template`;

export function readKept(workspace: string, conversation: string): Kept {
  try {
    const { template, values } = JSON.parse(readStored(keptKey(workspace, conversation)) ?? "{}") as Partial<Kept>;
    return { template, values: values ?? {} };
  } catch {
    return { values: {} };
  }
}

export function writeKept(workspace: string, conversation: string, kept: Kept): void {
  const empty = !kept.template && Object.keys(kept.values).length === 0;
  writeStored(keptKey(workspace, conversation), empty ? null : JSON.stringify(kept));
}
