// The same person by mail, whose sender the mail server vouches for, and in the
// chat of a website, which vouches for their address: one contact, one journey.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { sign } from '../lib/jwt.js'
import { Mail } from '../lib/mail.js'
import { Visitor, ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Site } from '../lib/site.js'

const care = 'care@shop.test'
const bob = 'bob@shop.test'
const authority = 'mx.shop.test'
let mail, server, browser, site, owner, api

before(async () => {
  mail = await Mail.start(care, bob)
  server = await Server.start(['--demo'])
  browser = await launch()
  site = await Site.start(server.origin)
  ;({ owner } = await ownerOf(browser, server))
  api = await apiOf(owner, server)
})

after(async () => {
  await browser?.close()
  await site?.end()
  await server?.end()
  await mail?.end()
})

const letter = (id, text, results) => `${results}Message-ID: <${id}>
From: Bob Brown <${bob}>
To: ${care}
Subject: My order
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

${text}
`

/** What the mailbox's own server found out about a sender. */
const vouched = `Authentication-Results: ${authority}; dmarc=pass header.from=shop.test\n`

test('who writes by mail and in the chat is one person, where both vouch for the address', async () => {
  const inbox = await api('POST', '/inboxes', {
    name: 'Mail', plugin: 'patchbay/email', secrets: { '/password': 'secret' },
    config: { address: care, name: 'Shop', provider: 'other', incoming: mail.at.IMAPS, outgoing: mail.at.Submissions, security: 'tls', certificates: mail.at.Certificate, authserv_id: authority },
  })
  await until(async () => (await api('GET', `/inboxes/${inbox.id}`)).status?.state === 'ok')
  const first = async (text) => until(async () => (await api('GET', '/conversations?view=all')).items.find((one) => one.last_message?.text === text), () => `${text} never came`)
  // Somebody who only says that he is Bob comes first.
  await mail.send('mallory@world.test', care, letter('forged@world.test', 'Send it to my new address.', ''))
  const forged = await first('Send it to my new address.')
  await mail.send(bob, care, letter('bob-1@world.test', 'Where is my tea?', vouched))
  const mailed = await first('Where is my tea?')
  assert.notEqual(mailed.contact.id, forged.contact.id, 'a sender nobody vouches for is another person')

  const chat = await api('POST', '/inboxes', { name: 'Shop chat', plugin: 'patchbay/webchat', config: { title: 'Tea & Time' } })
  const { secret } = await api('POST', `/inboxes/${chat.id}/identity-secret`)
  const visitor = await Visitor.arrive(browser, site.page(chat.id, { calls: [['identify', { jwt: sign(secret, { aud: chat.id, sub: 'customer-17', name: 'Bob Brown', email: bob }) }]] }))
  await visitor.open()
  await visitor.send('I wrote you a mail about my tea')
  await visitor.sees('I wrote you a mail about my tea')
  const chatted = await first('I wrote you a mail about my tea')
  assert.equal(chatted.contact.id, mailed.contact.id, 'the chat is not the mail’s contact')
  assert.notEqual(chatted.id, mailed.id)

  await owner.goto(`${server.origin}/contacts/${mailed.contact.id}`)
  const journey = () => owner.getByTestId('journey').innerText()
  await until(async () => /Where is my tea\?/.test(await journey()) && /I wrote you a mail/.test(await journey()), () => 'the journey has not both')
  assert.doesNotMatch(await journey(), /new address/, 'the journey has what somebody else wrote')
  assert.doesNotMatch(await journey(), /mail\.eml/, 'the whole mail is not among its files')
  await owner.getByTestId('duplicate').getByText('which nobody has proven').waitFor()
  await shot(owner, 'mail-journey-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'mail-journey-en-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await owner.getByTestId('journey-item').first().waitFor()
  await shot(owner, 'mail-journey-zh-light-1440')

  // Who is at the desk answers where Bob is now, and sees the mail beside it.
  await speak(owner, server, 'en')
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'I wrote you a mail about my tea' }).first().click()
  await owner.getByTestId('composer-input').fill('It left this morning, Bob.')
  await owner.getByTestId('send').click()
  await visitor.sees('It left this morning, Bob.')
  assert.deepEqual(visitor.page.problems, [])
  assert.deepEqual(owner.problems, [])
})
