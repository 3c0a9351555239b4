/**
 * A card: the subset of Adaptive Cards 1.5 that docs/build-plugins describes, read out of JSON that a plugin wrote.
 * The host has checked it before; it is checked again here, where it would do harm. Only what is named here is taken
 * over, by own properties, into objects of our own; texts are texts and nothing else.
 */
export interface Card {
  body: Element[];
  actions: Action[];
}

export type Tone = "default" | "emphasis" | "accent" | "good" | "warning" | "attention";

export type Element =
  | { type: "TextBlock"; text: string; size: "small" | "default" | "medium" | "large" | "extraLarge"; weight: "lighter" | "default" | "bolder"; color: Tone; subtle: boolean; wrap: boolean }
  | { type: "FactSet"; facts: Pair[] }
  | { type: "Image"; url: string; alt: string; width?: number }
  | { type: "ColumnSet"; columns: { width: "auto" | "stretch" | number; items: Element[] }[] }
  | { type: "Container"; style: Tone; items: Element[] }
  | { type: "Table"; columns: number[]; header: boolean; lines: boolean; rows: Element[][][] }
  | { type: "ActionSet"; actions: Action[] }
  | Input;

export interface Pair {
  title: string;
  value: string;
}

interface Asked {
  id: string;
  label: string;
  required: boolean;
  error: string;
  value: string;
}

export type Input =
  | (Asked & { type: "Input.Text"; placeholder: string; lines: boolean; maxLength?: number })
  | (Asked & { type: "Input.Number"; placeholder: string; min?: number; max?: number })
  | (Asked & { type: "Input.Date"; min: string; max: string })
  | (Asked & { type: "Input.Toggle"; title: string })
  | (Asked & { type: "Input.ChoiceSet"; placeholder: string; choices: Pair[]; many: boolean; expanded: boolean });

interface Button {
  title: string;
  style: "default" | "positive" | "destructive";
}

export type Action =
  | (Button & { type: "Action.Submit"; action: string; data: Record<string, unknown>; insertText: string })
  | (Button & { type: "Action.OpenUrl"; url: string })
  | (Button & { type: "Action.ShowCard"; card: Card });

/** Bounds of a card, as the host has them. */
export const MAX_BYTES = 64 * 1024;
export const MAX_ELEMENTS = 200;
export const MAX_DEPTH = 8;
const MAX_TEXT = 4000;
const MAX_TITLE = 200;
const MAX_ADDRESS = 2000;

/** Why a card cannot be shown, and where in it. */
export class CardError extends Error {
  constructor(
    readonly pointer: string,
    message: string,
  ) {
    super(message);
  }
}

type Node = Record<string, unknown>;

/** Reads a card, or throws a CardError. */
export function readCard(raw: unknown): Card {
  let text: string | undefined;
  try {
    text = JSON.stringify(raw);
  } catch {
    throw new CardError("", "is not JSON");
  }
  if (text === undefined) throw new CardError("", "is not JSON");
  if (new TextEncoder().encode(text).length > MAX_BYTES) throw new CardError("", `has more than ${MAX_BYTES} bytes`);
  return new Reader().card(raw, "");
}

class Reader {
  private count = 0;
  private depth = 0;
  private readonly ids = new Set<string>();

  card(raw: unknown, at: string): Card {
    const node = object(raw, at);
    if (own(node, "type") !== "AdaptiveCard") throw new CardError(`${at}/type`, "is no AdaptiveCard");
    return this.inside(at, () => ({
      body: this.elements(own(node, "body") ?? [], `${at}/body`),
      actions: this.actions(own(node, "actions") ?? [], `${at}/actions`),
    }));
  }

  /** What is nested counts, and may be nested only so deeply. The card itself is no element. */
  private inside<T>(at: string, read: () => T): T {
    if (++this.count > MAX_ELEMENTS + 1) throw new CardError(at, `is one element too many: a card has at most ${MAX_ELEMENTS}`);
    if (++this.depth > MAX_DEPTH + 1) throw new CardError(at, `is nested too deeply: at most ${MAX_DEPTH} elements within one another`);
    const done = read();
    this.depth--;
    return done;
  }

  private elements(raw: unknown, at: string): Element[] {
    return list(raw, at).map((one, index) => this.inside(`${at}/${index}`, () => this.element(object(one, `${at}/${index}`), `${at}/${index}`)));
  }

