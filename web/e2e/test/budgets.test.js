// What a visitor and an agent download, weighed on the wire by a throttled
// browser: 1.6 Mbit/s, 150 ms, a quarter of this machine's processor.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { launch, person } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Visitor } from '../lib/people.js'
import { Server } from '../lib/server.js'

const KB = 1024
const budgets = { loader: 3 * KB, widget: 45 * KB, console: 250 * KB }

let server, browser

before(async () => {
  server = await Server.start()
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** Slows a page down and weighs the files it loads: bytes of bodies as they came, by path. */
async function weigh(page) {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 90_000 })
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 })
  const files = new Map()
  const open = new Set()
  let last = Date.now()
  const ended = (request) => {
    open.delete(request)
    last = Date.now()
  }
  page.on('request', (request) => open.add(request))
  page.on('requestfailed', ended)
  page.on('requestfinished', async (request) => {
    const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }))
    files.set(new URL(request.url()).pathname, responseBodySize)
    ended(request)
  })
  return {
    files,
    /** Until nothing was loaded for a second. */
    quiet: () => until(() => open.size === 0 && Date.now() - last > 1000, () => `still loading: ${[...open].map((request) => request.url())}`),
    /** The weight of the files whose path fits. */
    of: (fits) => [...files].filter(([path]) => fits(path)).reduce((sum, [, size]) => sum + size, 0),
  }
}

const report = (what, bytes, budget) => console.log(`budgets: ${what} ${bytes} of ${budget} bytes`)

test('the page of a shop pays for a button only: no cookie, no shift, and the rest when it is pressed', async () => {
  const visitor = new Visitor()
  visitor.page = await person(browser)
  await visitor.page.addInitScript(() => {
    globalThis.shifted = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) globalThis.shifted += entry.value
    }).observe({ type: 'layout-shift', buffered: true })
  })
  const load = await weigh(visitor.page)
  await visitor.page.goto(`${server.origin}/demo`)
  await visitor.page.getByTestId('launcher').waitFor()
  await load.quiet()
  const widget = (path) => path.startsWith('/w/')
  const before = load.of(widget)
  report('widget before the click', before, budgets.loader)
  assert.ok(before > 0 && before <= budgets.loader, `${before} bytes: ${JSON.stringify([...load.files])}`)
  assert.equal(await visitor.page.evaluate(() => globalThis.shifted), 0, 'the page moved')
  assert.deepEqual(await visitor.page.context().cookies(), [])

  await visitor.open()
  await load.quiet()
  const opened = load.of(widget) - before
  report('widget after it opened', opened, budgets.widget)
  assert.ok(opened > 0 && opened <= budgets.widget, `${opened} bytes: ${JSON.stringify([...load.files])}`)
  assert.equal(await visitor.page.evaluate(() => globalThis.shifted), 0, 'the page moved when the widget opened')
  assert.deepEqual(await visitor.page.context().cookies(), [])
  await visitor.page.context().close()
})

/**
 * A page with nothing in its cache of an agent whose list is not empty. Conversations
 * are given to who is there: at the first sign-in the list begins empty.
 */
async function assigned() {
  const first = await person(browser)
  await first.goto(server.links()[0])
  await first.locator('[data-testid=conversation-list-item]').first().waitFor()
  const cookies = await first.context().cookies()
  await first.context().close()
  const page = await person(browser)
  await page.context().addCookies(cookies)
  return page
}

test('the console shows its list within its budget', async () => {
  const page = await assigned()
  await page.addInitScript(() => {
    const look = () => {
      if (!globalThis.listed && document.querySelector('[data-testid=conversation-list-item]')) globalThis.listed = performance.now()
    }
    new MutationObserver(look).observe(document, { childList: true, subtree: true })
  })
  const load = await weigh(page)
  await page.goto(server.origin)
  await page.locator('[data-testid=conversation-list-item]').first().waitFor()
  await load.quiet()
  const ahead = await page.evaluate(() => performance.getEntriesByType('resource').flatMap(({ name, startTime }) => (startTime > globalThis.listed ? [new URL(name).pathname] : [])))
  const isCode = (path) => !path.startsWith('/api/')
  const code = load.of((path) => isCode(path) && !ahead.includes(path))
  report('console until its list shows', code, budgets.console)
  console.log(`budgets: console with what it fetches ahead ${load.of(isCode)} bytes`)
  assert.ok(ahead.some((path) => path.includes('ConversationView')), 'a conversation is fetched ahead of the click, after the list')
  assert.ok(code > 0 && code <= budgets.console, `${code} bytes: ${JSON.stringify([...load.files])}`)
  await page.context().close()
})
