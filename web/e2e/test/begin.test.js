// An agent writes first, by real mail servers: the customer gets the mail,
// answers under another subject, and the answer comes back into the conversation.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'

import { apiOf, headers } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Mail } from '../lib/mail.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const care = 'care@shop.test'
const bob = 'bob@shop.test'
const authority = 'mx.shop.test'
let mail, server, browser, owner, base, api, inbox

before(async () => {
  mail = await Mail.start(care, bob)
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
  api = await apiOf(owner, server)
  inbox = await api('POST', '/inboxes', {
    name: 'Mail', plugin: 'patchbay/email', secrets: { '/password': 'secret' },
    config: { address: care, name: 'Shop', provider: 'other', incoming: mail.at.IMAPS, outgoing: mail.at.Submissions, security: 'tls', certificates: mail.at.Certificate, authserv_id: authority },
  })
  await until(async () => (await api('GET', `/inboxes/${inbox.id}`)).status?.state === 'ok')
})

after(async () => {
  await browser?.close()
  await server?.end()
  await mail?.end()
})

/** Asks to begin a conversation, and answers how that ends. */
const beginning = (data) => owner.request.post(`${base}/conversations`, { data, headers })

/** The mail that arrived at Bob's with a text. */
const arrived = (text) => until(async () => (await mail.inbox(bob)).find((one) => one.includes(text)), () => `${text} never arrived`)

/** Bob's answer to a mail: his program names it, and he writes a subject of his own. */
const answering = (raw, id, text, results = '') => `${results}Message-ID: <${id}>
In-Reply-To: ${/^Message-ID: *(\S+)/im.exec(raw)[1]}
From: Bob Brown <${bob}>
To: ${care}
Subject: Something else entirely
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

${text}
`

const vouched = `Authentication-Results: ${authority}; dmarc=pass header.from=shop.test\n`

/** The messages of a conversation, with what became of those that were changed. */
const said = async (id) => (await api('GET', `/conversations/${id}/timeline`)).items.filter((one) => one.type === 'message.created').map((one) => one.message)

/** Waits for an answer in a conversation. */
const answer = (id, text) => until(async () => (await said(id)).find((one) => one.text === text), () => `${text} is not in the conversation`)

test('what an agent begins is answered in the same conversation, and proves the address', async () => {
  const body = { client_msg_id: randomUUID(), inbox_id: inbox.id, envelope: { subject: 'Your order 12', to: [{ address: 'Bob@Shop.test', name: 'Bob' }] }, text: 'It is ready to be fetched.' }
  const { conversation, message } = await api('POST', '/conversations', body)
  assert.equal(message.envelope.subject, 'Your order 12')
  assert.ok(conversation.assignee_id ?? conversation.assignee?.id, 'nobody has what they began')
  assert.equal(conversation.state, 'open')
  const again = await beginning(body)
  assert.equal(again.status(), 200)
  assert.equal((await again.json()).conversation.id, conversation.id)

  const first = await arrived('It is ready to be fetched.')
  assert.match(first, /^Subject: Your order 12\r?$/m)
  assert.doesNotMatch(first, /^(In-Reply-To|References):/im)
  assert.equal((await mail.inbox(bob)).length, 1, 'it was sent more than once')

  await mail.send(bob, care, answering(first, 'unproven@shop.test', 'Thank you, I am coming.'))
  assert.equal((await answer(conversation.id, 'Thank you, I am coming.')).participant ?? false, false, 'his answer is somebody else’s')
  await mail.send(bob, care, answering(first, 'proven@shop.test', 'I was there.', vouched))
  const proven = await answer(conversation.id, 'I was there.')
  assert.equal(proven.participant ?? false, false, 'his proven answer is somebody else’s')
  assert.equal(proven.sender.id, conversation.contact.id)
  const who = await api('GET', `/contacts/${conversation.contact.id}`)
  assert.equal(who.identities.length, 1)
  assert.ok(who.identities[0].verified, 'the address is not proven')
  assert.ok((await api('GET', `/conversations/${conversation.id}`)).waiting_since, 'he does not wait')
})

