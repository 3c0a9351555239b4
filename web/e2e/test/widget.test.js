// What a visitor can do, and what must not happen to them, in a chat on a
// website of another origin. The talk itself is in conversation.test.js.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { sign } from '../lib/jwt.js'
import { Agent, Visitor } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Site } from '../lib/site.js'

let server, browser, site, lin, api

const touch = { viewport: phone, hasTouch: true, isMobile: true }

before(async () => {
  server = await Server.start(['--demo', '--media.max-upload', '1MiB'])
  browser = await launch()
  site = await Site.start(server.origin)
  lin = await Agent.signIn(browser, server.links()[0])
  api = await apiOf(lin.page, server)
  await api('PATCH', '', { settings: { rating: { enabled: true, ask: 'widget' } } })
  await lin.page.getByTestId('presence').waitFor()
})

after(async () => {
  await browser?.close()
  await site?.end()
  await server?.end()
})

let inboxes = 0

/** An inbox of its own for a test. */
async function inbox(config = {}) {
  return (await api('POST', '/inboxes', { name: `Inbox ${++inboxes}`, plugin: 'patchbay/webchat', config: { title: 'Tea & Time', color: '#0f766e', ...config } })).id
}

const conversations = async (id) => (await api('GET', `/conversations?view=all&inbox=${id}`)).items
const talk = (id) => until(async () => (await conversations(id))[0], () => 'no conversation')
const said = async (id) => (await api('GET', `/conversations/${id}/timeline?limit=100`)).items.flatMap((change) => change.message?.text ?? [])
let written = 0
const answer = (id, text) => api('POST', `/conversations/${id}/messages`, { client_msg_id: `018f0000-0000-7000-8000-${String(++written).padStart(12, '0')}`, kind: 'text', text })
const chat = (page) => page.frames().find((frame) => frame.url().includes('/w/'))
const kept = (visitor, key) => visitor.page.evaluate((name) => Object.entries(localStorage).find(([at]) => at.endsWith(`:${name}`))?.[1], key)
/** Whom this browser's session is of, when the site vouched for somebody. */
const signedIn = async (visitor) => (await kept(visitor, 'token'))?.split('|')[1]
const heard = (visitor, name) => visitor.page.evaluate((wanted) => globalThis.heard.filter(([event]) => event === wanted).map(([, detail]) => detail), name)
const call = (visitor, ...args) => visitor.page.evaluate((list) => globalThis.Patchbay(...list), args)

/** Presses the launcher and waits for one of the chat's parts. */
async function press(visitor, part = 'widget-input') {
  await visitor.page.getByTestId('launcher').click()
  await visitor.frame.getByTestId(part).waitFor()
}

/** A second page of the same browser. */
async function beside(visitor, url) {
  const other = Object.assign(new Visitor(), { page: await visitor.page.context().newPage(), frames: [] })
  other.page.problems = []
  await other.page.goto(url)
  return other
}

test('the form before the chat: what is missing is said, what was said reaches the agent, and it is asked once', async () => {
  const id = await inbox({ pre_chat: { enabled: true, consent_text: 'I agree to the privacy notice.', fields: [{ key: 'name', required: true }, { key: 'email', required: true }, { key: 'attributes.order_no', label: { en: 'Order number', 'zh-CN': '订单号' } }, { key: 'message' }] } })
  const visitor = await Visitor.arrive(browser, site.page(id))
  await press(visitor, 'widget-prechat')
  const { frame } = visitor
  await frame.getByTestId('widget-prechat-send').click()
  assert.equal(await frame.locator('.wrong').count(), 3, 'name, e-mail and consent are missing')
  assert.equal(await frame.locator(':focus').getAttribute('name'), 'name')
  assert.deepEqual(await axe(chat(visitor.page)), [])
  await frame.getByTestId('widget-field-name').fill('王小明')
  await frame.getByTestId('widget-field-email').fill('not an address')
  await frame.getByRole('checkbox').check()
  await frame.getByTestId('widget-prechat-send').click()
  assert.deepEqual(await frame.locator('.wrong').allTextContents(), ['Write it like name@example.com.'])
  assert.deepEqual(await conversations(id), [], 'nothing was sent')
  await frame.getByTestId('widget-field-email').fill('ming@example.com')
  await frame.getByTestId('widget-field-attributes.order_no').fill('A-17')
  await frame.getByTestId('widget-field-message').fill('Is the green tea back?')
  await frame.getByTestId('widget-prechat-send').click()
  await visitor.sees('Is the green tea back?')
  const { contact, verified } = await talk(id)
  const who = await api('GET', `/contacts/${contact.id}`)
  assert.deepEqual([who.name, who.email, who.attributes.order_no, who.verified, verified], ['王小明', 'ming@example.com', 'A-17', false, undefined])
  await visitor.page.reload()
  await visitor.sees('Is the green tea back?')
  assert.equal(await frame.getByTestId('widget-prechat').count(), 0)
  assert.deepEqual(visitor.page.problems, [])
  await visitor.page.context().close()
})

