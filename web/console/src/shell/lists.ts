import { computed, type ComputedRef, type Ref } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";
import { usePlaces } from "@/conversations/places";
import { found, type Command } from "@/keys/commands";
import { useLabels } from "@/query/desk";
import { builtinViews } from "@/query/views";
import type { WorkspaceContext } from "@/session/workspace";

const MOST = 6;
/** Those that the palette always has. */
const always: readonly string[] = builtinViews.filter((view) => ["mine", "unassigned", "all"].includes(view));

/** Lists by their names: views, teams and labels; and the search for what was typed. For who reads conversations. */
export function useListCommands({ may }: WorkspaceContext, search: Ref<string>): ComputedRef<Command[]> {
  const { t } = useI18n();
  const router = useRouter();
  const { places } = usePlaces();
  const { data: labels } = useLabels();

  return computed(() => {
    const text = search.value.trim();
    if (!text || !may("conversation.read")) return [];
    const all = [...places.value.filter((one) => !always.includes(one.key)), ...(labels.value ?? []).map((label) => ({ key: label.id, name: label.name }))];
    const lists = all
      .filter((one) => found(`${one.name} ${t("palette.view", { name: "" })}`, text))
      .slice(0, MOST)
      .map(({ key, name }): Command => ({ id: `view-${key}`, group: "go", icon: key.startsWith("lab_") ? "tag" : "chats", title: () => t("palette.view", { name }), run: () => void router.push({ name: "conversations", params: { view: key } }) }));
    const everywhere: Command = { id: "search", group: "go", icon: "search", title: () => t("palette.searchFor", { text }), run: () => void router.push({ name: "search", query: { q: text } }) };
    return [...lists, everywhere];
  });
}
