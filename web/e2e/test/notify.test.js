// Agents are told elsewhere: an administrator connects a channel of Slack in the
// browser and tries it, a mention comes to the channel with a link that leads to
// the note, and what the channel refuses waits and is told in plain words.
// The far side here only writes down; what it would refuse is tested in Go.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'

import { apiOf, membersOf } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const notify = 'patchbay/notify'
const WEBHOOK = 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'
const said = []
let slack, answer, server, browser, lin, emma, api, ids, conversation, connection

const channel = () => `http://127.0.0.1:${slack.address().port}`
const heard = (what, times = 1) => until(() => said.filter((text) => text.includes(what)).length === times, () => `${what} was said otherwise: ${JSON.stringify(said)}`)

before(async () => {
  answer = { status: 200, body: 'ok' }
  slack = createServer((request, response) => {
    let body = ''
    request.on('data', (piece) => (body += piece))
    request.on('end', () => {
      if (answer.status === 200) said.push(JSON.parse(body).text)
      response.writeHead(answer.status).end(answer.body)
    })
  })
  await new Promise((done) => slack.listen(0, '127.0.0.1', done))
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await Agent.signIn(browser, server.links()[1])
  await speak(lin.page, server, 'en')
  await emma.page.goto(`${server.origin}/settings/profile`)
  api = await apiOf(lin.page, server)
  ids = await membersOf(api)
  conversation = (await api('GET', '/conversations?view=all&limit=50')).items[0].id
})

after(async () => {
  await browser?.close()
  await server?.end()
  slack?.close()
})

const note = (text) => api('POST', `/conversations/${conversation}/messages`, { client_msg_id: `notify-${Math.random()}`, kind: 'note', text, mentions: [ids.Emma] })

test('a channel is connected in the browser, and tried before it is saved', async () => {
  const { page } = lin
  const wide = `${server.origin}/settings/connections/new?plugin=${notify}`
  await page.goto(wide)
  await page.getByTestId('connect-next').click()
  await page.getByTestId('connection-name').fill('Night shift')
  await page.getByTestId('setting-target').selectOption({ label: 'Slack incoming webhook' })
  await page.getByTestId('setting-webhook').fill('https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1')
  await page.getByTestId('setting-server').fill(channel())
  await page.getByTestId('connect-test').click()
  await page.getByTestId('field-error').first().waitFor()
  assert.match(await page.getByTestId('field-error').first().innerText(), /not the address of such a robot/)
  await page.getByTestId('setting-webhook').fill(WEBHOOK)
  answer = { status: 404, body: 'no_service' }
  await page.getByTestId('connect-test').click()
  await until(async () => /does not know the address/.test(await page.getByTestId('field-error').first().innerText().catch(() => '')), () => 'it is not told that there is no such webhook')
  assert.deepEqual(await axe(page, { colours: true }), [])
  await shot(page, 'notify-form-en-light-1440')
  answer = { status: 200, body: 'ok' }
  await page.getByTestId('connect-test').click()
  await page.getByTestId('connect-works').waitFor()
  await heard('This is a test.')
  await page.getByTestId('connect-done').click()
  await page.waitForURL(/settings\/connections\/pin_/)
  connection = page.url()
})

test('mail asks for what a mail server needs, on a phone in Chinese', async () => {
  const { page } = lin
  await speak(page, server, 'zh-CN')
  await page.setViewportSize(phone)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`${server.origin}/settings/connections/new?plugin=${notify}`)
  await page.getByTestId('connect-next').click()
  await page.getByTestId('setting-target').selectOption({ label: '邮件' })
  await page.getByTestId('setting-mail_server').fill('127.0.0.1:1')
  assert.equal(await page.getByTestId('setting-webhook').count(), 0)
  await page.getByTestId('connection-name').fill('值班邮箱')
  await page.getByTestId('setting-mail_from').fill('desk')
  await page.getByTestId('connect-test').click()
  await page.getByTestId('field-error').filter({ hasText: '请填写发件地址。' }).waitFor()
  assert.deepEqual(await axe(page, { colours: true }), [])
  await page.getByTestId('setting-mail_from').scrollIntoViewIfNeeded()
  await shot(page, 'notify-mail-zh-dark-390')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(desktop)
  await speak(page, server, 'en')
})

test('a mention comes to the channel, without what was written, and its link leads to the note', async () => {
  const text = 'Emma, the tins of jasmine tea?'
  await note(text)
  await heard('Emma')
  const told = said.find((one) => one.includes('mentions you in a note'))
  assert.ok(!told.includes('jasmine'), told)
  const link = told.match(/<(http[^|]+)\|/)[1].replaceAll('&amp;', '&')
  await emma.page.goto(link)
  await emma.page.getByTestId('message').filter({ hasText: text }).waitFor()
  await emma.page.goto(`${server.origin}/settings/profile`)
})

test('the page of the connection says how the channel fares, and sends a test message', async () => {
  const { page } = lin
  await page.goto(connection)
  const panel = page.locator('[data-testid=panel][data-panel=status], [data-testid=card-panel]').first()
  await panel.getByText('Last sent').waitFor()
  await panel.getByTestId('card-submit').click()
  await page.getByTestId('card-said').getByText('The test message was sent.').waitFor()
  await heard('This is a test of the connection “Night shift”.')
  answer = { status: 410, body: 'channel_is_archived' }
  await note('Emma, once more?')
  await page.locator('[data-testid=connection-health][data-state=down]').waitFor()
  await page.reload()
  await panel.getByText('is archived').waitFor()
  assert.deepEqual(await axe(page, { colours: true }), [])
  await panel.scrollIntoViewIfNeeded()
  await shot(page, 'notify-paused-en-light-1440')
  await speak(page, server, 'zh-CN')
  await page.setViewportSize(phone)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.reload()
  await page.getByText('最近一次发送').waitFor()
  assert.deepEqual(await axe(page, { colours: true }), [])
  await shot(page, 'notify-paused-zh-dark-390')
  await page.getByText('最近一次发送').scrollIntoViewIfNeeded()
  await shot(page, 'notify-status-zh-dark-390')
  const before = said.length
  answer = { status: 200, body: 'ok' }
  await page.getByTestId('card-submit').click()
  await page.getByTestId('card-said').getByText('测试消息已发送。').waitFor()
  await heard('mentions you in a note', 2) // what waited goes out now
  assert.ok(said.length >= before + 2)
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(desktop)
  await speak(page, server, 'en')
})