test('nobody is there: a place in the line, or a form for later', async () => {
  await api('PUT', '/presence/me', { status: 'away' })
  const line = await inbox()
  const [first, second] = await Promise.all(['one', 'two'].map(() => Visitor.arrive(browser, site.page(line))))
  for (const [visitor, place] of [[first, '1'], [second, '2']]) {
    await press(visitor)
    await visitor.send(`I am number ${place}`)
    await until(async () => (await visitor.frame.getByTestId('widget-queue').getAttribute('data-position')) === place, async () => `not at place ${place}`)
  }
  assert.match(await second.frame.getByTestId('widget-queue').innerText(), /number 2 in line[^]*Nobody is online/)

  const id = await inbox({ offline: { enabled: true, text: 'We sleep from ten to eight.' } })
  const visitor = await Visitor.arrive(browser, site.page(id), touch)
  await press(visitor, 'widget-offline')
  const { frame } = visitor
  assert.match(await frame.getByTestId('widget-offline').innerText(), /We sleep from ten to eight\./)
  await frame.getByTestId('widget-offline-send').click()
  assert.equal(await frame.locator('.wrong').count(), 3)
  await frame.getByTestId('widget-field-name').fill('Ann')
  await frame.getByTestId('widget-field-email').fill('ann@example.com')
  await frame.getByTestId('widget-field-message').fill('Please call me')
  assert.equal(await frame.locator('.wrong').count(), 0, 'what was filled in is still called missing')
  assert.deepEqual(await axe(chat(visitor.page)), [])
  await shot(visitor.page, 'widget-offline-en-light-390')
  await frame.getByTestId('widget-offline-send').click()
  await frame.getByTestId('widget-left').waitFor()
  const left = await talk(id)
  assert.ok((await api('GET', `/conversations/${left.id}/timeline`)).items.some(({ type, data }) => type === 'conversation.offline' && data.email === 'ann@example.com'))
  assert.equal((await conversations(id)).length, 1)

  await api('PUT', '/presence/me', { status: 'available' })
  for (const waiting of [first, second]) await waiting.frame.getByTestId('widget-queue').waitFor({ state: 'detached' })
  await Promise.all([first, second, visitor].map(({ page }) => page.context().close()))
})

