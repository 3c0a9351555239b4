// The sandbox of an inbox: sends as the connected system would, previews, makes
// commands, and shows the last requests. It talks to the plugin alone, over the
// console (patchbay-frame.js).
"use strict";

addEventListener("DOMContentLoaded", async () => {
  const $ = (id) => document.getElementById(id);
  const EVERY_MS = 5000;
  let words = window.texts.en;
  let mapped = false;
  let shown = "";

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

  const id = (letter) => `${letter}-${Math.random().toString(36).slice(2, 10)}`;

  /** An item of each kind, as the guide has them. */
  function example(kind) {
    const sender = { id: "sandbox-customer", name: "Alice" };
    const kinds = {
      messages: { id: id("m"), sender, text: say("hello") },
      statuses: { id: id("s"), message: "m-1", state: "delivered" },
      events: { id: id("e"), sender, text: say("hello") },
      typing: { sender },
      edits: { id: id("d"), message: "m-1", text: say("hello") },
      recalls: { id: id("r"), message: "m-1" },
      echoes: { id: id("o"), recipient: sender.id, author: { name: "Mei" }, text: say("hello") },
    };
    $("body").value = mapped ? "" : JSON.stringify(kinds[kind], null, 2);
  }

  function translate(locale) {
    words = window.texts[locale.toLowerCase().startsWith("zh") ? "zh" : "en"];
    for (const one of document.querySelectorAll("[data-text]")) one.textContent = say(one.dataset.text);
    const chosen = $("path").value || "messages";
    $("path").replaceChildren(...["messages", "statuses", "events", "typing", "edits", "recalls", "echoes"].map((kind) => make("option", { value: kind, selected: kind === chosen }, say(kind))));
    shown = "";
  }

  const asked = () => ({ path: $("path").value, content_type: $("type").value, body: $("body").value });

  /** JSON as people read it, or the text as it is. */
  function pretty(text) {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  }

  function tell(sentence, good, text, where = $("said")) {
    $("commands").replaceChildren();
    const block = text && make("pre", { tabIndex: 0 }, text);
    if (block) block.setAttribute("aria-label", say("answer"));
    where.replaceChildren(make("p", { className: good ? "done" : "refused" }, sentence), block || "");
  }

  async function send() {
    const got = await patchbay.call("send", asked());
    const good = got.status < 300 && !got.core;
    tell(got.core ? say("core", { name: got.core }) : say(got.status < 300 ? "sent" : "refused", { n: got.status }), good, pretty(got.answer));
    await traffic();
  }

  async function preview() {
    const got = await patchbay.call("preview", asked());
    const good = !got.error && got.results.length > 0 && got.results.every((one) => !one.error);
    tell(say(got.error || got.results.length > 0 ? "previewed" : "nothing"), good, JSON.stringify(got.error ?? got.results, clean, 2));
  }

  /** Leaves out what is empty: a message has many fields. */
  const clean = (_, value) => (value === "" || value === null || value === false || value === 0 ? undefined : value);

  /** Shows what the next page would become; nothing of it is taken. */
  async function fetchPage() {
    const got = await patchbay.call("fetch");
    if (got.error) return tell(say("notFetched", { name: got.error.message }), false, "", $("fetched"));
    const good = got.results.every((one) => !one.error);
    const all = got.results.map((one) => (one.kind || one.error ? one : { left_out: true }));
    tell(say(got.count ? "fetchedSome" : "fetchedNone", { n: got.count }), good, got.count ? JSON.stringify(all, clean, 2) : "", $("fetched"));
  }

  /** Shows what the system lists as its templates. */
  async function templates() {
    const got = await patchbay.call("templates");
    if (got.error) return tell(say("noTemplates", { name: got.error.message }), false, "", $("listed"));
    tell(say(got.more ? "listedMore" : "listed", { n: got.count }), true, got.count ? JSON.stringify(got.templates, clean, 2) : "", $("listed"));
    await traffic();
  }

  async function restart() {
    await patchbay.call("restart");
    tell(say("restarted"), true, "", $("fetched"));
    await traffic();
  }

  /** What is known of fetching: the last round, how far it came, and what could not be taken. */
  function fetching({ every_s, what, cursor, round, refused }) {
    $("fetching-text").textContent = say("fetchingText", { n: every_s, name: what });
    const facts = [];
    const fact = (key, value) => facts.push(make("div", {}, make("dt", {}, say(key)), make("dd", {}, value)));
    if (round) {
      fact("lastRound", `${when(round.at)} · ${[round.status || say("noAnswer"), round.code].filter(Boolean).join(" · ")}`);
      fact("counts", ["taken", "again", "left_out", "refused", "waiting"].filter((key) => round[key] > 0 || key === "taken").map((key) => say(`round_${key}`, { n: round[key] })).join(" · "));
    } else fact("lastRound", say("noRound"));
    if (cursor) fact("cursor", make("code", {}, cursor));
    $("round").replaceChildren(...facts);
    const rows = (refused?.items ?? []).map((one) => make("li", {}, make("code", {}, one.id || "?"), ` ${[one.code, one.field].filter(Boolean).join(" · ")} `, make("span", { className: "faint" }, `${when(one.at)} · ${one.message}`)));
    $("unread").replaceChildren(...(rows.length ? [make("p", { className: "refused" }, say("unread", { n: refused.total })), make("ul", { className: "unread" }, ...rows)] : []));
  }

  async function commands() {
    const got = await patchbay.call("curl", asked());
    $("said").replaceChildren();
    const parts = ["signed", "script"].filter((key) => got[key]).map((key) => command(key, got[key]));
    $("commands").replaceChildren(...parts, make("p", { className: "faint" }, say("where")));
  }

  function command(key, text) {
    const field = make("textarea", { readOnly: true, rows: Math.min(8, text.split("\n").length + 3), value: text, spellcheck: false });
    const note = make("span", { className: "faint" });
    note.setAttribute("role", "status");
    const copy = make("button", { type: "button" }, say("copy"));
    copy.setAttribute("aria-label", `${say("copy")}: ${say(key)}`);
    copy.onclick = () => {
      field.focus();
      field.select();
      note.textContent = say(document.execCommand("copy") ? "copied" : "copyHint");
    };
    return make("div", { className: "command" }, make("label", {}, make("span", {}, say(key)), field), make("div", { className: "row" }, copy, note));
  }

  const when = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang || "en");

  async function traffic() {
    const got = await patchbay.call("overview");
    mapped = got.mapped;
    $("path-field").hidden = mapped;
    $("type-field").hidden = !mapped;
    $("trying").hidden = !got.posts;
    $("fetching").hidden = !got.polled;
    $("templates").hidden = !got.templates;
    if (got.polled) fetching(got.polled);
    const rows = got.traffic ?? [];
    const now = JSON.stringify(rows);
    if (now === shown) return; // what somebody has open stays open
    shown = now;
    if (rows.length === 0) return $("traffic").replaceChildren(make("p", { className: "faint" }, say("none")));
    $("traffic").replaceChildren(make("ul", { className: "traffic" }, ...rows.map(line)));
  }

  function line(one) {
    const good = one.status >= 200 && one.status < 300 && !one.code;
    const facts = [one.status || say("noAnswer"), one.code].filter(Boolean).join(" · ");
    const head = make(
      "div", { className: "head" },
      make("span", { className: "tag" }, say(one.fetched ? "fetchedTag" : one.out ? "out" : "in")),
      make("code", {}, one.what),
      make("span", { className: good ? "done" : "bad" }, facts),
      make("span", { className: "faint" }, [when(one.at), say("ms", { n: one.ms }), one.test && say("test")].filter(Boolean).join(" · ")),
    );
    const about = [one.verdict && words[one.verdict], say("bytes", { n: one.bytes }), one.field, one.detail].filter(Boolean).join(" · ");
    const ids = (one.items ?? []).filter((item) => item.id).map((item) => item.id + (item.code ? ` (${item.code})` : "")).join(", ");
    const headers = Object.entries(one.headers ?? {}).map(([name, value]) => `${name}: ${value}`).sort().join("\n");
    return make("li", {}, head, make("details", {}, make("summary", {}, say("details")), make("p", { className: "faint" }, about), ids && make("p", {}, make("span", { className: "faint" }, say("items") + " "), make("code", {}, ids)), headers && make("pre", {}, headers)));
  }

  $("try").onsubmit = (event) => (event.preventDefault(), attempt($("send"), send));
  $("fetch").onclick = () => attempt($("fetch"), fetchPage);
  $("ask").onclick = () => attempt($("ask"), templates);
  $("restart").onclick = () => attempt($("restart"), restart);
  $("preview").onclick = () => attempt($("preview"), preview);
  $("curl").onclick = () => attempt($("curl"), commands);
  $("example").onclick = () => (example($("path").value), $("body").focus());
  $("path").onchange = () => example($("path").value);
  $("refresh").onclick = () => attempt($("refresh"), traffic);

  const { locale } = await patchbay.context();
  patchbay.on("locale", ({ locale: next }) => (translate(next), attempt(null, traffic)));
  translate(locale);
  $("page").hidden = false;
  await attempt(null, traffic);
  example("messages");
  setInterval(() => document.hidden || traffic().catch(() => undefined), EVERY_MS);
});
