// Who has no window open is told by their browser: the real server, a push service of our own, the real service worker.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, membersOf, writesIn } from '../lib/api.js'
import { axe, desktop, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, speak } from '../lib/people.js'
import { deliver, PushService } from '../lib/pushes.js'
import { Server } from '../lib/server.js'

let server, browser, service, lin, emma, worker, api, me, live

before(async () => {
  server = await Server.start(['--demo', '--outbound.allow-networks', '127.0.0.0/8'])
  browser = await launch()
  service = await PushService.start()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await person(browser, { permissions: ['notifications'] })
  await service.stub(emma.context())
  await emma.goto(server.links()[1])
  await emma.getByTestId('conversation-list').waitFor()
  await speak(emma, server, 'en')
  api = await apiOf(lin.page, server)
  me = (await membersOf(api)).Emma
  live = await chatOf(api)
  await api('PUT', '/presence/me', { status: 'away', reason: 'training' }, emma)
})

after(async () => {
  await browser?.close()
  await server?.end()
  await service?.end()
})

let sent = 0

/** Somebody writes in, and Lin mentions Emma in a note on it; the conversation's id. */
async function mentioned(text) {
  const { id } = await writesIn(api, lin.page, server, live, text)
  await api('POST', `/conversations/${id}/messages`, { client_msg_id: `push-${++sent}`, kind: 'note', text: `Emma, ${text}`, mentions: [me] })
  return id
}

/** The next letter that the push service takes, beyond so many. */
async function letter(before) {
  await until(() => service.letters.length > before, () => `nothing was pushed: ${server.log.slice(-2000)}`)
  return service.letters.at(-1)
}

const shown = () => worker.evaluate(async () => (await self.registration.getNotifications()).map(({ title, body, tag, lang, data }) => ({ title, body, tag, lang, data })))

async function sees(title) {
  await until(async () => (await shown()).some((one) => one.title === title), async () => `not ${title}, but ${JSON.stringify(await shown())}`)
  return (await shown()).find((one) => one.title === title)
}

/** What an open window shows by the worker; one that has just opened does not listen yet, so it is said again. */
async function toldByWindow(text) {
  let one
  await until(async () => {
    await mentioned(`${text} ${sent}`)
    for (let looks = 0; looks < 20 && !one; looks++) {
      await new Promise((done) => setTimeout(done, 250))
      one = (await shown()).find(({ title }) => /林晓.*mentions you/.test(title))
    }
    return one
  }, () => 'the window tells nothing')
  return one
}

const pushes = async () => (await emma.request.get(`${server.origin}/api/v1/account/push`)).json()
const stateIs = (state) => emma.locator(`[data-testid=push][data-state=${state}]`).waitFor()

test('a browser whose push service cannot be reached says so; one that can is turned on with a click, and tried', async () => {
  await emma.goto(`${server.origin}/settings/notifications`)
  await stateIs('off')
  assert.equal(await emma.evaluate(() => navigator.serviceWorker.getRegistration().then(Boolean)), false, 'a worker without a wish')
  await emma.evaluate(() => localStorage.setItem('test.push.down', '1'))
  await emma.getByTestId('push-on').click()
  await emma.getByTestId('push-says').filter({ hasText: 'cannot be reached' }).waitFor()
  assert.equal((await pushes()).items.length, 0)
  await emma.evaluate(() => localStorage.removeItem('test.push.down'))
  await emma.getByTestId('push-on').click()
  await stateIs('on')
  const [mine] = (await pushes()).items
  assert.ok(mine.current && mine.say === 'all', JSON.stringify(mine))
  ;[worker] = emma.context().serviceWorkers()
  assert.ok(worker.url().endsWith('/service-worker.js'), worker.url())
  await emma.getByTestId('push-test').click()
  await emma.getByTestId('push-says').filter({ hasText: 'took it' }).waitFor()
  const tried = await letter(0)
  assert.ok(tried.test && /^vapid t=\S+, k=\S+$/.test(tried.from), JSON.stringify(tried))
  await deliver(emma, tried)
  const one = await sees('This is how it looks')
  assert.match(one.body, /no window of Patchbay/)
  await worker.evaluate(async () => { for (const n of await self.registration.getNotifications()) n.close() })
  assert.deepEqual(await axe(emma), [])
})

