// Mail that came before a mailbox was connected is brought by a button, through
// real mail servers: what it came to is said in words, nothing is there twice.
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Mail } from '../lib/mail.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const care = 'care@shop.test'
const alice = 'alice@shop.test'
let mail, server, browser, owner, base, inbox, hook

/** The way to the mailbox: while it is held, who connects is not answered. */
const gate = { held: false, sockets: new Set() }

const letter = (id, subject, text) => `Message-ID: <${id}@world.test>
From: Alice <${alice}>
To: ${care}
Subject: ${subject}
Date: ${new Date().toUTCString().replace('GMT', '+0000')}

${text}
`

/** Opens the gate before an address and returns where it is. */
async function open(address) {
  const at = address.lastIndexOf(':')
  gate.server = createServer((socket) => {
    const keep = (one) => gate.sockets.add(one.on('error', () => one.destroy()).on('close', () => gate.sockets.delete(one)))
    keep(socket)
    if (gate.held) return
    const beyond = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)) })
    keep(beyond)
    socket.pipe(beyond).pipe(socket)
  })
  await new Promise((done) => gate.server.listen(0, '127.0.0.1', done))
  return `127.0.0.1:${gate.server.address().port}`
}

const get = async (path) => (await owner.request.get(`${base}/${path}`)).json()
const panel = () => owner.getByTestId('backfill')

before(async () => {
  mail = await Mail.start(care, alice)
  await mail.send(alice, care, letter('old1', 'Before', 'The first one from before'))
  await mail.send(alice, care, letter('old2', 'Before, too', 'The second one from before'))
  await until(async () => (await mail.inbox(care)).length === 2)
  server = await Server.start(['--demo', '--outbound.allow-networks', '127.0.0.1/32'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  const config = { address: care, name: 'Shop', provider: 'other', incoming: await open(mail.at.IMAPS), outgoing: mail.at.Submissions, security: 'tls', certificates: mail.at.Certificate }
  const answer = await owner.request.post(`${base}/inboxes`, { data: { name: 'Care', plugin: 'patchbay/email', config, secrets: { '/password': 'secret' } } })
  assert.equal(answer.status(), 201, await answer.text())
  ;({ id: inbox, hook_url: hook } = await answer.json())
  await until(async () => (await get(`inboxes/${inbox}`)).status.state === 'ok')
  await mail.send(alice, care, letter('new', 'Now', 'One that comes by itself'))
  await until(async () => (await texts()).includes('One that comes by itself'))
})

after(async () => {
  await browser?.close()
  await server?.end()
  gate.server?.close()
  for (const socket of gate.sockets) socket.destroy()
  await mail?.end()
})

/** What was written last in the conversations of the inbox. */
const texts = async () => (await get('conversations?limit=100')).items.filter((one) => one.inbox_id === inbox).map((one) => one.last_message?.text ?? one.last?.text ?? JSON.stringify(one))

/** Pictures of what is shown, in both languages and sizes. */
async function pictures(name) {
  for (const [lang, locale] of [['zh', 'zh-CN'], ['en', 'en']]) {
    await speak(owner, server, locale)
    await owner.reload()
    for (const viewport of [desktop, phone]) {
      await owner.setViewportSize(viewport)
      await panel().getByTestId('backfill-start').waitFor()
      await panel().scrollIntoViewIfNeeded()
      await shot(owner, `backfill-${name}-${lang}-light-${viewport.width}`)
      assert.deepEqual(await axe(owner), [])
    }
    await owner.setViewportSize(desktop)
  }
}

test('what came before is brought, with the keyboard, and said in words', async () => {
  assert.ok(!(await texts()).some((text) => text.includes('from before')), 'it was read without being asked for')
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await panel().getByTestId('backfill-since').fill('2020-01-01T10:00')
  await panel().getByTestId('backfill-start').click()
  await panel().locator('.invalid').getByText(/90/).first().waitFor()
  assert.equal(await panel().getByTestId('backfill-runs').count(), 0)
  await panel().getByTestId('backfill-hour').focus()
  await owner.keyboard.press('Enter')
  await panel().getByTestId('backfill-start').focus()
  await owner.keyboard.press('Enter')
  const run = panel().getByTestId('backfill-runs').locator('li').first()
  await run.and(owner.locator('[data-state=done]')).waitFor()
  await run.getByText('3 found: 2 new, 1 here before, 0 refused').waitFor()
  await until(async () => (await texts()).filter((text) => text.includes('from before')).length === 2)
  await pictures('done')
})

test('brought again everything is known, and a message says when it was written', async () => {
  await panel().getByTestId('backfill-start').click()
  await panel().getByText('3 found: 0 new, 3 here before, 0 refused').waitFor()
  assert.equal((await texts()).length, 3)
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'The first one from before' }).first().click()
  await owner.getByTestId('message').filter({ hasText: 'The first one from before' }).getByTestId('message-later').getByText('brought later').waitFor()
  await shot(owner, 'backfill-message-en-light-1440')
  assert.deepEqual(await axe(owner), [])
})

test('what takes long is stopped, and can be begun again', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await panel().getByTestId('backfill-start').waitFor()
  assert.equal(await panel().getByTestId('backfill-stop').count(), 0)
  gate.held = true
  await panel().getByTestId('backfill-start').click()
  const run = panel().getByTestId('backfill-runs').locator('li').first()
  await run.and(owner.locator('[data-state=running]')).waitFor()
  await panel().getByTestId('backfill-stop').waitFor()
  await pictures('running')
  await panel().getByTestId('backfill-stop').focus()
  await owner.keyboard.press('Enter')
  await run.and(owner.locator('[data-state=stopped]')).waitFor()
  await panel().getByTestId('backfill-stop').waitFor({ state: 'detached' })
  await owner.locator('[data-testid=backfill-start]:focus').waitFor()
  await pictures('stopped')
  const actions = (await get('audit?limit=50')).items.map((one) => one.action)
  assert.ok(actions.includes('inbox.backfill_stopped'), actions.join())
  gate.held = false
  await panel().getByTestId('backfill-day').click()
  await panel().getByTestId('backfill-start').click()
  await run.and(owner.locator('[data-state=done]')).waitFor()
})

test('after an outage its page proposes to bring what came since', async () => {
  const from = new Date(Date.now() - 2 * 3600_000).toISOString()
  const until = new Date(Date.now() + 60_000).toISOString() // later than what was brought
  await owner.route('**/health', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), outage: { from, until } } })
  })
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await panel().getByTestId('backfill-outage').waitFor()
  await pictures('outage')
  await panel().getByTestId('backfill-since-outage').click()
  const since = await panel().getByTestId('backfill-since').inputValue()
  assert.ok(Math.abs(new Date(since).getTime() - Date.parse(from)) < 60_000, since)
})

test('a channel that nobody posts to shows no raw requests, until somebody does', async () => {
  const requests = owner.getByTestId('inbox-requests')
  const asked = owner.waitForResponse((answer) => answer.url().includes(`/inboxes/${inbox}/requests`))
  await owner.reload()
  await (await asked).finished()
  await panel().waitFor()
  assert.equal(await requests.count(), 0)
  await fetch(hook, { method: 'POST', body: 'hello' })
  await requests.getByTestId('request').waitFor()
})