test('who the site vouches for has one conversation everywhere; nobody else sees any of it', async () => {
  const id = await inbox()
  const { secret } = await api('POST', `/inboxes/${id}/identity-secret`)
  const foreign = (await api('POST', `/inboxes/${await inbox()}/identity-secret`)).secret
  const as = (sub, more = {}, key = secret) => site.page(id, { calls: [['identify', { jwt: sign(key, { aud: id, sub, name: sub, ...more }) }]] })
  const chen = await Visitor.arrive(browser, as('chen'))
  await press(chen)
  await chen.send('my contract number is 4711')
  await chen.sees('my contract number is 4711')
  const conversation = await talk(id)
  assert.deepEqual([conversation.verified, conversation.contact.name], [true, 'chen'])
  await answer(conversation.id, 'Found it, Chen.')
  await chen.sees('Found it, Chen.')

  const elsewhere = await Visitor.arrive(browser, as('chen'))
  await press(elsewhere)
  await elsewhere.sees('my contract number is 4711')

  // Chen writes half a sentence and goes; somebody else sits down.
  await chen.frame.getByTestId('widget-input').fill('and my password is')
  await chen.page.goto(as('zhou'))
  await chen.frame.getByTestId('widget-input').waitFor()
  await until(async () => (await signedIn(chen)) === 'zhou', () => 'zhou is not signed in')
  const nothing = async (visitor, who) => {
    await visitor.page.waitForTimeout(400)
    assert.deepEqual(await visitor.messages(), [], `${who} sees what Chen wrote`)
    assert.equal(await visitor.frame.getByTestId('widget-input').inputValue(), '', `${who} sees what Chen was writing`)
    assert.ok(!/4711|password|Found it/.test(await visitor.page.evaluate(() => JSON.stringify({ ...localStorage }))), `${who} finds it in the storage`)
  }
  await nothing(chen, 'zhou')

  // Words that do not hold: the page hears why, the visitor has a chat like anybody.
  for (const [code, url] of [['identity.expired', as('chen', { life: -30 })], ['identity.signature', as('chen', {}, foreign)]]) {
    const forger = await Visitor.arrive(browser, url)
    await press(forger)
    await until(async () => (await heard(forger, 'error')).some((error) => error.code === code), async () => `${code}: ${JSON.stringify(await heard(forger, 'error'))}`)
    await nothing(forger, code)
    await forger.send('hello?')
    await forger.sees('hello?')
    const mine = await until(async () => (await conversations(id)).find((one) => one.last_message?.text === 'hello?'), () => `${code}: nothing arrived`)
    assert.ok(mine.id !== conversation.id && !mine.verified, code)
    await api('POST', `/conversations/${mine.id}/state`, { state: 'resolved' })
    await forger.page.context().close()
  }

  // In Chen's browser a forged word about another does not open Chen's session.
  await elsewhere.page.goto(as('zhou', {}, foreign))
  await until(async () => (await heard(elsewhere, 'error')).length > 0, () => 'no error')
  await nothing(elsewhere, 'a forger at Chen’s own browser')
  await Promise.all([chen, elsewhere].map(({ page }) => page.context().close()))
})

test('a chat for those who signed in says so to the others', async () => {
  const id = await inbox({ identity: { required: true } })
  const { secret } = await api('POST', `/inboxes/${id}/identity-secret`)
  const visitor = await Visitor.arrive(browser, site.page(id, { lang: 'zh-CN' }), { locale: 'zh-CN' })
  await visitor.page.getByTestId('launcher').click()
  await visitor.frame.getByRole('alert').waitFor()
  assert.match(await visitor.frame.getByRole('alert').innerText(), /请先在本网站登录。/)
  assert.deepEqual(await axe(chat(visitor.page)), [])
  await call(visitor, 'identify', { jwt: sign(secret, { aud: id, sub: 'u1' }) })
  await visitor.frame.getByTestId('widget-input').waitFor()
  await visitor.page.context().close()
})

test('leaving in one tab is leaving in all, and ends the session', async () => {
  const id = await inbox()
  const { secret } = await api('POST', `/inboxes/${id}/identity-secret`)
  const page = (jti) => site.page(id, { calls: [['identify', { jwt: sign(secret, { aud: id, sub: 'mei', jti }) }]] })
  const one = await Visitor.arrive(browser, page('a'))
  await press(one)
  await one.send('private matter')
  await one.sees('private matter')
  const two = await beside(one, page('b'))
  await press(two)
  await two.sees('private matter')
  await two.frame.getByTestId('widget-input').fill('half a thought')
  const [token] = (await kept(one, 'token')).split('|')
  await call(one, 'logout')
  for (const [name, tab] of [['its own tab', one], ['the other tab', two]]) {
    await until(async () => (await tab.messages()).length === 0, async () => `${name} still shows ${await tab.messages()}`)
    assert.equal(await tab.frame.getByTestId('widget-input').inputValue(), '', name)
  }
  const past = () => lin.page.request.get(`${server.origin}/api/v1/live/${id}/changes`, { headers: { Authorization: `Bearer ${token}` } })
  await until(async () => (await past()).status() === 401, () => 'the session goes on')
  await until(async () => ![undefined, token].includes(await kept(one, 'token')), () => 'no session of anybody')
  assert.equal(await signedIn(one), undefined)
  await two.send('from somebody new')
  await one.sees('from somebody new')
  assert.equal((await conversations(id)).length, 2)
  await one.page.context().close()
})

