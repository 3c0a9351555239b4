import type { MessageTemplate, MessageTemplateField } from "@patchbay/client/api";

export type Values = Record<string, string>;

/** Tells a template from the others of its inbox. */
export const keyOf = (one: Pick<MessageTemplate, "id" | "language">) => JSON.stringify([one.id, one.language ?? ""]);

/** A part of a template as it is shown: plain text, or the place of a value. */
export type Part = { text: string; field?: string; open?: boolean };

const PLACE = /\{\{([a-z0-9_]{1,50})\}\}/g;

/** Text with its values; a place that has none yet shows what belongs there. */
export function partsOf(text: string, fields: readonly MessageTemplateField[], values: Values): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(PLACE)) {
    const field = fields.find((one) => one.name === match[1]);
    if (!field) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    const value = (values[field.name] ?? "").trim();
    parts.push(value || field.optional ? { text: value, field: field.name } : { text: field.label || field.name, field: field.name, open: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** What the customer reads: header, text and footer, a paragraph each. */
export function renderedText({ header, text, footer, fields }: MessageTemplate, values: Values): string {
  return [header, text, footer]
    .map((one) => partsOf(one ?? "", fields, values).map((part) => part.text).join("").trim())
    .filter(Boolean)
    .join("\n\n");
}

/** Values as they are sent: without those that are empty. */
export function usedValues(fields: readonly MessageTemplateField[], values: Values): Values {
  return Object.fromEntries(fields.map(({ name }) => [name, (values[name] ?? "").trim()]).filter(([, value]) => value));
}

export const lengthOf = (value: string | undefined) => [...(value ?? "").trim()].length;

/** What is wrong with a value, if anything is. */
export function faultOf(field: MessageTemplateField, value: string | undefined): "required" | "max_length" | undefined {
  const length = lengthOf(value);
  if (length === 0) return field.optional ? undefined : "required";
  return field.max_length && length > field.max_length ? "max_length" : undefined;
}

/** What is known of a conversation that a value may be. */
export interface Known {
  contact?: string;
  agent?: string;
  tickets: readonly string[];
  conversation?: string;
}

const WORDS: [keyof Known, RegExp][] = [
  ["agent", /agent|staff|signature|客服|坐席|工号|签名/i],
  ["tickets", /ticket|case|工单|单号/i],
  ["conversation", /conversation|会话/i],
  ["contact", /name|customer|client|recipient|姓名|名字|称呼|客户|顾客|收件人/i],
];

/** Values that a field may want, the likeliest first. A field that says nothing of itself may want any. */
export function suggestionsOf(field: MessageTemplateField, known: Known): string[] {
  const said = `${field.name} ${field.label ?? ""}`;
  const speechless = /^\d*$/.test(field.name) && (!field.label || field.label === field.name);
  const wanted = speechless ? (["contact", "tickets", "conversation"] as const) : WORDS.filter(([, word]) => word.test(said)).map(([kind]) => kind).slice(0, 1);
  const all = wanted.flatMap((kind) => known[kind] ?? []).filter((one) => one && (!field.max_length || lengthOf(one) <= field.max_length));
  return [...new Set(all)].slice(0, 3);
}
