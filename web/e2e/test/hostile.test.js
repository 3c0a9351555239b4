// Text from outside, in every place where the console and the widget show
// text: it stays text. No script, no request to anybody, no window.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { payloads } from '../lib/payloads.js'
import { Agent, Visitor, baseOf } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Site } from '../lib/site.js'
import { watch } from '../lib/watch.js'

const canary = 'http://canary.example:9'
const corpus = payloads(canary)

let server, browser, site, agent, guard, workspace, api

before(async () => {
  server = await Server.start()
  browser = await launch()
  site = await Site.start(server.origin)
  const agentPage = await person(browser)
  guard = await watch(agentPage, server.origin)
  await agentPage.goto(server.links()[0])
  await agentPage.getByTestId('conversation-list').waitFor()
  agent = Object.assign(new Agent(), { page: agentPage })
  workspace = await baseOf(agentPage, server)
  api = await apiOf(agentPage, server)
})

after(async () => {
  await browser?.close()
  await site?.end()
  await server?.end()
})

/** What a person can tell apart: the characters that have a look, in order. */
const visible = (text) => [...text.normalize('NFC')].filter((c) => !/[\s\p{Cf}\p{Cc}]/u.test(c)).join('')

function assertSame(shown, wanted, where) {
  const have = new Set(shown.map(visible))
  assert.deepEqual(wanted.filter((text) => !have.has(visible(text))), [], `${where} does not show as it was written`)
}

/** The corpus as one line of at most `max` characters, as names are: each once. */
function lines(max) {
  const line = (text) => [...text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, ' ').replaceAll(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/g, '')].slice(0, max).join('').trim()
  return [...new Map(corpus.map((text) => [line(text).toLowerCase(), line(text)])).values()].filter((text) => visible(text))
}

/** Does it for each, eight at a time; the answers in order. */
async function each(list, act) {
  const answers = []
  for (let at = 0; at < list.length; at += 8) answers.push(...(await Promise.all(list.slice(at, at + 8).map((one, i) => act(one, at + i)))))
  return answers
}

/** What a page's main part shows holds every one of these. */
async function shows(page, wanted, where) {
  const text = visible(await page.getByRole('main').innerText())
  assert.deepEqual(wanted.filter((one) => !text.includes(visible(one))), [], `${where} does not show it as it was written`)
}

/** Opens a path of the console and waits for it. */
async function visit(path, testid) {
  await agent.page.goto(server.origin + path)
  await agent.page.getByTestId(testid).first().waitFor()
  assert.deepEqual(await guard.found(), [], path)
}

async function live(inbox, method, path, data, token) {
  const answer = await agent.page.request.fetch(`${server.origin}/api/v1/live/${inbox}${path}`, { method, data, headers: { 'Sec-Fetch-Site': 'same-origin', ...(token && { Authorization: `Bearer ${token}` }) } })
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
  return answer.status() === 204 ? undefined : answer.json()
}

let written = 0
const ids = () => `018f0000-0000-7000-9000-${String(++written).padStart(12, '0')}`

/** Somebody on the website writes; their conversation, and the token to go on with. */
async function stranger(inbox, session = {}) {
  const { token } = await live(inbox, 'POST', '/sessions', { locale: 'en', ...session })
  const text = `hello ${ids()}`
  await live(inbox, 'POST', '/messages', { client_msg_id: ids(), text }, token)
  return { token, conversation: await until(async () => (await api('GET', `/conversations?view=all&inbox=${inbox}`)).items.find((one) => one.last_message?.text === text)) }
}

