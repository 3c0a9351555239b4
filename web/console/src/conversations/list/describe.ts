import { spanOf, type FilterField } from "@patchbay/client/member";
import type { FilterCondition, FilterNode } from "@patchbay/client/types";

/** What a description needs: words, names, and how a time is written. */
export interface Words {
  t: (key: string, values?: Record<string, unknown>) => string;
  fields: ReadonlyMap<string, FilterField>;
  fieldName: (name: string) => string;
  valueName: (field: FilterField | undefined, value: unknown) => string;
  time: (at: string) => string;
}

const unitNames: Record<string, string> = { s: "seconds", m: "minutes", h: "hours", d: "days", w: "weeks" };

/** A filter as a line of text. */
export function describe(node: FilterNode, words: Words, inner = false): string {
  if ("not" in node) return words.t("filter.not", { what: describe(node.not, words, true) });
  if ("field" in node) return condition(node, words);
  const [parts, join] = "and" in node ? [node.and, "and"] : [node.or, "or"];
  if (parts.length === 0) return words.t("filter.everything");
  const text = parts.map((part) => describe(part, words, true)).join(words.t(`filter.joined.${join}`));
  return inner && parts.length > 1 ? words.t("filter.group", { what: text }) : text;
}

function condition({ field: name, op, value }: FilterCondition, words: Words): string {
  const field = words.fields.get(name);
  const shown = (one: unknown) => valueText(field, one, words);
  const operator = op === "is" && value === null ? "is_not_set" : op;
  if (operator === "between" && Array.isArray(value)) return words.t("filter.between", { field: words.fieldName(name), from: shown(value[0]), to: shown(value[1]) });
  const values = value === undefined || value === null ? "" : (Array.isArray(value) ? (value as unknown[]) : [value]).map(shown).join(words.t("common.listSeparator"));
  return [words.fieldName(name), operatorName(field, operator, words), values].filter(Boolean).join(" ");
}

/** Times and numbers are compared by other words. */
export function operatorName(field: FilterField | undefined, op: string, { t }: Pick<Words, "t">): string {
  const timely = field?.kind === "time" || field?.kind === "date";
  return timely && ["lt", "lte", "gt", "gte"].includes(op) ? t(`filter.timeOps.${op}`) : t(`filter.ops.${op}`);
}

function valueText(field: FilterField | undefined, value: unknown, { t, valueName, time }: Words): string {
  const span = spanOf(value);
  if (span) return t(`filter.${span.way === "in" ? "ahead" : "ago"}`, { span: t(`filter.units.${unitNames[span.unit]}`, Number(span.count) as never) });
  if (typeof value === "boolean") return t(value ? "filter.yes" : "filter.no");
  if (field?.kind === "time" && typeof value === "string") return time(value);
  return valueName(field, value);
}
