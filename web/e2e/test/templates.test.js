// What a far side has prepared: an administrator says in the form where an SMS
// gateway lists it, an agent finds a template, fills it in and sends it, and the
// gateway is told which one and with which values. Where a window is shut, it is
// the way out.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const root = resolve(import.meta.dirname, '../../..')
const binary = process.env.PATCHBAY_BIN ?? join(root, 'bin/patchbay')
const SECRET = 'a-long-secret-of-the-gateway'
const parcel = {
  id: 'parcel_shipped', language: 'en', name: 'Parcel shipped', category: 'Notification', header: 'Order {{order}}',
  text: 'Hello {{name}}, your parcel is on its way and should arrive on {{day}}.', footer: 'Reply STOP to end', buttons: ['Track it'],
  fields: [{ name: 'name', label: "Customer's name", example: 'Bo' }, { name: 'order', label: 'Order number', example: '2041', max_length: 12 }, { name: 'day', label: 'Day', example: 'Monday' }],
}
const prepared = [
  parcel,
  { id: 'sale', language: 'en', name: 'Spring sale', text: '{{discount}} off until Sunday.', unusable: 'Waits for approval' },
  { id: 'birthday', text: 'Happy {{age}}!', fields: [] },
  ...Array.from({ length: 55 }, (_, n) => ({ id: `code_${n}`, language: 'en', name: `One-time code ${n}`, text: '{{code}} is your code.' })),
]
const got = []
let status, gateway, origin, plugins, fixture, server, browser, owner, base, inbox, hook, kiosk

const signed = (body, at = Math.floor(Date.now() / 1000)) => `t=${at},v1=${createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex')}`

