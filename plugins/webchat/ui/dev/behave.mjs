/** What the widget does, tried in a real browser against the mock. */
import { check, expect, until } from "./check.mjs";
import { STORE, visit } from "./visit.mjs";

check("before the click: no frame, no cookie, no storage, nothing moved", (browser) =>
  visit(browser, {}, async ({ page, go, room, mock, launcher }) => {
    await page.addInitScript(() => {
      window.shift = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
    });
    await go();
    await launcher.hover();
    expect(await page.locator("iframe").count(), 0, "frames");
    expect(await room.cookies(), [], "cookies");
    expect(await page.evaluate(() => localStorage.length + sessionStorage.length), 0, "stored keys");
    expect(await page.evaluate(() => window.shift), 0, "layout shift");
    expect(mock.state.requests, [], "requests");
    expect(await launcher.evaluate((b) => getComputedStyle(b).fontSize), "14px", "the page's styles stay out");
  }));

check("opens, says who it is and what page it is on, and talks", (browser) =>
  visit(browser, { settings: { title: "Willow support", greeting: "Hi", color: "#0b7a4b" } }, async (v) => {
    await v.open();
    const [{ body, language }] = v.mock.state.requests;
    expect(body, { page_url: v.site.url(), page_title: "Willow & Birch", referrer: "", locale: "en", embed_origin: v.site.origin }, "session");
    expect(language, "en", "language");
    expect(await v.frame.locator("h1").textContent(), "Willow support", "title");
    await v.write("Hello 😀");
    await v.by("widget-input").fill("two\nlines 你好");
    await v.by("widget-send").click();
    v.mock.joined();
    v.mock.agent("Sure: see https://willow.example/a?b=1. <b>not bold</b>");
    await until(v.texts, ["Hello 😀", "two\nlines 你好", "Sure: see https://willow.example/a?b=1. <b>not bold</b>"], "texts");
    const link = v.frame.locator(".bubble a");
    expect(await link.getAttribute("href"), "https://willow.example/a?b=1", "link");
    expect(await link.getAttribute("rel"), "noopener noreferrer nofollow", "rel");
    expect(await v.frame.locator(".bubble b").count(), 0, "elements out of text");
    expect(await v.launcher.evaluate((b) => getComputedStyle(b).backgroundColor), "rgb(11, 122, 75)", "launcher colour");
  }));

check("the inbox's colour, corner and language, at once on the next page", (browser) =>
  visit(browser, { settings: { color: "#ffcc00", position: "left", locale: "zh-CN" } }, async (v) => {
    await v.open();
    await until(() => v.by("widget-status").textContent(), "已连接", "language");
    expect(await v.frame.locator("html").getAttribute("lang"), "zh-CN", "lang");
    expect(await v.frame.locator("h1").evaluate((e) => getComputedStyle(e).color), "rgb(0, 0, 0)", "ink");
    await v.launcher.click();
    await v.page.reload();
    expect((await v.launcher.boundingBox()).x, 20, "corner");
    expect(await v.launcher.getAttribute("aria-label"), "打开在线客服", "name");
    const { color, backgroundColor } = await v.launcher.evaluate((b) => ({ ...getComputedStyle(b) }));
    expect(backgroundColor, "rgb(255, 204, 0)", "colour");
    expect(/^lch\(0 |rgb\(0, 0, 0\)/.test(color), true, `ink ${color}`);
  }));

check("the script tag can say colour and corner for the first visit, and that the page is private", (browser) =>
  visit(browser, { attributes: 'data-color="#0b7a4b" data-position="left" data-page="off" data-locale="zh"' }, async (v) => {
    await v.go();
    expect(await v.launcher.evaluate((b) => getComputedStyle(b).backgroundColor), "rgb(11, 122, 75)", "colour");
    expect((await v.launcher.boundingBox()).x, 20, "corner");
    await v.launcher.click();
    await until(v.phase, "live", "phase");
    const { page_url, page_title, referrer } = v.mock.state.requests[0].body;
    expect([page_url, page_title, referrer], ["", "", ""], "page");
    expect(await v.by("widget-status").textContent(), "已连接", "language");
  }));

check("keyboard: Tab, Enter, Shift+Enter, Escape, and the focus comes back", (browser) =>
  visit(browser, {}, async (v) => {
    await v.go();
    await v.page.keyboard.press("Tab");
    expect(await v.page.evaluate(() => document.activeElement.localName), "patchbay-widget", "focus");
    await v.page.keyboard.press("Enter");
    await v.frame.locator('[data-phase="live"]').waitFor();
    await until(() => v.by("widget-input").evaluate((e) => e === document.activeElement), true, "cursor in the composer");
    await v.page.keyboard.type("a");
    await v.page.keyboard.press("Shift+Enter");
    await v.page.keyboard.type("b");
    await v.page.keyboard.press("Enter");
    await until(v.texts, ["a\nb"], "texts");
    expect(await v.by("widget-input").inputValue(), "", "composer");
    await v.page.keyboard.press("Escape");
    await until(() => v.launcher.getAttribute("aria-expanded"), "false", "closed");
    expect(await v.page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.dataset.testid), "launcher", "focus back");
  }));

