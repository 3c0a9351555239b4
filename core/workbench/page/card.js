// Cards, drawn plainly: the elements that docs/build-plugins names, without the
// console's finish.
import { h } from "./dom.js";

// card returns the elements of a card. press is called with a button's action
// and the data of the card.
export function card(json, press, t) {
  const inputs = new Map();
  const draw = (e) => (drawers[e.type] ?? unknown)(e, draw);
  const all = (list) => (list ?? []).map(draw);
  const read = () => Object.fromEntries([...inputs].map(([id, value]) => [id, value()]));

  const button = (a) => {
    if (a.type === "Action.OpenUrl") return h("a", { class: "button", href: a.url, target: "_blank", rel: "noopener noreferrer" }, a.title);
    const { action, ...data } = a.data ?? {};
    const pressed = () => (action ? press(action, { ...data, ...read() }) : press.insert(a.patchbay?.insertText ?? ""));
    return h("button", { type: "button", class: a.style === "destructive" ? "plain" : "", onclick: pressed }, a.title);
  };
  const input = (e, control, value) => {
    inputs.set(e.id, value);
    return h("label", {}, e.label ?? "", control);
  };
  const drawers = {
    TextBlock: (e) => h("p", { class: [e.weight === "Bolder" || e.weight === "bolder" ? "strong" : "", e.isSubtle ? "subtle" : "", /large/i.test(e.size ?? "") ? "large" : "", (e.color ?? "").toLowerCase()].join(" ") }, e.text),
    FactSet: (e) => h("dl", { class: "facts-list" }, ...e.facts.flatMap((f) => [h("dt", {}, f.title), h("dd", {}, f.value)])),
    Container: (e) => h("div", { class: "box" }, ...all(e.items)),
    ColumnSet: (e) => h("div", { class: "columns" }, ...e.columns.map((c) => h("div", {}, ...all(c.items)))),
    Image: (e) => h("img", { src: e.url, alt: e.altText ?? "" }),
    Table: (e) => h("table", {}, h("tbody", {}, ...e.rows.map((r) => h("tr", {}, ...r.cells.map((c) => h("td", {}, ...all(c.items))))))),
    ActionSet: (e) => h("div", { class: "buttons" }, ...e.actions.map(button)),
    "Input.Text": (e) => {
      const i = h(e.isMultiline ? "textarea" : "input", { placeholder: e.placeholder, maxlength: e.maxLength });
      i.value = e.value ?? "";
      return input(e, i, () => i.value);
    },
    "Input.Number": (e) => {
      const i = h("input", { type: "number", min: e.min, max: e.max, value: e.value });
      return input(e, i, () => (i.value === "" ? null : Number(i.value)));
    },
    "Input.Date": (e) => {
      const i = h("input", { type: "date", min: e.min, max: e.max, value: e.value });
      return input(e, i, () => i.value);
    },
    "Input.Toggle": (e) => {
      const i = h("input", { type: "checkbox", checked: e.value === (e.valueOn ?? "true") });
      inputs.set(e.id, () => (i.checked ? e.valueOn ?? "true" : e.valueOff ?? "false"));
      return h("label", { class: "row" }, i, e.title ?? e.label ?? "");
    },
    "Input.ChoiceSet": (e) => {
      const i = h("select", { multiple: e.isMultiSelect === true }, e.isMultiSelect ? "" : h("option", { value: "" }, e.placeholder ?? t.choose),
        ...e.choices.map((c) => h("option", { value: c.value, selected: (e.value ?? "").split(",").includes(c.value) }, c.title)));
      return input(e, i, () => [...i.selectedOptions].map((o) => o.value).join(","));
    },
  };
  const unknown = (e) => h("p", { class: "subtle" }, e.type);
  const foot = json.actions?.length ? [h("div", { class: "buttons" }, ...json.actions.map(button))] : [];
  return [...all(json.body), ...foot];
}