const write = (conversation, text, more = {}) => api('POST', `/conversations/${conversation}/messages`, { client_msg_id: ids(), kind: 'text', text, ...more })

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
  await each(corpus, async (text, i) => {
    const answer = await agent.page.request.post(hook, { data: { id: `h${i}`, from: `customer-${i}`, name: text.slice(0, 100), text } })
    assert.ok(answer.ok(), `${i}: ${answer.status()} ${await answer.text()}`)
  })
  let listed = []
  await until(async () => {
    listed = (await api('GET', '/conversations?view=all&limit=200')).items
    return listed.filter((c) => c.last_message && corpus.some((text) => visible(text).startsWith(visible(c.last_message.text).slice(0, 30)))).length >= corpus.length
  }, () => `${listed.length} conversations`)
  await agent.page.goto(`${server.origin}/conversations/all`)
  await agent.page.getByTestId('conversation-list-item').first().waitFor()
  for (let at = 0; at < 12; at++) { // the list draws what is in sight: see all of it
    await agent.page.getByTestId('conversation-list').evaluate((list, y) => list.scrollTo(0, y), at * 800)
    await agent.page.waitForTimeout(60)
  }
  assert.deepEqual(await guard.found(), [])
  for (let at = 0; at < 6; at++) { // and open some of each part of it
    await agent.page.getByTestId('conversation-list').evaluate((list, y) => list.scrollTo(0, y), at * 1500)
    for (let i = 1; i <= 4; i++) {
      await agent.page.getByTestId('conversation-list-item').nth(i).click()
      await agent.page.getByTestId('message').first().waitFor()
    }
    await agent.page.waitForTimeout(60)
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
  await each(corpus, (text, i) => write(id, text, { kind: i % 2 ? 'text' : 'note' }))
  const told = corpus.filter((_, i) => i % 2)
  const single = (text) => !text.includes('\n')
  await until(async () => (await visitor.messages()).length >= told.length + part.length, async () => `${(await visitor.messages()).length} messages in the widget`)
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
  const members = (await api('GET', '/members')).items
  for (const text of lines(80).filter((_, i) => i % 16 === 0)) {
    await api('PATCH', `/contacts/${contact.id}`, { name: text, note: text })
    await api('PATCH', `/inboxes/${inboxes[0].id}`, { name: text })
    await api('PATCH', `/members/${members[1].id}`, { name: text })
    await api('PATCH', '', { name: text })
    await visit('/settings/inboxes', 'inbox-row')
    await shows(agent.page, [text], 'the inboxes')
    await visit('/settings/members', 'member-row')
    await shows(agent.page, [text], 'the members')
  }
})

test('the catalogue: labels, teams, canned replies, views, attributes and their values', async () => {
  const names = lines(60)
  assert.ok(names.length > 90, `${names.length} names`)
  const labels = await each(names, (name) => api('POST', '/labels', { name, color: '#2563eb', description: name }))
  await each(names, (name) => api('POST', '/teams', { name, description: name, member_ids: [], inbox_ids: [] }))
  await each(corpus, (text, i) => api('POST', '/canned', { shortcut: `x${i}`, title: lines(100)[i] ?? '', text: text.replaceAll(/[\u2028\u2029]/g, ' ').slice(0, 5000), scope: 'workspace' }))
  const defined = await each(names.slice(0, 90), (name, i) => api('POST', '/attributes', { target: 'conversation', key: `k${i}`, name, type: i % 3 ? 'text' : 'list', ...(i % 3 === 0 && { options: [name] }) }))
  for (const name of names.slice(0, 30)) await api('POST', '/views', { name, scope: 'personal', filter: { field: 'contact.name', op: 'contains', value: name } })
  const [conversation] = (await api('GET', '/conversations?view=all&limit=1')).items
  await api('PUT', `/conversations/${conversation.id}/labels`, { label_ids: labels.slice(0, 50).map(({ id }) => id) })
  await api('PATCH', `/conversations/${conversation.id}/attributes`, { set: Object.fromEntries(defined.slice(0, 50).map(({ key, name }) => [key, name])) })
  for (const [path, row] of [['labels', 'labels-row'], ['teams', 'teams-row'], ['fields', 'attributes-row'], ['canned', 'canned-row']]) {
    await visit(`/settings/${path}`, row)
    if (path !== 'canned') await shows(agent.page, path === 'fields' ? names.slice(0, 90) : names, path)
  }
  await visit(`/conversations/all/${conversation.id}`, 'message')
  await agent.page.getByTestId('composer-input').click()
  await agent.page.keyboard.type('/x1')
  await agent.page.getByTestId('suggestion').first().waitFor()
  assert.deepEqual(await guard.found(), [], 'canned replies while writing')
  await agent.page.keyboard.press('Enter')
  await agent.page.waitForTimeout(100)
  await agent.page.getByTestId('composer-input').fill('')
  await agent.page.getByTestId('assign').click()
  await agent.page.getByTestId('pick-input').fill('<')
  await agent.page.waitForTimeout(150)
  await shot(agent.page, 'hostile-teams')
  await agent.page.keyboard.press('Escape')
  assert.deepEqual(await guard.found(), [], 'the panel and the menu of teams')
})

