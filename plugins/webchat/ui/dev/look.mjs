/** Pictures of every state, in both languages, sizes and schemes; axe-core on each. */
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { check, until } from "./check.mjs";
import { visit } from "./visit.mjs";

const PICTURES = fileURLToPath(new URL("../screenshots/", import.meta.url));
const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Violations in the frame and on the page around it, as one readable list. */
async function violations(v) {
  const found = [];
  const frames = v.page.frames().filter((f) => f === v.page.mainFrame() || f.url().includes("frame.html"));
  for (const frame of frames) {
    await frame.evaluate(AXE);
    const results = await frame.evaluate(() => window.axe.run(document, { iframes: false }));
    found.push(...results.violations.flatMap((x) => x.nodes.map((n) => `${x.id}: ${n.target.join(" ")}: ${n.failureSummary}`)));
  }
  return found;
}

async function look(v, name) {
  await v.page.waitForTimeout(250); // The opening motion, 140 ms.
  await mkdir(PICTURES, { recursive: true });
  await v.page.screenshot({ path: `${PICTURES}${name}.png` });
  const found = await violations(v);
  if (found.length) throw new Error(`axe, ${name}:\n${found.join("\n")}`);
}

const TALK = {
  en: { title: "Willow & Birch", ask: "Hi! Is the Alder table available in oak?", name: "Lin Yue", agent: ["Good morning! Yes, in oak and in ash.", "Here are the drawings and the prices: https://willow.example/tables/alder"], thanks: "Lovely 😍 And how long does it take to Berlin?", more: "About three weeks. We build it after you order, so it can be a little longer in December." },
  "zh-CN": { title: "柳木家具", ask: "你好！桤木餐桌有橡木的吗？", name: "林悦", agent: ["早上好！有的，橡木和白蜡木都可以。", "图纸和价格在这里：https://willow.example/tables/alder"], thanks: "太好了 😍 送到上海要多久？", more: "大约三周。我们接单后才开始制作，十二月可能会稍微久一点。" },
};

async function talk(v, lang) {
  const t = TALK[lang];
  await v.write(t.ask);
  await until(v.states, ["sent"], "stored");
  const [conversation] = v.mock.conversations.values();
  conversation.changes[0].at = new Date(Date.now() - 864e5).toISOString();
  await v.page.reload();
  await until(v.phase, "live", "phase");
  v.mock.joined(t.name);
  for (const text of t.agent) v.mock.agent(text, t.name);
  await v.write(t.thanks);
  await until(v.states, ["", "", "", "sent"], "stored");
  v.mock.agent(t.more, t.name);
  v.mock.typing(true, t.name);
  await until(async () => (await v.texts()).length, 5, "texts");
}

const SIZES = { desk: { size: { width: 1440, height: 900 } }, phone: { size: { width: 390, height: 844 }, context: { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } } };

for (const [place, size] of Object.entries(SIZES))
  for (const lang of ["en", "zh-CN"])
    for (const dark of [false, true]) {
      const tag = `${place}-${lang}-${dark ? "dark" : "light"}`;
      check(`looks: ${tag}`, (browser) =>
        visit(browser, { ...size, lang, dark, settings: { title: TALK[lang].title, color: "#2f6b4f" } }, async (v) => {
          await v.go();
          await look(v, `${tag}-0-closed`);
          await v.launcher.click();
          await until(v.phase, "live", "phase");
          await look(v, `${tag}-1-greeting`);
          await v.write(TALK[lang].ask);
          v.mock.queue(3);
          await v.by("widget-queue").waitFor();
          await look(v, `${tag}-2-queue`);
        }));
      check(`looks, talking: ${tag}`, (browser) =>
        visit(browser, { ...size, lang, dark, settings: { title: TALK[lang].title, color: "#2f6b4f" } }, async (v) => {
          await v.open();
          await talk(v, lang);
          await look(v, `${tag}-3-talk`);
          await v.write("[refuse] x");
          v.mock.resolve();
          await until(() => v.frame.locator(".closing").count(), 1, "closing");
          await look(v, `${tag}-4-failed-resolved`);
          v.mock.state.http = false;
          v.mock.drop();
          await v.write("…");
          await until(v.phase, "unavailable", "phase", 15000);
          await look(v, `${tag}-5-unavailable`);
        }));
    }

for (const color of ["#ffe066", "#111111", "#ff2d55", "#ffffff", "#767676"])
  for (const dark of [false, true])
    check(`colour ${color} ${dark ? "dark" : "light"}`, (browser) =>
      visit(browser, { dark, settings: { color } }, async (v) => {
        await v.open();
        await talk(v, "en");
        await look(v, `colour-${color.slice(1)}-${dark ? "dark" : "light"}`);
      }));

check("looks: refused, counter, unread, offline", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.by("widget-input").fill("long ".repeat(801));
    await look(v, "state-over");
    await v.by("widget-input").fill("");
    await v.room.setOffline(true);
    v.mock.drop();
    await until(v.phase, "offline", "phase");
    await v.write("Sent when I am back");
    await look(v, "state-offline");
    await v.room.setOffline(false);
    await until(v.phase, "live", "phase", 8000);
    for (let i = 0; i < 14; i++) v.mock.agent(`Line ${i}, which is long enough to take two lines of a bubble in the chat`);
    await until(async () => (await v.texts()).length, 15, "texts");
    await v.frame.locator(".scroll").evaluate((e) => (e.scrollTop = 0));
    await v.frame.locator(".latest").waitFor();
    v.mock.agent("news");
    await until(async () => (await v.texts()).length, 16, "texts");
    await look(v, "state-scrolled");
    await v.launcher.click();
    v.mock.agent("one");
    await until(() => v.launcher.getAttribute("aria-label"), "Open chat, 1 unread", "unread");
    await look(v, "state-unread");
    v.mock.state.refused = "This chat is only for pages of willow.example.";
    await v.launcher.click();
    await v.page.evaluate(() => localStorage.clear());
    await v.page.reload();
    await v.frame.getByRole("alert").waitFor();
    await look(v, "state-refused");
  }));

check("looks: a frame that does not come", (browser) =>
  visit(browser, { lang: "zh-CN" }, async (v) => {
    await v.page.clock.install();
    await v.go();
    v.mock.state.http = false;
    await v.launcher.click();
    await v.page.clock.runFor(11_000);
    await v.page.getByRole("button", { name: "重试" }).waitFor();
    await v.page.clock.resume();
    await look(v, "state-no-frame");
  }));
