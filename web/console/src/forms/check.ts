import { isShown, pointerTo, type Limits, type Setting, type Values } from "./schema";
import { isSecret } from "./values";

/** What is wrong with a value: the name of a sentence of `forms.problems`, and what stands in it. */
export interface Problem {
  code: "required" | "short" | "long" | "least" | "most" | "above" | "below" | "step" | "whole" | "pattern" | "url" | "email" | "date" | "color" | "choice" | "few" | "many" | "same";
  limit: number;
}

/** What the form knows beside the values. */
interface Context {
  root: Values;
  /** Secrets that the server holds, by pointer. */
  held: Readonly<Record<string, boolean>>;
}

/** What the schema says against the values, by pointer. The server checks again and may know more. */
export function check(settings: readonly Setting[], values: Values, held: Context["held"] = {}): Map<string, Problem> {
  const found = new Map<string, Problem>();
  checkAll(settings, values, "", { root: values, held }, found);
  return found;
}

function checkAll(settings: readonly Setting[], values: Values, base: string, context: Context, found: Map<string, Problem>): void {
  for (const setting of settings) {
    if (isShown(setting, context.root)) checkOne(setting, values[setting.name], pointerTo(base, setting.name), context, found);
  }
}

function checkOne(setting: Setting, value: unknown, pointer: string, context: Context, found: Map<string, Problem>): void {
  const missing = missingFrom(setting, value, pointer, context);
  if (missing) return void found.set(pointer, missing);
  if (setting.control === "group") return checkGroup(setting, (value ?? {}) as Values, pointer, context, found);
  if (isSecret(setting) || (isEmpty(value) && !(setting.required && Array.isArray(value)))) return;
  const own = checkValue(setting, value);
  if (own) found.set(pointer, own);
  if (setting.control === "rows") (value as Values[]).forEach((row, index) => checkAll(setting.children, row, pointerTo(pointer, index), context, found));
  if (setting.control === "list") checkEntries(setting, value as string[], pointer, found);
}

/** An optional group that is left empty is not sent: what it requires inside is asked for only once something is in it. */
function checkGroup(setting: Setting, values: Values, pointer: string, context: Context, found: Map<string, Problem>): void {
  if (setting.required || Object.entries(values).some(([name, value]) => !isEmpty(value) && value !== setting.children.find((child) => child.name === name)?.initial && value !== false)) checkAll(setting.children, values, pointer, context, found);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.values(value).every(isEmpty);
}

function missingFrom(setting: Setting, value: unknown, pointer: string, { held }: Context): Problem | undefined {
  const missing = { code: "required" as const, limit: 0 };
  if (!setting.required || setting.control === "group" || setting.control === "other" || setting.initial === "") return undefined;
  if (isSecret(setting)) return value || (held[pointer] && value !== null) ? undefined : missing;
  // An empty list is a value; whether it may be empty is what minItems says.
  if (Array.isArray(value)) return undefined;
  return isEmpty(value) ? missing : undefined;
}

function checkEntries(setting: Setting, entries: readonly string[], pointer: string, found: Map<string, Problem>): void {
  entries.forEach((entry, index) => {
    const wrong = checkText(entry, setting.itemLimits ?? {});
    if (wrong) found.set(pointerTo(pointer, index), wrong);
  });
}

function checkValue(setting: Setting, value: unknown): Problem | undefined {
  const { limits } = setting;
  if (setting.control === "choice") return setting.options.some((option) => option.raw === value) ? undefined : { code: "choice", limit: 0 };
  if (Array.isArray(value)) return checkCount(value, limits);
  if (typeof value === "number") return checkNumber(value, limits, setting.integer);
  return typeof value === "string" ? checkText(value, limits) : undefined;
}

function checkCount(value: readonly unknown[], { minItems = 0, maxItems = Infinity, uniqueItems }: Limits): Problem | undefined {
  if (value.length < minItems) return { code: "few", limit: minItems };
  if (value.length > maxItems) return { code: "many", limit: maxItems };
  return uniqueItems && new Set(value.map((one) => JSON.stringify(one))).size < value.length ? { code: "same", limit: 0 } : undefined;
}

function checkNumber(value: number, { minimum = -Infinity, maximum = Infinity, above = -Infinity, below = Infinity, multipleOf }: Limits, integer: boolean): Problem | undefined {
  if (integer && !Number.isInteger(value)) return { code: "whole", limit: 0 };
  if (value < minimum) return { code: "least", limit: minimum };
  if (value > maximum) return { code: "most", limit: maximum };
  if (value <= above) return { code: "above", limit: above };
  if (value >= below) return { code: "below", limit: below };
  // Floating point: 0.3 is not exactly three tenths, but meant to be.
  return multipleOf && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9 ? { code: "step", limit: multipleOf } : undefined;
}

function checkText(value: string, { minLength = 0, maxLength = Infinity, pattern, format }: Limits): Problem | undefined {
  const length = [...value].length;
  if (length < minLength) return { code: "short", limit: minLength };
  if (length > maxLength) return { code: "long", limit: maxLength };
  const code = format && Object.hasOwn(formats, format) && !formats[format as keyof typeof formats](value) ? (format === "uri" ? "url" : (format as "email")) : undefined;
  if (code) return { code, limit: 0 };
  return pattern && !matches(value, pattern) ? { code: "pattern", limit: 0 } : undefined;
}

const formats = {
  uri: (text: string) => URL.canParse(text),
  email: (text: string) => /^[^\s@]+@[^\s@]+$/.test(text),
  date: (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  color: (text: string) => /^#[0-9a-fA-F]{6}$/.test(text),
};

/** The server's patterns are RE2: one that this browser does not know is left to it. */
function matches(value: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}
