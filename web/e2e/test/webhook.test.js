// A company's own system as a channel: an administrator adds the inbox by
// clicking, sends from its sandbox as a customer, the system itself posts a
// signed request, the agent answers, the answer reaches the system signed, and
// the sandbox shows all of it.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const SECRET = 'a-long-secret-of-the-browser-test'
const got = []
let system, status, server, browser, owner, base, inbox, address

const sign = (body, at = Math.floor(Date.now() / 1000)) => `t=${at},v1=${createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex')}`
const post = (body, signature = sign(body), path = 'messages') => fetch(`${address}/${path}`, { method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Patchbay-Signature': signature } })

before(async () => {
  status = 200
  system = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () => {
      got.push({ headers: request.headers, body })
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify({ id: `far-${got.length}` }))
    })
  })
  await new Promise((done) => system.listen(0, '127.0.0.1', done))
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
  system?.close()
})

test('an administrator adds the inbox by clicking', async () => {
  await owner.goto(`${server.origin}/settings/inboxes`)
  await owner.getByTestId('new-inbox').click()
  await owner.getByTestId('channel-patchbay/webhook').click()
  await owner.getByTestId('setting-secret').fill(SECRET)
  await owner.getByTestId('setting-url').fill(`http://127.0.0.1:${system.address().port}/in`)
  await owner.getByTestId('setting-answer_id').fill('/id')
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'webhook-form-en-light-1440')
  await owner.getByTestId('inbox-create').click()
  const made = await until(async () => (await (await owner.request.get(`${base}/inboxes`)).json()).items.find((one) => one.plugin === 'patchbay/webhook'))
  inbox = made.id
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await owner.getByTestId('rotate-hook').click()
  await owner.getByRole('dialog').getByRole('button', { name: 'Make a new address' }).click()
  address = (await owner.getByTestId('hook-url').innerText()).trim()
  assert.match(address, /^http.*\/hooks\//)
})

const frame = () => owner.frameLocator('[data-testid=plugin-frame] iframe')
const framed = () => owner.frames().find((one) => one.url().includes('/settings/index.html'))

test('the sandbox sends as a customer, by keyboard; what is wrong is told with its place', async () => {
  await frame().locator('#body').waitFor()
  await frame().locator('#body').press('Tab')
  await frame().locator('#send').press('Enter')
  await frame().getByText('Accepted (200).').waitFor()
  await frame().locator('#body').fill('{"id":"m-2","text":"nobody says this"}')
  await frame().locator('#preview').click()
  await frame().locator('pre').getByText('/sender/id').waitFor()
  await frame().locator('#send').click()
  await frame().getByText('Refused (422).').waitFor()
  await frame().locator('#curl').click()
  assert.match(await frame().locator('.command textarea').last().inputValue(), /openssl dgst -sha256 -hmac "\$SECRET"/)
  assert.ok(!(await framed().content()).includes(SECRET))
  assert.deepEqual(await axe(framed()), [])
})

test('the system posts; what it did not sign is refused; the agent answers, and the answer arrives signed', async () => {
  const body = JSON.stringify({ id: 'order-42', sender: { id: 'u-7', name: 'Bo Lin' }, text: 'Is my tin on its way?' })
  for (let i = 0; i < 3; i++) assert.equal((await post(body)).status, 200)
  assert.equal((await post(body.replace('Is', 'Was'))).status, 409)
  assert.equal((await post(body, 't=1,v1=00')).status, 403)
  assert.equal((await post(body, sign(body, Math.floor(Date.now() / 1000) - 600))).status, 403)
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Is my tin on its way?' }).first().click()
  await owner.getByTestId('composer').waitFor()
  await owner.getByTestId('message').filter({ hasText: 'Is my tin on its way?' }).first().waitFor()
  assert.equal(await owner.getByTestId('message').filter({ hasText: 'Is my tin on its way?' }).count(), 1)
  await owner.getByTestId('composer-input').fill('It left this morning.')
  await owner.getByTestId('send').click()
  const told = await until(async () => got.find((one) => one.body.includes('It left this morning.')))
  const said = JSON.parse(told.body)
  assert.equal(said.recipient, 'u-7')
  assert.equal(told.headers['idempotency-key'], said.id)
  const [, at, v1] = told.headers['patchbay-signature'].match(/^t=(\d+),v1=([0-9a-f]{64})$/)
  assert.equal(v1, createHmac('sha256', SECRET).update(`${at}.${told.body}`).digest('hex'))
  const read = JSON.stringify({ id: 's-1', message: `far-${got.indexOf(told) + 1}`, state: 'read' })
  const answer = await fetch(`${address}/statuses`, { method: 'POST', body: read, headers: { 'Content-Type': 'application/json', 'Patchbay-Signature': sign(read) } })
  assert.equal(answer.status, 200)
  await shot(owner, 'webhook-conversation-en-light-1440')
})

test('what the company writes in its own system comes in as its own, and what it was sent is not doubled', async () => {
  const sent = got.findIndex((one) => one.body.includes('It left this morning.')) + 1
  const echo = async (body) => {
    const text = JSON.stringify({ recipient: 'u-7', author: { name: 'Mei' }, ...body })
    assert.equal((await post(text, sign(text), 'echoes')).status, 200)
  }
  await echo({ id: `far-${sent}`, text: 'It left this morning.' })
  await echo({ id: 'shown-twice', delivery: JSON.parse(got[sent - 1].body).id, text: 'It left this morning.' })
  await echo({ id: 'own-1', text: 'I put a second tin into the parcel.' })
  await echo({ id: 'own-1', text: 'I put a second tin into the parcel.' })
  await owner.getByTestId('message').filter({ hasText: 'I put a second tin into the parcel.' }).filter({ hasText: 'Mei' }).waitFor()
  for (const text of ['It left this morning.', 'I put a second tin into the parcel.']) assert.equal(await owner.getByTestId('message').filter({ hasText: text }).count(), 1, text)
  assert.ok(!got.some((one) => one.body.includes('second tin')), 'an echo was sent')
})

test('the sandbox shows what came and went, wide and narrow, in both languages', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  const line = (text) => frame().locator('.traffic li').filter({ hasText: text })
  await line('signature_stale').waitFor()
  await line('signature_wrong').waitFor()
  await line('key_reused').waitFor()
  await line('Out').first().waitFor()
  assert.equal(await line('POST /messages').count(), 8)
  await line('signature_stale').locator('summary').click()
  await line('signature_stale').getByText('Patchbay-Signature: …').waitFor()
  assert.deepEqual(await axe(framed()), [])
  await owner.locator('[data-testid=plugin-frame]').scrollIntoViewIfNeeded()
  await shot(owner, 'webhook-sandbox-en-light-1440')
  await speak(owner, server, 'zh-CN')
  await owner.setViewportSize(phone)
  await owner.emulateMedia({ colorScheme: 'dark' })
  await owner.reload()
  await frame().getByText('最近的请求').waitFor()
  await line('signature_stale').waitFor()
  assert.ok((await framed().evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'it is wider than the phone')
  assert.deepEqual(await axe(framed()), [])
  await owner.locator('[data-testid=plugin-frame]').scrollIntoViewIfNeeded()
  await shot(owner, 'webhook-sandbox-zh-dark-390')
  await frame().locator('#curl').scrollIntoViewIfNeeded()
  await frame().locator('#curl').click()
  await frame().locator('.command').last().scrollIntoViewIfNeeded()
  await shot(owner, 'webhook-command-zh-dark-390')
  await owner.emulateMedia({ colorScheme: 'light' })
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'en')
})
