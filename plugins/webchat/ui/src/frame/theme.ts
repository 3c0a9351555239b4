import type { WidgetSettings } from "@patchbay/client/types";
import { inkOn, isColor } from "../color";
import { spoken } from "../locale";
import type { Look } from "../relay";
import { readableOn } from "./tone";

/** The least readable surfaces text in the accent's tone stands on: see app.css. */
const LIGHT = "#f5f6f8";
const DARK = "#23262d";

/** What of the settings concerns the looks, checked. The theme goes before what stands beside it. */
export function lookOf({ color, position, locale, theme = {} }: WidgetSettings & Look): Look {
  const accent = isColor(theme.color) ? theme.color : color;
  const corner = theme.position || position;
  const { launcher_text: text, dark, radius } = theme;
  return {
    ...(isColor(accent) && { color: accent }),
    ...((corner === "left" || corner === "right") && { position: corner }),
    ...(typeof locale === "string" && spoken(locale) && { locale }),
    ...(text && { text: text.slice(0, 30) }),
    ...((dark === "light" || dark === "dark") && { dark }),
    ...(typeof radius === "number" && radius >= 0 && radius <= 24 && { radius }),
  };
}

/** Gives the page the inbox's colour, brightness and rounding. */
export function applyLook({ color, dark, radius }: Look, root: HTMLElement): void {
  if (dark) root.dataset["theme"] = dark;
  else delete root.dataset["theme"];
  if (radius !== undefined) root.style.setProperty("--radius", `${radius}px`);
  applyColor(color, root);
}

/** Gives the page the inbox's colour, if it has one. */
function applyColor(color: string | undefined, root: HTMLElement): void {
  if (!color) return;
  const tokens = { accent: color, ink: inkOn(color), "tint-light": readableOn(color, LIGHT), "tint-dark": readableOn(color, DARK) };
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(`--${name}`, value);
}