  private element(node: Node, at: string): Element {
    const type = own(node, "type");
    switch (type) {
      case "TextBlock":
        return {
          type, text: text(node, "text", at, MAX_TEXT), size: oneOf(node, "size", at, ["default", "small", "medium", "large", "extraLarge"]),
          weight: oneOf(node, "weight", at, ["default", "lighter", "bolder"]), color: oneOf(node, "color", at, ["default", "accent", "good", "warning", "attention"]),
          subtle: yes(node, "isSubtle", at), wrap: yes(node, "wrap", at),
        };
      case "FactSet":
        return { type, facts: pairs(own(node, "facts"), `${at}/facts`, MAX_TEXT) };
      case "Image":
        return { type, url: picture(node, at), alt: text(node, "altText", at, MAX_TITLE), width: number(node, "width", at) };
      case "ColumnSet":
        return { type, columns: this.parts(node, "columns", "Column", at, (column, here) => ({ width: columnWidth(column, here), items: this.elements(own(column, "items"), `${here}/items`) })) };
      case "Container":
        return { type, style: oneOf(node, "style", at, ["default", "emphasis", "accent", "good", "warning", "attention"]), items: this.elements(own(node, "items"), `${at}/items`) };
      case "Table":
        return this.table(node, at);
      case "ActionSet":
        return { type, actions: this.actions(own(node, "actions"), `${at}/actions`) };
      default:
        return this.input(node, type, at);
    }
  }

  private parts<T>(node: Node, key: string, type: string, at: string, read: (part: Node, at: string) => T): T[] {
    return list(own(node, key), `${at}/${key}`).map((raw, index) => {
      const here = `${at}/${key}/${index}`;
      const part = object(raw, here);
      if (own(part, "type") !== type) throw new CardError(`${here}/type`, `is no ${type}`);
      return this.inside(here, () => read(part, here));
    });
  }

  private table(node: Node, at: string): Element {
    const columns = list(own(node, "columns"), `${at}/columns`).map((one, index) => number(object(one, `${at}/columns/${index}`), "width", `${at}/columns/${index}`) ?? 1);
    const rows = this.parts(node, "rows", "TableRow", at, (row, here) => this.parts(row, "cells", "TableCell", here, (cell, place) => this.elements(own(cell, "items"), `${place}/items`)));
    const uneven = rows.findIndex((row) => row.length !== columns.length);
    if (uneven >= 0) throw new CardError(`${at}/rows/${uneven}`, "has another number of cells than the table has columns");
    return { type: "Table", columns, rows, header: own(node, "firstRowAsHeader") !== false, lines: own(node, "showGridLines") !== false };
  }

  private input(node: Node, type: unknown, at: string): Input {
    const asked = () => ({ id: this.id(node, at), label: text(node, "label", at, MAX_TITLE), required: yes(node, "isRequired", at), error: text(node, "errorMessage", at, MAX_TITLE) });
    const value = () => text(node, "value", at, MAX_TEXT);
    const placeholder = () => text(node, "placeholder", at, MAX_TITLE);
    switch (type) {
      case "Input.Text":
        return { type, ...asked(), value: value(), placeholder: placeholder(), lines: yes(node, "isMultiline", at), maxLength: number(node, "maxLength", at) };
      case "Input.Number":
        return { type, ...asked(), value: String(number(node, "value", at) ?? ""), placeholder: placeholder(), min: number(node, "min", at), max: number(node, "max", at) };
      case "Input.Date":
        return { type, ...asked(), value: value(), min: text(node, "min", at, MAX_TITLE), max: text(node, "max", at, MAX_TITLE) };
      case "Input.Toggle":
        return { type, ...asked(), title: text(node, "title", at, MAX_TITLE), value: value() === "true" ? "true" : "false" };
      case "Input.ChoiceSet":
        return { type, ...asked(), value: value(), placeholder: placeholder(), choices: pairs(own(node, "choices"), `${at}/choices`, MAX_TITLE), many: yes(node, "isMultiSelect", at), expanded: own(node, "style") === "expanded" };
      default:
        throw new CardError(`${at}/type`, `${named(type)} is not known`);
    }
  }

  private id(node: Node, at: string): string {
    const id = own(node, "id");
    if (typeof id !== "string" || !/^[A-Za-z0-9_.-]{1,64}$/.test(id) || id === "action" || id === "__proto__") throw new CardError(`${at}/id`, "is no id");
    if (this.ids.has(id)) throw new CardError(`${at}/id`, "is another input's id");
    this.ids.add(id);
    return id;
  }

  private actions(raw: unknown, at: string): Action[] {
    return list(raw, at).map((one, index) => this.inside(`${at}/${index}`, () => this.action(object(one, `${at}/${index}`), `${at}/${index}`)));
  }

