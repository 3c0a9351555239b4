// Routing rules: an administrator makes them by clicking, puts them in order by
// keyboard and tries them; a chat waits in the queue that they say.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { ownerOf, speak, Visitor } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, owner, base, money, sales

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  const made = async (path, data) => (await (await owner.request.post(`${base}/${path}`, { data })).json()).id
  sales = await made('teams', { name: 'Sales people' })
  money = await made('queues', { name: 'Refunds', team_id: sales })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const page = () => owner.getByTestId('routing-rules')
const dialog = () => owner.getByTestId('rule-dialog')
const trial = () => owner.getByTestId('routing-trial')

async function condition(at, field, op) {
  await dialog().getByTestId('filter-add').first().click()
  const one = dialog().getByTestId('filter-condition').nth(at)
  await one.getByTestId('filter-field').selectOption(field)
  await one.getByTestId('filter-op').selectOption(op)
  return one.getByTestId('filter-value')
}

test('an administrator makes rules by clicking, and puts them in order by keyboard', async () => {
  await owner.goto(`${server.origin}/settings/routing`)
  await owner.getByTestId('rule-add').click()
  await dialog().getByTestId('rule-name').fill('Refunds')
  await (await condition(0, 'text', 'contains')).fill('refund')
  await dialog().getByTestId('rule-save').click()
  await dialog().getByTestId('rule-failure').waitFor()
  await dialog().getByTestId('rule-queue').selectOption(money)
  await dialog().getByTestId('rule-priority').selectOption('high')
  await dialog().getByTestId('rule-value').fill('3')
  for (const viewport of [phone, desktop]) {
    await owner.setViewportSize(viewport)
    await shot(owner, `routing-form-en-light-${viewport.width}`)
    assert.deepEqual(await axe(owner), [])
  }
  await dialog().getByTestId('rule-save').click()
  await page().getByTestId('rule').getByText('Into Refunds').waitFor()
  await page().getByTestId('rule').getByText('value 3').waitFor()

  await owner.getByTestId('rule-add').click()
  await dialog().getByTestId('rule-name').fill('Never')
  await (await condition(0, 'hour', 'gt')).fill('22')
  await (await condition(1, 'hour', 'lt')).fill('6')
  await dialog().getByTestId('rule-priority').selectOption('low')
  await dialog().getByTestId('rule-save').click()
  await page().getByTestId('rule').nth(1).getByTestId('rule-fault').waitFor()

  const names = () => page().getByTestId('rule-edit').allInnerTexts()
  await page().getByTestId('rule').nth(1).getByTestId('rule-edit').focus()
  await owner.keyboard.press('Alt+ArrowUp')
  await until(async () => (await names())[0] === 'Never')
  await page().getByTestId('rule').nth(1).getByTestId('rule-up').click()
  await until(async () => (await names())[0] === 'Refunds')
  const screens = { 'routing-list': { path: '/settings/routing', ready: '[data-testid=rule]' } }
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state: await owner.context().storageState(), speak: (locale) => speak(owner, server, locale), screens }), {})
  await speak(owner, server, 'en')
})

test('a trial says which rule counts, why, where it would wait and who could serve it', async () => {
  await trial().getByTestId('trial-text').fill('I want a refund')
  await trial().getByTestId('trial-run').click()
  await trial().getByTestId('trial-lands').getByText('Refunds').waitFor()
  await trial().getByTestId('trial-warning').waitFor()
  assert.equal(await trial().getByTestId('trial-rule').count(), 2)
  for (const viewport of [phone, desktop]) {
    await owner.setViewportSize(viewport)
    await shot(owner, `routing-trial-en-light-${viewport.width}`)
    assert.deepEqual(await axe(owner), [])
  }
  await trial().getByTestId('trial-text').fill('hello')
  await until(async () => (await trial().getByTestId('trial-result').count()) === 0)
})

test('a chat waits in the queue that a rule says, and its history says which', async () => {
  const inboxes = (await (await owner.request.get(`${base}/inboxes`)).json()).items
  const live = inboxes.find((one) => one.live).id
  const visitor = await Visitor.arrive(browser, `${server.origin}/chat/${live}`)
  await visitor.frame.getByTestId('widget-input').waitFor()
  await visitor.send('I want a refund')
  const waits = async () => (await (await owner.request.get(`${base}/conversations?state=open&view=all`)).json()).items.find((one) => one.queue_id === money)
  await until(async () => (await waits()) !== undefined)
  const found = await waits()
  assert.equal(found.priority, 'high')
  assert.equal(found.team_id, sales)
  await owner.goto(`${server.origin}/conversations/all/${found.id}`)
  await owner.getByTestId('events').getByRole('button').first().click() // more than two are folded
  await owner.getByText('by the rule “Refunds” (value 3)').waitFor()
})
