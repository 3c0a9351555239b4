import { isShown, pointerTo, type Control, type Setting, type Values } from "./schema";

/** What the form starts with: what is stored, else the schema's defaults. Secrets are never stored here. */
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
    case "secret":
    case "oauth":
      return undefined;
    default:
      return value ?? blank(control);
  }
}

function blank(control: Control): unknown {
  if (control === "boolean") return false;
  if (control === "list" || control === "checks") return [];
  if (control === "texts") return {};
  return ["number", "maybe", "other", "choice"].includes(control) ? undefined : "";
}

/**
 * What is sent: an optional setting left empty is left out, unless the schema names the empty value; one that is not
 * shown is left out, too, and secrets go beside it.
 */
export function toSend(settings: readonly Setting[], values: Values, root: Values = values): Values {
  const sent: Values = { ...values };
  for (const setting of settings) {
    const value = isShown(setting, root) ? valueToSend(setting, sent[setting.name], root) : undefined;
    if (value === undefined || (value === "" && setting.initial !== "")) delete sent[setting.name];
    else sent[setting.name] = value;
  }
  return sent;
}

function valueToSend({ control, children, required, limits }: Setting, value: unknown, root: Values): unknown {
  // A list that may be absent but not empty.
  if (!required && limits.minItems && Array.isArray(value) && value.length === 0) return undefined;
  if (control === "secret" || control === "oauth") return undefined;
  if (control === "rows") return ((value ?? []) as Values[]).map((row) => toSend(children, row, root));
  if (control !== "group" && control !== "texts") return value;
  const inside = control === "group" ? toSend(children, (value ?? {}) as Values, root) : Object.fromEntries(Object.entries((value ?? {}) as Values).filter(([, text]) => text));
  return required || Object.keys(inside).length > 0 ? inside : undefined;
}

/** The secrets that were written or, as null, taken away, by the pointer of their setting. */
export function secretsToSend(settings: readonly Setting[], values: Values, root: Values = values, base = ""): Record<string, string | null> {
  const sent: Record<string, string | null> = {};
  for (const setting of settings) {
    const pointer = pointerTo(base, setting.name);
    const value = values[setting.name];
    if (!isShown(setting, root)) continue;
    if (setting.control === "group") Object.assign(sent, secretsToSend(setting.children, (value ?? {}) as Values, root, pointer));
    else if (isSecret(setting) && (value === null || (typeof value === "string" && value !== ""))) sent[pointer] = value;
  }
  return sent;
}

/** Whether its value never comes back from the server. */
export const isSecret = ({ control }: Setting) => control === "secret" || control === "oauth";
