// What members are told, when and how, and who of them is there.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, headers, membersOf, writesIn } from '../lib/api.js'
import { axe, desktop, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, emma, api, ids, live

before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = new Agent()
  emma.page = await person(browser, { permissions: ['notifications'] })
  await emma.page.context().addInitScript(observe)
  await emma.page.goto(server.links()[1])
  await emma.page.getByTestId('conversation-list').waitFor()
  api = await apiOf(lin.page, server)
  ids = await membersOf(api)
  live = await chatOf(api)
  await away()
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** Emma is given no work, so that her bell rings for what a test does alone. */
const away = () => api('PUT', '/presence/me', { status: 'away', reason: 'training' }, emma)

/** In the page: keeps what the browser was asked to show. It is shown all the same. */
function observe() {
  const told = (window.told = [])
  const Native = window.Notification
  window.Notification = class extends Native {
    constructor(title, options) {
      super(title, options)
      told.push({ title, body: options.body, notification: this })
    }
  }
}

const told = (page) => page.evaluate(() => window.told.map(({ title, body }) => ({ title, body })))

let sent = 0

/** Somebody new writes in; the conversation's id. */
const customer = async (text) => (await writesIn(api, lin.page, server, live, text)).id

const note = (conversation, text, mentions) => api('POST', `/conversations/${conversation}/messages`, { client_msg_id: `notices-${++sent}`, kind: 'note', text, ...(mentions && { mentions }) })

const shown = (page) => page.evaluate(() => document.querySelector('[data-testid=bell-count]')?.textContent ?? '')

const counts = (page, want) => until(async () => (await shown(page)) === want, async () => `the bell shows ${await shown(page)}, not ${want || 'nothing'}`)

test('a mention rings the bell; the list leads to the note, however far back it is', async () => {
  const { page } = emma
  const conversation = await customer('Does the jasmine tea come in tins?')
  await note(conversation, 'Emma, do you know the tins?', [ids.Emma])
  await counts(page, '1')
  await Promise.all(Array.from({ length: 60 }, (_, n) => note(conversation, `note ${n}`)))
  await page.keyboard.press('b')
  const item = page.getByTestId('notification').filter({ hasText: 'do you know the tins' })
  await item.waitFor()
  assert.match(await item.innerText(), /林晓.*mentions you/)
  assert.equal(await item.getAttribute('data-unread'), 'true')
  await page.keyboard.press('ArrowDown')
  await item.click()
  const line = page.getByTestId('message').filter({ hasText: 'do you know the tins' })
  await line.waitFor()
  await until(() => line.evaluate((row) => row === document.activeElement && row.getBoundingClientRect().top > 0 && row.getBoundingClientRect().bottom < innerHeight), () => 'the note is not in sight')
  await counts(page, '') // what came of the conversation meanwhile was read with it
})

test('tabs are in step, and what is unread can be looked at alone', async () => {
  const { page } = emma
  const second = await page.context().newPage()
  await second.goto(`${server.origin}/conversations/mine`)
  await second.getByTestId('conversation-list').waitFor()
  await page.goto(`${server.origin}/settings/profile`)
  const conversation = await customer('Is the shop open on Sunday?')
  await note(conversation, 'first', [ids.Emma])
  await note(conversation, 'second', [ids.Emma])
  await counts(page, '2')
  await counts(second, '2')
  await page.getByTestId('bell').click()
  await page.getByTestId('notifications-unread').click()
  await until(async () => (await page.getByTestId('notification').count()) === 2, () => 'not the two unread ones')
  await page.getByTestId('notification-read').first().click()
  await counts(second, '1')
  assert.equal(await page.getByTestId('notification').count(), 2, 'what was read just now stays in its place')
  await page.getByTestId('notifications-read-all').click()
  await counts(second, '')
  await counts(page, '')
  await page.keyboard.press('Escape')
  await page.getByTestId('notifications').waitFor({ state: 'hidden' })
  assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), 'bell')
  await second.close()
})

