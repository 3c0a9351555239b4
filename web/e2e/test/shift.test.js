// A shift, from the settings to the supervisor's wall: an administrator builds a line of two queues with
// skills and hours by clicking, three agents serve it, one who is known overtakes, an offer is left to ring
// and goes on, the supervisor whispers and takes over, and the wall shows it as it happens.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, conversationOf, hire, membersOf, resolveAll } from '../lib/api.js'
import { launch, person, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { sign } from '../lib/jwt.js'
import { lookAround } from '../lib/look.js'
import { Agent, Visitor, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Site } from '../lib/site.js'

const patience = { timeout: 60_000 }

let server, browser, site, lin, agents, api, ids, inbox, secret, front, expert

before(async () => {
  server = await Server.start()
  browser = await launch()
  site = await Site.start(server.origin)
  lin = await Agent.signIn(browser, server.links()[0])
  lin.page.setDefaultTimeout(patience.timeout)
  api = await apiOf(lin.page, server)
  await speak(lin.page, server, 'en')
  agents = { Emma: await Agent.signIn(browser, server.links()[1]) }
  for (const name of ['Mo', 'Ana']) agents[name] = await hire(browser, api, name)
  ids = await membersOf(api)
  await resolveAll(api)
  inbox = (await api('POST', '/inboxes', { name: 'Tea chat', plugin: 'patchbay/webchat', config: { title: 'Tea & Time' } })).id
  ;({ secret } = await api('POST', `/inboxes/${inbox}/identity-secret`))
  await presence(lin, 'away') // who supervises is given nothing
  for (const name in agents) await presence(agents[name], 'away')
})

after(async () => {
  await browser?.close()
  await site?.end()
  await server?.end()
})

const presence = (who, status) => api('PUT', '/presence/me', { status }, who)
const queue = async (name) => (await api('GET', '/queues')).items.find((one) => one.name === name)

/** Somebody with the chat open who has written; whom the site vouches for, if it says a name. */
async function customer(text, known) {
  const calls = known ? [['identify', { jwt: sign(secret, { aud: inbox, sub: known, name: known }) }]] : []
  const visitor = await Visitor.arrive(browser, site.page(inbox, { calls }))
  await visitor.open()
  await visitor.send(text)
  return Object.assign(visitor, { id: await conversationOf(api, text) })
}
const get = (visitor) => api('GET', `/conversations/${visitor.id}`)
const place = async (visitor, n) => {
  const line = visitor.frame.getByTestId('widget-queue')
  await until(async () => (await line.getAttribute('data-position')) === String(n), async () => `at ${await line.getAttribute('data-position')}, not at ${n}`)
}

test('a line of two queues is built by clicking: a skill, hours, who comes first', async () => {
  const { page } = lin
  await page.goto(`${server.origin}/settings/skills`)
  await page.getByTestId('skill-new').click()
  await page.getByTestId('skill-name').fill('Oolong 乌龙')
  await page.getByTestId('skill-save').click()
  await page.getByTestId('skill-edit').waitFor()
  for (const [name, level] of [['Emma', '4'], ['Mo', '4'], ['Ana', '1']]) {
    await page.getByTestId('skill-row').filter({ hasText: name }).getByTestId('skill-cell').first().click()
    await page.keyboard.press(level)
  }

  await page.goto(`${server.origin}/settings/hours`)
  await page.getByTestId('hours-new').click()
  await page.getByTestId('hours-name').fill('Round the clock')
  await page.getByTestId('hours-zone').fill('UTC')
  const monday = page.getByTestId('day-monday')
  for (const [end, at] of [['span-from', '00:00'], ['span-to', '24:00']]) {
    await monday.getByTestId(end).fill(at)
    await monday.getByTestId(end).blur()
  }
  await monday.getByTestId('copy-monday').click()
  for (const day of ['saturday', 'sunday']) {
    await page.getByTestId(`day-${day}`).getByTestId('span-add').click()
    for (const [end, at] of [['span-from', '00:00'], ['span-to', '24:00']]) {
      await page.getByTestId(`day-${day}`).getByTestId(end).fill(at)
      await page.getByTestId(`day-${day}`).getByTestId(end).blur()
    }
  }
  await page.getByTestId('hours-save').click()
  await page.waitForURL(/settings\/hours\/cal_/, patience)

  await page.goto(`${server.origin}/settings/queues`)
  await page.getByTestId('queue-new').click()
  await page.getByTestId('queue-name').fill('Everybody')
  await page.getByTestId('queue-save').click()
  await page.waitForURL(/settings\/queues\/que_/, patience)
  await page.getByTestId('settings-queues').click()
  await page.getByTestId('queue-new').click()
  await page.getByTestId('queue-name').fill('Tea experts')
  await page.locator('label').filter({ hasText: 'Tea chat' }).getByTestId('queue-inbox').check()
  await page.getByTestId('need-add').click()
  await page.getByTestId('need-skill').selectOption({ label: 'Oolong 乌龙' })
  await page.getByTestId('need-level').selectOption('3')
  await page.getByTestId('queue-target').fill('1')
  await page.getByTestId('queue-calendar').selectOption({ label: 'Round the clock' })
  await page.getByTestId('queue-overflow').selectOption({ label: 'Everybody' })
  await page.getByTestId('overflow-after').fill('10')
  await page.getByTestId('queue-save').click()
  await page.waitForURL(/settings\/queues\/que_/, patience)
  ;[front, expert] = [await queue('Everybody'), await queue('Tea experts')]
  assert.equal(expert.overflow.queue_id, front.id)
  assert.equal(expert.closed, false)
  await shot(page, 'shift-queue-en-light-1440')

  await page.goto(`${server.origin}/settings/routing`)
  await page.getByTestId('rule-add').click()
  const rule = page.getByTestId('rule-dialog')
  await rule.getByTestId('rule-name').fill('Known customers first')
  await rule.getByTestId('filter-add').first().click()
  await rule.getByTestId('filter-field').selectOption('verified')
  await rule.getByTestId('rule-value').fill('50')
  await rule.getByTestId('rule-save').click()
  await page.getByTestId('routing-rules').getByText('Known customers first').waitFor()

  await page.goto(`${server.origin}/settings/dispatch-policy`)
  await page.getByTestId('policy-order').selectOption('value')
  await page.getByTestId('policy-save').click()
  await page.getByTestId('policy-publish').click()
  await page.getByTestId('policy-note').fill('Known customers first')
  await page.getByTestId('policy-force-confirm').click()
  await page.getByTestId('policy-force-confirm').waitFor({ state: 'hidden' })

  await page.goto(`${server.origin}/settings/workspace`)
  await page.getByTestId('offers-enabled').click()
  await page.getByTestId('offers-ring').waitFor()
  await page.getByTestId('workspace-save').click()
  await until(async () => (await api('GET', '')).settings.offers.mode === 'offer', () => 'the setting is not kept')
})

let plain, known, wall
const cell = () => wall.getByTestId('wall-queues-row').filter({ hasText: 'Tea experts' }).locator('td.waiting')

test('who is known overtakes, and the other one sees it', async () => {
  wall = await person(browser, { storageState: await lin.page.context().storageState() })
  wall.setDefaultTimeout(patience.timeout)
  await wall.goto(`${server.origin}/wall`)
  await until(async () => (await cell().innerText()) === '0', () => 'the wall does not show the queue')
  plain = await customer('Which oolong is the mild one?')
  await place(plain, 1)
  known = await customer('The pot that I ordered is broken', '陈晨')
  await place(known, 1)
  await place(plain, 2)
  for (const one of [plain, known]) assert.equal((await get(one)).queue_id, expert.id)
  await shot(plain.page, 'shift-overtaken-en-light-1440')
  await until(async () => (await cell().innerText()) === '2', async () => `the wall shows ${await cell().innerText()} waiting`)
  await shot(wall, 'shift-wall-waiting-en-light-1440')
})

const card = (name) => agents[name].page.getByTestId('offer')

test('an offer that rings out goes on to who has the skill, the first first', async () => {
  await api('PATCH', '', { settings: { offers: { ring_s: 5 } } })
  await presence(agents.Ana, 'available') // at level 1, the queue wants 3
  await presence(agents.Emma, 'available')
  await card('Emma').getByText('The pot that I ordered is broken').waitFor()
  await api('PATCH', '', { settings: { offers: { ring_s: 120 } } })
  await shot(agents.Emma.page, 'shift-offer-en-light-1440')
  await card('Emma').getByText('Which oolong is the mild one?').waitFor() // nobody answered: the next one rings
  await presence(agents.Mo, 'available')
  await card('Mo').getByText('The pot that I ordered is broken').waitFor()
  await card('Mo').getByTestId('offer-accept').click()
  await until(async () => (await get(known)).assignee_id === ids.Mo, () => 'it is not given to who accepted it')
  await known.frame.getByTestId('widget-queue').waitFor({ state: 'detached' })
  await api('POST', `/conversations/${plain.id}/assign`, { member_id: ids.Emma })
  await plain.frame.getByTestId('widget-queue').waitFor({ state: 'detached' })
  assert.equal(await card('Ana').count(), 0)
  await until(async () => (await cell().innerText()) === '0', async () => `the wall shows ${await cell().innerText()} waiting`)
  const told = (await api('GET', `/conversations/${known.id}/timeline`)).items.filter((change) => change.type === 'conversation.offer_ended').map((change) => change.data.reason)
  assert.deepEqual(told, ['unanswered', 'accepted'])
})

test('the supervisor watches, whispers and takes over', async () => {
  const { page } = agents.Mo
  await page.goto(`${server.origin}/conversations/mine/${known.id}`)
  await page.getByTestId('composer-input').fill('Let me see')
  await lin.page.goto(`${server.origin}/conversations/all/${known.id}?watch=1`)
  await lin.page.getByTestId('watch-band').waitFor()
  await lin.page.getByTestId('watch-whisper').click()
  await lin.page.getByTestId('whisper-input').fill('Send a new one today.')
  await lin.page.keyboard.press('Enter')
  await page.getByTestId('whisper').getByText('Send a new one today.').waitFor()
  await lin.page.getByTestId('watch-take-over').click()
  await lin.page.getByTestId('take-over-complaint').click()
  await lin.page.getByTestId('take-over-confirm').click()
  await page.getByTestId('notice-done').getByText(/took over this conversation/).waitFor()
  await until(async () => (await get(known)).assignee_id === ids['林晓'], () => 'it is not taken over')
  await lin.send('A new pot leaves today.')
  await known.sees('A new pot leaves today.')
  assert.equal((await known.messages()).some((text) => text.includes('Send a new one')), false)
})

test('the wall, in both languages and themes, at a desk and on a phone', async () => {
  const screens = { 'shift-wall': { path: '/wall', ready: '[data-testid=wall-queues-row]' } }
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state: await lin.page.context().storageState(), speak: (locale) => speak(lin.page, server, locale), screens }), {})
})
