import type { FilterNode } from "@patchbay/client/types";

/** What lists of rules have in common. */
export interface ListedRule {
  id: string;
  name: string;
  enabled: boolean;
  when: FilterNode;
  faults: { pointer: string; code: string; detail: string }[];
}
