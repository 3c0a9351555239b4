// A day played before a policy is in force, as an administrator does it: a made-up day, a day of the workspace's
// own, other people for one side, the same on the command line; what cannot be played, and no line.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

import { apiOf, chatOf, membersOf, writesIn } from '../lib/api.js'
import { axe, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent, speak } from '../lib/people.js'
import { binary, Server } from '../lib/server.js'

const run = promisify(execFile)
const path = '/settings/dispatch-policy/simulate'

let server, browser, page, api, dir

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'patchbay-files-'))
  server = await Server.start()
  browser = await launch()
  page = (await Agent.signIn(browser, server.links()[0])).page
  page.setDefaultTimeout(60_000)
  api = await apiOf(page, server)
  await speak(page, server, 'en')
  await api('PUT', '/dispatch-policy/draft', { revision: 0, order: { by: 'cost' }, agents: { by: 'pack' }, channels: { chat: { weight: 2, target_s: 60 } } })
})

after(async () => {
  await browser?.close()
  await server?.end()
  await rm(dir, { recursive: true, force: true })
})

const set = async (id, value) => {
  await page.getByTestId(id).fill(String(value))
  await page.getByTestId(id).blur()
}
const play = async () => {
  await Promise.all([page.waitForResponse((answer) => answer.url().endsWith('/compare')), page.getByTestId('compare-go').click()])
  await page.getByTestId('compare-stop').waitFor({ state: 'hidden' })
  await page.getByTestId('compare-result').waitFor()
}
/** A row of the table of all customers: what both sides have of a measure, and how they differ. */
const measured = (name) => page.getByTestId('compare-all').getByRole('row').filter({ has: page.getByRole('rowheader', { name, exact: true }) }).locator('td').allInnerTexts()

test('before anybody waited there are made-up days, in charts and tables', async () => {
  const days = '**/dispatch-policy/days'
  await page.route(days, (route) => route.fulfill({ json: { time_zone: 'Asia/Shanghai', days: [] } }))
  await page.goto(`${server.origin}/settings/dispatch-policy`)
  await page.getByTestId('policy-simulate').click()
  await page.getByText('there is no day of your own yet').waitFor()
  await page.unroute(days)
  assert.ok(await page.getByTestId('compare-day').locator('option[value=recorded]').isDisabled())
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('compare-load').selectOption('crowded')
  await play()
  assert.equal(await page.getByTestId('compare-all').locator('tbody tr').count(), 9)
  for (const [id, rows] of [['wait', 32], ['within', 32], ['spread', 12], ['crew', 60]]) {
    const chart = page.getByTestId(`chart-${id}`)
    await chart.locator('svg path').first().waitFor({ state: 'attached' })
    await chart.locator('summary').click()
    assert.equal(await chart.locator('tbody tr').count(), rows, id)
    if (id !== 'wait') await chart.locator('summary').click()
  }
  await page.getByTestId('compare-result').locator('> details summary').click()
  await shot(page, 'simulate-made-up-en-light-1440')
  assert.deepEqual(await axe(page), [])
  const first = await page.getByTestId('compare-all').innerText()
  await page.getByTestId('compare-again').click()
  await until(async () => (await page.getByTestId('compare-all').innerText()) !== first, () => 'another day is the same')
  assert.equal(await page.getByTestId('compare-seed').inputValue(), '2')
  await set('compare-seed', 1)
  await play()
  assert.equal(await page.getByTestId('compare-all').innerText(), first, 'the same seed is another day')
})

test('with other people one policy is compared with itself', async () => {
  await page.getByTestId('compare-b').selectOption('draft')
  await page.getByTestId('staffing').locator('summary').click()
  await set('staffing-0-0', 40)
  await page.getByTestId('staffing').getByText('People: 90 and 60').waitFor()
  await play()
  assert.deepEqual(await measured('Members'), ['90', '60', '+30'])
  const [, , within] = await measured('Answered within the target')
  assert.match(within, /^\+[\d.]+ points\s*better$/)
  await page.getByTestId('compare-all').getByRole('columnheader', { name: 'the draft, as saved, 90 members' }).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('staffing-reset').click()
  await page.getByTestId('staffing').getByText('People: 60 on both sides').waitFor()
})

