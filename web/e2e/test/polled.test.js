// A company's system that cannot call out: an administrator says in the form where
// its list of messages is, tests it, and adds the inbox; the messages come, the
// agent answers, what could not be read is listed, and starting over brings it.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const TOKEN = 'Bearer the-token-of-the-list'
const rows = [
  { no: 1, from: 'customer', client: { id: 'u-7', name: 'Bo Lin' }, message: 'Is my tin on its way?' },
  { no: 2, from: 'agent', client: { id: 'u-7' }, by: 'Mei', message: 'I put a second tin into the parcel.' },
  { no: 3, from: 'system', client: { id: 'u-7' }, message: 'Status: shipped' },
  { no: 4, from: 'customer', client: {}, message: 'Nobody says this.' },
]
const got = []
let system, origin, server, browser, owner, base, inbox

before(async () => {
  system = createServer((request, response) => {
    const url = new URL(request.url, 'http://far')
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json')
      if (request.method === 'POST') return got.push(JSON.parse(body)), response.end('{"id":"far-1"}')
      if (request.headers.authorization !== TOKEN) return response.writeHead(401).end('{}')
      response.end(JSON.stringify({ data: { items: rows.filter((row) => row.no > Number(url.searchParams.get('after'))) } }))
    })
  })
  await new Promise((done) => system.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${system.address().port}`
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
  system?.close()
})

const fill = async (fields) => {
  for (const [name, value] of Object.entries(fields)) await owner.getByTestId(`setting-${name}`).fill(value)
}
const frame = () => owner.frameLocator('[data-testid=plugin-frame] iframe')
const framed = () => owner.frames().find((one) => one.url().includes('/settings/index.html'))

/** What looking at the page of the other system says. */
async function looked() {
  const box = frame().locator('#fetched')
  await box.evaluate((all) => all.firstElementChild?.setAttribute('data-before', ''))
  await frame().locator('#fetch').click()
  const said = box.locator('p:not([data-before])')
  await said.waitFor()
  return said.innerText()
}

async function open() {
  await owner.goto(`${server.origin}/settings/inboxes`)
  await owner.getByTestId('new-inbox').click()
  await owner.getByTestId('channel-patchbay/webhook').click()
  await owner.getByTestId('setting-receive').waitFor()
}

async function fillAll() {
  await owner.getByTestId('setting-receive').selectOption('polled')
  await owner.getByTestId('setting-shape').selectOption('mapped')
  await fill({
    poll_url: `${origin}/api/messages?after={{cursor}}`, poll_items: '/data/items', poll_cursor_at: 'no', poll_start: '0', poll_every_s: '10',
    map_id: 'no', map_sender: 'client.id', map_text: 'message', map_name: 'client.name',
    map_direction: 'from', map_staff: 'agent', map_skip: 'system', map_author: 'by', url: `${origin}/in`,
  })
}

test('the form asks for what fetching needs, and for nothing of it where a system posts', async () => {
  await open()
  for (const name of ['poll_url', 'poll_cursor_at', 'poll_body', 'map_direction']) assert.equal(await owner.getByTestId(`setting-${name}`).count(), 0, name)
  await fillAll()
  assert.equal(await owner.getByTestId('setting-poll_overlap_s').count(), 0)
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('setting-receive').scrollIntoViewIfNeeded()
  await shot(owner, 'polled-form-en-light-1440')
  await owner.getByTestId('setting-map_direction').scrollIntoViewIfNeeded()
  await shot(owner, 'polled-mapping-en-light-1440')
})

test('Test names the field to mend; the inbox is added by clicking', async () => {
  await owner.getByTestId('inbox-probe').click()
  await owner.getByTestId('field-error').filter({ hasText: 'does not accept the sign-in' }).waitFor()
  await fill({ authorization: TOKEN, map_sender: 'client.nobody' })
  await owner.getByTestId('inbox-probe').click()
  await owner.getByTestId('field-error').filter({ hasText: 'one of it cannot be read' }).waitFor()
  await fill({ map_sender: 'client.id' })
  await owner.getByTestId('inbox-create').click()
  const made = await until(async () => (await (await owner.request.get(`${base}/inboxes`)).json()).items.find((one) => one.plugin === 'patchbay/webhook'))
  inbox = made.id
})

test('what both sides wrote comes once; the answer reaches the system', async () => {
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Bo Lin' }).first().click()
  for (const text of ['Is my tin on its way?', 'I put a second tin into the parcel.']) await owner.getByTestId('message').filter({ hasText: text }).first().waitFor()
  assert.equal(await owner.getByTestId('message').filter({ hasText: 'Status: shipped' }).count(), 0)
  await owner.getByTestId('composer-input').fill('It left this morning.')
  await owner.getByTestId('send').click()
  const told = await until(async () => got.find((one) => one.text === 'It left this morning.'))
  assert.equal(told.recipient, 'u-7')
})

test('the sandbox shows rounds and what could not be read; starting over brings it, and nothing twice', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await frame().getByText('1 could not be taken so far').waitFor()
  await frame().getByText('/sender/id').first().waitFor()
  assert.ok(!(await frame().locator('#trying').isVisible()), 'nothing can be posted without a secret')
  await frame().locator('.traffic li').filter({ hasText: 'GET /api/messages' }).first().waitFor()
  await frame().locator('#fetch').press('Enter')
  await frame().getByText('has nothing new').waitFor()
  assert.deepEqual(await axe(framed()), [])
  await owner.locator('[data-testid=plugin-frame]').scrollIntoViewIfNeeded()
  await shot(owner, 'polled-sandbox-en-light-1440')
  rows[3].client.id = 'u-8'
  rows[3].message = 'Somebody says this.'
  await until(async () => {
    await frame().locator('#restart').click()
    await frame().getByText('The next round starts').waitFor()
    return (await looked()).includes('4 on the page')
  }) // a round may come between starting over and looking
  await frame().locator('#fetched pre').getByText('left_out').waitFor()
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Somebody says this.' }).first().waitFor()
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Bo Lin' }).first().click()
  for (const text of ['Is my tin on its way?', 'I put a second tin into the parcel.']) {
    const message = owner.getByTestId('message').filter({ hasText: text })
    await message.first().waitFor()
    assert.equal(await message.count(), 1, text)
  }
  assert.ok(!JSON.stringify(got).includes('second tin'), 'an echo was sent')
})

test('narrow and in Chinese it can be used as well', async () => {
  await speak(owner, server, 'zh-CN')
  await owner.setViewportSize(phone)
  await owner.emulateMedia({ colorScheme: 'dark' })
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await frame().getByText('最近一轮').waitFor()
  await until(async () => (await looked()).includes('没有新内容')) // the round after the last start comes first
  assert.ok((await framed().evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'it is wider than the phone')
  assert.deepEqual(await axe(framed()), [])
  await owner.locator('[data-testid=plugin-frame]').scrollIntoViewIfNeeded()
  await shot(owner, 'polled-sandbox-zh-dark-390')
  await open()
  await fillAll()
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('setting-poll_url').scrollIntoViewIfNeeded()
  await shot(owner, 'polled-form-zh-dark-390')
  assert.equal(await owner.getByText('What comes in').count(), 0, 'a heading is not translated')
  await owner.emulateMedia({ colorScheme: 'light' })
  await owner.setViewportSize(desktop)
  await open()
  await fillAll()
  await shot(owner, 'polled-form-zh-light-1440')
})
