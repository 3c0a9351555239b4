// Views, filters, search, and many conversations at once, as two agents use them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, emma, api, label, view
const people = {}
before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await Agent.signIn(browser, server.links()[1])
  api = await apiOf(lin.page, server)
  label = await api('POST', '/labels', { name: '退款 Refunds', color: '#b3261e' })
  await api('POST', '/teams', { name: '售后 After-sales', member_ids: (await api('GET', '/members')).items.map((one) => one.id), inbox_ids: [] })
  for (const [name, text] of [['陈晨', '请问什么时候可以退款？'], ['Ann', 'The teapot came broken'], ['Bo', 'Do you ship to Norway?'], ['周敏', '发票抬头写错了']]) {
    await lin.page.request.post(server.hook(), { data: { id: `lists-${name}`, from: name, name, text } })
  }
  const all = await until(async () => {
    const { items } = await api('GET', '/conversations?view=all')
    return ['陈晨', 'Ann', 'Bo', '周敏'].every((name) => items.some((one) => one.contact.name === name)) && items
  })
  for (const one of all) people[one.contact.name] = one.id
  await api('PUT', `/conversations/${people['陈晨']}/labels`, { label_ids: [label.id] })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const rowsOf = (agent) => agent.page.getByTestId('conversation-list-item').evaluateAll((items) => items.map((item) => item.dataset.conversation))
const shows = (agent, names) => until(async () => {
  const rows = await rowsOf(agent)
  return rows.length === names.length && names.every((name) => rows.includes(people[name]))
}, async () => `the list holds ${JSON.stringify(await rowsOf(agent))}, not ${names}`)

test('a filter is built by clicking; what is wrong is told where it stands; the address keeps it', async () => {
  const { page } = lin
  await page.goto(`${server.origin}/conversations/all`)
  await page.getByTestId('filter-open').click()
  const dialog = page.getByTestId('filter-dialog')
  assert.equal(await dialog.getByTestId('filter-field').first().inputValue(), 'state')
  await dialog.getByTestId('filter-add').first().click()
  await dialog.getByTestId('filter-field').nth(1).selectOption('contact.name')
  await dialog.getByTestId('filter-op').nth(1).selectOption('contains')
  await dialog.getByTestId('filter-show').click()
  await dialog.getByTestId('filter-error').waitFor() // a text that is empty
  assert.deepEqual(await axe(page), [])
  await dialog.getByTestId('filter-field').nth(1).selectOption('label')
  assert.equal(await dialog.getByTestId('filter-op').nth(1).inputValue(), 'has')
  await dialog.getByTestId('filter-value').nth(1).click()
  await page.getByTestId('filter-pick').getByTestId('pick-input').fill('refund')
  await page.getByTestId(`pick-${label.id}`).click()
  await dialog.getByTestId('filter-add-group').first().click()
  await dialog.getByTestId('filter-field').nth(2).selectOption('waiting_since')
  await dialog.getByTestId('filter-op').nth(2).selectOption('gte')
  await shot(page, 'filter-en-light-1440')
  await dialog.getByTestId('filter-show').click()
  await page.getByTestId('filtered').waitFor()
  await shows(lin, ['陈晨'])
  assert.match(await page.getByTestId('filter-text').textContent(), /State is Open and Label has 退款 Refunds/)
  await page.reload()
  await shows(lin, ['陈晨'])
  assert.deepEqual(await axe(page), [])
})

test('it is saved as everybody’s view, and a colleague has it at once', async () => {
  const { page } = lin
  await page.getByTestId('filter-open').click()
  await page.getByTestId('filter-dialog').getByTestId('filter-group').nth(1).getByRole('button', { name: 'Remove the group' }).click()
  await page.getByTestId('filter-save').click()
  await page.getByTestId('view-name').fill('退款 Refunds open')
  await page.getByTestId('view-scope').selectOption('workspace')
  await page.getByTestId('filter-save').click()
  await page.waitForURL(/conversations\/vie_/)
  view = page.url().match(/vie_\w+/)[0]
  await shows(lin, ['陈晨'])
  await emma.page.keyboard.press('v')
  await emma.page.getByTestId(`view-${view}`).click()
  await shows(emma, ['陈晨'])
  await until(async () => (await emma.page.getByTestId('views').textContent()).includes('1'), () => 'the view is not counted')
  await page.keyboard.press('Control+k')
  await page.getByTestId('palette-input').fill('refunds open')
  await page.getByRole('option', { name: /退款 Refunds open/ }).first().waitFor()
  await page.keyboard.press('Escape')
})