test('two people, two tabs of one browser: the last one signed in has both, and sees nothing of the other', async () => {
  const id = await inbox()
  const { secret } = await api('POST', `/inboxes/${id}/identity-secret`)
  const as = (sub) => site.page(id, { calls: [['identify', { jwt: sign(secret, { aud: id, sub }) }]] })
  const ann = await Visitor.arrive(browser, as('ann'))
  await press(ann)
  await ann.send('what Ann wrote')
  await until(async () => (await conversations(id))[0])
  await ann.frame.getByTestId('widget-input').fill('Ann goes on')
  const bob = await beside(ann, as('bob'))
  await press(bob)
  await until(async () => (await signedIn(bob)) === 'bob', () => 'bob is not signed in')
  await until(async () => (await ann.messages()).length === 0 && (await ann.frame.getByTestId('widget-input').inputValue()) === '', async () => `Ann’s tab shows ${await ann.messages()}`)
  await bob.send('what Bob wrote')
  await ann.sees('what Bob wrote')
  await ann.page.waitForTimeout(1500) // longer than a tab waits before it asks for a session again
  assert.deepEqual([await bob.messages(), await ann.messages(), await signedIn(ann)], [['what Bob wrote'], ['what Bob wrote'], 'bob'])
  await ann.page.context().close()
})

