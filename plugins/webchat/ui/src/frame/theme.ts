import type { WidgetSettings } from "@patchbay/client/types";
import { inkOn, isColor } from "../color";
import { readableOn } from "./tone";

/** The least readable surfaces text in the accent's tone stands on: see app.css. */
const LIGHT = "#f5f6f8";
const DARK = "#23262d";

/** Applies the inbox's colour, if it has one; answers it. */
export function applyTheme(settings: WidgetSettings, root: HTMLElement): string | undefined {
  const { color } = settings;
  if (!isColor(color)) return undefined;
  const tokens = { accent: color, ink: inkOn(color), "tint-light": readableOn(color, LIGHT), "tint-dark": readableOn(color, DARK) };
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(`--${name}`, value);
  return color;
}
