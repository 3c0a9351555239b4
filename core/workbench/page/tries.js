// What can be tried: one part for each ability of the plugin.
import { h, fill, local, busy, fault } from "./dom.js";
import { card } from "./card.js";

export function tries(app) {
  const makers = { channel, bot, connector, tool: tools, hook, analyzer, panel: panels, template };
  return app.state.plugin.kinds.flatMap((k) => makers[k]?.(app) ?? []);
}

function section(title, hint, ...children) {
  return h("section", { class: "panel" }, h("h2", {}, title), hint ? h("p", { class: "hint" }, hint) : "", ...children);
}

// field is a labelled input.
function field(label, input) {
  return h("label", {}, label, input);
}

function oneLine(label, button, submit, attributes = {}) {
  const input = h("input", { autocomplete: "off", required: true, ...attributes });
  const press = h("button", {}, button);
  const out = h("div", {});
  const form = h("form", { onsubmit: (e) => {
    e.preventDefault();
    busy(press, out, async () => {
      const shown = await submit(input.value);
      input.value = "";
      return shown;
    });
  } }, h("div", { class: "line" }, field(label, input), press), out);
  return form;
}

// ---- channel

const people = ["Alice", "王芳"];
let chosen = people[0];

function channel(app) {
  const { t } = app;
  const names = h("div", { class: "chips" });
  const talk = h("ol", { class: "talk", tabindex: "0", "aria-label": t.channel });
  const arrived = h("div", { class: "sent" });
  const idOf = (name) => name.toLowerCase().replaceAll(/\s+/g, "-");
  const current = (s) => s.talks.find((c) => c.name === chosen);
  let seen = "";

  function update(s) {
    const key = JSON.stringify([s.talks, s.sent, chosen, people]);
    if (key === seen) return;
    seen = key;
    for (const c of s.talks) if (!people.includes(c.name)) people.push(c.name);
    fill(names, ...people.map((p) => h("button", { type: "button", "aria-pressed": String(p === chosen), onclick: () => { chosen = p; update(app.state); } }, p)));
    const rows = (current(s)?.messages ?? []).map((m) => h("li", { class: m.author === "contact" ? "" : "mine" },
      h("p", { class: "about" }, who(t, m.author), m.delivery ? ` · ${delivery(t, m.delivery)}` : ""),
      h("p", { class: "text" }, m.text), m.error ? h("p", { class: "about" }, m.error) : ""));
    const atEnd = talk.scrollHeight - talk.scrollTop - talk.clientHeight < 40;
    fill(talk, ...(rows.length ? rows : [h("li", { class: "empty" }, t.noTalk)]));
    if (atEnd) talk.scrollTop = talk.scrollHeight;
    fill(arrived, ...(s.sent ? [h("h3", {}, t.arrived), s.sent.length ? table([t.to, t.text, "id"], s.sent.map((m) => [m.to, m.text, m.id])) : h("p", { class: "empty" }, t.nothingYet)] : []));
  }

  const asCustomer = app.state.say
    ? oneLine(t.asCustomer, t.say, async (text) => {
      const answer = await app.do("say", { from: idOf(chosen), name: chosen, text });
      return answer.status < 300 ? "" : fault({ message: `${t.answered(answer.status)} ${answer.text}` });
    }, { id: "say" })
    : app.state.live ? h("div", { class: "result" }, t.live) : h("div", { class: "result" }, t.noSay, h("pre", {}, `curl -d '{"id":"m1","from":"alice","name":"Alice","text":"Hello"}' ${app.state.hook ?? "…"}`));
  const asAgent = oneLine(t.asAgent, t.reply, async (text) => {
    const c = current(app.state);
    if (!c) return fault({ message: t.noTalk });
    await app.do("reply", { conversation: c.id, text });
    return "";
  }, { id: "reply" });
  const another = oneLine(t.other, t.add, async (name) => {
    if (!people.includes(name.trim())) people.push(name.trim());
    chosen = name.trim();
    update(app.state);
    return "";
  }, { maxlength: "60" });
  const element = section(t.channel, app.state.live ? "" : t.channelHint, names, talk, h("div", { class: "tries" }, asCustomer, asAgent), arrived,
    app.state.say ? h("details", {}, h("summary", {}, t.others), another) : "");
  return [{ element, update }];
}

function who(t, author) {
  return { contact: t.customer, agent: t.agent, bot: t.bot }[author] ?? t.system;
}

function delivery(t, state) {
  return { pending: t.pending, sent: t.sent, failed: t.deliveryFailed, unknown: t.unknown }[state] ?? state;
}

