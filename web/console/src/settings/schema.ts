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
  maxItems?: number;
  writeOnly?: boolean;
  items?: Property;
  properties?: Record<string, Property>;
  required?: string[];
  /** Of an object without properties of its own: what each entry is. */
  additionalProperties?: boolean | Property;
  $ref?: string;
  "x-i18n"?: Record<string, { title?: string; description?: string; enum?: string[] }>;
}

export interface Schema {
  properties?: Record<string, Property>;
  required?: string[];
  $defs?: Record<string, Property>;
}

/**
 * How a setting is edited. `maybe` is a yes or no that may stay open; `texts` one text per language;
 * `group` settings inside a setting; `rows` several of such. `other` is kept as it is: the form has
 * no control for it.
 */
export type Control = "line" | "lines" | "secret" | "url" | "color" | "number" | "boolean" | "maybe" | "choice" | "list" | "texts" | "group" | "rows" | "other";

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
  /** Of a group, and of each of the rows. */
  children: Setting[];
  /** How many rows there may be. */
  maxItems?: number;
}

export type Values = Record<string, unknown>;

/** Texts longer than this get several lines. */
const LONG_TEXT = 120;

/** The settings of a schema in its order, in the reader's language. */
export function settingsOf(schema: Schema, locale: Locale): Setting[] {
  return settingsIn(schema, locale, schema.$defs ?? {});
}

function settingsIn(schema: Schema | Property, locale: Locale, defs: Record<string, Property>): Setting[] {
  return Object.entries(schema.properties ?? {}).map(([name, written]) => {
    const property = resolved(written, defs);
    const own = property["x-i18n"]?.[locale];
    const control = controlOf(property, defs);
    const inside = control === "group" ? property : control === "rows" ? resolved(property.items!, defs) : undefined;
    return {
      name,
      control,
      title: own?.title ?? property.title ?? name,
      description: own?.description ?? property.description ?? "",
      required: schema.required?.includes(name) ?? false,
      maxLength: property.maxLength,
      minimum: property.minimum,
      maximum: property.maximum,
      maxItems: property.maxItems,
      integer: property.type === "integer",
      options: (property.enum ?? []).map((value, index) => ({ value: String(value), label: own?.enum?.[index] ?? String(value) })),
      initial: property.default,
      children: inside ? settingsIn(inside, locale, defs) : [],
    };
  });
}

/** A property with what it refers to; what stands beside the reference goes first. */
function resolved(property: Property, defs: Record<string, Property>): Property {
  const name = property.$ref?.match(/^#\/\$defs\/([^/]+)$/)?.[1];
  return name ? { ...defs[name], ...property } : property;
}

function controlOf(property: Property, defs: Record<string, Property>): Control {
  if (property.enum && (property.type ?? "string") === "string") return "choice";
  switch (property.type) {
    case "string":
      return textControl(property);
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return property.default === undefined ? "maybe" : "boolean";
    case "array":
      return listControl(resolved(property.items ?? {}, defs));
    case "object":
      return groupControl(property, defs);
    default:
      return "other";
  }
}

function listControl(items: Property): Control {
  if (items.type === "string") return "list";
  return items.type === "object" && items.properties ? "rows" : "other";
}

function groupControl(property: Property, defs: Record<string, Property>): Control {
  if (property.properties) return "group";
  const entries = property.additionalProperties;
  return typeof entries === "object" && resolved(entries, defs).type === "string" ? "texts" : "other";
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
  for (const setting of settings) values[setting.name] = initialValue(setting, stored[setting.name] ?? setting.initial);
  return values;
}

function initialValue({ control, children }: Setting, value: unknown): unknown {
  switch (control) {
    case "group":
      return initialValues(children, (value ?? {}) as Values);
    case "rows":
      return ((value ?? []) as Values[]).map((row) => initialValues(children, row));
    default:
      return value ?? blank(control);
  }
}

function blank(control: Control): unknown {
  if (control === "boolean") return false;
  if (control === "list") return [];
  if (control === "texts") return {};
  return ["number", "maybe", "other"].includes(control) ? undefined : "";
}

/** What is sent: an optional setting left empty is left out, unless the schema names the empty value. */
export function toSend(settings: readonly Setting[], values: Values): Values {
  const sent: Values = { ...values };
  for (const setting of settings) {
    const value = valueToSend(setting, sent[setting.name]);
    if (value === undefined || (value === "" && setting.initial !== "")) delete sent[setting.name];
    else sent[setting.name] = value;
  }
  return sent;
}

function valueToSend({ control, children, required }: Setting, value: unknown): unknown {
  if (control === "rows") return ((value ?? []) as Values[]).map((row) => toSend(children, row));
  if (control !== "group" && control !== "texts") return value;
  const inside = control === "group" ? toSend(children, (value ?? {}) as Values) : Object.fromEntries(Object.entries((value ?? {}) as Values).filter(([, text]) => text));
  return required || Object.keys(inside).length > 0 ? inside : undefined;
}

/** The pointer of what is called `name` inside another (RFC 6901). */
export function pointerTo(base: string, name: string | number): string {
  return `${base}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The problem of what a pointer names: its own or, with `inside`, of something in it. */
export function problemOf(pointer: string, errors: Record<string, string>, inside = true): string | undefined {
  const found = Object.keys(errors).find((key) => key === pointer || (inside && key.startsWith(`${pointer}/`)));
  return found && errors[found];
}

/** One entry a line; empty lines do not count. */
export function linesToList(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}