test('the page, wide and narrow, in both languages', async () => {
  for (const locale of ['en', 'zh-CN']) {
    await speak(emma, server, locale)
    for (const [size, viewport] of [['1440', desktop], ['390', phone]]) {
      await emma.setViewportSize(viewport)
      await emma.reload()
      await stateIs('on')
      await emma.getByTestId('push-browser').first().waitFor()
      assert.ok(await emma.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${locale} ${size}: wider than the screen`)
      await shot(emma, `push-${locale}-${size}`)
    }
  }
  await speak(emma, server, 'en')
  await emma.setViewportSize(desktop)
})

test('with no window open a mention is pushed, shown, and leads to its conversation', async () => {
  await emma.goto(`${server.origin}/demo`)
  const before = service.letters.length
  const conversation = await mentioned('do you know the jasmine tins?')
  const got = await letter(before)
  assert.equal(got.notification.kind, 'mention')
  assert.ok(Number(got.ttl) > 14_000, got.ttl)
  await deliver(emma, got)
  const [{ title, body, tag, data }] = await shown().then(async (all) => (all.length ? all : (await until(async () => (await shown()).length > 0, () => 'nothing is shown'), shown())))
  assert.match(title, /林晓.*mentions you/)
  assert.equal(body, 'Emma, do you know the jasmine tins?')
  assert.equal(tag, got.notification.id)
  assert.match(data.path, new RegExp(`^/conversations/all/${conversation}\\?at=\\d+$`))
  await deliver(emma, got) // the push service brings it twice
  await until(async () => (await shown()).length === 1, async () => JSON.stringify(await shown()))

  // Only a person's click may open a window: that one call is taken down, the rest is the worker's own.
  const address = await worker.evaluate(async () => {
    const [notification] = await self.registration.getNotifications()
    return new Promise((done) => {
      self.clients.openWindow = async (to) => done(to)
      self.dispatchEvent(new NotificationEvent('notificationclick', { notification }))
    })
  })
  await until(async () => (await shown()).length === 0, () => 'it is still shown')
  await until(async () => (await api('GET', '/notifications?unread=true', undefined, emma)).unread === 0, () => 'it is unread')
  await emma.goto(server.origin + address)
  await emma.getByTestId('message').filter({ hasText: 'jasmine tins' }).first().waitFor()
  assert.equal(new URL(emma.url()).searchParams.get('workspace'), null)
})

test('an open window is brought to the conversation, and what was read is taken back', async () => {
  await emma.goto(`${server.origin}/settings/profile`)
  const { tag, data } = await toldByWindow('is the green one back?')
  await worker.evaluate(async (tag) => {
    const [notification] = await self.registration.getNotifications({ tag })
    self.dispatchEvent(new NotificationEvent('notificationclick', { notification }))
  }, tag)
  await emma.waitForURL((url) => url.pathname === data.path.split('?')[0])
  await emma.goto(`${server.origin}/settings/profile`)
  await toldByWindow('and the white one?')
  await api('POST', '/notifications/read', { all: true }, emma)
  await until(async () => (await shown()).length === 0, async () => JSON.stringify(await shown()))
})

test('without names and words it says what happened alone, in the language of the account', async () => {
  await emma.goto(`${server.origin}/settings/notifications`)
  await stateIs('on')
  await emma.getByTestId('push-say').click()
  await until(async () => (await pushes()).items[0]?.say === 'kind', async () => JSON.stringify(await pushes()))
  await speak(emma, server, 'zh-CN')
  await emma.goto(`${server.origin}/demo`)
  const before = service.letters.length
  await mentioned('a secret of a customer')
  const got = await letter(before)
  assert.ok(!JSON.stringify(got).includes('secret') && !JSON.stringify(got).includes('林晓'), JSON.stringify(got))
  await deliver(emma, got)
  assert.equal((await sees('同事提及你')).body, '')
  await deliver(emma, { locale: 'zh-CN', tag: 'patchbay.more', path: '/', more: 7 })
  await sees('7 条新通知')
  await speak(emma, server, 'en')
})

test('signing out ends it; who signs in again goes on; what the push service forgets is turned off', async () => {
  await emma.goto(`${server.origin}/settings/notifications`)
  await stateIs('on')
  const old = (await pushes()).items[0].session_id
  await emma.evaluate(() => fetch('/api/v1/session', { method: 'DELETE' }))
  await emma.goto(`${server.origin}/settings/notifications`)
  await emma.waitForURL('**/sign-in**')
  const link = await again()
  await emma.goto(link)
  await emma.getByTestId('conversation-list').waitFor()
  await until(async () => (await pushes()).items.some((item) => item.current && item.session_id !== old && item.say === 'kind'), async () => JSON.stringify(await pushes()))
  assert.equal((await pushes()).items.length, 1)
  await emma.goto(`${server.origin}/settings/notifications`, { waitUntil: 'networkidle' })
  await stateIs('on')
  service.answer = 410
  await emma.getByTestId('push-test').click()
  await emma.getByTestId('push-says').filter({ hasText: 'does not want to be told' }).waitFor()
  await stateIs('off')
  service.answer = 201
  await emma.getByTestId('push-on').click()
  await stateIs('on')
  await emma.getByTestId('push-off').click()
  await stateIs('off')
  assert.equal((await pushes()).items.length, 0)
  assert.deepEqual(emma.problems, [])
})

/** A new sign-in link for Emma: the server prints them when it starts. */
async function again() {
  await server.stop()
  await server.run()
  return server.links()[1]
}