check("an input method's Enter confirms and does not send; its Escape does not close", (browser) =>
  visit(browser, { lang: "zh-CN" }, async (v) => {
    await v.open();
    await v.by("widget-input").focus();
    const client = await v.room.newCDPSession(v.page.frames().at(-1)).catch(() => v.room.newCDPSession(v.page));
    await client.send("Input.imeSetComposition", { text: "nihao", selectionStart: 5, selectionEnd: 5 });
    await v.by("widget-input").evaluate((area) => {
      for (const key of ["Enter", "Escape"]) area.dispatchEvent(new KeyboardEvent("keydown", { key, isComposing: true, bubbles: true, cancelable: true }));
      area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true }));
    });
    await client.send("Input.insertText", { text: "你好" });
    expect(await v.launcher.getAttribute("aria-expanded"), "true", "still open");
    expect(await v.texts(), [], "sent");
    await v.by("widget-input").press("Enter");
    await until(v.texts, ["你好"], "sent after");
  }));

check("a reload resumes: same session, open as before, nothing twice, the draft kept", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.write("one");
    await until(v.states, ["sent"], "stored");
    await v.by("widget-input").fill("a draft");
    const { token } = await v.stored();
    await v.page.reload();
    await v.frame.locator('[data-phase="live"]').waitFor();
    await until(v.texts, ["one"], "texts");
    expect(await v.by("widget-input").inputValue(), "a draft", "draft");
    expect(v.mock.state.requests.at(-1).body.token, token, "token");
    expect(v.mock.conversations.size, 1, "conversations");
    expect(await v.page.evaluate(() => document.activeElement === document.body), true, "focus is left to the page");
    await v.launcher.click();
    await v.page.reload();
    await v.launcher.waitFor();
    expect(await v.launcher.getAttribute("aria-expanded"), "false", "closed on the next page");
    await v.frame.locator('[data-phase="live"]').waitFor({ state: "attached" }); // there is a conversation: answers come in
    v.mock.agent("still there?");
    await until(() => v.launcher.getAttribute("aria-label"), "Open chat, 1 unread", "unread on the next page");
  }));

check("an unanswered message survives a reload and is stored and shown once", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    v.mock.state.ackLost = true;
    await v.write("only once");
    await until(v.states, ["sending"], "state");
    await v.page.reload();
    v.mock.state.ackLost = false;
    await until(v.texts, ["only once"], "texts");
    await until(v.states, ["sent"], "state after");
    expect([...v.mock.conversations.values()].map((c) => c.changes.length), [1], "stored");
    await until(async () => Object.keys(await v.stored()).filter((key) => key.startsWith("out.")), [], "outbox");
  }));

