// The settings page: campaigns, import of codes, what was given. It talks to the
// plugin alone, over the console (patchbay-frame.js).
"use strict";

addEventListener("DOMContentLoaded", async () => {
  const $ = (id) => document.getElementById(id);
  let words = window.texts.en;
  let bounds = { max_lines: 500, max_code: 100 };
  let campaigns = [];
  let next = "";

  const say = (key, { n = "", name = "" } = {}) => words[key].replace("{n}", n).replace("{name}", name);

  /** An element with texts and elements in it: texts never become markup. */
  function make(tag, properties, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children.filter((child) => child !== undefined && child !== ""));
    return made;
  }

  /** Does what a button is for; a failure is said, and the button can be pressed again. */
  async function attempt(button, work) {
    if (button) button.disabled = true;
    $("failure").hidden = true;
    try {
      return await work();
    } catch (error) {
      $("failure").textContent = say("failed", { name: error.message });
      $("failure").hidden = false;
    } finally {
      if (button) button.disabled = false;
    }
  }

  function translate(locale) {
    words = window.texts[locale.toLowerCase().startsWith("zh") ? "zh" : "en"];
    for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.dataset.text);
    for (const one of document.querySelectorAll("[data-placeholder]")) one.placeholder = say(one.dataset.placeholder);
    $("import-hint").textContent = say("hint", { n: bounds.max_code });
    counted();
  }

  const when = (at) => new Date(at).toLocaleString(document.documentElement.lang || "en", { dateStyle: "medium", timeStyle: "short" });
  const linesOf = (text) => text.replace(/\s+$/, "").split(/\r\n|\r|\n/);

  function counted() {
    const text = $("import-codes").value;
    const n = text.trim() === "" ? 0 : linesOf(text).length;
    $("import-count").textContent = n === 0 ? "" : say("lines", { n });
    $("import-do").disabled = n === 0 || $("import-campaign").value === "";
  }

  async function overview() {
    const got = await patchbay.call("overview");
    bounds = got;
    campaigns = got.campaigns;
    const chosen = $("import-campaign").value;
    $("import-campaign").replaceChildren(...campaigns.filter((one) => !one.gone).map((one) => make("option", { value: one.id, selected: one.id === chosen }, one.name)));
    $("campaigns").replaceChildren(...campaigns.map(campaignCard));
    $("import-hint").textContent = say("hint", { n: bounds.max_code });
    counted();
  }

  function campaignCard(one) {
    const about = [one.gone ? say("gone") : one.value, one.until && say(one.over ? "over" : "until", { name: one.until })].filter(Boolean).join(" · ");
    const count = (n, word, low) => make("span", { className: low ? "low" : "" }, make("b", {}, String(n)), " " + word);
    return make(
      "li", {},
      make("span", { className: "name" }, one.name),
      make("span", { className: "faint" }, about),
      make("span", { className: "counts" }, count(one.free, say("free"), one.free === 0), count(one.given, say("given").toLowerCase())),
      one.free > 0 ? discarding(one) : "",
    );
  }

  /** Asks once more before codes are discarded. */
  function discarding(one) {
    const ask = make("button", { type: "button", className: "link" }, say("discard"));
    const name = say("discard") + ": " + one.name;
    ask.setAttribute("aria-label", name);
    const sure = make("button", { type: "button", className: "link" }, say("discardSure", { n: one.free }));
    const leave = make("button", { type: "button", className: "link" }, say("cancel"));
    const box = make("span", { className: "row" }, ask);
    ask.onclick = () => (box.replaceChildren(sure, leave), sure.focus());
    leave.onclick = () => (box.replaceChildren(ask), ask.focus());
    sure.onclick = () => attempt(sure, async () => {
      const { discarded } = await patchbay.call("discard", { campaign: one.id });
      patchbay.toast(say("discarded", { n: discarded })).catch(() => undefined);
      await overview();
      $("import-codes").focus();
    });
    return box;
  }

  /** Sends the lines in parts; what is refused comes back into the field, with why. */
  async function importCodes() {
    const campaign = $("import-campaign").value;
    const lines = linesOf($("import-codes").value);
    const refused = [];
    let added = 0;
    let done = 0;
    $("import-said").replaceChildren();
    $("import-refused").replaceChildren();
    try {
      while (done < lines.length) {
        const part = partOf(lines, done);
        $("import-count").textContent = say("importing", { n: lines.length - done });
        const got = await patchbay.call("import", { campaign, lines: part });
        added += got.added;
        refused.push(...got.refused.map((one) => ({ ...one, line: one.line + done, text: lines[one.line + done - 1].trim() })));
        done += part.length;
      }
    } finally {
      // What did not get there stays, too.
      const left = [...refused.filter((one) => one.why !== "empty").map((one) => one.text), ...lines.slice(done)];
      $("import-codes").value = left.join("\n");
      tell(added, refused);
      counted();
    }
    await Promise.all([overview(), list()]);
  }

  /** As many lines as go into one request: in number, and in size. */
  function partOf(lines, from) {
    let size = 0;
    let to = from;
    while (to < lines.length && to - from < bounds.max_lines && (to === from || size + lines[to].length < 60_000)) size += lines[to++].length + 10;
    return lines.slice(from, to).map((line) => line.slice(0, 500)); // enough to see that it is too long
  }

  function tell(added, refused) {
    const said = added === 0 ? say("addedNone") : added === 1 ? say("addedOne") : say("added", { n: added });
    $("import-said").replaceChildren(make("p", { className: added > 0 ? "done" : "" }, said));
    if (refused.length === 0) return;
    const list = make("ul", { className: "refused" }, ...refused.slice(0, 200).map((one) =>
      make("li", {}, say("line", { n: one.line }), " ", one.text ? make("code", {}, one.text.length > 120 ? one.text.slice(0, 120) + "…" : one.text) : "", " ", say(one.why, { name: one.campaign ?? "" }))));
    list.tabIndex = 0;
    list.setAttribute("aria-labelledby", "import-refused-title");
    $("import-refused").replaceChildren(make("p", { id: "import-refused-title" }, refused.length === 1 ? say("keptOne") : say("kept", { n: refused.length })), list);
  }

  let asked = 0;
  async function list(after = "") {
    const mine = ++asked;
    const search = $("search-text").value.trim();
    const got = await patchbay.call("given", { search, after });
    if (mine !== asked) return; // somebody typed on
    const rows = got.gifts.map(giftRow);
    if (after) $("given").querySelector("tbody").append(...rows);
    else if (rows.length === 0) $("given").replaceChildren(make("p", { className: "faint" }, say(search ? "nothingFound" : "nothingGiven")));
    else {
      const heads = ["code", "campaign", "value", "by", "when", "note"].map((key) => make("th", { scope: "col" }, say(key)));
      $("given").replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows)));
    }
    next = got.next;
    $("more").hidden = next === "";
    $("csv").disabled = rows.length === 0 && !after;
  }

  function giftRow(one) {
    const at = one.conversation ? make("button", { type: "button", className: "link", title: say("open") }, when(one.at)) : when(one.at);
    if (one.conversation) at.onclick = () => attempt(at, () => patchbay.openSubject("conversation", one.conversation));
    return make("tr", {}, make("td", {}, make("code", {}, one.code)), make("td", {}, one.campaign), make("td", {}, one.value), make("td", {}, one.by), make("td", { className: "when" }, at), make("td", {}, one.note ?? ""));
  }

  async function csv() {
    let text = "";
    let after = "";
    do {
      const got = await patchbay.call("csv", { search: $("search-text").value.trim(), after });
      text += got.text;
      after = got.next;
    } while (after);
    $("csv-out").hidden = false;
    $("csv-text").value = text;
    $("csv-text").focus();
    $("csv-text").select();
  }

  $("import").addEventListener("submit", (event) => (event.preventDefault(), attempt($("import-do"), importCodes).then(counted)));
  $("import-codes").addEventListener("input", counted);
  $("import-campaign").addEventListener("change", counted);
  $("search").addEventListener("submit", (event) => event.preventDefault());
  let typing;
  $("search-text").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => (($("csv-out").hidden = true), attempt(undefined, list)), 250);
  });
  $("more").addEventListener("click", () => attempt($("more"), () => list(next)));
  $("csv").addEventListener("click", () => attempt($("csv"), csv));

  const show = () => attempt(undefined, async () => {
    await Promise.all([overview(), list()]);
    $("page").hidden = false;
  }).then(() => ($("page").hidden = false));
  patchbay.on("locale", ({ locale }) => (translate(locale), show()));
  translate((await patchbay.context()).locale);
  await show();
});
