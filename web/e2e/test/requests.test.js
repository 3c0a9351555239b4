// Raw requests of an inbox, as an administrator looks into them: a wrong secret
// has honest requests refused as forged; the secret is corrected, and they are
// replayed and come in, once. What is refused says why; what may be a secret is
// hidden.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const WRONG = 'the-secret-that-somebody-mistyped'
const RIGHT = 'the-secret-that-the-shop-signs-with'
let server, browser, owner, base, inbox, address

const sign = (body, at = Math.floor(Date.now() / 1000)) => `t=${at},v1=${createHmac('sha256', RIGHT).update(`${at}.${body}`).digest('hex')}`
const post = (message) => {
  const body = JSON.stringify(message)
  return fetch(`${address}/messages?access_token=hidden-too`, { method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Patchbay-Signature': sign(body) } })
}

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  const made = await owner.request.post(`${base}/inboxes`, { data: { name: 'Shop', plugin: 'patchbay/webhook', config: { url: 'http://127.0.0.1:9/in' }, secrets: { '/secret': WRONG } } })
  assert.equal(made.status(), 201, await made.text())
  const body = await made.json()
  inbox = body.id
  address = body.hook_url.replace(/\/$/, '')
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const section = () => owner.getByTestId('inbox-requests')
const rows = (outcome) => section().locator(`[data-testid=request][data-outcome=${outcome}]`)
const dialog = () => owner.getByTestId('request-dialog')

/** Pictures of what is shown, in both languages and sizes. */
async function pictures(name, ready) {
  for (const [lang, locale] of [['zh', 'zh-CN'], ['en', 'en']]) {
    await speak(owner, server, locale)
    await owner.reload()
    await ready()
    for (const viewport of [desktop, phone]) {
      await owner.setViewportSize(viewport)
      await shot(owner, `requests-${name}-${lang}-light-${viewport.width}`)
      assert.deepEqual(await axe(owner), [])
    }
    await owner.setViewportSize(desktop)
  }
}

test('nothing was posted yet', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await section().getByTestId('request-none').waitFor()
  await section().scrollIntoViewIfNeeded()
})

test('what came is listed with what became of it, and shown without secrets', async () => {
  await until(async () => (await (await owner.request.get(`${base}/inboxes/${inbox}`)).json()).status.state !== 'down')
  const one = await post({ id: 'm-1', sender: { id: 'u-1', name: 'Alice' }, text: 'Where is my tea?' })
  assert.ok(one.status >= 400 && one.status < 500, String(one.status))
  await rows('forged').first().waitFor()
  await pictures('list', async () => {
    await rows('forged').first().waitFor()
    await section().scrollIntoViewIfNeeded()
  })
  await pictures('one', async () => {
    await rows('forged').first().getByTestId('request-open').press('Enter')
    await dialog().getByTestId('request-body').waitFor()
  })
  const shown = await dialog().innerText()
  assert.match(shown, /"text": "Where is my tea\?"/)
  assert.match(shown, /Patchbay-Signature: \[hidden\]/i)
  assert.match(shown, /access_token: \[hidden\]/)
  assert.ok(!shown.includes('hidden-too') && !shown.includes(new URL(address).pathname.split('/')[2]))
  await owner.keyboard.press('Escape')
  await dialog().waitFor({ state: 'hidden' })
  const audit = await (await owner.request.get(`${base}/audit?limit=20`)).json()
  assert.ok(audit.items.some((row) => row.action === 'inbox.request_read'), JSON.stringify(audit.items.map((row) => row.action)))
})

test('the secret is corrected, and what was refused comes in, once', async () => {
  await post({ id: 'm-2', sender: { id: 'u-1', name: 'Alice' }, text: 'Are you there?' })
  const kept = await owner.request.patch(`${base}/inboxes/${inbox}`, { data: { secrets: { '/secret': RIGHT } } })
  assert.equal(kept.status(), 200, await kept.text())
  await rows('forged').nth(1).waitFor()
  await section().getByTestId('request-filter').selectOption('forged')
  await section().getByTestId('request-replay-all').click()
  await owner.getByTestId('request-replay-dialog').waitFor()
  await shot(owner, 'requests-all-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('request-replay-go').click()
  await section().getByTestId('request-filter').selectOption('processed')
  await rows('processed').nth(1).waitFor()
  // One that is in already is a duplicate, and nothing new.
  await rows('processed').first().getByTestId('request-open').click()
  await dialog().getByTestId('request-again').click()
  await dialog().waitFor({ state: 'hidden' })
  await section().getByText('1 known already').waitFor()
  const messages = await until(async () => {
    const list = (await (await owner.request.get(`${base}/conversations?inbox=${inbox}`)).json()).items
    return list.length === 1 ? list[0] : undefined
  })
  const timeline = (await (await owner.request.get(`${base}/conversations/${messages.id}/timeline`)).json()).items
  const texts = timeline.map((item) => item.message?.text).filter(Boolean)
  assert.deepEqual(texts, ['Where is my tea?', 'Are you there?'])
})

test('what is refused says why, and is replayed alone by keyboard', async () => {
  await post({ id: 'm-3', text: 'nobody says this' })
  await section().getByTestId('request-filter').selectOption('failed')
  await rows('refused').first().waitFor()
  await pictures('refused', async () => {
    await section().getByTestId('request-filter').selectOption('failed')
    await rows('refused').first().waitFor()
    await section().scrollIntoViewIfNeeded()
  })
  await rows('refused').first().getByTestId('request-replay').focus()
  await owner.keyboard.press('Enter')
  await owner.getByText('It is processed again within seconds.').waitFor()
  await rows('refused').first().waitFor()
})

test('a server that does not answer is told, with another try', async () => {
  await owner.route('**/requests?*', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"status":503,"code":"storage.busy","title":"Busy","detail":"Busy."}' }))
  await owner.reload()
  await section().getByRole('button', { name: /again/i }).waitFor()
  await owner.unroute('**/requests?*')
  await section().getByRole('button', { name: /again/i }).click()
  await section().getByTestId('request').first().waitFor()
})
