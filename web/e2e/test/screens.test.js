// The first start as its owner lives it, then every screen in both languages,
// both themes and two widths: axe has nothing to say about any.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, launch, person, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { acceptInvite, fillSetup, present, workspaceOf } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, owner, workspace, state

before(async () => {
  server = await Server.start([])
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const password = 'correct horse battery 9'

test('the set-up link makes the first account, and works once', async () => {
  owner = await person(browser)
  const link = server.setupLink()
  assert.ok(link, server.out)
  await owner.goto(link)
  await owner.getByTestId('setup-submit').waitFor()
  await shot(owner, 'setup-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await fillSetup(owner, 'short')
  await owner.getByTestId('field-error').first().waitFor()
  await fillSetup(owner, password)
  await present(owner)
  workspace = await workspaceOf(owner, server)
  const again = await owner.request.get(`${server.origin}/api/v1/setup`)
  assert.equal(again.status(), 404)
})

test('an inbox is made by its form; wrong settings are shown where they are', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/new`)
  await owner.getByTestId('channel-patchbay/webchat').click()
  await owner.getByTestId('setting-color').waitFor()
  await owner.getByLabel(/name/i).first().fill('Website')
  await owner.getByTestId('setting-color').fill('not a colour')
  await owner.getByTestId('inbox-create').click()
  await owner.getByTestId('field-error').first().waitFor()
  await shot(owner, 'inbox-new-error-en-light-1440')
  await owner.getByTestId('setting-color').fill('#0f766e')
  await owner.getByTestId('inbox-create').click()
  await owner.waitForURL(/settings\/inboxes\/inb_/)
  await until(async () => (await owner.content()).includes('loader.js'), () => 'the line for the page is not shown')
})

test('a colleague is invited, and joins by the link', async () => {
  const answer = await owner.request.post(`${server.origin}/api/v1/workspaces/${workspace}/invitations`, {
    data: { email: 'emma@example.com', role: 'agent' },
  })
  const { link } = await answer.json()
  const emma = await person(browser)
  await emma.goto(link)
  await emma.getByLabel(/name/i).first().waitFor()
  await shot(emma, 'invite-en-light-1440')
  assert.deepEqual(await axe(emma), [])
  await acceptInvite(emma, 'Emma', password)
  assert.equal(await emma.getByTestId('nav-settings').count(), 1)
  await emma.goto(`${server.origin}/settings/inboxes/new`)
  await emma.getByTestId('not-yours').waitFor() // an agent may not, and is told so
  await emma.context().close()
})

test('somebody writes, so that there is something to look at', async () => {
  const inboxes = await (await owner.request.get(`${server.origin}/api/v1/workspaces/${workspace}/inboxes`)).json()
  const live = inboxes.items.find((i) => i.live)
  for (const [i, text] of ['您好，请问这款茶叶还有货吗？', 'Hi! Where is my order 20261121-0042?', 'Thanks a lot 🙏'].entries()) {
    const session = await (await owner.request.post(`${server.origin}/api/v1/live/${live.id}/sessions`, { data: { locale: 'en', page_url: 'https://shop.example/tea' } })).json()
    const sent = await owner.request.post(`${server.origin}/api/v1/live/${live.id}/messages`, {
      headers: { Authorization: `Bearer ${session.token}` }, data: { client_msg_id: `e2e-${i}`, text },
    })
    assert.equal(sent.status(), 201)
  }
  const base = `${server.origin}/api/v1/workspaces/${workspace}`
  const { items: members } = await (await owner.request.get(`${base}/members`)).json()
  for (const [path, data] of [
    ['/teams', { name: 'Sales 销售', description: 'Orders and returns', member_ids: members.map((member) => member.id), inbox_ids: [live.id] }],
    ['/labels', { name: 'Delivery 配送', color: '#0b6e5f', description: 'Where is my parcel' }],
    ['/attributes', { target: 'conversation', key: 'order', name: 'Order number 订单号', type: 'text' }],
    ['/canned', { shortcut: 'hello', title: 'Greeting 问候', text: '您好！Hello {{contact.name}}, how can I help?', scope: 'workspace' }],
    ['/webhooks', { url: 'https://warehouse.example/patchbay', description: 'Warehouse 仓库', events: ['*'] }],
    ['/tickets', { title: 'A broken cup 茶杯碎了', description: 'Order 20261121-0042', priority: 'high' }],
    ['/api-keys', { name: 'Warehouse 仓库', scopes: ['ticket.read', 'contact.read'] }],
  ]) {
    const made = await owner.request.post(base + path, { data })
    assert.equal(made.status(), 201, `${path}: ${await made.text()}`)
    if (path === '/webhooks') routes.webhook = `/settings/webhooks/${(await made.json()).id}`
  }
  state = await owner.context().storageState()
})

const routes = {
  conversations: '/conversations/all',
  'conversation-new': '/conversations/new',
  start: '/start',
  design: '/design',
  profile: '/settings/profile',
  workspace: '/settings/workspace',
  teams: '/settings/teams',
  wall: '/wall',
  queues: '/settings/queues',
  policy: '/settings/dispatch-policy',
  simulate: '/settings/dispatch-policy/simulate',
  'queue-new': '/settings/queues/new',
  skills: '/settings/skills',
  routing: '/settings/routing',
  hours: '/settings/hours',
  'hours-new': '/settings/hours/new',
  labels: '/settings/labels',
  fields: '/settings/fields',
  canned: '/settings/canned',
  members: '/settings/members',
  inboxes: '/settings/inboxes',
  'inbox-new': '/settings/inboxes/new',
  plugins: '/settings/plugins',
  plugin: '/settings/plugins/patchbay/echo',
  templates: '/settings/templates',
  template: '/settings/templates/patchbay/template-retail/retail',
  'ticket-types': '/settings/ticket-types',
  'api-keys': '/settings/api-keys',
  webhooks: '/settings/webhooks',
  roles: '/settings/roles',
  'role-new': '/settings/roles/new?from=agent',
  'role-builtin': '/settings/roles/auditor',
  'sign-in-settings': '/settings/sign-in',
  data: '/settings/data',
  audit: '/settings/audit',
  system: '/settings/system',
  tickets: '/tickets',
  'ticket-board': '/tickets/board',
  lost: '/no-such-page',
}

const opened = {
  path: '/conversations/all',
  ready: '[data-testid=conversation-list-item]',
  act: async (page) => {
    await page.getByTestId('conversation-list-item').first().click()
    await page.getByTestId('composer-input').waitFor()
  },
}

test('every screen in both languages and themes, at a desk and on a phone', async () => {
  const speak = (locale) => owner.request.patch(`${server.origin}/api/v1/session`, { data: { locale } })
  const screens = Object.fromEntries(Object.entries(routes).map(([name, path]) => [name, { path }]))
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state, speak, screens: { ...screens, opened } }), {})
})

test('the sign-in page in the languages of browsers', async () => {
  const outside = { 'sign-in': { path: '/sign-in', ready: '[data-testid=sign-in-submit]' } }
  assert.deepEqual(await lookAround(browser, { origin: server.origin, speak: async () => {}, screens: outside }), {})
})

test('wrong credentials are told in a sentence; right ones open the console', async () => {
  const page = await person(browser)
  await page.goto(`${server.origin}/sign-in`)
  await page.getByLabel(/e-?mail/i).fill('li@example.com')
  await page.getByLabel(/password/i).first().fill('wrong wrong wrong')
  await page.getByTestId('sign-in-submit').click()
  await page.getByTestId('form-failure').waitFor()
  await page.getByLabel(/password/i).first().fill(password)
  await page.getByTestId('sign-in-submit').click()
  await present(page)
  await page.context().close()
})

test('keyboard alone: palette, help, resolve', async () => {
  const page = await person(browser, { storageState: state })
  await owner.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'en' } })
  await page.goto(`${server.origin}/conversations/all`)
  await page.getByTestId('conversation-list-item').first().waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await shot(page, 'help-en-light-1440')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' }) // until then the keys are the dialog's
  await page.keyboard.press('Control+k')
  await page.getByTestId('palette-input').waitFor()
  await shot(page, 'palette-en-light-1440')
  await page.keyboard.press('Escape')
  await page.getByTestId('palette-input').waitFor({ state: 'hidden' })
  await page.keyboard.press('j')
  await page.locator('[data-row] a:focus').waitFor()
  await page.keyboard.press('Enter')
  await page.getByTestId('composer-input').waitFor()
  await page.keyboard.press('r')
  await page.keyboard.type('By keyboard.')
  await page.keyboard.press('Enter')
  await until(async () => (await page.locator('[data-testid=message] .bubble').allTextContents()).includes('By keyboard.'), () => 'the answer was not sent')
  await page.context().close()
})
