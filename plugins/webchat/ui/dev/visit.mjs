/** One visitor on a customer's page, and what the checks do with it. */
import { startMock, INBOX } from "./mock.mjs";
import { startPage } from "./page.mjs";

export const STORE = `patchbay:${INBOX}:`;

/** Runs `use` with a mock server, a customer's page and a browser page on it; cleans up after. */
export async function visit(browser, options, use) {
  const { lang = "en", size = { width: 1440, height: 900 }, dark = false, context = {}, settings, attributes } = options;
  const mock = await startMock({ settings });
  const site = await startPage(`${mock.origin}/w/${INBOX}/loader.js`, { attributes });
  const room = await browser.newContext({ viewport: size, colorScheme: dark ? "dark" : "light", locale: lang, ...context });
  const page = await room.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`page error: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error" && !/Failed to load resource|WebSocket|ERR_/.test(line.text())) complaints.push(line.text());
  });
  const frame = page.frameLocator('[data-testid="widget-frame"]');
  const by = (id) => frame.getByTestId(id);
  const visitor = {
    mock,
    site,
    page,
    frame,
    by,
    room,
    launcher: page.getByTestId("launcher"),
    async go(to = lang) {
      await page.goto(site.url(to));
      await visitor.launcher.waitFor();
    },
    async open() {
      await visitor.go();
      await visitor.launcher.click();
      await by("widget-status").and(frame.locator('[data-phase="live"]')).waitFor();
    },
    async write(text) {
      await by("widget-input").fill(text);
      await by("widget-input").press("Enter");
    },
    texts: () => by("widget-message").locator(".bubble").allTextContents(),
    phase: () => by("widget-status").getAttribute("data-phase"),
    states: () => by("widget-message").evaluateAll((all) => all.map((one) => one.dataset.state ?? "")),
    stored: () => page.evaluate((prefix) => Object.fromEntries(Object.entries(localStorage).filter(([key]) => key.startsWith(prefix)).map(([k, v]) => [k.slice(prefix.length), v])), STORE),
  };
  try {
    await use(visitor);
    if (complaints.length) throw new Error(`the console is not clean: ${complaints.join(" | ")}`);
  } finally {
    await room.close();
    await site.stop();
    await mock.stop();
  }
}
