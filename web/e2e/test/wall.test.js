// The supervisor's wall: who waits and who works, live; moving in bulk; an alert that comes and goes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, hire, writesIn } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, emma, api, live, orders, returns

/** Takes up to 20 seconds: a condition holds for 15, and is looked at every 5. */
const ALERT_MS = 60_000

before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await Agent.signIn(browser, server.links()[1])
  api = await apiOf(lin.page, server)
  await hire(browser, api, 'Mo')
  live = await chatOf(api)
  // Skills that nobody has: what comes here waits.
  const skill = await api('POST', '/skills', { name: 'Esperanto' })
  orders = await api('POST', '/queues', { name: 'Orders', target_s: 30, skills: [{ skill_id: skill.id, level: 5 }] })
  returns = await api('POST', '/queues', { name: 'Returns', skills: [{ skill_id: skill.id, level: 5 }] })
  const rules = await api('GET', '/alert-rules')
  await api('PUT', '/alert-rules', { ...rules, staff: { ...rules.staff, on: false }, wait: { ...rules.wait, on: false }, risk: { on: true, more_than: 1 } })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** Somebody new writes in, and waits in a queue. */
async function customer(text, queue) {
  const { id } = await writesIn(api, lin.page, server, live, text)
  await api('POST', `/conversations/${id}/assign`, { queue_id: queue.id, member_id: '' })
  return id
}

const row = (table, id) => lin.page.locator(`[data-testid=wall-${table}-row][data-row="${id}"]`)
const waitingIn = (queue) => row('queues', queue.id).locator('td.waiting').innerText()

test('the wall shows queues and agents as they are, and keeps up', async () => {
  await lin.page.goto(`${server.origin}/wall`)
  await row('queues', orders.id).waitFor()
  await lin.page.getByTestId('wall-status').selectOption('any')
  assert.ok((await lin.page.getByTestId('wall-agents-row').count()) >= 3)
  assert.equal(await waitingIn(orders), '0')
  for (const text of ['Where is my tea?', 'Two boxes are missing.', 'Was it sent?']) await customer(text, orders)
  await until(async () => (await waitingIn(orders)) === '3', async () => `${await waitingIn(orders)} wait`)
  await row('queues', orders.id).getByTestId('wall-wait').waitFor()
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'wall-en')
})

test('an alert comes, is taken care of, and goes', async () => {
  const alert = lin.page.getByTestId('wall-alert')
  await alert.waitFor({ timeout: ALERT_MS })
  assert.match(await alert.innerText(), /Orders: more than 1 at risk/)
  await lin.page.getByTestId('wall-said').getByText(/Orders/).waitFor({ state: 'attached' })
  assert.equal(await lin.page.getByTestId('wall-alert').count(), 1)
  assert.ok((await api('GET', '/notifications')).items.some((one) => one.kind === 'alert_raised' && one.alert.queue_id === orders.id))
  assert.deepEqual(await axe(lin.page, { colours: true }), [])
  await shot(lin.page, 'wall-alert-en')
  await lin.page.getByTestId('wall-alert-ack').click()
  await lin.page.getByTestId('wall-alert-by').waitFor()
})

test('conversations of a queue are moved together', async () => {
  await row('queues', orders.id).locator('a').focus()
  await lin.page.keyboard.press('Enter')
  const pane = lin.page.getByTestId('wall-pane')
  await pane.getByTestId('conversation-list-item').nth(2).waitFor()
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'wall-queue-en')
  for (const box of await pane.locator('[data-testid^=select-]').all()) await box.check()
  await lin.page.getByTestId('bulk-assign').click()
  await lin.page.getByTestId('pick-input').fill('Returns')
  await lin.page.keyboard.press('Enter')
  await pane.getByTestId('wall-pane-empty').waitFor()
  await until(async () => (await waitingIn(returns)) === '3', async () => `${await waitingIn(returns)} wait in the other one`)
  await lin.page.keyboard.press('Escape')
  await pane.waitFor({ state: 'detached' })
  // Nothing is at risk any more: the other queue has no target.
  await lin.page.getByTestId('wall-alert').waitFor({ state: 'detached', timeout: ALERT_MS })
})

test('thresholds that mean nothing are refused where they stand', async () => {
  await lin.page.getByTestId('wall-rules').click()
  await lin.page.getByTestId('alert-away-after').fill('0')
  await lin.page.getByTestId('alert-rules-save').click()
  await lin.page.getByTestId('field-error').waitFor()
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'wall-rules-en')
  await lin.page.keyboard.press('Escape')
})

test('who does not supervise has no wall, and a phone and another language have', async () => {
  assert.equal(await emma.page.getByTestId('nav-wall').count(), 0)
  await lin.page.setViewportSize(phone)
  await shot(lin.page, 'wall-phone-en')
  await speak(lin.page, server, 'zh-CN')
  await lin.page.goto(`${server.origin}/wall?queue=${returns.id}`)
  await lin.page.getByTestId('wall-pane').getByTestId('conversation-list-item').first().waitFor()
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'wall-queue-phone-zh')
  await lin.page.setViewportSize(desktop)
  await lin.page.emulateMedia({ colorScheme: 'dark' })
  await lin.page.keyboard.press('Escape')
  await lin.page.getByTestId('wall-pane').waitFor({ state: 'detached' })
  assert.deepEqual(await axe(lin.page, { colours: true }), [])
  await shot(lin.page, 'wall-dark-zh')
})
