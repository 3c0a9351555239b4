// Work that is offered before it is assigned: it rings, goes on, is accepted and rejected.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, membersOf, resolveAll, writesIn } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, emma, api, ids, live

before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await Agent.signIn(browser, server.links()[1])
  api = await apiOf(lin.page, server)
  ids = await membersOf(api)
  live = await chatOf(api)
  await resolveAll(api)
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const offers = (change) => api('PATCH', '', { settings: { offers: change } })
const presence = (who, status) => api('PUT', '/presence/me', { status }, who)
const card = (who) => who.page.getByTestId('offer')

/** Somebody new writes in; the conversation's id. */
const customer = async (text) => (await writesIn(api, lin.page, server, live, text)).id

const get = (id) => api('GET', `/conversations/${id}`)

test('it is switched on in the settings', async () => {
  const { page } = lin
  await page.goto(`${server.origin}/settings/workspace`)
  await page.getByTestId('offers-enabled').click()
  await page.getByTestId('offers-ring').waitFor()
  await page.getByTestId('workspace-save').click()
  await until(async () => (await api('GET', '')).settings.offers.mode === 'offer', () => 'the setting is not kept')
  await page.goto(`${server.origin}/conversations/mine`)
})

test('an offer is accepted by a key, and the conversation opens', async () => {
  await offers({ ring_s: 120 })
  await presence(emma, 'away')
  const id = await customer('Do you ship to Qingdao?')
  await card(lin).waitFor()
  assert.match(await card(lin).innerText(), /Do you ship to Qingdao/)
  assert.match(await lin.page.getByTestId('offer-name').innerText(), /^Visitor /) // as lists name them
  assert.equal((await get(id)).offered_to, ids['林晓'])
  await until(async () => /^\d+ s$/.test(await lin.page.getByTestId('offer-left').innerText()), () => 'nothing is counted down')
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'offers-card-en')
  await lin.page.setViewportSize(phone)
  await shot(lin.page, 'offers-card-phone-en')
  await lin.page.setViewportSize(desktop)
  await lin.page.keyboard.press('8')
  await until(() => lin.page.url().endsWith(id), () => `it leads to ${lin.page.url()}`)
  await card(lin).waitFor({ state: 'hidden' })
  const row = await get(id)
  assert.equal(row.assignee_id, ids['林晓'])
  assert.equal(row.offered_to, undefined)
  await api('POST', `/conversations/${id}/accept`) // once more is no error
})

test('who rejects passes it on', async () => {
  await presence(emma, 'available')
  await presence(lin, 'away')
  const id = await customer('Is the oolong back?')
  await card(emma).waitFor()
  await emma.page.getByTestId('offer-reject').click()
  await card(emma).waitFor({ state: 'hidden' })
  await presence(lin, 'available')
  await card(lin).waitFor()
  await shot(lin.page, 'offers-card-conversation-en')
  await lin.page.getByTestId('offer-accept').click()
  await until(async () => (await get(id)).assignee_id === ids['林晓'], () => 'it is not the second agent\'s')
})

test('it rings over a dialog, one at a time, and keys answer it there', async () => {
  await presence(emma, 'away')
  const { page } = lin
  await page.keyboard.press('?')
  const help = page.getByTestId('help')
  await help.waitFor()
  const first = await customer('Over a dialog')
  const second = await customer('Behind it')
  await card(lin).waitFor()
  assert.equal(await card(lin).count(), 1)
  assert.equal((await get(second)).offered_to, undefined)
  await card(lin).getByTestId('offer-accept').click({ trial: true }) // nothing lies over it, and it is not inert
  await shot(page, 'offers-card-dialog-en')
  await page.keyboard.press('9')
  await until(async () => (await get(second)).offered_to === ids['林晓'], () => 'the next one does not ring')
  await page.locator(`[data-testid=offer][data-conversation="${second}"]`).waitFor()
  await page.keyboard.press('Escape')
  await help.waitFor({ state: 'hidden' })
  await card(lin).getByTestId('offer-accept').click()
  await until(async () => (await get(second)).assignee_id === ids['林晓'], () => 'it is not accepted')
  await api('POST', `/conversations/${first}/state`, { state: 'resolved' })
})

test('what rings out goes to the second agent; who misses two is away until they come back', async () => {
  await offers({ ring_s: 5, misses: 2 })
  await presence(lin, 'away')
  await presence(emma, 'available')
  const first = await customer('First of two')
  await until(async () => (await get(first)).offered_to === ids.Emma, () => 'it is not offered to Emma')
  await card(emma).waitFor()
  const second = await customer('Second of two')
  await emma.page.getByTestId('offers-away').waitFor()
  await shot(emma.page, 'offers-away-en')
  await until(async () => !(await get(first)).offered_to && !(await get(second)).offered_to, () => 'something still rings for who is away')
  await card(emma).waitFor({ state: 'hidden' })
  await presence(lin, 'available')
  await until(async () => (await get(first)).offered_to === ids['林晓'], () => 'it does not go on to the second agent')
  await api('POST', `/conversations/${first}/accept`)
  const told = (await api('GET', `/conversations/${first}/timeline`)).items.filter((change) => change.type === 'conversation.offer_ended').map((change) => change.data.reason)
  assert.ok(told.includes('unanswered') && told.at(-1) === 'accepted', told.join())
  await presence(lin, 'away')
  await emma.page.getByTestId('offers-back').click()
  await emma.page.getByTestId('offers-away').waitFor({ state: 'hidden' })
  await emma.page.getByTestId('offer').first().waitFor()
})