test('files: by the picker, what is no picture is no picture, and one that is too large is refused before it is sent', async () => {
  const id = await inbox()
  const visitor = await Visitor.arrive(browser, site.page(id), touch)
  await press(visitor)
  const { frame } = visitor
  await frame.getByTestId('widget-camera').waitFor() // a phone has one
  const [picker] = await Promise.all([visitor.page.waitForEvent('filechooser'), frame.getByTestId('widget-attach').click()])
  assert.equal(picker.isMultiple(), true)
  const picture = await visitor.page.screenshot()
  await picker.setFiles([{ name: 'cup.png', mimeType: 'image/png', buffer: picture }, { name: 'trick.png', mimeType: 'image/png', buffer: Buffer.from('<script>alert(1)</script>') }, { name: 'film.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(2 << 20) }])
  const pending = (phase) => frame.locator(`[data-testid=widget-pending][data-phase=${phase}]`)
  await until(async () => (await pending('done').count()) === 2 && (await pending('failed').count()) === 1, async () => (await frame.getByTestId('widget-pending').allInnerTexts()).join())
  await until(async () => (await frame.locator('.pending img').count()) === 1, () => 'what is no picture is shown as one')
  assert.match(await pending('failed').innerText(), /\b1\b/, 'the limit is named')
  assert.equal(await frame.getByTestId('widget-send').getAttribute('aria-disabled'), 'true')
  await shot(visitor.page, 'widget-files-en-light-390')
  assert.deepEqual(await axe(chat(visitor.page)), [])
  await pending('failed').getByRole('button').last().tap()
  await frame.getByTestId('widget-send').tap()
  await frame.getByTestId('widget-picture').waitFor()
  assert.equal(await frame.getByTestId('widget-file').count(), 1)
  const { message } = (await api('GET', `/conversations/${(await talk(id)).id}/timeline`)).items.find((change) => change.message?.attachments)
  assert.deepEqual(message.attachments.map(({ name, kind }) => [name, kind]), [['cup.png', 'image'], ['trick.png', 'file']])

  const closed = await Visitor.arrive(browser, site.page(await inbox({ attachments: false })))
  await press(closed)
  assert.equal(await closed.frame.getByTestId('widget-attach').count(), 0)
  await Promise.all([visitor, closed].map(({ page }) => page.context().close()))
})

test('read marks both ways; a rating with a comment, asked for once', async () => {
  const id = await inbox()
  const visitor = await Visitor.arrive(browser, site.page(id))
  await press(visitor)
  await visitor.send('Are you there?')
  const { id: conversation } = await talk(id)
  const own = visitor.frame.locator('[data-testid=widget-message][data-side=visitor]').last()
  await until(async () => (await own.getAttribute('data-state')) === 'sent', () => 'it is not sent')
  await lin.page.goto(`${server.origin}/conversations/all/${conversation}`)
  await until(async () => (await own.getAttribute('data-state')) === 'seen', () => 'it is not seen')
  await lin.page.goto(`${server.origin}/settings/members`)

  await call(visitor, 'close')
  await answer(conversation, 'Yes, we are.')
  await until(async () => (await heard(visitor, 'unread')).includes(1), () => 'the answer is not counted')
  const row = () => api('GET', `/conversations/${conversation}`)
  assert.ok(((await row()).contact_read_seq ?? 0) < (await row()).last_seq, 'read behind a closed chat')
  await call(visitor, 'open')
  await until(async () => (await row()).contact_read_seq > 0, () => 'the agent does not learn that it was read')

  await api('POST', `/conversations/${conversation}/state`, { state: 'resolved' })
  await visitor.frame.getByTestId('widget-rating').waitFor()
  await visitor.frame.getByTestId('widget-resolved').waitFor() // nothing moves any more
  await visitor.frame.getByTestId('widget-score-4').check()
  await visitor.frame.getByTestId('widget-comment').fill('<b>kind</b> & fast')
  await visitor.frame.getByTestId('widget-rate').click()
  await visitor.frame.getByTestId('widget-rated').waitFor()
  await until(async () => (await row()).rating?.comment === '<b>kind</b> & fast', () => 'the comment is not there')
  await visitor.page.reload()
  await visitor.sees('Yes, we are.')
  await visitor.send('One more thing')
  await until(async () => (await row()).state === 'open', () => 'it is not open again')
  await answer(conversation, 'Gladly.')
  await visitor.sees('Gladly.')
  await api('POST', `/conversations/${conversation}/state`, { state: 'resolved' })
  await visitor.frame.locator('.closing').first().waitFor()
  await visitor.page.waitForTimeout(300)
  assert.equal(await visitor.frame.getByTestId('widget-rating').count(), 0, 'asked twice')
  await visitor.page.context().close()
})

test('the chat speaks first by rule: path, time, returning; once, and not to those who talk', async () => {
  const rule = (name, when, en, more = {}) => ({ id: name, when, message: { en, 'zh-CN': `${en}？` }, once: 'ever', ...more })
  const id = await inbox({ proactive: [rule('prices', { path_is: '/pricing', seconds_on_page: 1 }, 'Questions about prices'), rule('again', { returning: true, path_contains: 'tea' }, 'Welcome back')] })
  const at = (path, more) => site.page(id, { path, attributes: { 'data-proactive': 'on' }, ...more })
  const visitor = await Visitor.arrive(browser, at('/green-tea'))
  const nudge = visitor.page.getByTestId('nudge')
  const quiet = async (why) => {
    await visitor.page.getByTestId('widget-frame').waitFor({ state: 'attached' })
    await visitor.page.waitForTimeout(1600)
    assert.equal(await nudge.isVisible(), false, why)
  }
  await quiet('not the page, and the first visit')
  await visitor.page.goto(at('/pricing', { lang: 'zh-CN' }))
  await nudge.waitFor()
  assert.match(await nudge.innerText(), /Questions about prices？/)
  assert.deepEqual(await axe(visitor.page), [])
  await shot(visitor.page, 'widget-nudge-zh-light-1440')
  await visitor.page.reload()
  await quiet('once ever')
  await visitor.page.goto(at('/black-tea'))
  await nudge.waitFor()
  await nudge.getByText('Welcome back').click()
  await visitor.frame.getByTestId('widget-input').waitFor()
  assert.equal(await nudge.isVisible(), false)
  await visitor.page.context().close()
})

test('languages: the page’s, another by the menu, right to left, and one that answers for all others', async () => {
  const id = await inbox()
  const visitor = await Visitor.arrive(browser, site.page(id, { lang: 'zh-CN' }))
  await press(visitor)
  const root = () => chat(visitor.page).evaluate(() => [document.documentElement.lang, document.documentElement.dir])
  assert.deepEqual(await root(), ['zh-CN', 'ltr'])
  await visitor.frame.getByTestId('widget-menu').click()
  await visitor.frame.getByTestId('widget-language').selectOption('ar')
  await until(async () => (await root()).join() === 'ar,rtl', async () => `${await root()}`)
  await visitor.page.reload()
  await visitor.frame.getByTestId('widget-input').waitFor()
  await until(async () => (await root()).join() === 'ar,rtl', async () => `after a reload ${await root()}`)
  await call(visitor, 'setLocale', 'ja')
  await until(async () => (await root()).join() === 'ja,ltr', async () => `${await root()}`)
  await call(visitor, 'setLocale', 'tlh')
  await visitor.page.waitForTimeout(200)
  assert.deepEqual(await root(), ['ja', 'ltr'])
  await visitor.page.context().close()
  const speaks = async (config, lang, wanted) => {
    const guest = await Visitor.arrive(browser, site.page(await inbox(config), { lang }))
    await press(guest)
    const spoken = () => chat(guest.page).evaluate(() => document.documentElement.lang)
    await until(async () => (await spoken()) === wanted, async () => `${await spoken()} for a page in ${lang}, not ${wanted}`)
    await guest.page.context().close()
  }
  await speaks({}, 'sv', 'en')
  await speaks({ languages: { default: 'zh-CN', offered: ['zh-CN', 'ja'] } }, 'sv', 'zh-CN')
  await speaks({ languages: { default: 'zh-CN', offered: ['zh-CN', 'ja'] } }, 'ja-JP', 'ja')
})

test('the conversation can be taken along, as a page without a script', async () => {
  const id = await inbox()
  const visitor = await Visitor.arrive(browser, site.page(id))
  await press(visitor)
  await visitor.send('茶叶 <img src=x onerror=alert(1)>')
  await answer((await talk(id)).id, 'A & B')
  await visitor.sees('A & B')
  await visitor.frame.getByTestId('widget-menu').click()
  const [download] = await Promise.all([visitor.page.waitForEvent('download'), visitor.frame.getByTestId('widget-transcript').click()])
  assert.match(download.suggestedFilename(), /Tea.*\.html$/)
  const html = Buffer.concat(await (await download.createReadStream()).toArray()).toString()
  assert.match(html, /茶叶 &lt;img/)
  assert.match(html, /A &amp; B/)
  assert.ok(!/<script|<img src=x/i.test(html))
  await visitor.page.context().close()
})

test('the page’s own JavaScript: calls made early, events, hide and show', async () => {
  const id = await inbox()
  const visitor = await Visitor.arrive(browser, site.page(id, { calls: [['on', 'open'], ['message', 'I saw your offer']] }))
  await visitor.frame.getByTestId('widget-input').waitFor()
  await until(async () => (await visitor.frame.getByTestId('widget-input').inputValue()) === 'I saw your offer', () => 'the words are not there')
  assert.deepEqual(await conversations(id), [], 'nothing is sent for the visitor')
  await visitor.frame.getByTestId('widget-send').click()
  await visitor.sees('I saw your offer')
  await call(visitor, 'close')
  await visitor.page.waitForTimeout(800)
  await answer((await talk(id)).id, 'It ends on Friday.')
  await until(async () => (await heard(visitor, 'message')).length === 1, () => 'no message event')
  const [message] = await heard(visitor, 'message')
  assert.equal(message.text, 'It ends on Friday.')
  await call(visitor, 'hide')
  assert.equal(await visitor.page.getByTestId('launcher').isVisible(), false)
  await call(visitor, 'show')
  assert.equal(await visitor.page.getByTestId('launcher').isVisible(), true)
  await call(visitor, 'dance')
  await call(visitor, 'identify', 'not an object')
  await call(visitor, 'toggle')
  assert.deepEqual((await heard(visitor, 'error')).map(({ code }) => code), ['command', 'identify'])
  const names = await visitor.page.evaluate(() => globalThis.heard.map(([name]) => name))
  for (const name of ['ready', 'open', 'close', 'unread']) assert.ok(names.includes(name), name)
  assert.deepEqual(visitor.page.problems, [])
  await visitor.page.context().close()
})

test('pages are told only after the visitor agreed, and not any more after they did not', async () => {
  const id = await inbox({ page_views: 'consent' })
  const at = (path) => site.page(id, { path, title: `Page ${path}`, attributes: { 'data-page-views': 'on' } })
  const visitor = await Visitor.arrive(browser, at('/one'))
  const told = []
  visitor.page.on('request', (request) => request.url().includes('/pageviews') && told.push(request.postDataJSON()))
  await until(async () => (await kept(visitor, 'views'))?.includes('/one'), () => 'the first page was not noted')
  await visitor.page.goto(at('/two'))
  await press(visitor)
  await visitor.send('hello')
  await visitor.sees('hello')
  const { contact } = await talk(id)
  await visitor.frame.getByTestId('widget-consent').waitFor()
  assert.deepEqual(told, [])
  await visitor.frame.getByTestId('widget-consent').getByRole('button', { name: 'Yes' }).click()
  const pages = async () => (await api('GET', `/contacts/${contact.id}/pages`)).items.map(({ title }) => title)
  await until(async () => (await pages()).includes('Page /one'), async () => `told ${JSON.stringify(told)}`)
  assert.ok(told.every(({ consent }) => consent === true))
  await visitor.page.goto(at('/three'))
  await until(async () => (await pages()).includes('Page /three'), async () => `${await pages()}`)
  await call(visitor, 'consent', false)
  await until(async () => told.at(-1).consent === false, () => 'it was not taken back')
  const before = told.length
  await visitor.page.goto(at('/four'))
  await visitor.sees('hello')
  await visitor.page.waitForTimeout(500)
  assert.equal(told.length, before)
  assert.ok(!(await pages()).includes('Page /four'))
  await visitor.page.context().close()
})

test('a phone loses the network while its owner writes, the browser is closed, and nothing is lost or doubled', async () => {
  const id = await inbox()
  const url = site.page(id)
  const visitor = await Visitor.arrive(browser, url, touch)
  await visitor.page.getByTestId('launcher').tap()
  await visitor.frame.getByTestId('widget-input').waitFor()
  await visitor.send('in the train')
  await visitor.sees('in the train')
  const context = visitor.page.context()
  const { id: conversation } = await talk(id)
  // The tunnel: what is sent is never answered, then there is no network at all.
  await context.setOffline(true)
  for (const text of ['first in the tunnel', 'second in the tunnel']) {
    await visitor.frame.getByTestId('widget-input').fill(text)
    await visitor.frame.getByTestId('widget-send').tap()
  }
  await visitor.frame.getByTestId('widget-input').pressSequentially('half a sen')
  await visitor.frame.locator('.banner.offline').waitFor()
  await shot(visitor.page, 'widget-tunnel-en-light-390')
  assert.deepEqual((await visitor.messages()).slice(-2), ['first in the tunnel', 'second in the tunnel'])
  await answer(conversation, 'We heard you.')
  await visitor.page.close({ runBeforeUnload: false }) // the phone needs its memory
  await context.setOffline(false)
  const back = Object.assign(new Visitor(), { page: await context.newPage(), frames: [] })
  await back.page.goto(url)
  await back.page.getByTestId('launcher').tap()
  await back.sees('second in the tunnel', 15_000)
  assert.equal(await back.frame.getByTestId('widget-input').inputValue(), 'half a sen')
  const wanted = ['in the train', 'first in the tunnel', 'second in the tunnel']
  await until(async () => (await said(conversation)).includes('second in the tunnel'), async () => `${await said(conversation)}`)
  assert.deepEqual((await said(conversation)).filter((text) => wanted.includes(text)), wanted)
  // A connection that dies without a word, several times while it sends.
  for (let i = 0; i < 3; i++) {
    await back.send(`shaky ${i}`)
    await context.setOffline(true)
    await context.setOffline(false)
  }
  const all = [...wanted, 'shaky 0', 'shaky 1', 'shaky 2']
  await until(async () => (await said(conversation)).includes('shaky 2'), async () => `${await said(conversation)}`)
  assert.deepEqual((await said(conversation)).filter((text) => all.includes(text)), all)
  await until(async () => (await back.frame.locator('[data-state=waiting],[data-state=sending]').count()) === 0, () => 'something still waits')
  assert.deepEqual((await back.messages()).filter((text) => all.includes(text)), all)
  await context.close()
})

test('looked at: three languages, light and dark, desk and phone; axe finds nothing', async () => {
  const id = await inbox({
    greeting: '', pre_chat: { enabled: true, consent_text: 'Privacy 隐私 خصوصية', fields: [{ key: 'name', required: true }, { key: 'email' }, { key: 'message' }] },
  })
  const words = { en: ['Hello, where is my parcel?', 'It is on its way: https://example.com/track', 'Thank you!'], 'zh-CN': ['你好，我的包裹到哪里了？', '已经发出：https://example.com/track', '谢谢！'], ar: ['مرحبا، أين طردي؟', 'هو في الطريق: https://example.com/track', 'شكرًا!'] }
  const looks = Object.keys(words).flatMap((lang) => ['light', 'dark'].flatMap((colorScheme) => [desktop, phone].map((viewport) => ({ lang, colorScheme, viewport }))))
  const look = async ({ lang, colorScheme, viewport }) => {
    const small = viewport === phone
    const visitor = await Visitor.arrive(browser, site.page(id, { lang }), { colorScheme, viewport, locale: lang, ...(small && touch) })
    const name = (what) => `widget-${what}-${lang.slice(0, 2)}-${colorScheme}-${viewport.width}`
    await press(visitor, 'widget-prechat')
    if (small) assert.deepEqual(await axe(chat(visitor.page)), [], name('form'))
    await shot(visitor.page, name('form'))
    await visitor.frame.getByTestId('widget-field-name').fill('Lina')
    await visitor.frame.getByRole('checkbox').check()
    await visitor.frame.getByTestId('widget-prechat-send').click()
    const [question, reply, thanks] = words[lang]
    const unique = `${question} ${colorScheme} ${viewport.width}`
    await visitor.frame.getByTestId('widget-input').waitFor()
    await visitor.send(unique)
    const mine = await until(async () => (await conversations(id)).find((one) => one.last_message?.text === unique), () => name('no conversation'))
    await answer(mine.id, reply)
    await visitor.sees(reply)
    await visitor.send(thanks)
    await visitor.sees(thanks)
    await until(async () => (await conversations(id)).some((one) => one.id === mine.id && one.last_message?.text === thanks)) // what comes after the end begins anew
    await api('POST', `/conversations/${mine.id}/state`, { state: 'resolved' })
    await visitor.frame.getByTestId('widget-rating').waitFor()
    await visitor.frame.getByTestId('widget-resolved').waitFor() // nothing moves any more
    await visitor.frame.getByTestId('widget-score-5').check()
    await until(async () => visitor.frame.getByTestId('widget-rate').evaluate((button) => button.getBoundingClientRect().bottom <= button.closest('.scroll').getBoundingClientRect().bottom), () => `${name('talk')}: the button is out of sight`)
    await shot(visitor.page, name('talk'))
    assert.deepEqual(await axe(chat(visitor.page)), [], name('talk'))
    if (lang === 'en') assert.deepEqual(await axe(visitor.page), [], name('page'))
    const wide = await chat(visitor.page).evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(wide <= 0, `${name('talk')} scrolls sideways by ${wide} px`)
    await visitor.page.context().close()
  }
  for (let at = 0; at < looks.length; at += 3) await Promise.all(looks.slice(at, at + 3).map(look))
})

test('a chat that is dark for everybody is dark', async () => {
  const visitor = await Visitor.arrive(browser, site.page(await inbox({ theme: { dark: 'dark', color: '#facc15', position: 'left', launcher_text: 'Ask us', radius: 4 } })), { colorScheme: 'light' })
  await press(visitor)
  const looks = () => chat(visitor.page).evaluate(() => `${getComputedStyle(document.documentElement).colorScheme} on ${getComputedStyle(document.body).backgroundColor}`)
  await until(async () => (await looks()) === 'dark on rgb(22, 24, 29)', looks) // once the inbox's settings are there
  assert.ok((await visitor.page.getByTestId('launcher').boundingBox()).x < 100)
  assert.deepEqual(await axe(chat(visitor.page)), [])
  await shot(visitor.page, 'widget-themed-en-dark-1440')
  await visitor.page.context().close()
})

test('nobody saw an error of a page', () => assert.deepEqual(lin.page.problems, []))
