import type { Locale } from "@/i18n";

/** The part of JSON Schema (2020-12) that the form shows. x-i18n carries the texts of other languages. */
export interface Property {
  type?: string;
  format?: string;
  title?: string;
  description?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  writeOnly?: boolean;
  items?: Property;
  properties?: Record<string, Property>;
  required?: string[];
  /** Of an object without properties of its own: what each entry is. */
  additionalProperties?: boolean | Property;
  $ref?: string;
  "x-i18n"?: Record<string, { title?: string; description?: string; enum?: string[]; section?: string; placeholder?: string }>;
  /** The setting stands under this heading, with the others of it. */
  "x-section"?: string;
  "x-placeholder"?: string;
  "x-multiline"?: boolean;
  /** Written once and never read again: it travels beside the configuration. */
  "x-secret"?: boolean;
  /** The value is got by signing in at another system. */
  "x-oauth"?: { authorize_url?: string; scopes?: string[]; redirect_url?: string };
  "x-depends"?: Condition;
}

/** When a setting is shown: what another one has to be. `field` is a pointer from the root of the configuration. */
export interface Condition {
  field: string;
  equals?: unknown;
  in?: unknown[];
  /** When that one is shown itself: what hangs on something that is hidden is hidden, too. */
  under?: Condition;
}

export interface Schema {
  properties?: Record<string, Property>;
  required?: string[];
  $defs?: Record<string, Property>;
}

/**
 * How a setting is edited. `maybe` is a yes or no that may stay open; `checks` several out of few; `texts` one text
 * per language; `group` settings inside a setting; `rows` several of such; `hidden` a secret of the schema's older
 * way, that the server gives back; `secret` one that it never does; `oauth` got by signing in. `other` is kept as
 * it is: the form has no control for it.
 */
export type Control = "line" | "lines" | "hidden" | "secret" | "oauth" | "url" | "email" | "date" | "color" | "number" | "boolean" | "maybe" | "choice" | "checks" | "list" | "texts" | "group" | "rows" | "other";

/** One of a choice. `value` names it in the control, `raw` is what is stored. */
export interface Option {
  value: string;
  label: string;
  raw: unknown;
}

/** What the schema asks of a value, to be said before the server does. */
export interface Limits {
  minimum?: number;
  maximum?: number;
  /** The bounds themselves are not allowed. */
  above?: number;
  below?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
}

export interface Setting {
  name: string;
  control: Control;
  title: string;
  description: string;
  placeholder: string;
  required: boolean;
  /** "" stands before the first heading. */
  section: string;
  depends?: Condition;
  /** Where browsers come back to from signing in: the other side wants to know it before. */
  redirect?: string;
  limits: Limits;
  /** Of each entry of a list of texts. */
  itemLimits?: Limits;
  integer: boolean;
  options: Option[];
  initial: unknown;
  /** Of a group, and of each of the rows. */
  children: Setting[];
}

export type Values = Record<string, unknown>;

/** Texts longer than this get several lines. */
const LONG_TEXT = 120;

/** The settings of a schema in its order, in the reader's language. */
export function settingsOf(schema: Schema, locale: Locale): Setting[] {
  const settings = settingsIn(schema, locale, schema.$defs ?? {});
  return settings.map((setting) => linked(setting, settings));
}

/** A setting and those in it, whose conditions know what they hang on. */
function linked(setting: Setting, all: readonly Setting[]): Setting {
  const children = setting.children.map((child) => linked(child, all));
  return setting.depends ? { ...setting, children, depends: chain(setting.depends, all, new Set()) } : { ...setting, children };
}

function chain(condition: Condition, all: readonly Setting[], met: Set<string>): Condition {
  const above = all.find((one) => pointerTo("", one.name) === condition.field)?.depends;
  if (!above || met.has(condition.field)) return condition;
  return { ...condition, under: chain(above, all, met.add(condition.field)) };
}

function settingsIn(schema: Schema | Property, locale: Locale, defs: Record<string, Property>): Setting[] {
  return Object.entries(schema.properties ?? {}).map(([name, written]) => settingOf(name, resolved(written, defs), schema.required?.includes(name) ?? false, locale, defs));
}

