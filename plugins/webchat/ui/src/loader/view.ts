import css from "./loader.css?inline";

export const add = <K extends keyof HTMLElementTagNameMap>(parent: Node, tag: K, attributes: Record<string, string> = {}) => {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]!);
  return parent.appendChild(element);
};

/**
 * The loader's elements, in a shadow root so that the page's styles and ours never meet. Built
 * without markup strings, style elements or images: it works under a strict CSP and Trusted Types.
 */
export function createView() {
  const host = document.createElement("patchbay-widget");
  host.role = "region";
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
  const box = add(root, "div");
  const button = add(box, "button", { class: "b", type: "button", "data-testid": "launcher" });
  const label = add(button, "span");
  const badge = add(button, "span", { class: "u" });
  return { host, root, box, button, label, badge };
}
