// Answers from programs that repeat the whole mail without marks: the timeline
// shows the new words, and unfolds the rest.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Mail } from '../lib/mail.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const care = 'care@shop.test'
const alice = 'alice@shop.test'
let mail, server, browser, owner, api

before(async () => {
  mail = await Mail.start(care, alice)
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  api = await apiOf(owner, server)
})

after(async () => {
  await browser?.close()
  await server?.end()
  await mail?.end()
})

const letter = (id, text, fields = '') => `Message-ID: <${id}@world.test>
From: Alice Brown <${alice}>
To: ${care}
Subject: My chair
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
${fields}MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

${text}
`

const question = 'Where is my chair?'
const answer = 'Dear Alice,\nyour chair left the warehouse on Monday and comes on Friday.\n\nKind regards\nLin'
const signature = 'Shop Ltd\nshop.test'
const ours = `${answer}\n\n-- \n${signature}`

test('what Outlook and QQ Mail repeat is folded, and what is written into it is not', async () => {
  const inbox = await api('POST', '/inboxes', {
    name: 'Mail', plugin: 'patchbay/email', secrets: { '/password': 'secret' },
    config: { address: care, name: 'Shop', signature, provider: 'other', incoming: mail.at.IMAPS, outgoing: mail.at.Submissions, security: 'tls', certificates: mail.at.Certificate },
  })
  await until(async () => (await api('GET', `/inboxes/${inbox.id}`)).status?.state === 'ok')
  await mail.send(alice, care, letter('first', question))
  const talk = await until(async () => (await api('GET', '/conversations?view=all')).items.find((one) => one.last_message?.text === question), () => 'the question never came')
  await api('POST', `/conversations/${talk.id}/messages`, { client_msg_id: 'a1', kind: 'text', text: answer })
  await until(async () => (await mail.inbox(alice)).length === 1)
  const [got] = await mail.inbox(alice)
  const fields = `In-Reply-To: ${/^Message-ID: (<.*>)$/im.exec(got)[1]}\n`
  const outlook = (words, original) => `${words}\n\n-----Original Message-----\nFrom: Shop <${care}>\nSent: Monday, November 23, 2026 9:30 AM\nTo: Alice Brown\nSubject: RE: My chair\n\n${original}`
  const qq = (words, original) => `${words}\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "Shop" <${care}>;\n发送时间:&nbsp;2026年11月23日(星期一) 上午9:30\n收件人:&nbsp;"Alice"<${alice}>;\n\n主题:&nbsp;Re: My chair\n\n${original}`
  await mail.send(alice, care, letter('second', outlook('Thank you, Friday is fine.', ours), fields))
  await mail.send(alice, care, letter('third', qq('谢谢，请把发票也寄来。', ours), fields))
  await mail.send(alice, care, letter('fourth', outlook('See below.', ours.replace('\n\nKind', '\n\nNot before noon, please.\n\nKind')), fields))

  await owner.goto(`${server.origin}/conversations/all/${talk.id}`)
  const message = (text) => owner.getByTestId('message').filter({ hasText: text })
  const second = message('Thank you, Friday is fine.')
  await second.waitFor()
  await message('谢谢，请把发票也寄来。').waitFor()
  await message('Not before noon, please.').waitFor()
  for (const one of [second, message('谢谢，请把发票也寄来。')]) {
    assert.equal(await one.getByText('left the warehouse').count(), 0, 'what we said is shown again')
  }
  await shot(owner, 'mail-folded-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await second.getByRole('button', { name: 'Show quoted text' }).click()
  await second.getByText('left the warehouse').waitFor()
  await second.getByText('Original Message').waitFor()
  await owner.setViewportSize(phone)
  await shot(owner, 'mail-folded-en-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await message('谢谢，请把发票也寄来。').waitFor()
  await shot(owner, 'mail-folded-zh-light-1440')
  await owner.setViewportSize(phone)
  await shot(owner, 'mail-folded-zh-light-390')

  const found = await api('GET', `/search?q=${encodeURIComponent('发票')}`)
  assert.ok(JSON.stringify(found).includes(talk.id), 'what is new is not found')
  assert.deepEqual(owner.problems, [])
})
