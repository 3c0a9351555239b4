// Text from outside, in every place where the console and the widget show
// text: it stays text. No script, no request to anybody, no window.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { launch, person, phone, shot } from '../lib/browser.js'
import { expectSoon } from '../lib/expect.js'
import { payloads } from '../lib/payloads.js'
import { Agent, Visitor } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { watch } from '../lib/watch.js'

const canary = 'http://canary.example:9'
const corpus = payloads(canary)

let server, browser, agent, guard, workspace

before(async () => {
  server = await Server.start()
  browser = await launch()
  const agentPage = await person(browser)
  guard = await watch(agentPage, server.origin)
  await agentPage.goto(server.links()[0])
  await agentPage.getByTestId('conversation-list').waitFor()
  agent = Object.assign(new Agent(), { page: agentPage })
  const me = await (await agentPage.request.get(`${server.origin}/api/v1/session`)).json()
  workspace = `${server.origin}/api/v1/workspaces/${me.memberships[0].workspace.id}`
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** What a person can tell apart: the characters that have a look, in order. */
const visible = (text) => [...text.normalize('NFC')].filter((c) => !/[\s\p{Cf}\p{Cc}]/u.test(c)).join('')

function assertSame(shown, wanted, where) {
  const have = new Set(shown.map(visible))
  assert.deepEqual(wanted.filter((text) => !have.has(visible(text))), [], `${where} does not show as it was written`)
}

async function api(method, path, data) {
  const answer = await agent.page.request.fetch(workspace + path, { method, data, headers: { 'Sec-Fetch-Site': 'same-origin' } })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.status() === 204 ? undefined : answer.json()
}

test('the corpus is large and nothing in it is there twice', () => {
  assert.ok(corpus.length >= 100, `${corpus.length}`)
  assert.equal(new Set(corpus).size, corpus.length)
})

test('the watch sees a page that takes text for markup', async () => {
  const page = await person(browser)
  const careless = await watch(page, server.origin)
  await page.goto(`${server.origin}/demo`)
  await page.evaluate((texts) => {
    // eslint-disable-next-line no-restricted-properties -- careless on purpose
    for (const text of texts) document.body.insertAdjacentHTML('beforeend', text)
  }, corpus.filter((text) => !/refresh|<base|autofocus/.test(text))) // those lead away
  await page.waitForTimeout(300)
  const found = await careless.found()
  for (const kind of [/^pwned/, /^a request: http:\/\/canary/, /^<svg onload>/, /^a\[href=javascript/, /^<object>/]) {
    assert.ok(found.some((what) => kind.test(what)), `${kind} is not among ${JSON.stringify(found)}`)
  }
  await page.context().close()
})

test('names and texts of customers: list, conversation, panel and palette show them as text', async () => {
  const hook = server.hook()
  for (const [i, text] of corpus.entries()) {
    const answer = await agent.page.request.post(hook, { data: { id: `h${i}`, from: `customer-${i}`, name: text.slice(0, 100), text } })
    assert.ok(answer.ok(), `${i}: ${answer.status()} ${await answer.text()}`)
  }
  let listed = []
  await expectSoon(async () => {
    listed = (await api('GET', '/conversations?view=all&limit=200')).items
    return listed.filter((c) => c.last_message && corpus.some((text) => visible(text).startsWith(visible(c.last_message.text).slice(0, 30)))).length >= corpus.length
  }, 20_000, () => `${listed.length} conversations`)
  await agent.page.goto(`${server.origin}/conversations/all`)
  await agent.page.getByTestId('conversation-list-item').first().waitFor()
  for (let at = 0; at < 12; at++) { // the list draws what is in sight: see all of it
    await agent.page.getByTestId('conversation-list').evaluate((list, y) => list.scrollTo(0, y), at * 800)
    await agent.page.waitForTimeout(60)
  }
  assert.deepEqual(await guard.found(), [])
  for (const conversation of listed.filter((_, i) => i % 4 === 0)) {
    await agent.page.goto(`${server.origin}/conversations/all/${conversation.id}`)
    await agent.page.getByTestId('message').first().waitFor()
  }
  await shot(agent.page, 'hostile-conversation')
  assert.deepEqual(await guard.found(), [])
  await agent.page.keyboard.press('Control+k')
  for (const word of ['<script', 'onerror', 'javascript', '{{', '-->']) {
    await agent.page.getByTestId('palette-input').fill(word)
    await agent.page.waitForTimeout(250)
  }
  assert.deepEqual(await guard.found(), [])
  await agent.page.keyboard.press('Escape')
})

test('messages both ways: console and widget show every character and nothing more', async () => {
  const visitor = Object.assign(new Visitor(), { page: await person(browser, { viewport: phone }) })
  const outside = await watch(visitor.page, server.origin)
  await visitor.page.goto(`${server.origin}/demo?q=<script>pwned(1)</script>#<img src=x onerror=pwned(1)>`)
  await visitor.open()
  await visitor.send('first of the corpus')
  await agent.page.goto(`${server.origin}/conversations/all`)
  await agent.open('first of the corpus')
  const id = agent.page.url().match(/cnv_\w+/)[0]
  const part = corpus.filter((_, i) => i % 3 === 0)
  for (const text of part) {
    await visitor.send(text)
    await visitor.page.waitForTimeout(80) // within what one person may send
  }
  for (const [i, text] of corpus.entries()) {
    await api('POST', `/conversations/${id}/messages`, { client_msg_id: `018f0000-0000-7000-8000-${String(i).padStart(12, '0')}`, kind: i % 2 ? 'text' : 'note', text })
  }
  const told = corpus.filter((_, i) => i % 2)
  const single = (text) => !text.includes('\n')
  await expectSoon(async () => (await visitor.messages()).length >= told.length + part.length, 15_000, async () => `${(await visitor.messages()).length} messages in the widget`)
  assertSame(await visitor.messages(), [...told, ...part.filter(single)], 'the widget')
  assert.deepEqual(await outside.found(), [])

  await agent.page.reload()
  await agent.page.getByTestId('message').first().waitFor()
  for (let i = 0; i < 12; i++) { // older ones come by scrolling up
    await agent.page.getByTestId('timeline').evaluate((box) => box.scrollTo(0, 0))
    await agent.page.waitForTimeout(120)
  }
  assertSame(await agent.messages(), corpus, 'the console')
  assert.deepEqual(await guard.found(), [])
  await visitor.page.context().close()
})

test('fields that people fill: contact, inbox, workspace and member names', async () => {
  const [contact] = (await api('GET', '/contacts')).items
  const inboxes = (await api('GET', '/inboxes')).items
  for (const text of corpus.filter((_, i) => i % 10 === 0).map((t) => t.replaceAll(/[\n\t]/g, ' ').slice(0, 80))) {
    await api('PATCH', `/contacts/${contact.id}`, { name: text, note: text })
    await api('PATCH', `/inboxes/${inboxes[0].id}`, { name: text })
    await api('PATCH', '', { name: text })
    await agent.page.goto(`${server.origin}/settings/inboxes`)
    await agent.page.getByTestId('inbox-row').first().waitFor()
    assert.ok(visible(await agent.page.getByRole('main').innerText()).includes(visible(text)), `inbox name ${text}`)
    await agent.page.goto(`${server.origin}/settings/members`)
    await agent.page.getByTestId('member-row').first().waitFor()
  }
  assert.deepEqual(await guard.found(), [])
})