test('a conversation: quotes, mentions, file names, its transcript', async () => {
  const { conversation } = await stranger((await api('GET', '/inboxes')).items.find((one) => one.live).id)
  const emma = (await api('GET', '/members')).items.find(({ email }) => email.startsWith('emma'))
  const name = `<img src=x onerror=pwned(1)>`
  await api('PATCH', `/members/${emma.id}`, { name })
  const first = await each(corpus.slice(0, 40), (text) => write(conversation.id, text))
  await each(first, ({ message }, i) => write(conversation.id, `answer ${i}`, { reply_to: message.id }))
  await write(conversation.id, `@${name} look`, { kind: 'note', mentions: [emma.id] })
  await agent.page.goto(`${server.origin}/conversations/all/${conversation.id}`)
  await agent.page.getByTestId('composer-input').waitFor()
  const files = lines(100).slice(0, 30).map((text, i) => ({ name: `${text}.${i % 2 ? 'html' : 'svg'}`, mimeType: 'image/svg+xml', buffer: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="pwned(1)"><image href="${canary}/f"/></svg>`) }))
  for (let at = 0; at < files.length; at += 10) {
    await agent.page.getByTestId('attach-input').setInputFiles(files.slice(at, at + 10))
    await until(async () => (await agent.page.getByTestId('tray-item').count()) === 10, () => 'the files are not there')
    await agent.page.waitForTimeout(300)
    await agent.page.getByTestId('send').click()
    await until(async () => (await agent.page.getByTestId('tray-item').count()) === 0, () => 'the files were not sent')
  }
  await until(async () => (await agent.page.getByTestId('attachment-file').count()) === 30, async () => `${await agent.page.getByTestId('attachment-file').count()} files`)
  await shot(agent.page, 'hostile-files')
  assert.deepEqual(await guard.found(), [], 'quotes, mentions and files')

  const reader = await person(browser)
  const outside = await watch(reader, site.origin)
  const html = await (await agent.page.request.get(`${workspace}/conversations/${conversation.id}/transcript?format=html&notes=true`)).text()
  await reader.goto(site.raw(html)) // kept on a disk it has no header to protect it
  assertSame(await reader.locator('article > p').allTextContents(), corpus.slice(0, 40), 'the transcript')
  await reader.goto(site.raw(html.replace(/<meta http-equiv[^>]*>/, ''))) // nor by its policy: by being text
  assert.deepEqual(await outside.found(), [], 'the transcript')
  await reader.context().close()
})

test('notifications: what a colleague wrote, and what they call themselves', async () => {
  const colleague = await browser.newContext()
  const post = async (path, data) => {
    const done = await colleague.request.post(path, { data, headers: { 'Sec-Fetch-Site': 'same-origin' } })
    assert.ok(done.ok(), `${path}: ${done.status()} ${await done.text()}`)
  }
  await post(`${server.origin}/api/v1/session/link`, { token: new URL(server.links()[1]).searchParams.get('token') })
  const lin = (await api('GET', '/members')).items.find(({ email }) => email.startsWith('lin'))
  const { conversation } = await stranger((await api('GET', '/inboxes')).items.find((one) => one.live).id)
  await each(corpus, (text) => post(`${workspace}/conversations/${conversation.id}/messages`, { client_msg_id: ids(), kind: 'note', text, mentions: [lin.id] }))
  await colleague.close()
  await visit('/settings/members', 'member-row')
  await agent.page.getByTestId('bell').click()
  await agent.page.getByTestId('notification').first().waitFor()
  for (let i = 0; i < 5; i++) {
    await agent.page.getByTestId('notification').last().scrollIntoViewIfNeeded()
    await agent.page.waitForTimeout(150)
  }
  await shot(agent.page, 'hostile-notifications')
  const shown = visible((await agent.page.getByTestId('notification').allInnerTexts()).join(' '))
  assert.ok(corpus.filter((text) => shown.includes(visible(text).slice(0, 40))).length > 20, 'the words are not shown as they were written')
  assert.deepEqual(await guard.found(), [])
})

test('what a visitor tells without a word: answers to the form, pages, referrers, a rating', async () => {
  const fields = ['k0', 'k1'].map((key) => ({ key: `attributes.${key}`, label: { en: corpus[Number(key[1])].slice(0, 60) } }))
  const { id } = await api('POST', '/inboxes', { name: corpus[1].slice(0, 90), plugin: 'patchbay/webchat', config: { title: 'T', page_views: 'on', pre_chat: { enabled: true, fields: [{ key: 'name' }, { key: 'message' }, ...fields] } } })
  await api('PATCH', '', { settings: { rating: { enabled: true, ask: 'both' } } })
  const { token } = await live(id, 'POST', '/sessions', { page_url: `${canary}/"><script>pwned(1)</script>`, page_title: corpus[2], referrer: 'javascript:pwned(1)', locale: 'en' })
  const [name, ...answers] = lines(200)
  await live(id, 'POST', '/prechat', { name, message: 'hello from the form', client_msg_id: ids(), attributes: { k0: answers[3], k1: answers[4] } }, token)
  for (let at = 0; at < corpus.length; at += 20) {
    const views = lines(400).slice(at, at + 20).map((text, i) => ({ url: i % 2 ? `https://shop.example/?q=${text}` : `https://shop.example/${encodeURIComponent(text)}`, title: text, referrer: i % 3 ? `https://search.example/?q=${text}` : 'javascript:pwned(1)', at: new Date(Date.now() - (at + i) * 1000).toISOString(), duration_s: 3 }))
    if (views.length) await live(id, 'POST', '/pageviews', { views }, token)
  }
  const conversation = await until(async () => (await api('GET', `/conversations?view=all&inbox=${id}`)).items[0])
  await write(conversation.id, 'all done')
  await api('POST', `/conversations/${conversation.id}/state`, { state: 'resolved' })
  const { url } = await api('POST', `/conversations/${conversation.id}/rating-link`)

  const customer = await person(browser)
  const outside = await watch(customer, server.origin)
  await customer.goto(server.origin + new URL(url).pathname)
  for (const text of lines(900).filter((_, i) => i % 8 === 0)) {
    await customer.locator('#comment').fill(text)
    await customer.locator('form').evaluate((form) => { form.noValidate = true })
    await Promise.all([customer.waitForURL(/\/r\//), customer.locator('button').click()]) // without a score: it is shown again
    await customer.getByRole('alert').waitFor()
    assert.equal(await customer.locator('#comment').inputValue(), text)
  }
  assert.deepEqual(await outside.found(), [], 'the rating page')
  const comment = '</textarea><script>pwned(1)</script><img src=x onerror=pwned(1)>'
  await customer.locator('#comment').fill(comment)
  await customer.locator('input[type=radio]').first().check()
  await customer.locator('button').click()
  await customer.getByRole('status').waitFor()
  assert.deepEqual(await outside.found(), [], 'the rating page')
  await customer.context().close()

  await visit(`/conversations/all/${conversation.id}`, 'message')
  await agent.page.getByTestId('rating').first().waitFor()
  await shows(agent.page, [comment], 'the rating in the conversation')
  await visit('/ratings', 'rating-row')
  await shows(agent.page, [comment], 'the ratings')
  const contact = `/contacts/${conversation.contact.id}`
  await each(corpus, (text) => api('POST', `${contact}/notes`, { text: text.slice(0, 4000) }))
  await visit(contact, 'contact-notes')
  for (let i = 0; i < 6; i++) {
    await agent.page.mouse.wheel(0, 4000)
    await agent.page.waitForTimeout(150)
  }
  await shot(agent.page, 'hostile-contact')
  assert.deepEqual(await guard.found(), [], 'the contact’s page')
  await agent.page.goto(`${server.origin}/settings/inboxes/${id}`)
  await agent.page.getByTestId('inbox-name').waitFor()
  assert.deepEqual(await guard.found(), [], 'the settings of the inbox')
})

test('what is searched for, and what is found', async () => {
  await agent.page.goto(`${server.origin}/search?q=${encodeURIComponent('<img src=x onerror=pwned(1)>')}`)
  await agent.page.getByTestId('search-hit').first().waitFor()
  for (const word of ['script pwned', 'onerror', 'javascript', 'canary.example', 'HYPERLINK']) {
    await agent.page.getByTestId('search-input').fill(word)
    await until(async () => (await agent.page.getByTestId('search-results').innerText().catch(() => '')).toLowerCase().includes(word.split(' ')[0].toLowerCase()), () => `${word} is not found`)
    assert.deepEqual(await guard.found(), [], word)
  }
  await shot(agent.page, 'hostile-search')
})

test('a table of contacts whose every cell is refused or taken as text', async () => {
  const cell = (text) => `"${text.replaceAll('"', '""')}"`
  const rows = lines(150).map((text, i) => [text, i % 2 ? text : `a${i}@example.com`, text].map(cell).join(','))
  const file = { name: '<img src=x onerror=pwned(1)>.csv', mimeType: 'text/csv', buffer: Buffer.from(`${['name', 'email', '<script>pwned(1)</script>'].map(cell).join(',')}\n${rows.join('\n')}\n`) }
  await visit('/contacts/import', 'import-pick')
  await agent.page.getByTestId('import-file').setInputFiles(file)
  await agent.page.getByTestId('import-column').first().waitFor()
  assert.deepEqual(await guard.found(), [], 'the columns')
  await agent.page.getByTestId('import-check').click()
  await agent.page.getByTestId('import-error').first().waitFor()
  await shot(agent.page, 'hostile-import')
  assert.deepEqual(await guard.found(), [], 'the errors')
})

test('organisations and the contacts of one', async () => {
  const names = lines(100)
  const made = await each(names, (name) => api('POST', '/organisations', { name, domains: [], note: name }))
  const [contact] = (await api('GET', '/contacts?limit=1')).items
  await api('PATCH', `/contacts/${contact.id}`, { organisation_id: made[0].id })
  await visit('/organisations', 'organisation-row')
  await visit(`/organisations/${made[0].id}`, 'organisation-edit')
  await visit(`/contacts/${contact.id}`, 'contact-notes')
  await visit('/contacts', 'contact-row')
})

test('what the company sets: the widget’s greeting, form, rules and launcher are text, on a page of its own and on a site', async () => {
  const short = lines(60)
  for (let at = 0; at < 50; at += 10) {
    const part = short.slice(at, at + 10)
    const fields = part.map((text, i) => ({ key: `attributes.q${i}`, label: { en: text } }))
    const when = { path_contains: '/' }
    const { id } = await api('POST', '/inboxes', { name: part[0].slice(0, 90), plugin: 'patchbay/webchat', config: { title: part[1].slice(0, 40), greeting: lines(200)[at], theme: { launcher_text: part[2].slice(0, 20) }, pre_chat: { enabled: at % 20 === 0, consent_text: lines(400)[at + 3], fields }, proactive: [{ id: 'a', when, message: { en: part[4] }, agents_online: false }] } })
    const visitor = Object.assign(new Visitor(), { page: await person(browser) })
    const outside = await watch(visitor.page, server.origin)
    await visitor.page.goto(`${server.origin}/chat/${id}`)
    await visitor.frame.getByTestId(at % 20 ? 'widget-input' : 'widget-prechat').waitFor()
    if (at % 20 === 0) {
      const text = visible(await visitor.frame.getByTestId('widget-prechat').innerText())
      for (const label of part) assert.ok(text.includes(visible(label)), label)
    } else {
      const greeting = async () => visible(await visitor.frame.locator('.greeting').innerText())
      await until(async () => (await greeting()) === visible(lines(200)[at]), async () => `greeted by ${await greeting()}`)
    }
    assert.deepEqual((await outside.found()).filter((what) => what !== '<noscript>'), [], `the chat of ${part[0]}`) // the page's own
    const shop = await watch(visitor.page, site.origin)
    await visitor.page.goto(site.page(id, { attributes: { 'data-proactive': 'on', 'data-text': part[5] } }))
    await visitor.page.getByTestId('nudge').waitFor()
    assert.equal(visible(await visitor.page.getByTestId('nudge').innerText()).replace(/×$/, ''), visible(part[4]))
    const wrong = (await shop.found()).filter((what) => what !== '<script> without a source' && !what.startsWith(`a request: ${server.origin}/`)) // the site's own line
    assert.deepEqual(wrong, [], `on a site: ${part[0]}`)
    await visitor.page.context().close()
  }
})
