// Mail, through real servers: an administrator connects a mailbox by clicking, a
// customer mails with a picture, the agent answers, and the customer's answer
// lands in the same conversation.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { Mail } from '../lib/mail.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server, until } from '../lib/server.js'

const care = 'care@shop.test'
const alice = 'alice@shop.test'
let mail, server, browser, owner, base, inbox

before(async () => {
  mail = await Mail.start(care, alice)
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
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
  await shot(owner, 'mail-connect-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('inbox-create').click()
  const made = await until(async () => {
    const all = (await (await owner.request.get(`${base}/inboxes`)).json()).items
    return all.find((one) => one.plugin === 'patchbay/email')
  }, 10_000)
  inbox = made.id
  await owner.goto(`${server.origin}/settings/inboxes/${made.id}`)
  await owner.getByTestId('inbox-save').waitFor()
  const status = async () => (await (await owner.request.get(`${base}/inboxes/${made.id}`)).json()).status
  await until(async () => (await status()).code === 'auth_expired', 30_000)
  await owner.reload()
  await owner.getByTestId('inbox-save').waitFor()
  await shot(owner, 'mail-rejected-en-light-1440')
  await owner.getByTestId('setting-password-replace').click()
  await fill('password', 'secret')
  await owner.getByTestId('inbox-save').click()
  await owner.getByTestId('setting-password-replace').waitFor()
  await until(async () => (await status()).state === 'ok', 30_000)
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
  await until(async () => (await mail.inbox(alice)).length === 1, 20_000)
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