check("offline and back: what was written goes out, in order, once", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.write("before");
    await until(v.states, ["sent"], "stored");
    v.mock.state.http = false;
    await v.room.setOffline(true);
    v.mock.drop();
    await until(v.phase, "offline", "phase");
    await v.write("while away 1");
    await v.write("while away 2");
    await until(v.states, ["sent", "waiting", "waiting"], "states");
    v.mock.state.http = true;
    await v.room.setOffline(false);
    await until(v.phase, "live", "phase after", 8000);
    await until(v.texts, ["before", "while away 1", "while away 2"], "texts");
    await until(v.states, ["", "", "sent"], "states after");
    expect([...v.mock.conversations.values()].map((c) => c.changes.map((x) => x.message.text)), [["before", "while away 1", "while away 2"]], "stored");
  }));

check("without WebSockets: HTTP carries both ways, then the socket takes over", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    v.mock.state.sockets = false;
    v.mock.drop();
    await until(v.phase, "polling", "phase", 15000);
    await v.write("over http");
    await until(v.states, ["sent"], "stored", 3000);
    v.mock.agent("heard you");
    await until(v.texts, ["over http", "heard you"], "texts", 8000);
    v.mock.state.sockets = true;
    await until(v.phase, "live", "phase after", 35000);
    v.mock.agent("live again");
    await until(v.texts, ["over http", "heard you", "live again"], "texts after");
  }));

check("server gone: said so, kept, retried by hand", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    v.mock.state.http = false;
    v.mock.drop();
    await v.write("kept");
    await until(v.phase, "unavailable", "phase", 15000);
    expect(await v.states(), ["waiting"], "state");
    // By now the next try of its own is 4 seconds away or more: what follows is the click's doing.
    await until(async () => v.mock.state.upgrades >= 6, true, "tries", 20000);
    v.mock.state.http = true;
    await v.frame.locator(".banner button").click();
    await until(v.phase, "live", "phase after", 3000);
    await until(v.states, ["sent"], "state after");
  }));

check("a server that is not there at the first opening", (browser) =>
  visit(browser, {}, async (v) => {
    await v.go();
    let tries = 0;
    await v.page.route("**/api/v1/live/**", (route) => ++tries && route.fulfill({ status: 503, contentType: "application/problem+json", body: '{"status":503,"code":"unavailable"}' }));
    await v.launcher.click();
    await v.write("patient");
    await until(v.phase, "unavailable", "phase", 15000);
    await until(async () => tries >= 5, true, "tries", 20000); // As above.
    await v.page.unroute("**/api/v1/live/**");
    await v.frame.locator(".banner button").click();
    await until(v.phase, "live", "phase after", 3000);
    await until(v.states, ["sent"], "state");
  }));

check("a chat that cannot be loaded: the launcher says so, and the next press tries again", (browser) =>
  visit(browser, {}, async (v) => {
    await v.go();
    v.mock.state.http = false;
    await v.launcher.click();
    await until(() => v.launcher.innerText(), "The chat cannot be reached right now.", "launcher");
    v.mock.state.http = true;
    await v.launcher.click();
    await v.frame.locator('[data-phase="live"]').waitFor();
    expect((await v.launcher.innerText()).trim(), "", "launcher after");
  }));

check("a frame that cannot be loaded: the loader says so and tries again", (browser) =>
  visit(browser, {}, async (v) => {
    await v.page.clock.install();
    await v.go();
    await v.page.route("**/frame.html*", (route) => route.abort());
    await v.launcher.click();
    await v.page.locator("iframe").waitFor({ state: "attached" });
    await v.page.clock.runFor(11_000);
    const retry = v.page.getByRole("button", { name: "Try again" });
    await retry.waitFor();
    await v.page.unroute("**/frame.html*");
    await retry.click();
    await v.page.clock.resume();
    await v.frame.locator('[data-phase="live"]').waitFor();
    expect(await retry.isVisible(), false, "note");
  }));

check("refused: the sentence is shown, and asked again", (browser) =>
  visit(browser, {}, async (v) => {
    v.mock.state.refused = "This shop only talks on its own site.";
    await v.go();
    await v.launcher.click();
    await v.frame.getByText("This shop only talks on its own site.").waitFor();
    expect(await v.by("widget-input").count(), 0, "composers");
    v.mock.state.refused = undefined;
    await v.frame.getByRole("button", { name: "Try again" }).click();
    await until(v.phase, "live", "phase");
  }));

