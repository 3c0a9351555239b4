import type { WidgetSettings } from "@patchbay/client/types";
import { inkOn, isColor } from "../color";
import type { Look } from "../relay";
import { readableOn } from "./tone";

/** The least readable surfaces text in the accent's tone stands on: see app.css. */
const LIGHT = "#f5f6f8";
const DARK = "#23262d";

/** What of the settings concerns the launcher, checked. */
export function lookOf({ color, position, locale }: WidgetSettings): Look {
  return {
    ...(isColor(color) && { color }),
    ...((position === "left" || position === "right") && { position }),
    ...((locale === "en" || locale === "zh-CN") && { locale }),
  };
}

/** Gives the page the inbox's colour, if it has one. */
export function applyColor(color: string | undefined, root: HTMLElement): void {
  if (!color) return;
  const tokens = { accent: color, ink: inkOn(color), "tint-light": readableOn(color, LIGHT), "tint-dark": readableOn(color, DARK) };
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(`--${name}`, value);
}