before(async () => {
  status = 200
  gateway = createServer((request, response) => {
    const url = new URL(request.url, 'http://far')
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () => {
      response.setHeader('Content-Type', 'application/json')
      const [, at] = /^t=(\d+),/.exec(request.headers['patchbay-signature'] ?? '') ?? []
      if (!at || request.headers['patchbay-signature'] !== signed(body, at)) return response.writeHead(401).end('{}')
      if (request.method === 'POST') return got.push(JSON.parse(body)), response.end(`{"id":"far-${got.length}"}`)
      if (url.pathname !== '/templates') return response.writeHead(404).end('{}')
      const from = Number(url.searchParams.get('after') ?? 0)
      response.writeHead(status).end(JSON.stringify({ templates: prepared.slice(from, from + 30), ...(from + 30 < prepared.length && { next: from + 30 }) }))
    })
  })
  await new Promise((done) => gateway.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${gateway.address().port}`
  plugins = await mkdtemp(join(tmpdir(), 'patchbay-templates-'))
  fixture = join(root, 'core/pluginhost/testdata', `.kiosk-templates-${process.pid}`) // its program is part of our module
  await cp(join(root, 'core/pluginhost/testdata/kiosk'), fixture, { recursive: true })
  const built = spawnSync(binary, ['plugin', 'build', fixture, '--out', plugins], { cwd: root, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  for (const name of await readdir(join(root, 'bin/plugins'))) await symlink(join(root, 'bin/plugins', name), join(plugins, name))
  server = await Server.start(['--demo', '--plugins.dev-dir', plugins])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
})

after(async () => {
  await browser?.close()
  await server?.end()
  gateway?.close()
  for (const dir of [plugins, fixture]) if (dir) await rm(dir, { recursive: true, force: true })
})

const json = async (answer) => {
  assert.ok(answer.ok(), await answer.text())
  return answer.json()
}

async function open(text) {
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').filter({ hasText: text }).first().click()
  await owner.getByTestId('composer').waitFor()
}

const value = (name) => owner.getByTestId(`template-value-${name}`)
const shown = () => owner.locator('[data-testid=message-template]')

/** Finds a template by the keyboard and goes to its values. */
async function find(words) {
  await owner.getByTestId('template-option').first().waitFor()
  await owner.getByTestId('template-search').fill(words)
  await until(async () => (await owner.getByTestId('template-option').count()) === 1)
  await owner.getByTestId('template-search').press('Enter')
}

/** Opens the dialog by the key, again while the list is not known yet. */
async function start() {
  await owner.getByTestId('composer-templates').waitFor()
  await owner.getByTestId('message').last().click()
  await owner.keyboard.press('.')
  await owner.getByTestId('template-dialog').getByTestId('template-search').waitFor()
}

test('Test asks for the templates and names the field; the inbox is added by clicking', async () => {
  await owner.goto(`${server.origin}/settings/inboxes`)
  await owner.getByTestId('new-inbox').click()
  await owner.getByTestId('channel-patchbay/webhook').click()
  await owner.getByTestId('setting-secret').fill(SECRET)
  await owner.getByTestId('setting-url').fill(`${origin}/in`)
  await owner.getByTestId('setting-answer_id').fill('/id')
  await owner.getByTestId('setting-templates_url').fill(`${origin}/nowhere`)
  await owner.getByTestId('inbox-probe').click()
  await owner.getByTestId('field-error').filter({ hasText: 'There are no templates:' }).waitFor()
  await owner.getByTestId('setting-templates_url').scrollIntoViewIfNeeded()
  await shot(owner, 'templates-form-en-light-1440')
  await owner.getByTestId('setting-templates_url').fill(`${origin}/templates`)
  await owner.getByTestId('inbox-create').click()
  const made = await until(async () => (await json(await owner.request.get(`${base}/inboxes`))).items.find((one) => one.plugin === 'patchbay/webhook'))
  inbox = made.id
  hook = (await json(await owner.request.post(`${base}/inboxes/${inbox}/rotate-hook`))).hook_url
  assert.ok(made.capabilities.can.includes('templates'))
})

test('the page of the inbox lists them, and says what was left out; a far side that is away costs nothing', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await owner.getByTestId('templates-count').filter({ hasText: '57 templates' }).waitFor()
  await owner.getByTestId('templates-refused').click()
  await owner.getByTestId('templates-refused').getByText('A placeholder in its texts is no field.').waitFor()
  await owner.getByTestId('template-row').getByText('Waits for approval').waitFor()
  await owner.getByTestId('templates-more').click()
  await until(async () => (await owner.getByTestId('template-row').count()) === 57)
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('inbox-templates').scrollIntoViewIfNeeded()
  await shot(owner, 'templates-inbox-en-light-1440')
  const frame = owner.frameLocator('[data-testid=plugin-frame] iframe')
  await frame.locator('#ask').click()
  await frame.getByText('30 templates, and more on the next page').waitFor()
  status = 503
  // A far side that was asked a moment ago is left alone: it is asked until it says that it is away.
  await until(async () => {
    await owner.getByTestId('templates-refresh').click()
    return owner.getByTestId('templates-error').isVisible()
  })
  await owner.getByTestId('templates-count').filter({ hasText: '57 templates' }).waitFor()
  await owner.getByTestId('inbox-templates').scrollIntoViewIfNeeded()
  await shot(owner, 'templates-inbox-failed-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  status = 200
})

test('an agent finds one, is told what is missing, loses nothing, and sends it; the gateway gets id and values', async () => {
  const body = JSON.stringify({ id: 'm-1', sender: { id: '+8613800001234', name: 'Bo Lin' }, text: 'Has my order left?' })
  await until(async () => (await fetch(`${hook}/messages`, { method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Patchbay-Signature': signed(body) } })).ok)
  await open('Bo Lin')
  await start()
  assert.deepEqual(await axe(owner), [])
  await find('spring')
  await owner.getByTestId('template-unusable').getByText('Waits for approval').waitFor()
  assert.ok(await owner.getByTestId('template-send').isDisabled())
  await find('your parcel')
  await value('name').waitFor()
  await owner.keyboard.press('Control+Enter')
  assert.equal(await owner.getByTestId('field-error').count(), 3)
  assert.ok(await value('name').evaluate((field) => field === document.activeElement), 'the first that is missing has the focus')
  await shot(owner, 'templates-missing-en-light-1440')
  await owner.getByTestId('template-suggestion').getByText('Bo Lin').click()
  await value('order').fill('2041-0000-0000')
  await owner.getByTestId('field-error').filter({ hasText: 'too long' }).waitFor()
  await value('order').fill('2041')
  await owner.getByTestId('template-preview').getByText('Order 2041').waitFor()
  await owner.keyboard.press('Escape')
  await owner.getByTestId('template-dialog').waitFor({ state: 'hidden' })
  await owner.reload()
  await start()
  assert.equal(await value('name').inputValue(), 'Bo Lin')
  assert.equal(await value('order').inputValue(), '2041')
  await value('day').fill('Monday')
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'templates-filled-en-light-1440')
  await value('day').press('Enter')
  await shown().getByText('Template · Parcel shipped').waitFor()
  const told = await until(() => got.find((one) => one.template))
  assert.deepEqual(told.template, { id: 'parcel_shipped', language: 'en', values: { name: 'Bo Lin', order: '2041', day: 'Monday' } })
  assert.equal(told.text, 'Order 2041\n\nHello Bo Lin, your parcel is on its way and should arrive on Monday.\n\nReply STOP to end')
  assert.equal(told.recipient, '+8613800001234')
  const message = owner.getByTestId('message').filter({ hasText: 'should arrive on Monday' })
  await until(async () => ['sent', 'delivered'].includes(await message.getAttribute('data-state')))
  assert.equal(await message.count(), 1)
  await message.focus()
  await owner.getByTestId('message-actions').waitFor()
  assert.equal(await owner.getByTestId('message-edit').count(), 0)
  await shot(owner, 'templates-sent-en-light-1440')
})

test('what the server refuses is back, with the error at its value', async () => {
  await open('Bo Lin')
  await start()
  await find('your parcel')
  for (const [name, text] of [['name', 'Bo'], ['order', '2041-22'], ['day', 'Tuesday']]) await value(name).fill(text)
  // The gateway asks for less, and this window does not know yet.
  parcel.fields[1].max_length = 4
  await until(async () => {
    const list = await json(await owner.request.post(`${base}/inboxes/${inbox}/templates/refresh`))
    return list.items.find((one) => one.id === parcel.id).fields[1].max_length === 4
  })
  await owner.getByTestId('template-send').click()
  await owner.getByTestId('template-dialog').getByTestId('field-error').getByText('This is too long.').waitFor()
  assert.equal(await value('order').inputValue(), '2041-22')
  assert.equal(await value('day').inputValue(), 'Tuesday')
  await shot(owner, 'templates-refused-en-light-1440')
  await value('order').fill('2041')
  await owner.keyboard.press('Control+Enter')
  await owner.getByTestId('message').filter({ hasText: 'should arrive on Tuesday' }).waitFor()
  await until(() => got.some((one) => one.template?.values.day === 'Tuesday'))
  assert.equal(got.filter((one) => one.template).length, 2)
})

test('where a window is shut, a template is the way out', async () => {
  kiosk = await json(await owner.request.post(`${base}/inboxes`, { data: { plugin: 'test/kiosk', name: 'Kiosk', config: {} } }))
  await until(async () => (await owner.request.post(kiosk.hook_url, { data: { id: 'k-1', from: 'carl', text: 'I wrote three days ago.', ago_s: 3 * 86_400 } })).ok())
  await open('carl')
  await owner.getByTestId('composer-obstacle').getByText('A template can be sent all the same.').waitFor()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'templates-shut-en-light-1440')
  await owner.getByTestId('composer-send-template').click()
  await find('kiosk opens')
  await owner.getByTestId('template-suggestion').getByText('carl').click()
  await value('hour').fill('9')
  await owner.keyboard.press('Control+Enter')
  const message = owner.getByTestId('message').filter({ hasText: 'carl, the kiosk opens at 9.' })
  await until(async () => (await message.count()) === 1 && ['sent', 'delivered'].includes(await message.getAttribute('data-state')))
  await owner.getByTestId('composer-obstacle').waitFor()
})

test('narrow, dark and in Chinese it can be used as well', async () => {
  await speak(owner, server, 'zh-CN')
  await owner.setViewportSize(phone)
  await owner.emulateMedia({ colorScheme: 'dark' })
  await open('carl')
  await owner.getByTestId('composer-send-template').waitFor()
  await shot(owner, 'templates-shut-zh-dark-390')
  await owner.getByTestId('composer-send-template').click()
  await owner.getByTestId('template-option').first().waitFor()
  assert.ok(!(await owner.getByTestId('template-send').isVisible()), 'nothing is sent from the list')
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'templates-list-zh-dark-390')
  await owner.getByTestId('template-option').first().click()
  await value('hour').fill('9')
  assert.ok((await owner.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, 'it is wider than the phone')
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'templates-values-zh-dark-390')
  await owner.getByTestId('template-back').click()
  await owner.getByTestId('template-search').waitFor()
  await owner.keyboard.press('Escape')
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await owner.getByTestId('template-row').first().waitFor()
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('inbox-templates').scrollIntoViewIfNeeded()
  await shot(owner, 'templates-inbox-zh-dark-390')
  await owner.emulateMedia({ colorScheme: 'light' })
  await owner.setViewportSize(desktop)
  assert.deepEqual(owner.problems.filter((one) => !/409|422/.test(one)), [])
})