function table(head, rows) {
  return h("table", {}, h("thead", {}, h("tr", {}, ...head.map((x) => h("th", { scope: "col" }, x)))),
    h("tbody", {}, ...rows.map((r) => h("tr", {}, ...r.map((x) => h("td", {}, String(x ?? "")))))));
}

// ---- bot

function bot(app) {
  const { t } = app;
  const talk = h("ol", { class: "talk", tabindex: "0", "aria-label": t.botTitle }, h("li", { class: "empty" }, t.nothingYet));
  let anew = true;
  const line = (mine, about, text) => {
    if (talk.querySelector(".empty")) fill(talk);
    talk.append(h("li", { class: mine ? "mine" : "" }, h("p", { class: "about" }, about), text ? h("p", { class: "text" }, text) : ""));
    talk.scrollTop = talk.scrollHeight;
  };
  const form = oneLine(t.asCustomer, t.ask, async (text) => {
    line(false, t.customer, text);
    const { events } = await app.do("ask", { text, locale: app.locale, anew });
    anew = false;
    for (const e of events) {
      if (e.type === "reply") line(true, t.bot, e.text);
      if (e.type === "handoff") line(true, t.handoff([e.reason, e.team].filter(Boolean).join(", ")), e.text);
      if (e.type === "resolve") line(true, t.resolve, "");
      if (e.type === "tool") line(true, t.usesTool(e.tool), JSON.stringify(e.args));
    }
    return "";
  }, { id: "ask" });
  const again = h("button", { type: "button", class: "plain", onclick: () => { anew = true; fill(talk, h("li", { class: "empty" }, t.nothingYet)); } }, t.anew);
  return [{ element: section(t.botTitle, t.botHint, talk, form, h("p", {}, again)) }];
}

// ---- analyzer

function analyzer(app) {
  const { t } = app;
  const form = oneLine(t.text, t.analyze, async (text) => {
    const { found } = await app.do("analyze", { text, author: "customer" });
    return h("div", { class: "result" }, marked(text, found), ...(found.length
      ? found.map((f) => h("p", {}, h("span", { class: `chip ${f.level === "notice" ? "" : f.level === "critical" ? "bad" : "warn"}` }, t[f.level] ?? f.level), " ", local(f.title, app.locale), " ", h("code", {}, f.code), f.advice ? ` · ${local(f.advice, app.locale)}` : ""))
      : [h("p", { class: "empty" }, t.nothingNoticed)]));
  }, { id: "analyze" });
  return [{ element: section(t.analyzer, t.analyzerHint, form) }];
}

// marked is a text with the words that findings are about. Positions are
// characters, not the units of a JavaScript string.
function marked(text, found) {
  const chars = [...text];
  const hit = chars.map((_, i) => found.some((f) => f.end > f.start && i >= f.start && i < f.end));
  const out = h("p", {});
  for (let i = 0; i < chars.length;) {
    let j = i;
    while (j < chars.length && hit[j] === hit[i]) j++;
    out.append(hit[i] ? h("mark", {}, chars.slice(i, j).join("")) : chars.slice(i, j).join(""));
    i = j;
  }
  return out;
}

// ---- tool

function tools(app) {
  const { t } = app;
  return app.state.tools.map((tool) => {
    const area = h("textarea", { class: "code", rows: "6", spellcheck: "false", id: `args-${tool.name}` });
    area.value = JSON.stringify(example(tool.schema), null, 2);
    const press = h("button", {}, t.use);
    const out = h("div", {});
    const form = h("form", { onsubmit: (e) => {
      e.preventDefault();
      busy(press, out, async () => {
        const got = await app.do("tool", { tool: tool.name, args: JSON.parse(area.value) });
        return h("div", { class: `result ${got.outcome === "accepted" ? "" : "bad"}` }, h("strong", {}, t[got.outcome] ?? got.outcome), got.detail ? ` ${got.detail}` : "",
          got.code ? h("p", {}, h("code", {}, got.code)) : "", ...got.progress.map((p) => h("p", { class: "quiet" }, p)), got.output ? h("pre", {}, JSON.stringify(got.output, null, 2)) : "");
      });
    } }, field(t.arguments, area), h("div", {}, press), out);
    const name = `${t.tool}: ${local(tool.title, app.locale)}`;
    return { element: section(name, local(tool.description, app.locale) + (tool.approval ? ` (${t.approval})` : ""), form) };
  });
}

