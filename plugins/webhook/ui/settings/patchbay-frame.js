/* Patchbay's client for pages of plugins. Put it beside your page in ui/ and load it first:
   <script src="patchbay-frame.js"></script>. It sets window.patchbay; types are in patchbay-frame.d.ts. Apache-2.0 */
(() => {
  "use strict";
  const root = document.documentElement;
  const waiting = new Map();
  const listeners = new Map();
  let last = 0;
  let port;
  let connected;
  const ready = new Promise((resolve) => (connected = resolve));

  function request(method, params) {
    return ready.then(() => new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      port.postMessage({ id, method, params });
    }));
  }

  function take({ data }) {
    if (data.event) return tell(data.event, data.data);
    const one = waiting.get(data.id);
    waiting.delete(data.id);
    if (!one) return;
    if (data.error) one.reject(Object.assign(new Error(data.error.message), { code: data.error.code }));
    else one.resolve(data.result);
  }

  function tell(event, data) {
    if (event === "theme") dress(data);
    if (event === "locale") root.lang = data.locale;
    for (const listener of listeners.get(event) ?? []) listener(data);
  }

  /* textSoft becomes --text-soft: a page looks like the console without knowing its colours. */
  function dress({ theme, tokens }) {
    root.dataset.theme = root.style.colorScheme = theme;
    for (const [name, value] of Object.entries(tokens)) root.style.setProperty("--" + name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase()), value);
  }

  function measure() {
    request("resize", { height: Math.ceil(root.getBoundingClientRect().height) }).catch(() => undefined);
  }

  addEventListener("message", (event) => {
    if (event.source !== parent || event.data?.patchbay !== 1 || !event.ports[0] || port) return;
    port = event.ports[0];
    port.onmessage = take;
    connected();
    request("context").then((context) => {
      dress(context);
      root.lang = context.locale;
      if (!root.hasAttribute("data-no-resize")) new ResizeObserver(measure).observe(root);
    });
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) request("leave").catch(() => undefined);
  });

  window.patchbay = Object.freeze({
    context: () => request("context"),
    call: (method, params) => request("call", { method, params }),
    resize: (height) => request("resize", { height }),
    insertText: (text) => request("insertText", { text }),
    openSubject: (kind, id) => request("openSubject", { kind, id }),
    toast: (text, failed = false) => request("toast", { text, failed }),
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener]);
      return () => listeners.set(event, listeners.get(event).filter((one) => one !== listener));
    },
  });
})();
