import { useI18n } from "vue-i18n";
import type { FilterField } from "@patchbay/client/member";
import { found } from "@/keys/commands";
import { useChoices, type Choice, type Choices } from "@/conversations/list/choices";
import type { TicketNames } from "../people";

const own = ["status", "type", "follower", "due_at", "solved_at", "title"];

/** What the fields of tickets are called and what there is to choose from; what conversations have too is theirs. */
export function useTicketChoices(names: TicketNames): Choices {
  const { t } = useI18n();
  const shared = useChoices();

  function fieldName(name: string): string {
    if (name.startsWith("fields.")) {
      const key = name.slice("fields.".length);
      return (names.types.value ?? []).flatMap((type) => type.fields).find((field) => field.key === key)?.name ?? key;
    }
    return own.includes(name) ? t(`tickets.fieldNames.${name}`) : shared.fieldName(name);
  }

  function all(field: FilterField): Choice[] | undefined {
    if (field.name === "status") return (field.options ?? []).map((key) => ({ key, name: t(`tickets.statuses.${key}`) }));
    return field.name === "type" ? (names.types.value ?? []).map((one) => ({ key: one.id, name: one.name })) : undefined;
  }
  /** A follower is chosen as a participant is. */
  const as = (field: FilterField): FilterField => (field.name === "follower" ? { ...field, name: "participant" } : field);

  return {
    fieldName,
    choices: (field, search) => all(field)?.filter((one) => found(one.name, search)) ?? shared.choices(as(field), search),
    valueName: (field, value) => (field && all(field)?.find((one) => one.key === value)?.name) ?? shared.valueName(field && as(field), value),
  };
}