// example makes arguments of a schema to begin with.
function example(schema) {
  const out = {};
  for (const [name, p] of Object.entries(schema?.properties ?? {})) {
    if (p.default !== undefined) out[name] = p.default;
    else if (schema.required?.includes(name)) {
      const values = { string: p.format === "date" ? new Date().toISOString().slice(0, 10) : p.enum?.[0] ?? "", integer: p.minimum ?? 0, number: p.minimum ?? 0, boolean: false, array: [], object: {} };
      out[name] = values[p.type] ?? null;
    }
  }
  return out;
}

// ---- panel

function panels(app) {
  const { t } = app;
  return app.state.panels.map((panel) => {
    const title = `${t.panel}: ${local(panel.title, app.locale)}`;
    if (panel.page) return { element: section(title, `${panel.slot}. ${t.page}`) };
    const place = h("div", { class: "card" });
    const out = h("div", {});
    const look = () => ({ panel: panel.name, locale: app.locale, dark: matchMedia("(prefers-color-scheme: dark)").matches });
    const press = async (action, data) => {
      try {
        const got = await app.do("press", { ...look(), action, data });
        if (got.card) show(got.card);
        const said = [got.message, got.insert_text && `${t.inserted}: ${got.insert_text}`].filter(Boolean);
        fill(out, ...(said.length ? [h("div", { class: `result ${got.failed ? "bad" : ""}`, role: "status" }, ...said.map((x) => h("p", {}, x)))] : []));
      } catch (e) {
        fill(out, fault(e));
      }
    };
    press.insert = (text) => fill(out, h("div", { class: "result", role: "status" }, `${t.inserted}: ${text}`));
    const show = (json) => fill(place, ...(json ? card(json, press, t) : [h("p", { class: "empty" }, t.nothingToShow)]));
    const drawIt = () => busy(again, out, async () => { show((await app.do("card", look())).card); return ""; });
    const again = h("button", { type: "button", class: "plain", onclick: drawIt }, t.draw);
    let seen = "";
    const update = (s) => {
      const key = `${s.build.number} ${s.plugin.state} ${s.problems.length}`;
      if (key === seen || s.plugin.state !== "ready") return;
      seen = key;
      drawIt();
    };
    return { element: section(title, `${panel.slot}. ${t.panelHint}`, place, out, h("p", {}, again)), update };
  });
}

// ---- connector

function connector(app) {
  const { t } = app;
  const email = h("input", { type: "email", value: "alice@example.com", autocomplete: "off", id: "email" });
  const phone = h("input", { type: "tel", autocomplete: "off" });
  const press = h("button", {}, t.lookup);
  const out = h("div", {});
  const records = ({ objects, records: all }) => h("div", { class: "result" }, ...(all.length ? all.map((r) => {
    const o = objects.find((x) => x.name === r.object);
    return h("div", { class: "record" }, h("p", {}, h("strong", {}, r.title), " ", h("span", { class: "chip" }, o?.label ?? r.object), " ", h("code", {}, r.id)),
      h("dl", { class: "facts-list" }, ...Object.entries(r.fields ?? {}).filter(([, v]) => v !== "" && v != null).flatMap(([k, v]) => [h("dt", {}, o?.labels[k] ?? k), h("dd", {}, String(v))])));
  }) : [h("p", { class: "empty" }, t.nobody)]));
  const form = h("form", { onsubmit: (e) => {
    e.preventDefault();
    busy(press, out, async () => records(await app.do("lookup", { email: email.value, phone: phone.value, locale: app.locale })));
  } }, h("div", { class: "line" }, field(t.email, email), field(t.phone, phone), press), out);
  const words = oneLine(t.query, t.search, async (query) => records(await app.do("search", { query, locale: app.locale })));
  return [{ element: section(t.connector, t.connectorHint, h("div", { class: "tries" }, form, words)) }];
}

// ---- hook

function hook(app) {
  const { t } = app;
  const form = oneLine(t.asAgent, t.before, async (text) => {
    const v = await app.do("send", { text });
    const verdict = v.deny ? t.denied : v.text != null && v.text !== text ? t.changed : t.allowed;
    return h("div", { class: `result ${v.deny ? "bad" : ""}` }, h("strong", {}, verdict), " ", v.reason, v.deny ? "" : h("pre", {}, v.text ?? text), h("p", { class: "quiet" }, t.took(v.took_ms, v.budget_ms)));
  }, { id: "send" });
  return [{ element: section(t.hook, t.hookHint, form) }];
}

// ---- what is tried in the console

function template(app) {
  return [{ element: section(app.t.template, app.t.templateHint) }];
}
