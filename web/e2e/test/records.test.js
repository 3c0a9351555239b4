// A CRM beside the conversation, as people live it: an administrator connects
// it, an agent sees the customer, makes a deal, writes a summary back, and goes
// on while it is away.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { Acme, guide, TOKEN } from '../lib/acme.js'
import { axe, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const email = 'mei@shop.example'
let acme, server, browser, owner, base, conversation

before(async () => {
  acme = await Acme.start()
  acme.add('contacts', { name: '韩梅 Han Mei', email, phone: '+8613900139000', vip: true, balance: { amount: 128.5, currency: 'CNY' } })
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
  conversation = (await (await owner.request.get(`${base}/conversations`)).json()).items[0]
  assert.equal((await owner.request.patch(`${base}/contacts/${conversation.contact.id}`, { data: { email } })).status(), 200)
})

after(async () => {
  await browser?.close()
  await server?.end()
  await acme?.end()
})

test('a CRM is connected by a mapping; what is wrong in it is said with its line', async () => {
  await owner.goto(`${server.origin}/settings/connections/new?plugin=patchbay/rest-connector`)
  await owner.getByTestId('connect-next').click()
  await owner.getByTestId('connection-name').fill('Acme CRM')
  await owner.getByTestId('setting-preset').selectOption({ label: 'Another one' })
  await owner.getByTestId('setting-base_url').fill(acme.url)
  await owner.getByTestId('setting-token').fill('wrong')
  const mapping = await guide()
  await owner.getByTestId('setting-mapping').fill(mapping.replace('{{phone}}', '{{fone}}'))
  await owner.getByTestId('connect-test').click()
  const told = owner.getByTestId('field-error').first()
  await told.waitFor()
  assert.match(await told.innerText(), /line 25, .*\n?.*\{\{fone\}\} means nothing here/)
  await owner.getByTestId('setting-mapping').fill(mapping)
  await owner.getByTestId('connect-test').click()
  await until(async () => /does not accept this token/.test(await told.innerText().catch(() => '')), async () => `the wrong token is not told: ${await owner.locator('main').innerText()}`)
  await shot(owner, 'records-connect-wrong-en-light-1440')
  await speak(owner, server, 'zh-CN')
  const answer = await owner.request.post(`${base}/connections/validate`, { data: { plugin: 'patchbay/rest-connector', config: { preset: 'custom', base_url: acme.url, mapping }, secrets: { '/token': 'wrong' }, probe: true, locale: 'zh-CN' } })
  const { problems } = await answer.json()
  assert.deepEqual(problems.map((one) => one.pointer), ['/token'])
  assert.match(problems[0].message, /不接受此令牌/)
  await speak(owner, server, 'en')
  await owner.getByTestId('setting-token').fill(TOKEN)
  await owner.getByTestId('connect-test').click()
  await owner.getByTestId('connect-works').waitFor()
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('connect-done').click()
  await owner.waitForURL(/settings\/connections\/pin_/)
})

test('the customer stands beside the conversation; a deal is made, a summary written', async () => {
  await owner.goto(`${server.origin}/conversations/all/${conversation.id}`)
  const records = owner.getByTestId('records')
  await owner.locator('[data-testid=records][data-state=ok]').waitFor()
  await records.getByText('韩梅 Han Mei').waitFor()
  assert.match(await records.innerText(), /128\.50|128\.5/)
  await owner.getByTestId('records-make').click()
  await owner.getByTestId('record-kind').selectOption('deal')
  await owner.getByTestId('record-title').fill('100 kettles 水壶')
  await shot(owner, 'records-make-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('record-save').click()
  await until(async () => acme.rows.deals.length === 1, () => 'no deal is there')
  assert.equal(acme.rows.deals[0].title, '100 kettles 水壶')
  await owner.getByTestId('record-dialog').waitFor({ state: 'hidden' })
  await owner.getByTestId('records-summary').first().click()
  await owner.getByTestId('summary-text').fill('Wants 100 kettles by Friday.')
  await owner.getByTestId('summary-write').click()
  await until(async () => acme.notes.length === 1, () => 'no note is there')
  assert.match(acme.notes[0].text, /100 kettles by Friday/)
  assert.ok(acme.notes[0].link.startsWith(server.origin), acme.notes[0].link)
  await shot(owner, 'records-en-light-1440')
})

test('while the CRM is away its copies are shown, and said to be such', async () => {
  const lookup = async () => (await (await owner.request.get(`${base}/contacts/${conversation.contact.id}/records`)).json()).items[0]
  const { connection } = await lookup()
  const saved = await owner.request.post(`${base}/connections/${connection}/records`, { data: { key: 'another', object: 'deal', fields: { title: 'Another one' } } })
  assert.equal(saved.status(), 200) // what was looked up before it is asked for anew
  acme.away = true
  await until(async () => (await lookup()).stale, () => 'the copies are not shown')
  await owner.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'zh-CN' } })
  await owner.emulateMedia({ colorScheme: 'dark' })
  await owner.setViewportSize(phone)
  await owner.goto(`${server.origin}/conversations/all/${conversation.id}`)
  await owner.getByTestId('toggle-panel').click()
  await owner.getByTestId('records').scrollIntoViewIfNeeded()
  await owner.getByText('韩梅 Han Mei').waitFor()
  await shot(owner, 'records-away-zh-dark-390')
  assert.deepEqual(await axe(owner), [])
  assert.deepEqual(owner.problems, [])
})