test('a day of own numbers says at its place what is wrong, and what was chosen stays', async () => {
  await page.getByTestId('compare-day').selectOption('own')
  await set('compare-people', 4)
  await set('compare-mail-hour', 0)
  await page.getByTestId('staffing').getByText('People: 4 on both sides').waitFor()
  await set('staffing-0-1', 0)
  await page.getByTestId('compare-go').click()
  await page.getByTestId('staffing').getByTestId('field-error').waitFor()
  await shot(page, 'simulate-nobody-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await set('staffing-0-1', 6)
  await play()
  assert.deepEqual(await measured('Members'), ['4', '6', '-2'])
  assert.equal(await page.getByTestId('compare-result').getByRole('rowheader', { name: 'Mails' }).count(), 0)
  await page.getByRole('main').getByRole('link', { name: 'Dispatch policy' }).click()
  await page.getByTestId('policy-simulate').click()
  assert.equal(await page.getByTestId('compare-people').inputValue(), '4')
  assert.equal(await page.getByTestId('staffing-0-1').inputValue(), '6')
})

/** Customers of a queue today, who are answered, but for the last. */
async function today() {
  const chat = await chatOf(api)
  const [me] = Object.values(await membersOf(api))
  const queue = await api('POST', '/queues', { name: 'After-sales 售后', inbox_ids: [], target_s: 60, value: 20 })
  for (const n of [1, 2, 3, 4]) {
    const { id } = await writesIn(api, page, server, chat, `Where is parcel ${n}?`)
    await api('POST', `/conversations/${id}/assign`, { queue_id: queue.id, member_id: '' })
    if (n === 4) return
    await api('POST', `/conversations/${id}/assign`, { member_id: me })
    await api('POST', `/conversations/${id}/messages`, { client_msg_id: `answer-${n}`, kind: 'text', text: 'On its way.' })
    await api('POST', `/conversations/${id}/state`, { state: 'resolved' })
  }
}

test('a day of the workspace is played, with what is not known of it', async () => {
  await today()
  const [{ date, waits }] = (await api('GET', '/dispatch-policy/days')).days
  const { customers } = await api('GET', `/dispatch-policy/days/${date}`)
  const asked = `**/dispatch-policy/days/${date}`
  await page.route(asked, (route) => route.fulfill({ status: 422, json: { status: 422, code: 'policy.day', detail: 'There is nothing to play on that day.', fields: [{ pointer: '/day/date', code: 'empty', detail: '' }] } }))
  await page.goto(server.origin + path)
  await page.getByTestId('simulate-form').getByTestId('field-error').getByText('nobody waited on this day').waitFor()
  await page.unroute(asked)
  assert.ok(customers >= 4 && waits >= customers)
  await page.goto(server.origin + path)
  await page.getByTestId('day-facts').getByText(`${customers} customers came`).waitFor()
  assert.deepEqual([await page.getByTestId('compare-day').inputValue(), await page.getByTestId('compare-date').inputValue()], ['recorded', date])
  assert.match(await page.getByTestId('compare-date').locator('option:checked').innerText(), new RegExp(`\\(${waits} waits\\)`))
  await page.getByTestId('day-gaps').locator('summary').click()
  await page.getByTestId('day-gaps').getByText('The day is not over').waitFor()
  await page.getByTestId('staffing').locator('summary').click()
  await play()
  await page.getByTestId('compare-result').getByText(`${customers} customers came`).waitFor()
  await page.getByTestId('compare-result').locator('> details summary').click()
  await page.getByTestId('compare-result').getByRole('rowheader', { name: 'After-sales 售后 · Chats · worth 20' }).waitFor()
  await shot(page, 'simulate-recorded-en-light-1440')
  assert.deepEqual(await axe(page), [])
})

test('the files and the command say the same', async () => {
  await page.getByTestId('compare-day').selectOption('messaging')
  await page.getByTestId('compare-load').selectOption('crowded')
  await play()
  await page.getByTestId('simulate-command').locator('summary').click()
  const command = await page.getByTestId('command-0').innerText()
  assert.equal(command, 'patchbay simulate day.json --policy draft.json --policy current.json')
  for (const name of ['day.json', 'draft.json', 'current.json']) {
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByTestId(`file-${name}`).click()])
    assert.equal(saved.suggestedFilename(), name)
    await saved.saveAs(join(dir, name))
  }
  await shot(page, 'simulate-command-en-light-1440')
  assert.deepEqual(await axe(page), [])
  const { stdout } = await run(binary, command.split(' ').slice(1), { cwd: dir })
  const busy = stdout.split('\n').find((line) => line.startsWith('agents busy')).match(/[\d.]+ %/g).map((share) => share.replace(' ', ''))
  assert.deepEqual(busy, (await measured('Members busy')).slice(0, 2))
})

test('it can be given up, and says when there is no line', async () => {
  const compare = '**/dispatch-policy/compare'
  await page.route(compare, () => {}) // no answer
  await page.getByTestId('compare-go').click()
  await page.getByText('The day is being played …').waitFor()
  await page.getByTestId('compare-stop').click()
  await page.getByTestId('compare-stop').waitFor({ state: 'hidden' })
  assert.equal(await page.getByTestId('form-failure').count(), 0)
  await page.getByTestId('compare-result').waitFor()
  await page.unroute(compare)
  await page.route(compare, (route) => route.abort())
  await page.getByTestId('compare-go').click()
  await page.getByTestId('form-failure').waitFor()
  await page.unroute(compare)
  await page.route('**/dispatch-policy/days', (route) => route.abort())
  await page.goto(server.origin + path)
  await page.getByRole('button', { name: 'Try again' }).waitFor()
  assert.deepEqual(await axe(page), [])
  await page.unroute('**/dispatch-policy/days')
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByTestId('simulate-form').waitFor()
})

test('in both languages, at a desk and on a phone, light and dark', async () => {
  const played = async (one) => {
    await one.getByTestId('compare-go').click()
    await one.getByTestId('chart-crew').locator('svg path').first().waitFor({ state: 'attached' })
  }
  const recorded = async (one) => {
    await one.getByTestId('day-gaps').locator('summary').click()
    await one.getByTestId('staffing').locator('summary').click()
    await played(one)
  }
  const charts = async (one) => {
    await one.getByTestId('compare-day').selectOption('messaging')
    await played(one)
    await one.getByTestId('compare-charts').evaluate((all) => all.scrollIntoView())
  }
  const screens = { 'simulate-recorded': { path, ready: '[data-testid=day-facts]', act: recorded }, 'simulate-charts': { path, ready: '[data-testid=simulate-form]', act: charts } }
  const state = await page.context().storageState()
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state, speak: (locale) => speak(page, server, locale), screens }), {})
})
