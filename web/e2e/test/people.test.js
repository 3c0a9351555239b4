// Customers: their page and journey, merging and undoing, organisations, a
// table of them, and what they said at the end.
import assert from 'node:assert/strict'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, headers } from '../lib/api.js'
import { axe, desktop, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { sign } from '../lib/jwt.js'
import { lookAround } from '../lib/look.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, page, api, live, visitor, made

before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  page = lin.page
  api = await apiOf(page, server)
  live = await chatOf(api)
  await api('PATCH', `/inboxes/${live.id}`, { config: { ...live.config, page_views: 'on' } })
  await api('PATCH', '', { settings: { rating: { enabled: true, ask: 'link' } } })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** Somebody on the site, without a browser. */
async function arrive(body) {
  const answer = await page.request.post(`${server.origin}/api/v1/live/${live.id}/sessions`, { data: { locale: 'en', ...body } })
  assert.equal(answer.status(), 201, await answer.text())
  const { token } = await answer.json()
  return async (path, data) => {
    const got = await page.request.post(`${server.origin}/api/v1/live/${live.id}${path}`, { headers: { Authorization: `Bearer ${token}` }, data })
    assert.ok(got.ok(), `${path}: ${got.status()} ${await got.text()}`)
  }
}

const kinds = () => page.getByTestId('journey-item').evaluateAll((rows) => rows.map((row) => row.dataset.kind))
const journey = () => page.getByTestId('journey').innerText()

test('a contact is written down, found by words, and reached by the keyboard', async () => {
  await page.keyboard.press('3')
  await page.getByTestId('contact-new').click()
  await page.getByTestId('new-name').fill('周采薇')
  await page.getByTestId('new-email').fill('not an address')
  await page.getByTestId('new-save').click()
  await page.getByTestId('field-error').waitFor()
  await page.getByTestId('new-email').fill('Fang@Qingshan.example')
  await page.getByTestId('new-phone').fill('+86 138 0013 8000')
  await page.getByTestId('new-save').click()
  await page.waitForURL(/\/contacts\/con_/)
  made = page.url().match(/con_\w+/)[0]
  await until(async () => (await page.getByTestId('fact-phone').innerText()) === '+8613800138000', () => 'the phone is not in its normal form')
  for (let i = 0; i < 60; i++) await api('POST', '/contacts', { name: `Guest ${String(i).padStart(2, '0')}`, email: `guest${i}@example.com` })
  await page.goto(`${server.origin}/contacts?sort=name_asc`)
  const rows = page.getByTestId('contact-row')
  await rows.first().waitFor()
  await page.getByTestId('load-more').scrollIntoViewIfNeeded()
  await until(async () => (await rows.count()) >= 61, async () => `${await rows.count()} rows after scrolling`)
  await page.getByTestId('contact-search').fill('周采薇')
  await until(async () => (await rows.count()) === 1, async () => `${await rows.count()} rows are found`)
  await page.getByTestId('contact-search').press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.waitForURL(new RegExp(made))
})

test('details are changed in their own place; what is wrong is said there', async () => {
  await page.getByTestId('fact-email').click()
  await page.getByTestId('fact-email-input').fill('broken')
  await page.getByTestId('fact-email-input').press('Enter')
  await page.getByText('This is not an e-mail address.').waitFor()
  await page.getByTestId('fact-email-input').press('Escape')
  await page.getByTestId('fact-name').click()
  await page.getByTestId('fact-name-input').fill('周采薇 Fang')
  await page.getByTestId('fact-name-input').press('Enter')
  await until(async () => (await api('GET', `/contacts/${made}`)).name === '周采薇 Fang', () => 'the name was not saved')
  await page.getByRole('heading', { name: '周采薇 Fang' }).waitFor()
})

test('an organisation is made, suggested by the address, and taken', async () => {
  await page.getByTestId('to-organisations').click()
  await page.getByTestId('organisation-new').click()
  await page.getByTestId('organisation-name').fill('青山茶业')
  await page.getByTestId('organisation-domains').fill('@Qingshan.example')
  await page.getByTestId('organisation-note').fill('Wholesale')
  await page.getByTestId('organisation-save').click()
  await page.waitForURL(/\/organisations\/org_/)
  await page.goto(`${server.origin}/contacts/${made}`)
  await page.getByTestId('take-suggestion').click()
  await page.getByTestId('fact-organisation').click()
  await page.getByTestId('contact-row').filter({ hasText: '周采薇 Fang' }).waitFor()
  await page.getByTestId('organisation-edit').click()
  await page.getByTestId('organisation-name').fill('青山茶厂')
  await page.getByTestId('organisation-save').click()
  await page.getByRole('heading', { name: '青山茶厂' }).waitFor()
  await until(async () => (await api('GET', `/search?type=contacts&q=${encodeURIComponent('茶厂')}`)).items.some((one) => one.contact?.id === made), () => 'the contact is not found by the new name of its organisation')
})

test('a journey shows two conversations, pages and notes, and grows without a jump', async () => {
  const write = await arrive({ page_url: 'https://shop.example/tea', referrer: 'https://search.example/?q=tea' })
  await write('/pageviews', { views: [{ url: 'https://shop.example/tea', title: '春茶', referrer: 'https://search.example/?q=tea', at: new Date(Date.now() - 60_000).toISOString(), duration_s: 42 }] })
  await write('/messages', { client_msg_id: 'p-1', text: '第一个问题 <b>bold</b>' })
  const [first] = (await api('GET', '/conversations?view=all')).items
  visitor = first.contact.id
  // The same person on another channel: their second conversation.
  await page.request.post(server.hook(), { data: { id: 'people-1', from: 'fang', name: 'Fang', text: 'And I wrote here' } })
  const other = await until(async () => (await api('GET', '/conversations?view=all')).items.find((one) => one.last_message?.text === 'And I wrote here'))
  await api('POST', `/contacts/${other.contact.id}/merge`, { into: visitor })
  await page.goto(`${server.origin}/contacts/${visitor}`)
  await page.getByTestId('journey-item').first().waitFor()
  const seen = await kinds()
  for (const kind of ['message', 'page_view', 'conversation', 'identity', 'merge']) assert.ok(seen.includes(kind), `${kind} is not among ${seen}`)
  assert.equal(seen.filter((kind) => kind === 'message').length, 2)
  assert.match(await journey(), /第一个问题 <b>bold<\/b>[\s\S]*春茶[\s\S]*search\.example/)
  await page.getByTestId('note-text').fill('Prefers the phone')
  await page.getByTestId('note-add').click()
  await page.getByTestId('contact-note').filter({ hasText: 'Prefers the phone' }).waitFor()
  await until(async () => (await kinds()).includes('contact_note'), () => 'the note is not in the journey')
  await write('/messages', { client_msg_id: 'p-2', text: '又来了' })
  await until(async () => (await journey()).includes('又来了'), () => 'the new message is not shown')
  await page.getByTestId('show-pages').click()
  await until(async () => new Set(await kinds()).size === 1 && (await kinds())[0] === 'page_view', async () => `${await kinds()} are shown`)
  await page.getByTestId('show-all').click()
  // More than a page of it, read from the middle.
  for (let i = 0; i < 70; i++) await api('POST', `/contacts/${visitor}/notes`, { text: `note ${i}` })
  await page.goto(`${server.origin}/contacts/${visitor}`)
  await page.getByTestId('journey-item').nth(20).waitFor()
  await page.setViewportSize({ width: 1440, height: 500 })
  await page.getByTestId('load-more').last().scrollIntoViewIfNeeded()
  await until(async () => (await page.getByTestId('journey-item').count()) > 70, () => 'what is older was not loaded')
  const middle = page.getByTestId('journey-item').nth(30)
  await middle.scrollIntoViewIfNeeded()
  const text = await middle.innerText()
  const before = (await middle.boundingBox()).y
  await write('/messages', { client_msg_id: 'p-3', text: 'while you read' })
  await page.getByTestId('journey-new').waitFor()
  assert.equal(await middle.innerText(), text)
  assert.ok(Math.abs((await middle.boundingBox()).y - before) <= 1, 'what is being read moved')
  await page.getByTestId('journey-new').click()
  await until(async () => (await journey()).includes('while you read'), () => 'the news are not shown')
  await page.setViewportSize(desktop)
})

test('a note is changed, and comes back after it was deleted', async () => {
  await page.goto(`${server.origin}/contacts/${made}`)
  await page.getByTestId('note-text').fill('Likes oolong')
  await page.getByTestId('note-text').press('Control+Enter')
  const note = page.getByTestId('contact-note')
  await note.waitFor()
  await page.getByTestId('note-edit').click()
  await page.getByTestId('note-change').fill('Likes green tea')
  await page.getByTestId('note-save').click()
  await note.filter({ hasText: 'Likes green tea' }).waitFor()
  await page.getByTestId('note-remove').click()
  await note.waitFor({ state: 'detached' })
  await page.getByTestId('notice-action').click()
  await note.filter({ hasText: 'Likes green tea' }).waitFor()
  await page.getByTestId('note-remove').click()
  await note.waitFor({ state: 'detached' })
  await page.goto(`${server.origin}/contacts`) // leaving does it for good
  await until(async () => (await api('GET', `/contacts/${made}/notes`)).items.length === 0, () => 'the note is still there')
})

test('two contacts become one, the verified stays, and the merge is undone', async () => {
  const { secret } = await api('POST', `/inboxes/${live.id}/identity-secret`)
  const write = await arrive({ identity: sign(secret, { aud: live.id, sub: 'user-9', name: '周采薇 Fang', email: 'fang.verified@example.com' }) })
  await write('/messages', { client_msg_id: 'v-1', text: 'I am signed in' })
  const proven = await until(async () => (await api('GET', `/contacts?q=${encodeURIComponent('fang.verified')}`)).items[0])
  assert.equal(proven.verified, true)
  await page.goto(`${server.origin}/contacts/${made}`)
  const duplicate = page.getByTestId('duplicate').filter({ hasText: /same name/i })
  await duplicate.getByTestId('duplicate-merge').click()
  await page.getByTestId('merge-forbidden').waitFor()
  assert.ok(await page.getByTestId('merge-confirm').isDisabled())
  await shot(page, 'merge-verified-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('merge-swap-way').click()
  await page.getByTestId('merge-confirm').click()
  await page.waitForURL(new RegExp(proven.id))
  await page.getByTestId('merge').filter({ hasText: '周采薇 Fang' }).waitFor()
  assert.equal(await page.getByTestId('fact-phone').innerText(), '+8613800138000')
  await page.goto(`${server.origin}/contacts/${made}`) // the old address leads to the one that stayed
  await page.waitForURL(new RegExp(proven.id))
  await page.getByTestId('merge-undo').click()
  await page.getByTestId('merge').filter({ hasText: /undone/i }).waitFor()
  await until(async () => !(await api('GET', `/contacts/${made}`)).merged_into, () => 'the contact is not back')
  await until(async () => (await page.getByTestId('fact-phone').innerText()) === '—', () => 'what the merge filled in was not taken back')
})

/** The GB18030 bytes of the few characters that the table needs. */
const gb = (text) => {
  const known = { 姓: 'd0d5', 名: 'c3fb', 邮: 'd3ca', 箱: 'cfe4', 公: 'b9ab', 司: 'cbbe', 李: 'c0ee', 雷: 'c0d7', 茶: 'b2e8', 厂: 'b3a7' }
  return Buffer.concat([...text].map((sign) => (known[sign] ? Buffer.from(known[sign], 'hex') : Buffer.from(sign, 'latin1'))))
}

/** Picks a file by its name and bytes, or one that lies somewhere. */
async function upload(name, buffer) {
  await page.goto(`${server.origin}/contacts/import`)
  await page.getByTestId('import-pick').waitFor()
  await page.getByTestId('import-file').setInputFiles(buffer ? { name, mimeType: 'text/csv', buffer } : name)
}

test('files that are no tables are refused in a sentence', async () => {
  const large = join(server.dir, 'large.csv')
  await writeFile(large, '')
  await truncate(large, 20 * 1024 * 1024 + 1)
  for (const [name, bytes, words] of [
    ['empty.csv', Buffer.alloc(0), /no rows/],
    ['header.csv', Buffer.from('name,email\n'), /no rows/],
    ['picture.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe, 0x80, 0x81, 0, 9]), /neither UTF-8 nor GB18030/],
    ['quote.csv', Buffer.from('name,email\nAnna,anna@example.com\n"Berta,b@example.com\nCarla,c@example.com\n'), /quote/],
    ['wide.csv', Buffer.from(`${'a,'.repeat(300)}\n1\n`), /too many cells/],
    [large, undefined, /larger than 20 MiB/],
  ]) {
    await upload(name, bytes)
    await page.getByTestId('import-wrong').waitFor()
    assert.match(await page.getByTestId('import-wrong').innerText(), words, name)
  }
})

test('a table is mapped, tried and run; it goes on after a reload', async () => {
  const rows = ['\uFEFF姓名,E-mail,Remarks,Nickname']
  for (let i = 0; i < 3000; i++) rows.push(`Import ${i},${i % 1000 === 7 ? 'nonsense' : `import${i}@example.com`},"said ""hi"", twice",N${i}`)
  rows.push('周采薇 Fang,fang@qingshan.example,knows us,')
  await upload('customers.csv', Buffer.from(rows.join('\r\n')))
  await page.waitForURL(/\/contacts\/import\/imp_/)
  await page.getByTestId('map-0').waitFor()
  assert.equal(await page.getByTestId('map-0').inputValue(), 'name')
  assert.equal(await page.getByTestId('map-1').inputValue(), 'email')
  assert.equal(await page.getByTestId('map-2').inputValue(), 'note')
  assert.equal(await page.getByTestId('map-3').inputValue(), '')
  await page.getByTestId('map-3').selectOption('external_id')
  await until(async () => (await api('GET', `/imports/${page.url().match(/imp_\w+/)[0]}`)).mapping['3'] === 'external_id', () => 'the mapping was not kept')
  await page.getByTestId('import-check').click()
  await page.locator('[data-state=checked]').waitFor()
  assert.equal(await page.getByTestId('count-create').innerText(), '2,997')
  assert.equal(await page.getByTestId('count-update').innerText(), '1')
  assert.equal(await page.getByTestId('count-error').innerText(), '3')
  assert.match(await page.getByTestId('import-error').first().innerText(), /nonsense[\s\S]*not an e-mail address/)
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('import-errors-csv').click()])
  assert.match(await readFile(await download.path(), 'utf8'), /1009,E-mail,nonsense/)
  assert.equal((await api('GET', '/contacts?q=import2999@')).items.length, 0, 'a dry run wrote something')
  await shot(page, 'import-checked-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('import-run').click()
  await page.locator('[data-state=running], [data-state=done]').first().waitFor()
  await page.reload()
  await page.locator('[data-state=done]').waitFor()
  assert.equal(await page.getByTestId('count-create').innerText(), '2,997')
  assert.equal((await api('GET', '/contacts?q=import2999@')).items.length, 1)
  assert.equal((await api('GET', `/contacts/${made}`)).note, 'knows us')
})

test('a table of a Chinese spreadsheet is read as it was written', async () => {
  await upload('客户.csv', gb('姓名;邮箱;公司\n李雷;lilei@example.com;茶厂\n'))
  await page.getByTestId('import-column').first().waitFor()
  assert.deepEqual((await page.getByTestId('import-column').locator('th').allInnerTexts()), ['姓名', '邮箱', '公司'])
  await page.getByTestId('import-check').click()
  await page.locator('[data-state=checked]').waitFor()
  await page.getByTestId('import-run').click()
  await page.locator('[data-state=done]').waitFor()
  const [found] = (await api('GET', '/contacts?q=lilei@')).items
  assert.equal(found.name, '李雷')
  assert.equal(found.organisation.name, '茶厂')
  await page.goto(`${server.origin}/contacts/import`)
  await until(async () => (await page.getByTestId('import-row').count()) === 2, () => 'the imports are not listed')
})

test('ratings are listed with their sum, and open the conversation', async () => {
  const { id } = (await api('GET', '/conversations?view=all')).items.find((one) => one.contact.id === visitor && one.inbox_id === live.id)
  await api('POST', `/conversations/${id}/messages`, { client_msg_id: '018f0000-0000-7000-8000-00000000e001', kind: 'text', text: '有货' })
  await api('POST', `/conversations/${id}/state`, { state: 'resolved' })
  const { url } = await api('POST', `/conversations/${id}/rating-link`)
  const rated = await page.request.post(url, { form: { score: '4', comment: '很快，<i>谢谢</i>！' } })
  assert.ok(rated.ok(), `${rated.status()} ${await rated.text()}`)
  await page.getByTestId('nav-ratings').click()
  const row = page.getByTestId('rating-row')
  await row.filter({ hasText: '很快，<i>谢谢</i>！' }).waitFor()
  assert.equal(await page.getByTestId('rating-average').innerText(), '4.0')
  assert.equal(await page.getByTestId('rating-count').innerText(), '1')
  const emma = (await api('GET', '/members')).items.find((member) => member.name.startsWith('Emma'))
  await page.getByTestId('ratings-member').selectOption(emma.id)
  await row.waitFor({ state: 'detached' })
  await page.getByTestId('ratings-member').selectOption('')
  await row.locator('a').click()
  await page.waitForURL(new RegExp(id))
  await page.getByTestId('contact-page').waitFor()
  await page.getByTestId('page-views').filter({ hasText: '春茶' }).waitFor()
  await page.getByTestId('contact-page').click()
  await page.waitForURL(new RegExp(`/contacts/${visitor}`))
})

test('every page of it in both languages, themes and widths', async () => {
  const organisation = (await api('GET', '/organisations')).items[0].id
  const [done] = (await api('GET', '/imports')).items
  const screens = {
    contacts: { path: '/contacts' },
    contact: { path: `/contacts/${visitor}` },
    organisations: { path: '/organisations' },
    organisation: { path: `/organisations/${organisation}` },
    imports: { path: '/contacts/import' },
    import: { path: `/contacts/import/${done.id}` },
    ratings: { path: '/ratings' },
    'contacts-none': { path: '/contacts?q=nobody-at-all', only: 'en' },
    'contact-gone': { path: '/contacts/con_none', only: 'en' },
    'ratings-none': { path: '/ratings?inbox=inb_none', only: 'en' },
  }
  const state = await page.context().storageState()
  const speak = (locale) => page.request.patch(`${server.origin}/api/v1/session`, { headers, data: { locale } })
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state, speak, screens }), {})
})

test('nobody saw an error of a page', () => {
  assert.deepEqual(page.problems, [])
})
