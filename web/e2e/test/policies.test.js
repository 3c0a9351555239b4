// The dispatch policy as an administrator works with it: a draft in sentences with its warnings and refusals,
// what differs, published with a note, an older one put in force again.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

const headers = { 'Sec-Fetch-Site': 'same-origin' }
const patience = { timeout: 60_000 }

let server, browser, page, base

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  page = (await Agent.signIn(browser, server.links()[0])).page
  page.setDefaultTimeout(patience.timeout)
  const me = await (await page.request.get(`${server.origin}/api/v1/session`)).json()
  base = `${server.origin}/api/v1/workspaces/${me.memberships[0].workspace.id}/dispatch-policy`
  await page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'en' }, headers })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const stored = async () => (await page.request.get(base)).json()
const number = async (id, value) => {
  await page.getByTestId(id).fill(String(value))
  await page.getByTestId(id).blur()
}
const publish = async (note) => {
  await page.getByTestId('policy-publish').click()
  await page.getByTestId('policy-note').fill(note)
  await page.getByTestId('policy-force').getByTestId('policy-differences').waitFor()
  await page.getByTestId('policy-force-confirm').click()
  await page.getByTestId('policy-force-confirm').waitFor({ state: 'hidden' })
}

test('a draft is written in sentences, with what is wrong and what is risky in its place', async () => {
  await page.goto(`${server.origin}/settings/dispatch-policy`)
  await page.getByText('No policy was published yet').waitFor()
  await page.getByText('Nothing was published yet.').waitFor()
  await shot(page, 'policy-empty-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('policy-order').selectOption('value')
  await number('policy-chat-weight', 500)
  await page.getByTestId('policy-save').click()
  await page.getByTestId('policy-chat').getByTestId('field-error').waitFor()
  await shot(page, 'policy-wrong-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await number('policy-chat-weight', 2)
  await page.getByTestId('policy-mail-limit').selectOption('never')
  await page.getByTestId('policy-save').click()
  await until(async () => (await stored()).draft.revision === 1, () => 'the draft is not stored')
  await page.getByTestId('policy-mail').getByText('Nobody is given conversations of this channel').waitFor()
  await page.getByTestId('policy-chat').getByText('Without a target').waitFor()
  const { draft } = await stored()
  assert.deepEqual(draft.plan.channels, { chat: { weight: 2 }, mail: { limit: -1 } })
  assert.equal((await stored()).published, undefined)
})

test('what differs is said, and it is published with a note', async () => {
  await page.getByTestId('policy-mail-limit').selectOption('number')
  await number('policy-mail-most', 2)
  await number('policy-chat-target', 30)
  await page.getByTestId('policy-chat-target-unit').selectOption('second')
  await page.getByTestId('policy-save').click()
  await until(async () => (await stored()).draft.revision === 2, () => 'the draft is not stored')
  await page.getByTestId('policy-differences').getByText('Order', { exact: true }).waitFor()
  await page.getByTestId('policy-differences').getByText('1 → 2').waitFor()
  await page.getByTestId('policy-publish').click()
  await page.getByTestId('policy-force').getByTestId('policy-differences').waitFor()
  await shot(page, 'policy-publish-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.keyboard.press('Escape')
  await publish('Important customers 重要客户')
  await page.getByText('Revision 1 is in force.').waitFor()
  await page.getByTestId('policy-revision').getByText('Important customers 重要客户').waitFor()
  const { published } = await stored()
  assert.equal(published.plan.order.by, 'value')
  assert.equal(published.plan.channels.chat.target_s, 30)
})

test('what a colleague saved meanwhile is not overwritten', async () => {
  await page.getByTestId('policy-order').selectOption('deadline')
  const { draft } = await stored()
  const answer = await page.request.put(`${base}/draft`, { data: { revision: draft.revision, order: { by: 'ageing', boost_s: 600 } }, headers })
  assert.equal(answer.status(), 200)
  await page.getByTestId('policy-newer').waitFor()
  await page.getByTestId('policy-theirs').click()
  await until(async () => (await page.getByTestId('policy-order').inputValue()) === 'ageing', () => 'theirs is not shown')
  assert.equal(await page.getByTestId('policy-boost').inputValue(), '10')
})

test('an older one is put in force again', async () => {
  await publish('By waiting time')
  await page.getByText('Revision 2 is in force.').waitFor()
  await page.getByTestId('policy-restore-1').click()
  await page.getByTestId('policy-note').fill('It was better')
  await page.getByTestId('policy-force-confirm').click()
  await page.getByText('Revision 3 is in force.').waitFor()
  await page.getByText('revision 1 again').waitFor()
  const { published } = await stored()
  assert.deepEqual([published.number, published.restores, published.plan.order.by], [3, 1, 'value'])
  await until(async () => (await page.getByTestId('policy-order').inputValue()) === 'value', () => 'the draft is not that plan')
})

test('in both languages, at a desk and on a phone, light and dark', async () => {
  const path = '/settings/dispatch-policy'
  const ready = '[data-testid=policy-revision]'
  const screens = { 'policy-form': { path, ready } }
  const speak = (locale) => page.request.patch(`${server.origin}/api/v1/session`, { data: { locale }, headers })
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state: await page.context().storageState(), speak, screens }), {})
})

test('without a line the page says so', async () => {
  await page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'en' }, headers })
  await page.route('**/api/v1/workspaces/*/dispatch-policy', (route) => route.abort())
  await page.goto(`${server.origin}/settings/dispatch-policy`)
  await page.getByRole('button', { name: 'Try again' }).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.unroute('**/api/v1/workspaces/*/dispatch-policy')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByTestId('policy-form').waitFor()
})