test('a colleague sees who is away, and why', async () => {
  const status = lin.page.getByTestId('member-row').filter({ hasText: 'Emma' }).getByTestId('member-status')
  await lin.page.goto(`${server.origin}/settings/members`)
  await emma.page.getByTestId('presence').click()
  await emma.page.getByTestId('presence-away-lunch').click()
  await until(async () => (await status.innerText()) === 'Away · Lunch', async () => `the members page says ${await status.innerText()}`)
  await emma.page.getByTestId('presence').click()
  await emma.page.getByTestId('presence-away-other').click()
  await emma.page.getByTestId('away-reason').fill('看牙医')
  assert.deepEqual(await axe(emma.page), [])
  await emma.page.getByTestId('away-save').click()
  await until(async () => (await status.innerText()) === 'Away · 看牙医', async () => `the members page says ${await status.innerText()}`)
  await shot(lin.page, 'members-away-en-light-1440')
  await lin.page.goto(`${server.origin}/conversations/all/${await customer('Do you ship to Berlin?')}`)
  await lin.page.getByTestId('assign').click()
  await lin.page.getByTestId('assignee-status').filter({ hasText: '看牙医' }).waitFor()
  await shot(lin.page, 'assign-away-en-light-1440')
  await lin.page.keyboard.press('Escape')
  await emma.page.getByTestId('presence').click()
  assert.match(await emma.page.getByTestId('presence-status').innerText(), /看牙医 · since \d\d:\d\d/)
  await emma.page.getByTestId('presence-available').click()
  await until(async () => (await emma.page.getByTestId('presence').getAttribute('data-status')) === 'available', () => 'Emma is not back')
})

test('the workspace sets a wrap-up and asks for ratings; an agent sees it run, and ends it', async () => {
  await lin.page.goto(`${server.origin}/settings/workspace`)
  await lin.page.getByTestId('wrap-up').selectOption('120')
  await lin.page.getByTestId('rating-enabled').click()
  await lin.page.getByTestId('rating-ask').selectOption('both')
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'workspace-en-light-1440')
  await lin.page.getByTestId('workspace-save').click()
  await lin.page.getByTestId('notice-done').first().waitFor()
  await lin.page.reload()
  await lin.page.getByTestId('rating-ask').waitFor()
  assert.deepEqual([await lin.page.getByTestId('wrap-up').inputValue(), await lin.page.getByTestId('rating-ask').inputValue()], ['120', 'both'])

  const conversation = await customer('Thank you, that was all.')
  await api('POST', `/conversations/${conversation}/assign`, { member_id: ids.Emma })
  await emma.page.goto(`${server.origin}/conversations/all/${conversation}`)
  await emma.page.getByTestId('composer').waitFor()
  await emma.page.getByTestId('timeline').focus()
  await emma.page.keyboard.press('e')
  const wrapUp = emma.page.getByTestId('wrapup')
  await wrapUp.waitFor()
  const before = await wrapUp.innerText()
  assert.match(before, /^[12]:\d\d/)
  await until(async () => (await wrapUp.innerText()) !== before, () => 'the time stands still')
  assert.deepEqual(await axe(emma.page), [])
  await shot(emma.page, 'wrapup-en-light-1440')
  await emma.page.setViewportSize(phone)
  await shot(emma.page, 'wrapup-en-light-390')
  assert.deepEqual(await axe(emma.page), [])
  await emma.page.setViewportSize(desktop)
  await emma.page.getByTestId('wrapup-ready').click()
  await wrapUp.waitFor({ state: 'hidden' })
  const mine = (await api('GET', '/presence')).members.find((one) => one.member_id === ids.Emma)
  assert.equal(mine.wrap_up_until, undefined)
  await away()
  await api('POST', '/notifications/read', { all: true }, emma)
  await counts(emma.page, '')
})

/** The time of day some hours from now. */
const hour = (more) => new Date(Date.now() + more * 3_600_000).toISOString().slice(11, 16)

async function chooseQuiet(page, from, to) {
  await page.getByTestId('quiet-from').fill(from)
  await page.getByTestId('quiet-to').fill(to)
  await page.getByTestId('quiet-zone').selectOption('UTC')
  await page.getByTestId('preferences-save').click()
}

