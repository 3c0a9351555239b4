// A queue that follows business hours: closed, its visitor is told until when and its agent gets nothing;
// opened by its calendar, the agent gets what waits, in its order.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, headers } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, baseOf } from '../lib/people.js'
import { Server } from '../lib/server.js'

const patience = { timeout: 60_000 }
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
/** A week that is open on these days alone, all day. */
const week = (open) => Object.fromEntries(days.filter((_, n) => open.includes(n)).map((day) => [day, [{ from: '00:00', to: '24:00' }]]))
/** Monday is 0. */
const today = () => (new Date().getUTCDay() + 6) % 7

let server, browser, agent, api, live, me, calendar, queue, visitor

before(async () => {
  server = await Server.start()
  browser = await launch()
  agent = await Agent.signIn(browser, server.links()[0])
  agent.page.setDefaultTimeout(patience.timeout)
  api = await apiOf(agent.page, server)
  live = await chatOf(api)
  const session = await (await agent.page.request.get(`${server.origin}/api/v1/session`)).json()
  me = session.memberships[0].member_id
  for (const row of (await api('GET', '/conversations?view=all&limit=50')).items) if (row.state !== 'resolved') await api('POST', `/conversations/${row.id}/state`, { state: 'resolved' })
  calendar = await api('POST', '/calendars', { name: 'Office', time_zone: 'UTC', week: week([(today() + 3) % 7]) })
  queue = await api('POST', '/queues', { name: 'Support', inbox_ids: [live.id] })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

test('the form gives a queue its hours', async () => {
  const { page } = agent
  await page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'en' }, headers })
  await page.goto(`${server.origin}/settings/queues/${queue.id}`)
  await page.getByTestId('queue-calendar').selectOption(calendar.id)
  await page.getByTestId('queue-outside').selectOption('overflow')
  await page.getByTestId('queue-save').click()
  await page.getByTestId('field-error').first().waitFor() // there is no overflow queue
  await page.getByTestId('queue-outside').selectOption('message')
  await page.getByTestId('queue-text-en').fill('Closed until {{queue.opens_at}}, {{workspace.name}}.')
  await page.getByTestId('queue-save').click()
  await until(async () => (await api('GET', `/queues/${queue.id}`)).closed, () => 'the queue is not closed')
  await page.getByTestId('open-now').waitFor()
  await page.getByTestId('queue-calendar').scrollIntoViewIfNeeded()
  assert.deepEqual(await axe(page), [])
  await shot(page, 'queue-hours-form-en')
  await page.setViewportSize(phone)
  await page.getByTestId('queue-calendar').scrollIntoViewIfNeeded()
  await shot(page, 'queue-hours-form-phone-en')
  await page.setViewportSize(desktop)
  const refused = await page.request.delete(`${server.origin}/api/v1/workspaces/${(await baseOf(page, server)).split('/').at(-1)}/calendars/${calendar.id}`, { headers })
  assert.equal(refused.status(), 409)
  assert.match(await refused.text(), /Support/)
})

/** Somebody writes over the API; the id of the conversation. */
async function customer(text) {
  const { token } = await (await agent.page.request.post(`${server.origin}/api/v1/live/${live.id}/sessions`, { headers, data: { locale: 'en' } })).json()
  const answer = await agent.page.request.post(`${server.origin}/api/v1/live/${live.id}/messages`, { headers: { ...headers, Authorization: `Bearer ${token}` }, data: { client_msg_id: `hours-${seen.size}`, text } })
  assert.equal(answer.status(), 201)
  let id
  await until(async () => (id = (await api('GET', '/conversations?view=all&limit=50')).items.find((row) => row.queue_id === queue.id && !seen.has(row.id))?.id), () => `no conversation begins with ${text}`)
  seen.add(id)
  return id
}
const seen = new Set()

test('a closed queue tells its visitor until when, and gives its agent nothing', async () => {
  const info = await (await agent.page.request.get(`${server.origin}/api/v1/live/${live.id}`)).json()
  assert.equal(info.closed, true)
  assert.equal(info.available, false)
  assert.ok(new Date(info.opens_at) > new Date())
  visitor = await customer('first in line')
  await customer('second in line')
  const texts = (await api('GET', `/conversations/${visitor}/timeline?limit=50`)).items.map((change) => change.message?.text).filter(Boolean)
  assert.equal(texts.length, 2, JSON.stringify(texts))
  assert.match(texts[1], /^Closed until .*day, .* 00:00 \(UTC\+0\), .+\.$/)
  assert.equal((await api('GET', `/conversations/${visitor}`)).assignee_id, undefined)
})

test('opened by its calendar, it gives out what waits, the first first', async () => {
  await api('PATCH', `/members/${me}`, { capacity: 1 })
  await api('PATCH', `/calendars/${calendar.id}`, { revision: calendar.revision, week: week([0, 1, 2, 3, 4, 5, 6]) })
  await until(async () => (await api('GET', `/conversations/${visitor}`)).assignee_id === me, () => 'the agent is not given what waits')
  const [, second] = [...seen]
  assert.equal((await api('GET', `/conversations/${second}`)).assignee_id, undefined)
})
