import type { Locale } from "@/i18n";

/** The part of JSON Schema (2020-12) that the form shows. x-i18n carries the texts of other languages. */
interface Property {
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  writeOnly?: boolean;
  items?: { type?: string };
  "x-i18n"?: Record<string, { title?: string; description?: string; enum?: string[] }>;
}

export interface Schema {
  properties?: Record<string, Property>;
  required?: string[];
}

/** How a setting is edited. `other` is kept as it is: the form has no control for it. */
export type Control = "line" | "lines" | "secret" | "url" | "color" | "number" | "boolean" | "choice" | "list" | "other";

export interface Setting {
  name: string;
  control: Control;
  title: string;
  description: string;
  required: boolean;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  integer: boolean;
  options: { value: string; label: string }[];
  initial: unknown;
}

export type Values = Record<string, unknown>;

/** Texts longer than this get several lines. */
const LONG_TEXT = 120;

/** The settings of a schema in its order, in the reader's language. */
export function settingsOf(schema: Schema, locale: Locale): Setting[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const own = property["x-i18n"]?.[locale];
    return {
      name,
      control: controlOf(property),
      title: own?.title ?? property.title ?? name,
      description: own?.description ?? property.description ?? "",
      required: schema.required?.includes(name) ?? false,
      maxLength: property.maxLength,
      minimum: property.minimum,
      maximum: property.maximum,
      integer: property.type === "integer",
      options: (property.enum ?? []).map((value, index) => ({ value: String(value), label: own?.enum?.[index] ?? String(value) })),
      initial: property.default,
    };
  });
}

function controlOf(property: Property): Control {
  if (property.enum && (property.type ?? "string") === "string") return "choice";
  switch (property.type) {
    case "string":
      return textControl(property);
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return property.items?.type === "string" ? "list" : "other";
    default:
      return "other";
  }
}

function textControl(property: Property): Control {
  if (property.writeOnly || property.format === "password") return "secret";
  if (property.format === "color") return "color";
  if (property.format === "uri") return "url";
  return property.format === "multiline" || (property.maxLength ?? 0) > LONG_TEXT ? "lines" : "line";
}

/** What the form starts with: what is stored, else the schema's defaults. */
export function initialValues(settings: readonly Setting[], stored: Values): Values {
  const values: Values = { ...stored };
  for (const { name, control, initial } of settings) values[name] ??= initial ?? blank(control);
  return values;
}

function blank(control: Control): unknown {
  if (control === "boolean") return false;
  if (control === "list") return [];
  return control === "number" || control === "other" ? undefined : "";
}

/** What is sent: an optional setting left empty is left out, unless the schema names the empty value. */
export function toSend(settings: readonly Setting[], values: Values): Values {
  const sent: Values = { ...values };
  for (const { name, initial } of settings) {
    const value = sent[name];
    if (value === undefined || (value === "" && initial !== "")) delete sent[name];
  }
  return sent;
}

/** The problem of a setting: of itself, or of something inside it. */
export function problemOf(name: string, errors: Record<string, string>): string | undefined {
  const own = `/config/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const pointer = Object.keys(errors).find((key) => key === own || key.startsWith(`${own}/`));
  return pointer && errors[pointer];
}

/** One entry a line; empty lines do not count. */
export function linesToList(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