check("session ended (4401): a new one, and the old conversation is gone", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.write("old");
    await until(v.states, ["sent"], "stored");
    const { token } = await v.stored();
    v.mock.expire();
    await until(async () => v.mock.conversations.size, 2, "sessions");
    await until(v.texts, [], "texts");
    await until(v.phase, "live", "phase");
    expect((await v.stored()).token === token, false, "old token kept");
    await v.write("new");
    await until(v.texts, ["new"], "texts after");
    expect([...v.mock.conversations.values()].map((c) => c.changes.length), [1, 1], "stored");
  }));

check("epoch changed: everything is fetched again, nothing doubles", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    for (let i = 0; i < 120; i++) v.mock.agent(`n${i}`);
    await until(async () => (await v.texts()).length, 120, "texts");
    v.mock.state.epoch = "e2";
    v.mock.drop();
    await until(v.phase, "live", "phase", 8000);
    await until(async () => (await v.texts()).length, 120, "texts after");
    expect((await v.texts()).at(-1), "n119", "last");
  }));

check("typing, both ways", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    v.mock.typing(true);
    await v.frame.getByText("Lin Yue is typing").waitFor();
    v.mock.agent("there");
    await v.frame.getByText("Lin Yue is typing").waitFor({ state: "detached" });
    await v.by("widget-input").pressSequentially("hello there");
    await until(async () => v.mock.state.typing, [true], "frames");
    await v.by("widget-input").press("Enter");
    await until(async () => v.mock.state.typing, [true, false], "frames after");
  }));

check("the queue: place, nobody online, served", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.write("hi");
    v.mock.queue(3);
    await until(() => v.by("widget-queue").locator("strong").textContent(), "You are number 3 in line", "place");
    v.mock.queue(1);
    await until(() => v.by("widget-queue").locator("strong").textContent(), "You are next in line", "place");
    v.mock.queue(1, false);
    await v.by("widget-queue").getByText("Nobody is online right now").waitFor();
    v.mock.queue(0);
    await until(() => v.by("widget-queue").count(), 0, "notices");
  }));

check("resolved: said so, writing goes on", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.write("thanks");
    await until(v.states, ["sent"], "stored");
    v.mock.resolve();
    await v.frame.getByText("Write again and it continues here.").waitFor();
    await v.write("one more thing");
    await until(() => v.frame.getByText("Write again and it continues here.").count(), 0, "hint");
  }));

check("a refused message can be sent again or deleted", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.write("bad [refuse]");
    await v.write("good");
    await until(v.states, ["sent", "failed"], "states");
    await v.frame.getByText("This word is not allowed here").waitFor();
    await v.page.reload();
    await until(v.states, ["sent", "failed"], "states after a reload");
    await v.frame.getByRole("button", { name: "Send again" }).click();
    await until(v.states, ["sent", "failed"], "states after again");
    await v.frame.getByRole("button", { name: "Delete" }).click();
    await until(v.texts, ["good"], "texts");
  }));

check("4,000 characters and not one more", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    const fill = (n) => v.by("widget-input").fill("😀".repeat(n));
    await fill(3599);
    expect(await v.frame.locator(".count").textContent(), "", "counter");
    await fill(4001);
    expect(await v.frame.locator(".count").textContent(), "1 characters too many", "counter");
    await v.by("widget-input").press("Enter");
    expect(await v.texts(), [], "sent");
    await fill(4000);
    await v.by("widget-input").press("Enter");
    await until(async () => (await v.texts()).map((t) => [...t].length), [4000], "sent");
  }));