test('a mail that comes back is the state of its message', async () => {
  const { conversation } = await api('POST', '/conversations', { client_msg_id: randomUUID(), inbox_id: inbox.id, envelope: { subject: 'Lost', to: [{ address: 'nobody-here@shop.test' }] }, text: 'Are you there?' })
  await until(async () => (await said(conversation.id))[0].delivery === 'failed', () => 'it did not fail')
})

test('a chat is begun by its visitors', async () => {
  const chat = await api('POST', '/inboxes', { name: 'Chat', plugin: 'patchbay/webchat', config: { title: 'Tea' } })
  const refused = await beginning({ client_msg_id: randomUUID(), inbox_id: chat.id, envelope: { subject: 'x', to: [{ address: bob }] }, text: 'x' })
  assert.equal(refused.status(), 422)
  const problem = await refused.json()
  assert.equal(problem.code, 'conversation.cannot_begin')
  assert.deepEqual(problem.fields.map((one) => one.pointer), ['/inbox_id'])
})

test('in the console it is written, kept over a reload, and sent', async () => {
  await owner.goto(`${server.origin}/conversations/mine`)
  await owner.getByTestId('begin-open').waitFor()
  await owner.keyboard.press('+')
  await owner.getByTestId('address-to').fill('Bob <bob@shop.test>,')
  await owner.getByTestId('begin-input').fill('A lamp for you.')
  await owner.getByTestId('begin-files').setInputFiles({ name: 'lamp.txt', mimeType: 'text/plain', buffer: Buffer.from('a lamp') })
  await until(() => owner.getByTestId('begin-send').isEnabled(), () => 'the file is not there')
  await owner.getByTestId('begin-send').click()
  await owner.getByTestId('begin-untitled').waitFor()
  await owner.getByTestId('address-subject').fill('A lamp')
  await owner.getByTestId('begin-untitled').waitFor({ state: 'detached' })
  await owner.reload()
  await owner.getByTestId('begin-input').waitFor()
  assert.equal(await owner.getByTestId('begin-input').inputValue(), 'A lamp for you.')
  assert.equal(await owner.getByTestId('address-subject').inputValue(), 'A lamp')
  await owner.getByText('lamp.txt').first().waitFor()
  await owner.getByTestId('party').getByText('Bob', { exact: true }).waitFor()
  await shot(owner, 'begin-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'begin-en-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await owner.getByTestId('begin-input').waitFor()
  await shot(owner, 'begin-zh-light-1440')
  await owner.setViewportSize(phone)
  await shot(owner, 'begin-zh-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'en')
  await owner.reload()
  await owner.getByTestId('begin-send').click()
  await owner.waitForURL(/\/conversations\/mine\/cnv_/)
  await owner.getByTestId('message').getByText('A lamp for you.').waitFor()
  await shot(owner, 'begin-sent-en-light-1440')
  const got = await arrived('A lamp for you.')
  assert.match(got, /^Subject: A lamp\r?$/m)
  assert.match(got, /lamp\.txt/)
  await owner.goto(`${server.origin}/conversations/new`)
  await owner.getByTestId('begin-input').waitFor()
  assert.equal(await owner.getByTestId('begin-input').inputValue(), '', 'what was sent is still there')

  const { items } = await api('GET', '/contacts?q=bob@shop.test')
  await owner.goto(`${server.origin}/contacts/${items[0].id}`)
  await owner.getByTestId('contact-begin').click()
  await owner.getByTestId('party').waitFor()
  await owner.getByTestId('begin-contact').getByText('bob@shop.test').waitFor()
  assert.deepEqual(owner.problems, [])
})

/** Opens the page with a contact, or by + of the list. */
async function begin(contact) {
  await owner.goto(`${server.origin}${contact ? `/contacts/${contact.id}` : '/conversations/mine'}`)
  await owner.getByTestId(contact ? 'contact-begin' : 'begin-open').click()
  await owner.getByTestId('begin-input').waitFor()
}

const written = () => owner.getByTestId('begin-input').inputValue()

async function write(address, subject, text) {
  await owner.getByTestId('address-to').fill(`${address},`)
  await owner.getByTestId('address-subject').fill(subject)
  await owner.getByTestId('begin-input').fill(text)
}

/** Sends what is written, and answers the conversation that it began. */
async function sent() {
  await until(() => owner.getByTestId('begin-send').isEnabled(), () => 'it cannot be sent')
  await owner.getByTestId('begin-send').click()
  await owner.waitForURL(/\/conversations\/mine\/cnv_/)
  return api('GET', `/conversations/${/cnv_\w+/.exec(owner.url())[0]}`)
}

test('what is written for a contact is theirs alone, and they can be taken off', async () => {
  const ann = await api('POST', '/contacts', { name: 'Ann Ash' })
  const eve = await api('POST', '/contacts', { name: 'Eve Elm', email: 'eve@shop.test' })
  const note = owner.getByTestId('begin-contact')
  await begin(ann)
  await note.getByText('Ann Ash has no e-mail address').waitFor()
  await write('ann@shop.test', 'For Ann', 'For Ann alone.')
  await owner.getByTestId('begin-files').setInputFiles({ name: 'ann.txt', mimeType: 'text/plain', buffer: Buffer.from('for Ann') })
  await until(() => owner.getByTestId('begin-send').isEnabled(), () => 'the file is not there')

  await begin()
  assert.equal(await written(), '', 'what was written for a contact stands where nobody was named')
  assert.equal(await owner.getByTestId('party').count(), 0)
  assert.equal(await owner.getByText('ann.txt').count(), 0)
  await write('dan@shop.test', 'For Dan', 'For Dan alone.')
  const dan = await sent()
  assert.notEqual(dan.contact.id, ann.id, 'somebody else’s address became the contact’s')

  await begin(eve)
  await note.getByText('eve@shop.test').waitFor()
  assert.equal(await written(), '', 'what was written for one contact goes to another')
  await owner.getByTestId('party').getByText('Eve Elm', { exact: true }).waitFor()
  assert.equal(await owner.getByTestId('party').count(), 1)
  assert.equal(await owner.getByText('ann.txt').count(), 0)

  await begin(ann)
  assert.equal(await written(), 'For Ann alone.')
  await owner.getByText('ann.txt').first().waitFor()
  await note.waitFor()
  await shot(owner, 'begin-contact-en-light-1440')
  await owner.getByTestId('begin-apart').focus()
  await owner.keyboard.press('Enter')
  await note.getByText('Ann Ash is taken off').waitFor()
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await note.getByText('已移除Ann Ash').waitFor()
  await shot(owner, 'begin-contact-zh-light-390')
  await speak(owner, server, 'en')
  await owner.setViewportSize(desktop)
  await owner.reload()
  await note.getByText('Ann Ash is taken off').waitFor()
  const theirs = await sent()
  assert.notEqual(theirs.contact.id, ann.id, 'they were taken off, and named all the same')

  await begin(ann)
  await note.getByText('Ann Ash has no e-mail address').waitFor()
  await write('ash@shop.test', 'Again', 'For Ann, by another address.')
  assert.equal((await sent()).contact.id, ann.id)
  assert.deepEqual(owner.problems, [])
})

test('an answer that is lost, and a reload, send nothing twice', async () => {
  const asked = []
  await begin()
  await write(bob, 'Once', 'You get this once.')
  await owner.route(/\/conversations$/, async (route) => {
    if (route.request().method() !== 'POST') return route.fallback()
    asked.push(route.request().postDataJSON())
    await route.fetch()
    await route.abort()
  })
  await owner.getByTestId('begin-send').click()
  await owner.getByTestId('begin-failure').waitFor()
  await owner.unroute(/\/conversations$/)
  const once = await arrived('You get this once.')
  await owner.reload()
  await owner.getByTestId('party').waitFor()
  assert.equal(await written(), 'You get this once.')
  owner.on('request', (request) => request.method() === 'POST' && /\/conversations$/.test(request.url()) && asked.push(request.postDataJSON()))
  const begun = await sent()
  assert.ok(asked.length > 1, 'it was not tried again')
  for (const body of asked) assert.deepEqual(body, asked[0])
  const conversation = (await api('POST', '/conversations', asked[0])).conversation
  assert.equal(conversation.id, begun.id)
  // What is begun later arrives later: had there been a second, it would be there.
  await begin()
  await write(bob, 'After', 'This was after it.')
  await sent()
  await arrived('This was after it.')
  assert.deepEqual((await mail.inbox(bob)).filter((one) => one.includes('You get this once.')), [once])
  assert.deepEqual(owner.problems, [])
})