  private action(node: Node, at: string): Action {
    const button: Button = { title: text(node, "title", at, MAX_TITLE), style: oneOf(node, "style", at, ["default", "positive", "destructive"]) };
    if (!button.title) throw new CardError(`${at}/title`, "is missing");
    const type = own(node, "type");
    switch (type) {
      case "Action.Submit":
        return { type, ...button, ...submitted(node, at) };
      case "Action.OpenUrl":
        return { type, ...button, url: address(node, at) };
      case "Action.ShowCard":
        return { type, ...button, card: this.card(own(node, "card"), `${at}/card`) };
      default:
        throw new CardError(`${at}/type`, `${named(type)} is not known`);
    }
  }
}

const own = (node: Node, key: string): unknown => (Object.hasOwn(node, key) ? node[key] : undefined);
const named = (type: unknown) => (typeof type === "string" ? `“${type.slice(0, 40)}”` : "What has no type");

function object(raw: unknown, at: string): Node {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) throw new CardError(at, "is no object");
  return raw as Node;
}

function list(raw: unknown, at: string): unknown[] {
  if (!Array.isArray(raw)) throw new CardError(at, "is no list");
  if (raw.length > MAX_ELEMENTS) throw new CardError(at, "is too long");
  return raw;
}

function text(node: Node, key: string, at: string, most: number): string {
  const value = own(node, key) ?? "";
  if (typeof value !== "string" || value.length > most * 2) throw new CardError(`${at}/${key}`, `is no text of at most ${most} characters`);
  return value;
}

function yes(node: Node, key: string, at: string): boolean {
  const value = own(node, key) ?? false;
  if (typeof value !== "boolean") throw new CardError(`${at}/${key}`, "is neither true nor false");
  return value;
}

function number(node: Node, key: string, at: string): number | undefined {
  const value = own(node, key);
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw new CardError(`${at}/${key}`, "is no number");
  return value;
}

/** The first word is meant where none is written. */
function oneOf<T extends string>(node: Node, key: string, at: string, words: readonly T[]): T {
  const value = own(node, key) ?? words[0];
  const word = words.find((one) => one === value);
  if (word === undefined) throw new CardError(`${at}/${key}`, `is none of ${words.join(", ")}`);
  return word;
}

function pairs(raw: unknown, at: string, most: number): Pair[] {
  return list(raw, at).map((one, index) => {
    const here = `${at}/${index}`;
    const pair = object(one, here);
    return { title: text(pair, "title", here, MAX_TITLE), value: text(pair, "value", here, most) };
  });
}

function columnWidth(node: Node, at: string): "auto" | "stretch" | number {
  const width = own(node, "width") ?? "stretch";
  if (width === "auto" || width === "stretch" || (typeof width === "number" && width >= 1 && width <= 100)) return width;
  throw new CardError(`${at}/width`, "is no width");
}

/** Bytes, or a file that the core has: any other address would tell its owner who looks. */
function picture(node: Node, at: string): string {
  const url = own(node, "url");
  if (typeof url === "string" && (/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$/.test(url) || /^blob:[A-Za-z0-9_-]{1,100}$/.test(url))) return url;
  throw new CardError(`${at}/url`, "is no picture of the card's own");
}

function address(node: Node, at: string): string {
  const raw = own(node, "url");
  const url = typeof raw === "string" && raw.length <= MAX_ADDRESS && URL.canParse(raw) ? new URL(raw) : undefined;
  if (!url || url.protocol !== "https:" || url.username || url.password) throw new CardError(`${at}/url`, "is no https address");
  return url.href;
}

function submitted(node: Node, at: string): { action: string; data: Record<string, unknown>; insertText: string } {
  const extension = own(node, "patchbay");
  const insertText = extension === undefined ? "" : text(object(extension, `${at}/patchbay`), "insertText", `${at}/patchbay`, MAX_TEXT);
  const raw = own(node, "data");
  const data = raw === undefined ? {} : object(raw, `${at}/data`);
  const action = raw === undefined ? "" : text(data, "action", `${at}/data`, MAX_TITLE);
  if (!action && !insertText) throw new CardError(`${at}/data`, 'has no "action"');
  return { action, data, insertText };
}

/** The inputs that stand in the elements, those inside others too. Cards behind a button keep their own. */
export function inputsOf(elements: readonly Element[]): Input[] {
  return elements.flatMap((one) => {
    switch (one.type) {
      case "ColumnSet":
        return one.columns.flatMap((column) => inputsOf(column.items));
      case "Container":
        return inputsOf(one.items);
      case "Table":
        return one.rows.flatMap((row) => row.flatMap(inputsOf));
      case "TextBlock":
      case "FactSet":
      case "Image":
      case "ActionSet":
        return [];
      default:
        return [one];
    }
  });
}
