// Rules of an inbox, through real mail servers: an administrator makes them by
// clicking and tries them; a mail arrives as a ticket of a team with a label,
// another one is ignored and found.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Mail } from '../lib/mail.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const care = 'care@shop.test'
const alice = 'alice@shop.test'
let mail, server, browser, owner, base, inbox, sales, vip

before(async () => {
  mail = await Mail.start(care, alice)
  server = await Server.start(['--demo', '--outbound.allow-networks', '127.0.0.1/32'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  const made = async (path, data) => (await (await owner.request.post(`${base}/${path}`, { data })).json()).id
  sales = await made('teams', { name: 'Repairs' })
  vip = await made('labels', { name: 'Broken', color: '#b42318' })
  const config = { address: care, name: 'Shop', provider: 'other', incoming: mail.at.IMAPS, outgoing: mail.at.Submissions, security: 'tls', certificates: mail.at.Certificate }
  const answer = await owner.request.post(`${base}/inboxes`, { data: { name: 'Care', plugin: 'patchbay/email', config, secrets: { '/password': 'secret' } } })
  assert.equal(answer.status(), 201, await answer.text())
  inbox = (await answer.json()).id
  await until(async () => (await (await owner.request.get(`${base}/inboxes/${inbox}`)).json()).status.state === 'ok')
})

after(async () => {
  await browser?.close()
  await server?.end()
  await mail?.end()
})

const letter = (id, subject, text, fields = '') => `Message-ID: <${id}>
From: Alice <${alice}>
To: ${care}
Subject: ${subject}
Date: ${new Date().toUTCString().replace('GMT', '+0000')}
${fields}
${text}
`

const rules = () => owner.getByTestId('inbox-rules')
const dialog = () => owner.getByTestId('rule-dialog')

/** Pictures of what is shown, in both languages and sizes. */
async function pictures(name, ready) {
  for (const [lang, locale] of [['zh', 'zh-CN'], ['en', 'en']]) {
    await speak(owner, server, locale)
    await owner.reload()
    await ready()
    for (const viewport of [desktop, phone]) {
      await owner.setViewportSize(viewport)
      await shot(owner, `rules-${name}-${lang}-light-${viewport.width}`)
      assert.deepEqual(await axe(owner), [])
    }
    await owner.setViewportSize(desktop)
  }
}

async function condition(at, field, op, value) {
  await dialog().getByTestId('filter-add').first().click()
  const one = dialog().getByTestId('filter-condition').nth(at)
  await one.getByTestId('filter-field').selectOption(field)
  await one.getByTestId('filter-op').selectOption(op)
  const box = one.getByTestId('filter-value')
  if (typeof value === 'boolean') await box.selectOption(String(value))
  else await box.fill(value)
}

test('an administrator makes rules by clicking, puts them in order by keyboard, and tries them', async () => {
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await rules().getByTestId('rule-add').click()
  await dialog().getByTestId('rule-name').fill('Broken things')
  await dialog().getByTestId('rule-save').click()
  await dialog().getByTestId('rule-failure').waitFor()
  await condition(0, 'subject', 'contains', '')
  await dialog().getByTestId('rule-team').selectOption(sales)
  await dialog().getByTestId('rule-save').click()
  await dialog().getByTestId('filter-error').waitFor()
  await dialog().getByTestId('filter-value').fill('broken')
  await dialog().getByTestId('rule-priority').selectOption('high')
  await dialog().getByTestId('rule-ticket').selectOption('')
  await dialog().getByLabel('Broken', { exact: true }).check()
  await shot(owner, 'rules-form-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'rules-form-en-light-390')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(desktop)
  await dialog().getByTestId('rule-save').click()
  await rules().getByTestId('rule').getByText('To Repairs').waitFor()

  await rules().getByTestId('rule-add').click()
  await dialog().getByTestId('rule-name').fill('Newsletters')
  await condition(0, 'automatic', 'is', true)
  await dialog().getByTestId('rule-what').selectOption('ignore')
  await dialog().getByTestId('rule-save').click()
  await rules().getByTestId('rule').nth(1).getByText('Newsletters').waitFor()

  const names = () => rules().getByTestId('rule-edit').allInnerTexts()
  await rules().getByTestId('rule').nth(1).getByTestId('rule-edit').focus()
  await owner.keyboard.press('Alt+ArrowUp')
  await until(async () => (await names())[0] === 'Newsletters')
  await pictures('list', () => rules().getByTestId('rule').nth(1).waitFor())

  await rules().getByTestId('rule-try').click()
  const trial = owner.getByTestId('rule-trial')
  await trial.getByTestId('trial-headers').fill(`From: Alice <${alice}>\nTo: ${care}\nSubject: =?utf-8?B?${Buffer.from('灯 broken').toString('base64')}?=\n`)
  await until(async () => (await trial.getByTestId('trial-subject').inputValue()) === '灯 broken')
  await trial.getByTestId('trial-run').click()
  await trial.getByTestId('trial-result').getByText('“Broken things” counts.').waitFor()
  assert.equal(await trial.getByTestId('trial-condition').count(), 2)
  await shot(owner, 'rules-trial-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'rules-trial-en-light-390')
  await owner.setViewportSize(desktop)
})

test('a mail arrives as a ticket of the team with its label, and another is ignored and found', async () => {
  await mail.send(alice, care, letter('broken@world.test', 'My lamp is broken', 'It does not shine.'))
  await mail.send(alice, care, letter('news@world.test', 'Our news', 'Buy more lamps.', 'List-Id: <news.world.test>\nPrecedence: bulk\n'))
  const all = async () => (await (await owner.request.post(`${base}/conversations/query`, { data: { filter: { field: 'inbox', op: 'is', value: inbox }, limit: 50 } })).json()).items
  await until(async () => (await all()).length === 2)
  const [broken, news] = [(await all()).find((one) => !one.ignored), (await all()).find((one) => one.ignored)]
  assert.equal(broken.team_id, sales)
  assert.deepEqual(broken.labels, [vip])
  assert.equal(broken.priority, 'high')
  assert.equal(broken.state, 'open')
  const tickets = (await (await owner.request.get(`${base}/conversations/${broken.id}/tickets`)).json()).items
  assert.equal(tickets.length, 1)
  assert.equal(tickets[0].title, 'My lamp is broken')
  assert.equal(tickets[0].team_id, sales)
  assert.equal(news.state, 'resolved')
  assert.equal(news.responder, undefined)
  assert.equal(news.waiting_since, undefined)

  const ignored = encodeURIComponent(JSON.stringify({ field: 'ignored', op: 'is', value: true }))
  await owner.goto(`${server.origin}/conversations/all?state=any&filter=${ignored}`)
  const row = owner.getByTestId('conversation-list-item').filter({ hasText: 'Buy more lamps.' })
  await row.first().click()
  await owner.getByText('The rule “Newsletters” filed the conversation as ignored', { exact: false }).waitFor()
  await shot(owner, 'rules-ignored-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await speak(owner, server, 'zh-CN')
  await owner.goto(`${server.origin}/conversations/all/${broken.id}`)
  await owner.getByTestId('events').first().getByRole('button').click() // what happened is folded
  await owner.getByText('规则“Broken things”处理了此会话', { exact: false }).waitFor()
  await shot(owner, 'rules-ticket-zh-light-1440')
  await speak(owner, server, 'en')

  // What came is tried by its address, and a team that goes is told and skipped.
  const came = (await (await owner.request.get(`${base}/conversations/${news.id}/timeline`)).json()).items.find((one) => one.message).message
  const tried = await (await owner.request.post(`${base}/inboxes/${inbox}/rules/try`, { data: { conversation_id: news.id, message_id: came.id } })).json()
  assert.equal(tried.rules.find((one) => one.fires).name, 'Newsletters')
  await owner.request.delete(`${base}/teams/${sales}`)
  await owner.goto(`${server.origin}/settings/inboxes/${inbox}`)
  await rules().getByTestId('rule-fault').waitFor()
  await shot(owner, 'rules-fault-en-light-1440')
  await mail.send(alice, care, letter('again@world.test', 'Another is broken', 'The second, too.'))
  await until(async () => (await all()).length === 3)
  const again = (await all()).find((one) => one.id !== broken.id && !one.ignored)
  assert.equal(again.team_id, undefined)
  assert.deepEqual(again.labels, [vip])
  assert.deepEqual(owner.problems.filter((one) => !/422|400/.test(one)), [])
})
