import { createSSRApp, h } from "vue";
import { renderToString } from "vue/server-renderer";
import { describe, expect, it, vi } from "vitest";

vi.hoisted(() => vi.stubGlobal("navigator", { languages: ["en"], language: "en" }));

import CardView from "@/cards/CardView.vue";
import { dataOf, wrongWith } from "@/cards/answers";
import { CardError, inputsOf, MAX_ELEMENTS, readCard, type Input } from "@/cards/card";
import { i18n } from "@/i18n";
import texts from "@/locales/panels.en.json";

i18n.global.mergeLocaleMessage("en", texts);

const card = (...body: unknown[]) => ({ type: "AdaptiveCard", version: "1.5", body });
const submit = (title = "Go") => ({ type: "Action.Submit", title, data: { action: "go" } });
const PNG = "data:image/png;base64,iVBORw0KGgo=";

function problem(raw: unknown): string {
  try {
    readCard(raw);
    return "";
  } catch (error) {
    if (!(error instanceof CardError)) throw error;
    return error.pointer || "/";
  }
}

const render = (raw: unknown) => renderToString(createSSRApp({ render: () => h(CardView, { card: raw, act: () => Promise.resolve() }) }).use(i18n));

const whole = {
  ...card(
    { type: "TextBlock", text: "Orders", size: "large", weight: "bolder" },
    { type: "FactSet", facts: [{ title: "Status", value: "发货中" }] },
    { type: "Image", url: PNG, altText: "Box", width: 40 },
    { type: "ColumnSet", columns: [{ type: "Column", width: "auto", items: [{ type: "TextBlock", text: "a" }] }, { type: "Column", width: 2, items: [{ type: "Input.Text", id: "why", label: "Why", isRequired: true, maxLength: 5 }] }] },
    { type: "Container", style: "warning", items: [{ type: "Input.Number", id: "n", label: "N", min: 1, max: 9, value: 3 }, { type: "Input.Date", id: "d", label: "D", min: "2026-01-01" }] },
    { type: "Table", columns: [{ width: 1 }, { width: 2 }], rows: [{ type: "TableRow", cells: [{ type: "TableCell", items: [{ type: "TextBlock", text: "No." }] }, { type: "TableCell", items: [] }] }] },
    { type: "Input.Toggle", id: "t", title: "Sure?", isRequired: true },
    { type: "Input.ChoiceSet", id: "c", label: "C", choices: [{ title: "One", value: "1" }, { title: "Two", value: "2" }], isMultiSelect: true, value: "1" },
    { type: "ActionSet", actions: [{ type: "Action.OpenUrl", title: "Shop", url: "https://shop.example/?q=1" }, { type: "Action.Submit", title: "Insert", patchbay: { insertText: "Hi" } }] },
  ),
  actions: [submit(), { type: "Action.ShowCard", title: "More", card: card({ type: "Input.Text", id: "inner" }) }],
};