function settingOf(name: string, property: Property, required: boolean, locale: Locale, defs: Record<string, Property>): Setting {
  const own = property["x-i18n"]?.[locale];
  const control = controlOf(property, defs);
  const items = resolved(property.items ?? {}, defs);
  const inside = control === "group" ? property : control === "rows" ? items : undefined;
  const of = control === "checks" ? items : property;
  const names = of["x-i18n"]?.[locale]?.enum ?? own?.enum;
  return {
    name,
    control,
    title: own?.title ?? property.title ?? name,
    description: own?.description ?? property.description ?? "",
    placeholder: own?.placeholder ?? property["x-placeholder"] ?? "",
    section: own?.section ?? property["x-section"] ?? "",
    required,
    ...(property["x-depends"] && { depends: property["x-depends"] }),
    ...(property["x-oauth"]?.redirect_url && { redirect: property["x-oauth"].redirect_url }),
    limits: limitsOf(property),
    ...(control === "list" && { itemLimits: limitsOf(items) }),
    integer: property.type === "integer",
    options: (of.enum ?? []).map((raw, index) => ({ value: String(raw), raw, label: names?.[index] ?? String(raw) })),
    initial: property.default,
    children: inside ? settingsIn(inside, locale, defs) : [],
  };
}

function limitsOf(property: Property): Limits {
  const { minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below, multipleOf, minLength, maxLength, pattern, format, minItems, maxItems, uniqueItems } = property;
  const all: Limits = { minimum, maximum, above, below, multipleOf, minLength, maxLength, pattern, format, minItems, maxItems, uniqueItems };
  return Object.fromEntries(Object.entries(all).filter(([, limit]) => limit !== undefined));
}

/** A property with what it refers to; what stands beside the reference goes first. */
function resolved(property: Property, defs: Record<string, Property>): Property {
  const name = property.$ref?.match(/^#\/\$defs\/([^/]+)$/)?.[1];
  return name ? { ...(Object.hasOwn(defs, name) ? defs[name] : {}), ...property } : property;
}

const isScalar = (value: unknown) => ["string", "number", "boolean"].includes(typeof value);

function controlOf(property: Property, defs: Record<string, Property>): Control {
  if (property["x-oauth"]) return "oauth";
  if (property["x-secret"]) return "secret";
  if (property.enum?.every(isScalar)) return "choice";
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
  if (items.enum?.every(isScalar)) return "checks";
  if (items.type === "string") return "list";
  return items.type === "object" && items.properties ? "rows" : "other";
}

function groupControl(property: Property, defs: Record<string, Property>): Control {
  if (property.properties) return "group";
  const entries = property.additionalProperties;
  return typeof entries === "object" && resolved(entries, defs).type === "string" ? "texts" : "other";
}

function textControl(property: Property): Control {
  if (property.writeOnly || property.format === "password") return "hidden";
  const formats: Record<string, Control> = { color: "color", uri: "url", email: "email", date: "date", multiline: "lines" };
  const known = property.format !== undefined && Object.hasOwn(formats, property.format) ? formats[property.format] : undefined;
  return known ?? (property["x-multiline"] || (property.maxLength ?? 0) > LONG_TEXT ? "lines" : "line");
}

/** The settings under each heading, in the order in which the headings come. */
export function sectionsOf(settings: readonly Setting[]): { title: string; settings: Setting[] }[] {
  const sections = new Map<string, Setting[]>();
  for (const setting of settings) sections.set(setting.section, [...(sections.get(setting.section) ?? []), setting]);
  return [...sections].map(([title, own]) => ({ title, settings: own }));
}

/** The pointer of what is called `name` inside another (RFC 6901). */
export function pointerTo(base: string, name: string | number): string {
  return `${base}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** What stands at a pointer. Only what is there itself counts, never what every object has. */
export function valueAt(root: unknown, pointer: string): unknown {
  let at: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Values)[name];
  }
  return at;
}

/** Whether a setting is shown, as things stand in the whole configuration. */
export function isShown({ depends }: Pick<Setting, "depends">, root: Values): boolean {
  if (!depends) return true;
  if (!isShown({ depends: depends.under }, root)) return false;
  const value = valueAt(root, depends.field);
  if (depends.in) return depends.in.includes(value);
  return "equals" in depends ? value === depends.equals : Boolean(value);
}

/** The problem of what a pointer names: its own or, with `inside`, of something in it. */
export function problemOf(pointer: string, errors: Record<string, string>, inside = true): string | undefined {
  const found = Object.keys(errors).find((key) => key === pointer || (inside && key.startsWith(`${pointer}/`)));
  return found && errors[found];
}