test('rows come into the view and leave it by themselves, and nothing is fetched for that', async () => {
  await emma.page.mouse.move(900, 400) // Rows keep their places under a pointer.
  let asked = 0
  const count = (request) => {
    if (/\/conversations(\?|\/query|\/check)/.test(request.url())) asked++
  }
  emma.page.on('request', count)
  await api('PUT', `/conversations/${people.Ann}/labels`, { label_ids: [label.id] })
  await shows(emma, ['陈晨', 'Ann'])
  await api('PATCH', `/conversations/${people.Ann}/attributes`, { set: {} })
  await api('PUT', `/conversations/${people.Ann}/labels`, { label_ids: [] })
  await shows(emma, ['陈晨'])
  await api('PUT', `/conversations/${people['周敏']}/labels`, { label_ids: [label.id] })
  await shows(emma, ['陈晨', '周敏'])
  await until(async () => (await emma.page.getByTestId('views').textContent()).includes('2'), async () => `the count says ${await emma.page.getByTestId('views').textContent()}`)
  emma.page.off('request', count)
  assert.equal(asked, 0, 'the list was fetched again')
})

test('two Chinese characters are found, and the message opens in its place', async () => {
  for (let n = 0; n < 70; n++) await api('POST', `/conversations/${people['陈晨']}/messages`, { client_msg_id: `018f0000-0000-7000-8000-00000000${1000 + n}`, kind: 'note', text: `Step ${n} of many` })
  await until(async () => (await api('GET', `/search?q=${encodeURIComponent('退款')}`)).items.some((one) => one.message))
  const { page } = emma
  await page.getByTestId('search-open').click()
  await page.getByTestId('search-input').fill('退款')
  const hit = page.locator('[data-testid=search-hit][data-type=message]').first()
  await hit.waitFor()
  assert.equal(await hit.locator('mark').first().textContent(), '退款')
  assert.deepEqual(await axe(page), [])
  await shot(page, 'search-en-light-1440')
  const id = await hit.getAttribute('data-message')
  await page.getByTestId('search-input').press('ArrowDown')
  await hit.focus()
  await page.keyboard.press('Enter')
  const found = page.locator(`[data-testid=message][data-message="${id}"]`)
  await until(async () => (await found.count()) === 1 && found.evaluate((one) => {
    const box = one.getBoundingClientRect()
    return box.top > 0 && box.bottom < innerHeight
  }), 10_000, () => 'the message is not in sight')
  await page.goBack()
  await page.getByTestId('search-input').fill('没有这样的词')
  await page.getByTestId('search-none').waitFor()
  await page.getByTestId('search-input').fill('')
  await page.getByTestId('search-recent').filter({ hasText: '退款' }).waitFor()
})

test('several are labelled and resolved at once, and taken back', async () => {
  const { page } = lin
  await page.getByTestId('view-all').click()
  await page.mouse.move(900, 400)
  await shows(lin, Object.keys(people))
  for (const name of ['Ann', 'Bo']) {
    await page.locator(`[data-row="${people[name]}"]`).hover()
    await page.getByTestId(`select-${people[name]}`).check({ force: true })
  }
  await page.getByTestId('bulk-bar').waitFor()
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('bulk-label').click()
  await page.getByTestId(`pick-${label.id}`).click()
  const labelsOf = async (name) => (await api('GET', `/conversations/${people[name]}`)).labels
  await until(async () => (await labelsOf('Ann')).length === 1 && (await labelsOf('Bo')).length === 1)
  await page.getByTestId('bulk-resolve').click()
  await shows(lin, Object.keys(people).filter((name) => !['Ann', 'Bo'].includes(name)))
  await page.getByTestId('notice-action').last().click()
  await shows(lin, Object.keys(people))
  const stateOf = async (name) => (await api('GET', `/conversations/${people[name]}`)).state
  assert.deepEqual([await stateOf('Ann'), await stateOf('Bo')], ['open', 'open'])
})

