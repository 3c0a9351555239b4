// Mail, through real servers: an administrator connects a mailbox by clicking, a
// customer mails with a picture, the agent answers, and the customer's answer
// lands in the same conversation.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Mail } from '../lib/mail.js'
import { ownerOf, present, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const care = 'care@shop.test'
const alice = 'alice@shop.test'
const bob = 'bob@shop.test'
const supplier = 'supplier@shop.test'
let mail, server, browser, owner, base, inbox

before(async () => {
  mail = await Mail.start(care, alice, bob, supplier)
  server = await Server.start(['--demo', '--outbound.allow-networks', '127.0.0.1/32'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
})

after(async () => {
  await browser?.close()
  await server?.end()
  await mail?.end()
})

/** A picture of four red pixels. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=='

const letter = (id, subject, text, fields = '') => `Message-ID: <${id}>
From: Alice <${alice}>
To: ${care}
Subject: ${subject}
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
${fields}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=utf-8

${text}

--c
Content-Type: text/html; charset=utf-8

<p>${text}</p><script>alert(1)</script><img src="https://tracker.example/pixel.gif">

--c--
--b
Content-Type: image/png; name=cup.png
Content-Disposition: attachment; filename=cup.png
Content-Transfer-Encoding: base64

${picture}
--b--
`

test('an administrator connects a mailbox by clicking', async () => {
  await owner.goto(`${server.origin}/settings/inboxes`)
  await owner.getByTestId('new-inbox').click()
  await owner.getByTestId('channel-patchbay/email').click()
  const fill = (field, value) => owner.getByTestId(`setting-${field}`).fill(value)
  await fill('address', care)
  await fill('name', '{agent} · Shop')
  await fill('incoming', mail.at.IMAPS)
  await fill('outgoing', mail.at.Submissions)
  await fill('certificates', mail.at.Certificate)
  await owner.getByTestId('setting-security').selectOption({ label: 'TLS' })
  await fill('password', 'wrong')
  await owner.getByTestId('inbox-probe').click()
  await owner.getByText('rejects this user name and password').first().waitFor()
  const held = (await (await owner.request.get(`${base}/inboxes`)).json()).items
  assert.ok(!held.some((one) => one.plugin === 'patchbay/email'), 'a test has saved something')
  await shot(owner, 'mail-connect-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('inbox-create').click()
  const made = await until(async () => {
    const all = (await (await owner.request.get(`${base}/inboxes`)).json()).items
    return all.find((one) => one.plugin === 'patchbay/email')
  })
  inbox = made.id
  await owner.goto(`${server.origin}/settings/inboxes/${made.id}`)
  await owner.getByTestId('inbox-save').waitFor()
  const turns = async () => (await (await owner.request.get(`${base}/inboxes/${made.id}/health`)).json()).turns
  const status = async () => (await (await owner.request.get(`${base}/inboxes/${made.id}`)).json()).status
  await until(async () => (await status()).code === 'auth_expired')
  await owner.reload()
  await owner.getByTestId('inbox-save').waitFor()
  const health = owner.getByTestId('account-health')
  await health.locator('.notice').waitFor()
  assert.equal(await health.getAttribute('data-state'), 'failing')
  await health.getByTestId('account-history').click()
  await health.getByTestId('account-turns').getByText('auth_expired').waitFor()
  await health.getByText('Its credentials were refused').waitFor()
  assert.equal(await health.getByText('worked last').count(), 0, 'it has never worked')
  assert.ok(!(await turns()).some((one) => one.state === 'ok'), 'nothing was tried that worked')
  await shot(owner, 'mail-rejected-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'mail-rejected-en-light-390')
  await owner.setViewportSize(desktop)
  await health.getByTestId('account-retry').click()
  await until(async () => (await turns()).some((one) => one.state === 'unknown'))
  await owner.getByTestId('setting-password-replace').click()
  await fill('password', 'secret')
  await owner.getByTestId('inbox-probe').click()
  await owner.getByText('It works.').waitFor()
  await owner.getByTestId('inbox-save').click()
  await owner.getByTestId('setting-password-replace').waitFor()
  await until(async () => (await status()).state === 'ok')
  await until(async () => (await turns())[0].state === 'ok')
  await health.locator('.notice').waitFor({ state: 'detached' })
  await shot(owner, 'mail-connected-en-light-1440')
})

test('a customer mails with a picture, an agent answers, and the answer to that is in its place', async () => {
  await mail.send(alice, care, letter('first@world.test', 'Order 42', 'Where is my cup?'))
  await owner.goto(server.origin)
  const row = owner.getByTestId('conversation-list-item').filter({ hasText: 'Where is my cup?' })
  await row.first().click()
  await owner.getByTestId('composer').waitFor()
  const first = owner.getByTestId('message').filter({ hasText: 'Where is my cup?' })
  assert.equal(await first.getByTestId('message-subject').innerText(), 'Order 42')
  await first.getByTestId('message-trust').getByText('Sender not verified').waitFor()
  assert.equal(await first.getByTestId('attachment-image').count(), 1)
  assert.equal(await first.getByTestId('attachment-file').count(), 0, 'the whole mail is not among its files')
  assert.match(await first.getByTestId('message-original').getAttribute('href'), /./)
  await first.getByTestId('message-page-toggle').click()
  const page = first.getByTestId('message-page').contentFrame()
  await page.getByText('Where is my cup?').waitFor()
  assert.equal(await page.locator('script').count(), 0)
  assert.equal(await page.locator('img[src*="tracker"]').count(), 0)
  await shot(owner, 'mail-conversation-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('composer-input').fill('It leaves today.')
  await owner.getByTestId('send').click()
  await until(async () => (await mail.inbox(alice)).length === 1)
  const [got] = await mail.inbox(alice)
  assert.match(got, /^Subject: Re: Order 42$/m)
  assert.match(got, /^In-Reply-To: <first@world.test>$/m)
  assert.match(got, /It leaves today\./)
  const id = /^Message-ID: (<.*>)$/im.exec(got)[1]
  await mail.send(alice, care, letter('second@world.test', 'Something else', 'Thank you!', `In-Reply-To: ${id}\n`))
  await owner.getByTestId('message').filter({ hasText: 'Thank you!' }).or(owner.getByText('Thank you!')).first().waitFor()
  const all = (await (await owner.request.get(`${base}/conversations?limit=100`)).json()).items
  assert.equal(all.filter((one) => one.inbox_id === inbox).length, 1)
  await shot(owner, 'mail-answered-en-light-1440')
  await owner.setViewportSize(phone)
  await shot(owner, 'mail-answered-en-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await owner.getByTestId('composer').waitFor()
  await shot(owner, 'mail-answered-zh-light-1440')
  assert.deepEqual(owner.problems.filter((one) => !/422|400/.test(one)), [])
})

/** The row of a header of a mail, unfolded. */
const header = (mail, name) => new RegExp(`^${name}: (.*(?:\\n[ \\t].*)*)`, 'im').exec(mail)?.[1].replace(/\n\s+/g, ' ') ?? ''

test('everybody on a mail is answered, and what any of them answers is in its place', async () => {
  await speak(owner, server, 'en')
  const before = (await mail.inbox(alice)).length
  await mail.send(alice, care, letter('group@world.test', 'Party of ten', 'We are ten on Friday.', `Cc: Bob <${bob}>\n`))
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'We are ten on Friday.' }).first().click()
  const line = owner.getByTestId('address-line')
  await line.getByText(/^To Alice · Re: Party of ten$/).waitFor()
  await owner.getByTestId('composer-input').fill('A table is kept for you.')
  // A key opens it, and Escape undoes what was done there; the text stays.
  await owner.keyboard.press('Control+;')
  const cc = owner.getByTestId('address-cc')
  await cc.fill('nobody')
  await cc.press('Enter')
  assert.equal(await owner.getByTestId('address-fault').count(), 1)
  assert.ok(await owner.getByTestId('send').isDisabled())
  await shot(owner, 'mail-address-fault-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('address-subject').focus()
  await owner.keyboard.press('Escape')
  assert.equal(await owner.getByTestId('address-fields').count(), 0)
  assert.equal(await owner.getByTestId('composer-input').inputValue(), 'A table is kept for you.')
  assert.match(await line.innerText(), /^To Alice · Re: Party of ten$/)
  await owner.getByTestId('reply-all').click()
  await line.getByText('To Alice · Cc Bob · Re: Party of ten').waitFor()
  await line.click()
  await cc.fill('sup')
  await cc.fill('')
  await owner.getByTestId('address-bcc').evaluate((field, text) => {
    const data = new DataTransfer()
    data.setData('text/plain', text)
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, `供应商 ＜${supplier}＞；`)
  for (const [lang, locale] of [['en', 'en'], ['zh', 'zh-CN']]) {
    await speak(owner, server, locale)
    await until(async () => {
      const kept = await (await owner.request.get(`${base}/conversations/${new URL(owner.url()).pathname.split('/').at(-1)}/draft`)).text()
      return kept.includes(supplier)
    })
    await owner.reload() // what is written, and to whom, is kept
    await line.click()
    await owner.getByTestId('address-fields').waitFor()
    for (const viewport of [desktop, phone]) {
      await owner.setViewportSize(viewport)
      for (const theme of ['light', 'dark']) {
        await owner.emulateMedia({ colorScheme: theme })
        await owner.locator(`:root[data-theme=${theme}]`).waitFor({ state: 'attached' })
        await shot(owner, `mail-addressed-${lang}-${theme}-${viewport.width}`)
        assert.deepEqual(await axe(owner), [])
      }
    }
    await owner.emulateMedia({ colorScheme: 'light' })
    await owner.setViewportSize(desktop)
  }
  await speak(owner, server, 'en')
  await owner.reload()
  await line.getByText(/Bcc 供应商/).waitFor()
  assert.equal(await owner.getByTestId('composer-input').inputValue(), 'A table is kept for you.')
  await owner.getByTestId('send').click()
  await until(async () => (await mail.inbox(alice)).length === before + 1 && (await mail.inbox(bob)).length === 1 && (await mail.inbox(supplier)).length === 1)
  const [got] = await mail.inbox(bob)
  assert.match(header(got, 'To'), /alice@shop\.test/)
  assert.match(header(got, 'Cc'), /bob@shop\.test/)
  assert.doesNotMatch(got, /supplier/)
  assert.equal(header(got, 'Subject'), 'Re: Party of ten')
  const id = header(got, 'Message-ID')
  const conversation = new URL(owner.url()).pathname
  // Who was copied answers, and is not taken for the customer.
  await mail.send(bob, care, letter('bobs@world.test', 'Re: Party of ten', 'I bring a friend.', `In-Reply-To: ${id}\n`).replaceAll('Alice', 'Bob').replaceAll(alice, bob))
  const bobs = owner.getByTestId('message').filter({ hasText: 'I bring a friend.' })
  await bobs.getByTestId('message-participant').waitFor()
  await line.getByText(/^To Alice · Re: Party of ten$/).waitFor()
  await mail.send(alice, care, letter('alices@world.test', 'Re: Party of ten', 'Make it eleven.', `In-Reply-To: ${id}\n`))
  const alices = owner.getByTestId('message').filter({ hasText: 'Make it eleven.' })
  await alices.waitFor()
  assert.equal(await alices.getByTestId('message-participant').count(), 0)
  assert.equal(new URL(owner.url()).pathname, conversation)
  await shot(owner, 'mail-group-en-light-1440')
  assert.deepEqual(await axe(owner), [])
})

test('a mail is passed on to somebody else, whose answer comes back, and the customer gets none of it', async () => {
  const [toAlice, toSupplier] = [(await mail.inbox(alice)).length, (await mail.inbox(supplier)).length]
  const asked = owner.getByTestId('message').filter({ hasText: 'We are ten on Friday.' })
  await asked.hover()
  await asked.getByTestId('message-forward').click()
  const dialog = owner.getByTestId('forward-dialog')
  await dialog.getByTestId('address-to').fill(`Alice <${alice}>`)
  await dialog.getByTestId('address-to').press('Enter')
  await dialog.getByTestId('forward-failure').waitFor()
  assert.ok(await dialog.getByTestId('forward-send').isDisabled())
  await dialog.getByTestId('address-to').press('Backspace')
  await dialog.getByTestId('address-to').fill(`${supplier}，`)
  assert.equal(await dialog.getByTestId('party').count(), 1)
  assert.match(await dialog.getByTestId('forward-files').innerText(), /cup\.png/)
  const text = dialog.getByTestId('forward-text')
  await text.fill(`Can you bring ten chairs?${await text.inputValue()}`)
  for (const viewport of [desktop, phone]) {
    await owner.setViewportSize(viewport)
    await shot(owner, `mail-forward-en-light-${viewport.width}`)
    assert.deepEqual(await axe(owner), [])
  }
  await owner.setViewportSize(desktop)
  await dialog.getByTestId('forward-send').click()
  const passed = owner.getByTestId('message').filter({ hasText: 'Can you bring ten chairs?' })
  await passed.getByTestId('message-forwarded').getByText(supplier).waitFor()
  await until(async () => (await mail.inbox(supplier)).length === toSupplier + 1)
  const got = (await mail.inbox(supplier)).at(-1)
  assert.equal(header(got, 'Subject'), 'Fwd: Party of ten')
  assert.match(got, /Can you bring ten chairs\?/)
  assert.match(got, /We are ten on Friday\./)
  assert.match(got, /filename="?cup\.png/)
  await mail.send(supplier, care, letter('chairs@world.test', 'Re: Fwd: Party of ten', 'Ten chairs at six.', `In-Reply-To: ${header(got, 'Message-ID')}\n`).replaceAll('Alice', 'Supplier').replaceAll(alice, supplier))
  await owner.getByTestId('message').filter({ hasText: 'Ten chairs at six.' }).getByTestId('message-participant').waitFor()
  await owner.getByTestId('address-line').getByText(/^To Alice · Re: Party of ten$/).waitFor()
  await owner.getByTestId('composer-input').fill('All is ready.')
  await owner.getByTestId('send').click()
  await until(async () => (await mail.inbox(alice)).length === toAlice + 1)
  assert.doesNotMatch((await mail.inbox(alice)).at(-1), /chairs at six|supplier@/)
  assert.equal((await mail.inbox(supplier)).length, toSupplier + 1)
  await shot(owner, 'mail-forwarded-en-light-1440')
  assert.deepEqual(await axe(owner), [])
})

test('an answer that comes back says why, and can be sent again', async () => {
  await speak(owner, server, 'en')
  const ghost = 'ghost@shop.test' // nobody has this address
  await mail.send(alice, care, letter('third@world.test', 'Hello?', 'Is anybody there?').replaceAll(alice, ghost))
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Is anybody there?' }).first().click()
  await owner.getByTestId('composer').waitFor()
  await owner.getByTestId('composer-input').fill('We are.')
  await owner.getByTestId('send').click()
  const failure = owner.getByTestId('message').filter({ hasText: 'We are.' }).getByTestId('message-failure')
  await failure.getByText(/ghost@shop.test/).waitFor()
  await shot(owner, 'mail-bounced-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await failure.getByTestId('message-send-again').click()
  await failure.getByText(/ghost@shop.test/).waitFor({ state: 'detached' })
  await failure.getByText(/ghost@shop.test/).waitFor()
})

test('a mail is confirmed, once a day, in words of our own', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await owner.getByTestId('acknowledgement-on').click()
  await owner.getByTestId('acknowledgement-en').fill('Thanks {{contact.name}}, {{agent.name}} reads it.')
  await owner.getByTestId('acknowledgement-save').click()
  await owner.getByText('Nobody fills in {{agent.name}} here.').first().waitFor()
  await owner.getByTestId('acknowledgement-en').fill('Thanks {{contact.name}}. The number of "{{message.subject}}" is {{conversation.number}}.')
  await shot(owner, 'mail-acknowledgement-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('acknowledgement-save').click()
  await owner.getByText('Nobody fills in').waitFor({ state: 'detached' })
  await owner.getByTestId('setting-authserv_id').fill('mx.shop.test')
  await owner.getByTestId('inbox-save').click()
  await until(async () => (await (await owner.request.get(`${base}/inboxes/${inbox}`)).json()).config.authserv_id === 'mx.shop.test')
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await owner.getByTestId('acknowledgement-en').waitFor()
  await shot(owner, 'mail-acknowledgement-zh-light-1440')
  await owner.setViewportSize(phone)
  await shot(owner, 'mail-acknowledgement-zh-light-390')
  await owner.setViewportSize(desktop)
  const before = (await mail.inbox(alice)).length
  const proven = 'Authentication-Results: mx.shop.test; dmarc=pass header.from=shop.test\n'
  await mail.send(alice, care, proven + letter('list@world.test', 'News', 'A newsletter.', 'List-Id: <news.shop.test>\n'))
  await mail.send(alice, care, proven + letter('new@world.test', 'Order 43', 'A new matter.'))
  await mail.send(alice, care, proven + letter('newer@world.test', 'Order 44', 'Another matter.'))
  await until(async () => (await mail.inbox(alice)).length > before)
  const confirmed = (await mail.inbox(alice)).slice(before)
  assert.equal(confirmed.length, 1)
  assert.match(confirmed[0], /^Auto-Submitted: auto-replied$/m)
  assert.match(confirmed[0], /^Subject: Re: Order 43$/m)
  assert.match(confirmed[0], /^In-Reply-To: <new@world.test>$/m)
  assert.match(confirmed[0], /The number of "Order 43" is \d+\./)
  const one = async (text) => (await (await owner.request.get(`${base}/conversations?limit=100`)).json()).items.find((c) => c.last_message?.text.includes(text))
  await until(() => one('Another matter.'))
  assert.equal((await mail.inbox(alice)).length, before + 1, 'two of three were answered')
  await owner.goto(`${server.origin}/conversations/all/${(await one('The number of "Order 43"')).id}`)
  await owner.getByTestId('message').filter({ hasText: 'The number of "Order 43"' }).waitFor()
  await shot(owner, 'mail-confirmed-zh-light-1440')
  assert.deepEqual(owner.problems.filter((one) => !/422|400/.test(one)), [])
})

test('pictures elsewhere are loaded when somebody wants it, by the server', async () => {
  await speak(owner, server, 'en')
  const far = await Far.start()
  try {
    const page = `<p>Our spring list</p><img src="${far.origin}/logo.png" alt="logo" width="40"><img src="${far.origin}/pixel.gif" width="1" height="1">`
    await mail.send(alice, care, letter('spring@world.test', 'Spring', 'Our spring list', '').replace(/<p>Our.*/, page))
    const one = async () => (await (await owner.request.get(`${base}/conversations?limit=100`)).json()).items.find((c) => c.last_message?.text.includes('Our spring list'))
    await until(one)
    await owner.goto(`${server.origin}/conversations/all/${(await one()).id}`)
    const message = owner.getByTestId('message').filter({ hasText: 'Our spring list' })
    await message.getByTestId('message-page-toggle').click()
    await message.getByText('1 picture is elsewhere').waitFor()
    await message.getByText('1 picture that only counts who reads was blocked.').waitFor()
    assert.deepEqual(far.asked, [])
    await shot(owner, 'mail-pictures-en-light-1440')
    assert.deepEqual(await axe(owner), [])
    await owner.setViewportSize(phone)
    await shot(owner, 'mail-pictures-en-light-390')
    await owner.setViewportSize(desktop)
    await message.getByTestId('message-pictures-always').click()
    const shown = message.getByTestId('message-page').contentFrame().locator('img')
    await until(async () => (await shown.count()) === 1 && (await shown.evaluate((img) => img.naturalWidth)) > 0)
    assert.deepEqual(far.asked.map((r) => r.url), ['/logo.png'])
    assert.equal(far.asked[0].headers.cookie, undefined)
    assert.equal(far.asked[0].headers.referer, undefined)
    await speak(owner, server, 'zh-CN')
    await owner.reload()
    await message.getByTestId('message-page-toggle').click()
    await until(async () => (await shown.count()) === 1 && (await shown.evaluate((img) => img.naturalWidth)) > 0)
    assert.equal(await message.getByTestId('message-pictures').count(), 0)
    assert.equal(far.asked.length, 1, 'what was loaded is kept')
    await shot(owner, 'mail-pictures-loaded-zh-light-1440')
  } finally {
    await far.end()
  }
})

test('what arrives is on the screen at once', async () => {
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').first().waitFor()
  const took = []
  for (let n = 1; n <= 20; n++) {
    const text = `Is there news of parcel ${n}?`
    const shown = owner.getByTestId('conversation-list-item').filter({ hasText: text }).waitFor()
    const began = performance.now()
    await mail.send(alice, care, letter(`parcel-${n}@world.test`, `Parcel ${n}`, text))
    await shown
    took.push(Math.round(performance.now() - began))
  }
  took.sort((a, b) => a - b)
  console.log(`mail: ${took.length} mails from Postfix to the agent's screen: p50 ${took[9]} ms, p95 ${took[18]} ms, longest ${took[19]} ms`)
})

test('a mailbox that refuses its password for good is told to who may mend it, and to who writes', async () => {
  // Minutes have to pass before that counts: the server's answer is changed on its way to the browser.
  const refused = async (route) => {
    const response = await route.fetch()
    const body = await response.json()
    for (const one of body.items) {
      if (one.id === inbox) one.condition = { state: 'credentials', code: 'auth_expired', detail: '535 5.7.8 authentication failed', since: '2026-11-20T08:00:00Z' }
    }
    await route.fulfill({ response, json: body })
  }
  const banner = owner.getByTestId('account-banner')
  await owner.route(/\/api\/.*\/inboxes$/, refused)
  for (const lang of ['en', 'zh-CN']) {
    await speak(owner, server, lang)
    await owner.goto(server.origin)
    await owner.locator(`html[lang="${lang}"]`).waitFor({ state: 'attached' })
    await owner.getByTestId('conversation-list-item').filter({ hasText: 'Alice' }).first().click()
    await owner.getByTestId('composer-paused').waitFor()
    await banner.waitFor()
    await shot(owner, `paused-${lang}-light-1440`)
    assert.deepEqual(await axe(owner), [])
    await owner.setViewportSize(phone)
    await shot(owner, `paused-${lang}-light-390`)
    await owner.setViewportSize(desktop)
    await banner.getByTestId('account-banner-close').click()
    await banner.waitFor({ state: 'detached' })
    await owner.goto(`${server.origin}/settings/inboxes`)
    await owner.getByTestId('inbox-since').waitFor()
    assert.equal(await banner.count(), 0, 'what was read is told again')
    await shot(owner, `inboxes-paused-${lang}-light-1440`)
    assert.deepEqual(await axe(owner), [])
    await owner.setViewportSize(phone)
    await shot(owner, `inboxes-paused-${lang}-light-390`)
    await owner.setViewportSize(desktop)
    await owner.evaluate(() => sessionStorage.clear())
    await owner.reload()
    await banner.getByTestId('account-banner-link').click()
    await owner.waitForURL(`**/settings/inboxes/${inbox}`)
  }
  await owner.unroute(/\/api\/.*\/inboxes$/, refused)
})

test('who may do nothing but manage inboxes has the settings tested, too', async () => {
  const asked = async (path, data, method = 'post') => {
    const answer = await owner.request[method](`${base}${path}`, { data })
    assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`)
    return answer.json()
  }
  const role = await asked('/roles', { name: 'Mailboxes', description: '', permissions: ['inbox.read', 'inbox.manage'], reach: 'all' })
  const mei = await person(browser, { reducedMotion: 'reduce' })
  await mei.goto(server.links()[1])
  await present(mei)
  await speak(mei, server, 'en')
  const self = (await (await mei.request.get(`${server.origin}/api/v1/session`)).json()).memberships[0].member_id
  await asked(`/members/${self}`, { role: role.id }, 'patch')
  await mei.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await mei.getByTestId('setting-password-replace').click()
  await mei.getByTestId('setting-password').fill('wrong')
  await mei.getByTestId('inbox-probe').click()
  await mei.getByText('rejects this user name and password').first().waitFor()
  assert.deepEqual(await axe(mei), [])
  await mei.getByTestId('setting-password').fill('secret')
  await mei.getByTestId('inbox-probe').click()
  await mei.getByText('It works.').waitFor()
  const beside = await mei.request.post(`${base}/connections/validate`, { data: { plugin: 'patchbay/rest-connector', config: {} } })
  assert.equal(beside.status(), 403)
  await mei.context().close()
})

/** A server elsewhere, which writes down what it is asked. */
class Far {
  static async start() {
    const far = new Far()
    far.asked = []
    far.server = createServer((request, response) => {
      far.asked.push({ url: request.url, headers: request.headers })
      response.setHeader('Content-Type', 'image/png')
      response.end(Buffer.from(picture, 'base64'))
    })
    await new Promise((done) => far.server.listen(0, '127.0.0.1', done))
    far.origin = `http://127.0.0.1:${far.server.address().port}`
    return far
  }

  end() {
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(done))
  }
}