check("unread while closed: badge, name, page event; gone when opened", (browser) =>
  visit(browser, {}, async (v) => {
    await v.go();
    await v.page.evaluate(() => {
      window.heard = [];
      for (const name of ["open", "close", "unread"]) Patchbay("on", name, (n) => window.heard.push(n === undefined ? name : `${name} ${n}`));
      Patchbay("open");
    });
    await v.frame.locator('[data-phase="live"]').waitFor();
    await v.page.evaluate(() => Patchbay("toggle"));
    await v.page.waitForTimeout(150); // Until the frame has heard that it is hidden: nothing shows it.
    v.mock.agent("are you there?");
    v.mock.agent("hello?");
    await until(() => v.launcher.getAttribute("aria-label"), "Open chat, 2 unread", "name");
    await v.page.reload();
    expect(await v.launcher.getAttribute("aria-label"), "Open chat, 2 unread", "name after a reload");
    await v.launcher.click();
    await until(() => v.launcher.getAttribute("aria-label"), "Close chat", "name when open");
    await until(async () => (await v.stored()).unread, "0", "kept count");
  }));

check("another page's messages move nothing", (browser) =>
  visit(browser, {}, async (v) => {
    await v.open();
    await v.page.evaluate(() => {
      for (const message of [{ type: "put", key: "token", value: "stolen" }, { type: "close" }, { type: "put", key: "unread", value: "9" }]) {
        window.postMessage({ channel: "patchbay/1", ...message }, "*");
      }
    });
    const inner = v.page.frames().find((f) => f.url().includes("frame.html"));
    await inner.evaluate(() => window.postMessage({ channel: "patchbay/1", type: "init", page: { url: "https://evil.example", title: "", referrer: "", locale: "en" }, store: { token: "forged" }, open: true, focus: false }, "*"));
    await v.write("still here");
    await until(v.texts, ["still here"], "texts");
    expect(await v.launcher.getAttribute("aria-expanded"), "true", "open");
    expect((await v.stored()).token.startsWith("tok_"), true, "token");
  }));

check("where the page's storage is blocked it still works", (browser) =>
  visit(browser, {}, async (v) => {
    await v.page.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get: () => { throw new DOMException("denied", "SecurityError"); } });
    });
    await v.open();
    await v.write("no storage");
    await until(v.texts, ["no storage"], "texts");
  }));

check("the frame is given its own inbox's keys and no others", (browser) =>
  visit(browser, {}, async (v) => {
    await v.page.addInitScript((prefix) => {
      if (window !== top) return;
      localStorage.setItem("cart", "secret");
      localStorage.setItem("patchbay:inb_other:token", "other");
      localStorage.setItem(`${prefix}draft`, "mine");
    }, STORE);
    await v.open();
    expect(await v.by("widget-input").inputValue(), "mine", "draft");
    expect(v.mock.state.requests[0].body.token, undefined, "token");
  }));

check("phone: full screen, the close button, the page behind comes back", (browser) =>
  visit(browser, { size: { width: 390, height: 844 }, context: { hasTouch: true, isMobile: true } }, async (v) => {
    await v.go();
    await v.launcher.tap();
    await v.frame.locator('[data-phase="live"]').waitFor();
    await until(() => v.page.getByTestId("widget-frame").boundingBox(), { x: 0, y: 0, width: 390, height: 844 }, "frame");
    await until(() => v.launcher.isVisible(), false, "launcher");
    await v.frame.getByRole("button", { name: "Close chat" }).tap();
    await until(() => v.launcher.isVisible(), true, "launcher after");
  }));

check("opened by itself, frame.html is a chat page", (browser) =>
  visit(browser, {}, async ({ page, mock }) => {
    await page.goto(`${mock.origin}/w/inb_01HZX5YB4T9M4Q6N8R2S3V7W1K/frame.html`);
    await page.locator('[data-phase="live"]').waitFor();
    await page.getByTestId("widget-input").fill("direct");
    await page.getByTestId("widget-input").press("Enter");
    await page.locator('[data-state="sent"]').waitFor();
    expect(mock.state.requests[0].body.embed_origin, mock.origin, "embed origin");
    await page.reload();
    await page.locator('[data-state="sent"]').waitFor();
    expect(mock.conversations.size, 1, "conversations");
    expect(await page.getByRole("button", { name: "Close chat" }).count(), 0, "close buttons");
  }));