test('by keyboard too; what fails is named', async () => {
  const { page } = lin
  await page.mouse.move(900, 400)
  await api('POST', `/conversations/${people.Bo}/state`, { state: 'resolved' })
  await page.goto(`${server.origin}/conversations/all?state=any`)
  await page.locator(`[data-row="${people.Bo}"]`).waitFor()
  await page.keyboard.press('j')
  await page.locator('[data-row] a:focus').waitFor()
  await page.keyboard.press('x')
  await page.keyboard.press('Shift+J')
  await page.keyboard.press('Shift+J')
  await page.getByTestId('bulk-bar').waitFor()
  await page.getByTestId('bulk-all').click()
  assert.equal(await page.locator('[data-testid^=select-]:checked').count(), Object.keys(people).length)
  await page.getByTestId('bulk-snooze').locator('button').click()
  await page.getByTestId('menu-hour').click()
  await page.getByTestId('bulk-failures').waitFor()
  assert.match(await page.getByTestId('bulk-failures').textContent(), /Bo/)
  await page.keyboard.press('Escape')
  await page.getByTestId('notice-action').last().click()
  await until(async () => (await api('GET', `/conversations/${people.Ann}`)).state === 'open')
})

test('a view whose field is gone says so, and is repaired', async () => {
  const { page } = lin
  const plan = await api('POST', '/attributes', { target: 'conversation', key: 'plan', name: 'Plan', type: 'text' })
  const old = await api('POST', '/views', { name: 'Gold', filter: { field: 'attributes.plan', op: 'is', value: 'gold' } })
  await api('DELETE', `/attributes/${plan.id}`)
  await page.goto(`${server.origin}/conversations/${old.id}`)
  await page.getByTestId('view-outdated').waitFor()
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('view-repair').click()
  await page.getByTestId('filter-field').selectOption('priority')
  await page.getByTestId('filter-change').click()
  await page.getByTestId('conversation-list-empty').waitFor()
  await page.getByTestId('views').click()
  await page.getByTestId('menu-manage').click()
  await page.getByTestId('views-dialog').waitFor()
  await shot(page, 'list-manage-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId(`views-row-${old.id}`).getByTestId('views-delete').click()
  await page.getByTestId(`views-row-${old.id}`).waitFor({ state: 'detached' })
  await page.keyboard.press('Escape')
})

test('every part, in both languages, light and dark, wide and narrow', async () => {
  const screens = {
    'list-views': { path: '/conversations/all', ready: '[data-testid=views]', act: (page) => page.getByTestId('views').click() },
    'list-filter': {
      path: `/conversations/all?filter=${encodeURIComponent(JSON.stringify({ and: [{ field: 'label', op: 'has', value: label.id }, { or: [{ field: 'waiting_since', op: 'gte', value: { ago: '3d' } }, { field: 'unread', op: 'is', value: true }] }] }))}`,
      ready: '[data-testid=filter-text]',
      act: (page) => page.getByTestId('filter-text').click(),
    },
    'list-bulk': { path: '/conversations/all', ready: '[data-testid=conversation-list-item]', act: (page) => page.locator('[data-testid^=select-]').first().check({ force: true }) },
    search: { path: `/search?q=${encodeURIComponent('退款')}`, ready: '[data-testid=search-hit]' },
  }
  const state = await lin.page.context().storageState()
  const speak = (locale) => lin.page.request.patch(`${server.origin}/api/v1/session`, { data: { locale } })
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state, speak, screens }), {})
})

test('nobody saw an error of a page', () => {
  assert.deepEqual([...lin.page.problems, ...emma.page.problems], [])
})
