// The page on which a plugin is tried. It asks the server what there is once a
// second, and draws what has changed.
import { texts } from "./texts.js";
import { h, fill, local } from "./dom.js";
import { tries } from "./tries.js";

const app = {
  locale: localStorage.getItem("locale") ?? (navigator.language.startsWith("zh") ? "zh-CN" : "en"),
  state: null,
  get t() { return texts[app.locale]; },
  // do asks the server to do something; a refusal is thrown with its problems.
  async do(name, args) {
    const answer = await fetch(`/api/do/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(args) });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(body.detail), { fields: body.fields ?? [] });
    await refresh();
    return body;
  },
};

const at = (id) => document.getElementById(id);
const bad = ["backoff", "quarantined", "failed", "rolled_back"];

function top({ plugin, build }) {
  const { t } = app;
  document.documentElement.lang = app.locale;
  at("name").textContent = local(plugin.name, app.locale);
  document.title = `${local(plugin.name, app.locale)} · Patchbay`;
  at("id").textContent = plugin.id;
  at("version").textContent = plugin.version;
  at("state").textContent = t[plugin.state] ?? plugin.state;
  at("state").className = `chip ${bad.includes(plugin.state) ? "bad" : plugin.state === "ready" ? "" : "warn"}`;
  at("build").textContent = t.build(build.number, build.took_ms);
  at("language").textContent = t.language;
  at("language").lang = app.locale === "en" ? "zh-CN" : "en";
  at("console").textContent = t.console;
  at("log-title").textContent = t.log;
}

function faults({ plugin, build, problems }) {
  const { t } = app;
  const list = [];
  if (build.fault) list.push(h("section", { class: "fault" }, h("strong", {}, t.buildFault), h("pre", {}, build.fault)));
  if (bad.includes(plugin.state)) list.push(h("section", { class: "fault" }, h("strong", {}, t.processFault), h("p", {}, plugin.detail)));
  if (problems.length) {
    list.push(h("section", { class: "fault" }, h("strong", {}, t.configFault),
      h("ul", {}, ...problems.map((p) => h("li", {}, h("code", {}, p.place), " ", p.pointer ? h("code", {}, p.pointer) : "", " ", p.detail)))));
  }
  fill(at("faults"), ...list);
}

function log({ log: lines }) {
  const ol = at("log");
  const atEnd = ol.scrollHeight - ol.scrollTop - ol.clientHeight < 40;
  const rows = lines.map((l) => h("li", { class: l.level }, h("time", { datetime: l.at }, new Date(l.at).toLocaleTimeString(app.locale, { hour12: false })), " ", l.text));
  fill(ol, ...(rows.length ? rows : [h("li", { class: "quiet" }, app.t.nothingYet)]));
  if (atEnd) ol.scrollTop = ol.scrollHeight;
}

let drawn = {};
// part draws one part of the page, if what it is drawn from has changed.
function part(name, from, draw) {
  const key = JSON.stringify([app.locale, from]);
  if (drawn[name] === key) return;
  drawn[name] = key;
  draw(from);
}

let made = "";
function draw() {
  const s = app.state;
  part("top", { plugin: s.plugin, build: s.build }, top);
  part("faults", { plugin: s.plugin, build: s.build, problems: s.problems }, faults);
  part("log", { log: s.log }, log);
  const shape = JSON.stringify([app.locale, s.plugin.kinds, s.tools, s.panels, s.say, s.live, s.hook]);
  if (shape !== made) {
    made = shape;
    app.parts = tries(app);
    fill(at("tries"), ...app.parts.map((p) => p.element));
  }
  for (const p of app.parts) p.update?.(s);
}

async function refresh() {
  try {
    const answer = await fetch("/api/state");
    app.state = await answer.json();
  } catch {
    fill(at("faults"), h("section", { class: "fault" }, h("strong", {}, app.t.lost)));
    drawn.faults = "";
    return;
  }
  draw();
}

at("language").addEventListener("click", () => {
  app.locale = app.locale === "en" ? "zh-CN" : "en";
  localStorage.setItem("locale", app.locale);
  draw();
});

await refresh();
setInterval(() => { if (!document.hidden) refresh(); }, 1000);
