// Looks at every page against the server in memory: a screenshot of each in both languages, both
// themes and two widths, and axe on it. `npm run look -- conversation dark` takes those whose name
// contains all the words. Pictures go to web/screenshots/console; the exit code says whether axe
// found something.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { createServer } from "vite";

process.env.PATCHBAY_MOCK = "1";
const here = new URL("../", import.meta.url);
const out = fileURLToPath(new URL("../../screenshots/console/", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const words = process.argv.slice(2);

const conversation = "/conversations/mine/cnv_0";
const fresh = "/conversations/all/cnv_5";
/** The first one that the mock seeds. */
const ticket = "tkt_1";
const pages = [
  { name: "conversations", path: "/conversations/all" },
  { name: "views", path: "/conversations/vie_1", act: (page) => page.getByTestId("views").click() },
  { name: "list-filter", path: "/conversations/mine", act: (page) => page.getByTestId("list-filter").click() },
  { name: "bulk", path: "/conversations/all", ready: "[data-testid=conversation-list-item]", act: choose },
  { name: "bulk-failed", path: "/conversations/all", ready: "[data-testid=conversation-list-item]", act: chooseAndFail },
  { name: "conversation", path: conversation, ready: "[data-testid=message]" },
  { name: "revised", path: "/conversations/all/cnv_4", ready: "[data-testid=revised]", act: (page) => page.getByTestId("revised-toggle").last().click() },
  { name: "conversation-phone-panel", path: conversation, ready: "[data-testid=message]", only: 390, act: (page) => page.getByTestId("toggle-panel").click() },
  { name: "note", path: conversation, ready: "[data-testid=message]", act: writeNote },
  { name: "failed", path: "/conversations/all/cnv_2", ready: "[data-testid=message]", act: writeTooMuch },
  { name: "resolved", path: "/conversations/all/cnv_3?state=resolved", ready: "[data-testid=message]" },
  { name: "empty", path: "/conversations/mine?state=resolved&inbox=inb_9" },
  { name: "gone", path: "/conversations/mine/cnv_none" },
  { name: "offline", path: conversation, ready: "[data-testid=message]", act: goOffline },
  { name: "assign", path: conversation, ready: "[data-testid=message]", act: (page) => page.getByTestId("assign").click() },
  { name: "snooze", path: conversation, ready: "[data-testid=message]", act: (page) => page.getByTestId("snooze").click() },
  { name: "contact-edit", path: conversation, ready: "[data-testid=message]", only: 1440, act: (page) => page.getByTestId("contact-edit").click() },
  { name: "palette", path: conversation, ready: "[data-testid=message]", act: (page) => page.keyboard.press("Control+k") },
  { name: "help", path: conversation, ready: "[data-testid=message]", only: 1440, act: (page) => page.keyboard.press("?") },
  { name: "attach", path: fresh, ready: "[data-testid=message]", act: attach },
  { name: "canned", path: fresh, ready: "[data-testid=message]", act: (page) => page.getByTestId("composer-input").pressSequentially("/") },
  { name: "mention", path: fresh, ready: "[data-testid=message]", act: mention },
  { name: "quote", path: conversation, ready: "[data-testid=message]", act: (page) => page.keyboard.press("q") },
  { name: "message-actions", path: conversation, ready: "[data-testid=message]", act: (page) => page.keyboard.press("h") },
  { name: "trace", path: "/conversations/all/cnv_2", ready: "[data-testid=message]", act: trace },
  { name: "lightbox", path: conversation, ready: "[data-testid=attachment-image]", act: (page) => page.getByTestId("attachment-image").first().click() },
  { name: "schedule", path: fresh, ready: "[data-testid=message]", act: schedule },
  { name: "schedule-edit", path: conversation, ready: "[data-testid=scheduled]", act: (page) => page.getByTestId("scheduled-edit").click() },
  { name: "template", path: "/conversations/all/cnv_2", ready: "[data-testid=composer-templates]", act: fillTemplate },
  { name: "template-wrong", path: "/conversations/all/cnv_2", ready: "[data-testid=composer-templates]", act: wrongTemplate },
  { name: "template-list", path: "/conversations/all/cnv_2", ready: "[data-testid=composer-templates]", act: (page) => openTemplates(page) },
  { name: "template-unusable", path: "/conversations/all/cnv_2", ready: "[data-testid=composer-templates]", act: (page) => findTemplate(page, "spring") },
  { name: "template-sent", path: "/conversations/all/cnv_2", ready: "[data-testid=composer-templates]", act: sendTemplate },
  { name: "template-way-out", path: "/conversations/all/cnv_7", ready: "[data-testid=composer-send-template]" },
  { name: "labels", path: conversation, ready: "[data-testid=message]", act: (page) => page.keyboard.press("l") },
  { name: "priority", path: conversation, ready: "[data-testid=message]", act: (page) => page.keyboard.press("p") },
  { name: "more", path: conversation, ready: "[data-testid=message]", act: (page) => page.getByTestId("more").click() },
  { name: "merge", path: conversation, ready: "[data-testid=message]", act: merge },
  { name: "merge-confirm", path: conversation, ready: "[data-testid=message]", act: mergeConfirm },
  { name: "merged", path: "/conversations/all/cnv_10", ready: "[data-testid=message]", act: merged },
  { name: "attribute", path: conversation, ready: "[data-testid=message]", only: 1440, act: (page) => page.locator("[data-attribute=order] button").click() },
  { name: "presence", path: "/conversations/mine", act: (page) => page.getByTestId("presence").click() },
  { name: "start", path: "/start" },
  { name: "design", path: "/design" },
  { name: "profile", path: "/settings/profile" },
  { name: "members", path: "/settings/members", ready: "[data-testid=member-row]" },
  { name: "invite-dialog", path: "/settings/members", ready: "[data-testid=member-row]", act: invite },
  { name: "inboxes", path: "/settings/inboxes", ready: "[data-testid=inbox-row]" },
  { name: "inbox", path: "/settings/inboxes/inb_1", ready: "[data-testid=inbox-save]" },
  { name: "inbox-echo", path: "/settings/inboxes/inb_2", ready: "[data-testid=setting-far_side]" },
  { name: "inbox-templates", path: "/settings/inboxes/inb_2", ready: "[data-testid=template-row]", act: showTemplates },
  { name: "inbox-new", path: "/settings/inboxes/new", ready: "label", act: newInbox },
  { name: "plugins", path: "/settings/plugins", ready: "[data-testid=plugin]" },
  { name: "templates", path: "/settings/templates", ready: "[data-testid=template]" },
  { name: "template-plan", path: "/settings/templates/patchbay/template-retail/retail", ready: "[data-testid=template-look]", act: templatePlan },
  { name: "plugin", path: "/settings/plugins/patchbay/rest-connector", ready: "[data-testid=plugin-history] li" },
  { name: "connection", path: "/settings/connections/pin_3", ready: "[data-testid=connection-save]" },
  { name: "connect-asks", path: "/settings/connections/new?plugin=patchbay/rest-connector", ready: "[data-testid=connect-next]" },
  { name: "connect-wrong", path: "/settings/connections/new?plugin=patchbay/rest-connector", ready: "[data-testid=connect-next]", act: connectWrong },
  { name: "finding", path: "/conversations/all/cnv_2", ready: "[data-testid=finding]" },
  { name: "bot", path: "/conversations/all/cnv_1", ready: "[data-testid=bot-answers]" },
  { name: "records", path: conversation, ready: "[data-testid=message]", act: showRecords },
  { name: "panels", path: conversation, ready: "[data-testid=card]", act: showPanels },
  { name: "panel-refund", path: conversation, ready: "[data-testid=card]", act: refund },
  { name: "panel-ticket", path: "/tickets/" + ticket, ready: "[data-testid=ticket-history]", only: 1440, act: (page) => page.getByTestId("card-panel").scrollIntoViewIfNeeded() },
  { name: "composer-panel", path: conversation, ready: "[data-testid=composer-panels]", act: coupon },
  { name: "plugin-page", path: "/apps/pin_1/board", ready: "[data-testid=plugin-frame][data-state=shown]" },
  { name: "plugin-report", path: "/reports/pin_1/returns", ready: "[data-testid=card]" },
  { name: "tickets", path: "/tickets?status=any", ready: "[data-testid=ticket-row]" },
  { name: "ticket-board", path: "/tickets/board", ready: "[data-testid=board-card]" },
  { name: "ticket", path: "/tickets/" + ticket, ready: "[data-testid=ticket-history]" },
  { name: "ticket-types", path: "/settings/ticket-types" },
  { name: "roles", path: "/settings/roles", ready: "[data-testid=role-row]" },
  { name: "role", path: "/settings/roles/rol_1", ready: "[data-testid=role-save]" },
  { name: "sign-in-settings", path: "/settings/sign-in", ready: "[data-testid=provider-row]", act: (page) => page.getByTestId("provider-try").first().click() },
  { name: "api-keys", path: "/settings/api-keys", ready: "[data-testid=key-row]" },
  { name: "webhooks", path: "/settings/webhooks", ready: "[data-testid=webhook-row]" },
  { name: "webhook", path: "/settings/webhooks/whk_1", ready: "[data-testid=webhook-delivery]" },
  { name: "wall", path: "/wall", ready: "[data-testid=wall-queues-row]" },
  { name: "wall-queue", path: "/wall?queue=que_1", ready: "[data-testid=wall-pane] [data-row]", act: (page) => page.locator("[data-testid^=select-]").first().click() },
  { name: "wall-agent", path: "/wall?agent=mem_3", ready: "[data-testid=wall-pane]" },
  { name: "wall-rules", path: "/wall", ready: "[data-testid=wall-alert]", act: (page) => page.getByTestId("wall-rules").click() },
  { name: "wall-full", path: "/wall", only: 1440, ready: "[data-testid=wall-queues-row]", act: (page) => page.keyboard.press("f") },
  { name: "data", path: "/settings/data" },
  { name: "audit", path: "/settings/audit" },
  { name: "lost", path: "/nowhere" },
  { name: "sign-in", path: "/sign-in", mock: "signedIn=false", act: failSignIn },
  { name: "setup", path: "/setup?token=x", mock: "setUp=false&signedIn=false" },
  { name: "link", path: "/link?token=spent", mock: "signedIn=false" },
  { name: "invite", path: "/invite?token=good", mock: "signedIn=false" },
];

async function choose(page) {
  const boxes = page.locator("[data-testid^=select-]");
  await boxes.nth(0).focus();
  await page.keyboard.press("x");
  await boxes.nth(2).focus();
  await page.keyboard.press("Shift+X");
  await page.getByTestId("bulk-bar").waitFor();
}

async function chooseAndFail(page) {
  await choose(page);
  await page.getByTestId("bulk-all").click().catch(() => undefined);
  await page.getByTestId("bulk-read").click();
  await page.getByTestId("bulk-failures").waitFor();
}

async function writeNote(page) {
  await page.getByTestId("note-toggle").click();
  await page.getByTestId("composer-input").fill("Ask 赵敏 about the discount first.");
}

async function writeTooMuch(page) {
  await page.getByTestId("composer-input").fill("茶".repeat(230));
}

async function attach(page) {
  const picture = await page.screenshot({ clip: { x: 0, y: 0, width: 320, height: 200 } });
  await page.getByTestId("attach-input").setInputFiles([
    { name: "shelf.png", mimeType: "image/png", buffer: picture },
    { name: "a very long name of a file that somebody exported from somewhere.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(90_000) },
    { name: "empty.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
  ]);
  await page.locator("[data-testid=tray-item][data-phase=done]").nth(1).waitFor();
}

async function mention(page) {
  await page.getByTestId("note-toggle").click();
  await page.getByTestId("composer-input").pressSequentially("请 @");
  await page.getByTestId("suggestion").first().waitFor();
}

async function trace(page) {
  await page.keyboard.press("d");
  await page.getByTestId("trace").locator("li").first().waitFor();
}

async function schedule(page) {
  await page.getByTestId("composer-input").fill("Did the tea arrive?");
  await page.getByTestId("schedule").click();
}

async function openTemplates(page) {
  await page.getByTestId("composer-templates").click();
  await page.getByTestId("template-option").first().waitFor();
}

async function findTemplate(page, words) {
  await openTemplates(page);
  await page.getByTestId("template-search").fill(words);
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=template-option]").length < 5);
  await page.keyboard.press("Enter");
}

async function fillTemplate(page) {
  await findTemplate(page, "parcel is on");
  await page.getByTestId("template-suggestion").first().click();
  await page.getByTestId("template-value-order").fill("2041");
}

async function wrongTemplate(page) {
  await findTemplate(page, "this is how");
  await page.getByTestId("template-send").click();
  await page.getByTestId("field-error").first().waitFor();
}

async function sendTemplate(page) {
  await fillTemplate(page);
  await page.getByTestId("template-value-courier").fill("顺丰 SF");
  await page.getByTestId("template-value-day").fill("周五 Friday");
  await page.keyboard.press("Control+Enter");
  await page.getByTestId("message-template").last().waitFor();
}

async function showTemplates(page) {
  await page.getByTestId("inbox-templates").scrollIntoViewIfNeeded();
  await page.getByTestId("templates-refused").click();
}

async function merge(page) {
  await page.keyboard.press("m");
  await page.getByTestId("pick-input").fill("#105");
  await page.getByTestId("pick-cnv_5").waitFor();
}

async function mergeConfirm(page) {
  await merge(page);
  await page.keyboard.press("Enter");
  await page.getByTestId("merge-confirm").waitFor();
}

async function merged(page) {
  await page.request.post("/api/v1/workspaces/wsp_1/conversations/cnv_7/merge", { data: { into: "cnv_10" } });
  await page.getByTestId("absorbed").first().getByRole("button").first().click();
  await page.getByTestId("absorbed-messages").getByTestId("message").first().waitFor();
}

async function showPanels(page) {
  if (page.viewportSize().width < 700) await page.getByTestId("toggle-panel").click();
  await page.locator("[data-testid=plugin-frame][data-state=shown]").waitFor();
  await page.getByTestId("panel").first().evaluate((panel) => panel.scrollIntoView({ block: "start" }));
}

async function refund(page) {
  await showPanels(page);
  await page.getByTestId("card-show").click();
  await page.getByTestId("card-amount").fill("500");
  await page.locator("[data-testid=card-submit][data-action=refund]").click();
  await page.getByTestId("field-error").first().waitFor();
  await page.locator("[data-testid=card-submit][data-action=refund]").scrollIntoViewIfNeeded();
}

async function coupon(page) {
  await page.getByTestId("composer-panels").click();
  await page.getByTestId("composer-panel").click();
  await page.getByTestId("card-value").first().waitFor();
}

async function connectWrong(page) {
  await page.getByTestId("connect-next").click();
  await page.getByTestId("connect-test").click();
  await page.getByTestId("form-problems").waitFor();
}

async function showRecords(page) {
  if (page.viewportSize().width < 700) await page.getByTestId("toggle-panel").click();
  await page.getByTestId("records").nth(2).scrollIntoViewIfNeeded();
}

async function templatePlan(page) {
  await page.getByTestId("template-look").click();
  await page.locator("[data-object='canned_reply/return'] button").click();
}

async function goOffline(page) {
  await page.request.get("/api/v1/mock?drop=1");
  await page.getByTestId("composer-input").fill("这条消息会在连接恢复后发送");
  await page.getByTestId("send").click();
  await page.getByTestId("connection-banner").waitFor();
}

async function invite(page) {
  await page.getByTestId("invite").click();
  await page.getByTestId("invite-email").fill("yuki@tea.example");
  await page.getByTestId("invite-create").click();
  await page.getByTestId("invite-link").waitFor();
}

async function newInbox(page) {
  await page.getByTestId("channel-patchbay/echo").click();
  await page.getByTestId("inbox-create").click();
  await page.getByTestId("field-error").first().waitFor();
}

async function failSignIn(page) {
  await page.getByTestId("sign-in-email").fill("lin@tea.example");
  await page.getByTestId("sign-in-password").fill("wrong");
  await page.getByTestId("sign-in-submit").click();
  await page.getByTestId("form-failure").waitFor();
}

async function look(browser, base, view, name) {
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: view.width, height: view.width > 700 ? 900 : 844 },
    colorScheme: view.theme,
    locale: view.locale,
    reducedMotion: "reduce",
    hasTouch: view.width < 700,
  });
  await context.addInitScript((locale) => globalThis.origin !== "null" && localStorage.setItem("patchbay.locale", locale), view.locale);
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.setDefaultTimeout(45_000);
  page.on("console", (message) => message.type() === "warning" && message.text().includes("Vue warn") && problems.push(message.text()));
  await page.request.get(`/api/v1/mock?signedIn=true&setUp=true&drop=0&locale=${view.locale}`);
  if (view.mock) await page.request.get(`/api/v1/mock?${view.mock}`);
  await page.goto(view.path);
  await page.locator(view.ready ?? "main").first().waitFor();
  await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
  await view.act?.(page);
  await page.waitForTimeout(350); // what fades in is there
  await page.screenshot({ path: `${out}${name}.png` });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const violation of violations) {
    problems.push(`${violation.id}: ${violation.help}\n    ${violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`).join("\n    ")}`);
  }
  await context.close();
  return problems;
}

mkdirSync(out, { recursive: true });
const server = await createServer({ root: fileURLToPath(here), configFile: fileURLToPath(new URL("vite.config.ts", here)), server: { port: 0, host: "127.0.0.1", hmr: false, watch: null }, logLevel: "error" });
await server.listen();
const base = server.resolvedUrls.local[0];
const browser = await chromium.launch({ executablePath: process.env.PATCHBAY_CHROMIUM ?? "/usr/bin/chromium" });

let looks = 0;
let wrong = 0;
for (const page of pages) {
  for (const width of [1440, 390]) {
    for (const theme of ["light", "dark"]) {
      for (const locale of ["zh-CN", "en"]) {
        const name = `${page.name}-${width}-${theme}-${locale}`;
        if ((page.only && page.only !== width) || !words.every((word) => name.includes(word))) continue;
        const problems = await look(browser, base, { ...page, width, theme, locale }, name).catch((error) => [String(error)]);
        looks++;
        if (problems.length > 0) wrong++;
        for (const problem of problems) console.log(`${name}: ${problem}`);
      }
    }
  }
}
await browser.close();
await server.close();
console.log(`${looks} looks, ${wrong} with something wrong`);
process.exit(wrong > 0 ? 1 : 0);