test('what was chosen is there after a reload; what is wrong is said where it is', async () => {
  const { page } = emma
  await page.goto(`${server.origin}/settings/notifications`)
  await page.getByTestId('pref-rating-sound').check()
  await page.getByTestId('pref-participant_reply-in_app').uncheck()
  assert.ok(await page.getByTestId('pref-participant_reply-browser').isDisabled())
  await page.getByTestId('quiet').click()
  await chooseQuiet(page, '22:00', '22:00')
  await page.getByTestId('field-error').waitFor()
  await chooseQuiet(page, '22:30', '07:15')
  await page.getByTestId('notice-done').first().waitFor()
  await page.reload()
  await page.getByTestId('quiet-zone').waitFor()
  assert.deepEqual(
    [await page.getByTestId('pref-rating-sound').isChecked(), await page.getByTestId('pref-participant_reply-in_app').isChecked(), await page.getByTestId('quiet-from').inputValue(), await page.getByTestId('quiet-to').inputValue(), await page.getByTestId('quiet-zone').inputValue()],
    [true, false, '22:30', '07:15', 'UTC'],
  )
  assert.ok(await page.getByTestId('preferences-save').isDisabled(), 'nothing is left to save')
})

test('the browser tells in one tab, not in quiet hours, not of what is on the screen', async () => {
  const { page } = emma
  const other = await page.context().newPage()
  await other.goto(`${server.origin}/conversations/mine`)
  await other.getByTestId('conversation-list').waitFor()
  await page.bringToFront()
  assert.equal(await page.getByTestId('permission').getAttribute('data-state'), 'granted')
  await page.getByTestId('permission-test').click()
  assert.equal((await told(page)).length, 1)

  const conversation = await customer('Where is my parcel?')
  await chooseQuiet(page, hour(-2), hour(2)) // now
  await until(async () => page.getByTestId('preferences-save').isDisabled(), () => 'not saved')
  await note(conversation, 'in the night', [ids.Emma])
  await counts(page, '1')
  await page.getByTestId('quiet').click()
  await page.getByTestId('preferences-save').click()
  await until(async () => page.getByTestId('preferences-save').isDisabled(), () => 'not saved')
  await other.reload() // it has the old choice for some seconds more
  await other.getByTestId('conversation-list').waitFor()
  await page.bringToFront()
  await note(conversation, 'in the day', [ids.Emma])
  const both = async () => [...(await told(page)).slice(1), ...(await told(other))]
  await until(async () => (await both()).length > 0, () => 'the browser told nothing')

  // Opened on the screen, the next mention is read at once.
  await page.bringToFront()
  const opener = (await told(page)).length > 1 ? page : other
  await opener.evaluate(() => window.told.at(-1).notification.onclick())
  await opener.waitForURL(new RegExp(`${conversation}\\?at=\\d+`))
  await counts(opener, '')
  await opener.bringToFront()
  await note(conversation, 'on the screen', [ids.Emma])
  await opener.getByTestId('message').filter({ hasText: 'on the screen' }).waitFor()
  await counts(opener, '')
  const elsewhere = await customer('And another thing')
  await note(elsewhere, 'elsewhere', [ids.Emma])
  await until(async () => (await both()).some((one) => one.body === 'elsewhere'), () => 'the browser told nothing of the other conversation')
  assert.deepEqual((await both()).map((one) => one.body), ['in the day', 'elsewhere'])
  await other.close()
})

test('a browser that was told not to is shown the way back', async () => {
  const page = await person(browser, { storageState: await emma.page.context().storageState() })
  await page.context().addInitScript(() => Object.defineProperty(Notification, 'permission', { get: () => 'denied' }))
  await page.goto(`${server.origin}/settings/notifications`)
  await page.getByTestId('permission').waitFor()
  assert.equal(await page.getByTestId('permission').getAttribute('data-state'), 'denied')
  assert.equal(await page.getByTestId('permission-ask').count(), 0)
  assert.deepEqual(await axe(page), [])
  await shot(page, 'notifications-denied-en-light-1440')
  await page.context().close()
})

test('the list, the choices and the status in every look', async () => {
  const [path, ready] = ['/settings/notifications', '[data-testid=preferences-save]']
  const press = (button, shown) => async (page) => {
    await page.getByTestId(button).click()
    await page.getByTestId(shown).first().waitFor()
  }
  const screens = { preferences: { path, ready }, notifications: { path, ready, act: press('bell', 'notification') }, presence: { path, ready, act: press('presence', 'presence-away-lunch') } }
  const state = await emma.page.context().storageState()
  const speak = (locale) => emma.page.request.patch(`${server.origin}/api/v1/session`, { headers, data: { locale } })
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state, speak, screens }), {})
})

test('nobody saw an error', () => {
  for (const [name, who] of Object.entries({ lin, emma })) assert.deepEqual(who.page.problems, [], name)
})
