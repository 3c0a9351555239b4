// The page System as whoever runs the installation uses it: findings in sentences, the way of WebSockets
// from this browser, and the support bundle, read before it is downloaded.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'

import { axe, launch, phone, shot } from '../lib/browser.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, page

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  page = (await Agent.signIn(browser, server.links()[0])).page
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const finding = (title) => page.getByTestId('finding').filter({ has: page.getByRole('heading', { name: title, exact: true }) })

test('each part is said in a sentence, what needs attention first', async () => {
  await page.goto(`${server.origin}/settings/system`)
  await finding('Database').waitFor()
  assert.match(await finding('Database').innerText(), /SQLite .* its pages are sound/)
  assert.match(await finding('Plugins').innerText(), /\d run: .*patchbay\/webchat/)
  assert.match(await finding('Public address').innerText(), /reachable from this machine only/)
  const levels = await page.getByTestId('installation').getByTestId('finding').evaluateAll((rows) => rows.map((row) => row.dataset.level))
  const rank = { problem: 0, warning: 1, ok: 2 }
  assert.ok(levels.length >= 10 && levels.every((level, n) => n === 0 || rank[levels[n - 1]] <= rank[level]), levels.join())
  const worst = await page.getByTestId('system-level').getAttribute('data-level')
  assert.equal(worst, levels[0])
})

test('a WebSocket is tried from this browser, and what is in its way is named', async () => {
  await finding('Live connection').getByText('opens from here, and what the server sends arrives at once').waitFor()
  await page.routeWebSocket(/\/api\/v1\/trial\//, (socket) => socket.close())
  await page.getByTestId('system-again').click()
  await finding('Live connection').getByText('did not reach the server').waitFor()
  await finding('Live connection').getByText('Allow WebSockets in the proxy').waitFor()
  assert.equal(await finding('Live connection').getAttribute('data-level'), 'problem')
  await page.locator('[data-testid=system-level][data-level=problem]').waitFor()
  await shot(page, 'system-blocked')
})

test('the bundle is read, then downloaded, and that is in the audit log', async () => {
  await page.getByTestId('system-bundle').click()
  const log = page.getByTestId('bundle-item').filter({ hasText: 'log.txt' })
  await log.locator('summary').click()
  await log.locator('pre').getByText('serving').waitFor()
  await page.setViewportSize(phone)
  assert.deepEqual(await axe(page), [])
  await shot(page, 'system-bundle-phone')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('bundle-download').click()])
  assert.match(file.suggestedFilename(), /^patchbay-support-\d{8}-\d{6}\.zip$/)
  const zip = await readFile(await file.path())
  assert.equal(zip.subarray(0, 2).toString(), 'PK')
  for (const name of ['report.txt', 'configuration.txt', 'log.txt', 'metrics.txt']) assert.ok(zip.includes(`patchbay-support/${name}`), name)
  await page.goto(`${server.origin}/settings/audit`)
  await page.getByText('downloaded a support bundle').waitFor()
  assert.deepEqual(page.problems, [])
})