describe("readCard", () => {
  it("reads all that there is", () => {
    const read = readCard(whole);
    expect(read.body.map((one) => one.type)).toEqual(["TextBlock", "FactSet", "Image", "ColumnSet", "Container", "Table", "Input.Toggle", "Input.ChoiceSet", "ActionSet"]);
    expect(inputsOf(read.body).map((one) => one.id)).toEqual(["why", "n", "d", "t", "c"]);
    expect(read.actions.map((one) => one.type)).toEqual(["Action.Submit", "Action.ShowCard"]);
  });

  it.each<[string, unknown, string]>([
    ["no object", "<b>", "/"],
    ["nothing", undefined, "/"],
    ["another kind", { type: "HeroCard" }, "/type"],
    ["an unknown element", card({ type: "Media" }), "/body/0/type"],
    ["an element of the prototype", card({ type: "constructor" }), "/body/0/type"],
    ["a type that is inherited", card(Object.create({ type: "TextBlock", text: "x" })), "/body/0/type"],
    ["an unknown button", { ...card(), actions: [{ type: "Action.Execute", title: "x" }] }, "/actions/0/type"],
    ["a button without a name", { ...card(), actions: [{ type: "Action.Submit", data: { action: "a" } }] }, "/actions/0/title"],
    ["a press that says nothing", { ...card(), actions: [{ type: "Action.Submit", title: "x", data: {} }] }, "/actions/0/data"],
    ["text that is none", card({ type: "TextBlock", text: { toString: "x" } }), "/body/0/text"],
    ["a colour that is none", card({ type: "TextBlock", text: "x", color: "url(https://far.example)" }), "/body/0/color"],
    ["a width that is none", card({ type: "ColumnSet", columns: [{ type: "Column", width: "1px;background:red", items: [] }] }), "/body/0/columns/0/width"],
    ["rows of other lengths", card({ type: "Table", columns: [{}], rows: [{ type: "TableRow", cells: [] }] }), "/body/0/rows/0"],
    ["two inputs of one id", card({ type: "Input.Text", id: "a" }, { type: "Input.Text", id: "a" }), "/body/1/id"],
    ["the key of a prototype", card({ type: "Input.Text", id: "__proto__" }), "/body/0/id"],
    ["the action's own key", card({ type: "Input.Text", id: "action" }), "/body/0/id"],
  ])("refuses %s", (_name, raw, pointer) => expect(problem(raw)).toBe(pointer));

  it.each(["javascript:alert(1)", "http://far.example", "data:text/html,<script>alert(1)</script>", "https://user:secret@far.example", "//far.example", "JaVaScRiPt:1", " https", `https://far.example/${"x".repeat(2000)}`])("opens no %s", (url) => {
    expect(problem({ ...card(), actions: [{ type: "Action.OpenUrl", title: "x", url }] })).toBe("/actions/0/url");
  });

  it.each(["https://far.example/pixel.png", "data:image/svg+xml;base64,PHN2Zz4=", "data:image/png,x", "blob:https://far.example/1", "blob:../x", "data:image/png;base64,AA\"onerror=1"])("shows no picture from %s", (url) => {
    expect(problem(card({ type: "Image", url }))).toBe("/body/0/url");
  });

  it("bounds depth, number and size", () => {
    const nested = (depth: number): unknown => (depth === 0 ? { type: "TextBlock", text: "x" } : { type: "Container", items: [nested(depth - 1)] });
    expect(problem(card(nested(7)))).toBe("");
    expect(problem(card(nested(8)))).toBe(`/body/0${"/items/0".repeat(8)}`);
    const many = (n: number) => card({ type: "Container", items: Array.from({ length: n }, () => ({ type: "TextBlock", text: "x" })) });
    expect(problem(many(MAX_ELEMENTS - 1))).toBe("");
    expect(problem(many(MAX_ELEMENTS))).toBe(`/body/0/items/${MAX_ELEMENTS - 1}`);
    expect(problem(card(...Array.from({ length: 20 }, () => ({ type: "TextBlock", text: "长".repeat(1200) }))))).toBe("/");
    let bottomless: unknown = [];
    for (let i = 0; i < 200_000; i++) bottomless = [bottomless];
    expect(problem(card(bottomless))).toBe("/");
    const round: Record<string, unknown> = {};
    round["self"] = round;
    expect(problem(round)).toBe("/");
  });
});

describe("what a press sends", () => {
  const inputs = inputsOf(readCard(whole).body);
  const named = (id: string) => inputs.find((one) => one.id === id)!;

  it("is the button's data with what was typed", () => {
    expect(dataOf({ action: "go", order: 7 }, inputs, new Map([["why", "late"], ["n", "5"], ["t", "true"], ["c", "1,2"]]))).toEqual({ action: "go", order: 7, why: "late", n: 5, d: "", t: "true", c: "1,2" });
    expect(dataOf({}, [named("n")], new Map([["n", ""]]))).toEqual({});
  });

  it("is checked first", () => {
    const wrong = (id: string, value: string) => wrongWith(named(id) as Input, value);
    expect([wrong("why", " "), wrong("why", "longer"), wrong("why", "short")]).toEqual(["required", "long", undefined]);
    expect([wrong("n", "x"), wrong("n", "0"), wrong("n", "10"), wrong("n", "")]).toEqual(["number", "least", "most", undefined]);
    expect([wrong("d", "2025-12-31"), wrong("t", "false"), wrong("t", "true")]).toEqual(["least", "required", undefined]);
  });
});

describe("a card on the screen", () => {
  it("shows what is written as text", async () => {
    const html = await render(card({ type: "TextBlock", text: "<img src=x onerror=alert(1)> **bold** [a](javascript:1)" }));
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt; **bold** [a](javascript:1)");
    expect(html).not.toContain("<img");
  });

  it("names every input and gives links nothing of ours", async () => {
    const html = await render(whole);
    expect(html).toContain('rel="noopener noreferrer nofollow"');
    expect(html).toContain("发货中");
    expect(html.match(/<label/g)!.length).toBeGreaterThan(3);
    // There is no composer here: the button that needs one is not offered.
    expect(html).not.toContain("Insert");
    expect(html).toContain('aria-expanded="false"');
  });

  it("says that it cannot be shown, and shows nothing of it", async () => {
    const html = await render(card({ type: "TextBlock", text: "seen" }, { type: "<script>alert(1)</script>" }));
    expect(html).toContain("This card cannot be shown.");
    expect(html).toContain("/body/1/type");
    expect(html).not.toContain("seen");
    expect(html).not.toContain("<script>");
  });
});
