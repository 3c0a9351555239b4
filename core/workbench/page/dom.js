// Elements, made by hand: texts are always texts, never HTML.

// h makes an element. Attributes that begin with "on" are listeners.
export function h(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, "");
    else if (v !== false && v != null) e.setAttribute(k, v);
  }
  e.append(...children.filter((c) => c != null && c !== ""));
  return e;
}

// fill puts children in place of those that an element has.
export function fill(e, ...children) {
  e.replaceChildren(...children);
}

// local picks the text of a language.
export function local(all, locale) {
  return all?.[locale] ?? all?.[locale.split("-")[0]] ?? all?.en ?? "";
}

// busy runs something with its button pressed down, and shows what came of it.
export async function busy(button, out, does) {
  button.disabled = true;
  try {
    const shown = await does();
    if (out) fill(out, ...(shown ? [shown] : []));
  } catch (e) {
    if (out) fill(out, fault(e));
  } finally {
    button.disabled = false;
  }
}

// fault shows what was refused, each problem at its place.
export function fault(e) {
  const fields = e.fields?.length ? h("ul", {}, ...e.fields.map((f) => h("li", {}, h("code", {}, f.pointer), " ", f.detail))) : "";
  return h("div", { class: "result bad", role: "alert" }, e.message, fields);
}
