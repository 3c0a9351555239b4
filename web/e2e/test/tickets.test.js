// A ticket from one click to the customer's rating: it crosses two teams, whose people are told; the
// customer answers on their own page, with a file; it is found, closes and is rated, all without a
// reload. What leaves somebody's reach is gone from their screen. The board by keyboard and by mouse.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, baseOf } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, mei, page, api, repairs, billing, made, linId, meiId

const headers = { 'Sec-Fetch-Site': 'same-origin' }

before(async () => {
  server = await Server.start()
  browser = await launch()
  ;[lin, mei] = await Promise.all(server.links().slice(0, 2).map((link) => Agent.signIn(browser, link)))
  page = lin.page
  const base = await baseOf(page, server)
  api = async (method, path, data) => {
    const answer = await page.request.fetch(base + path, { method, data, headers })
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
    return answer.status() === 204 ? undefined : answer.json()
  }
  const memberOf = async (of) => (await (await of.request.get(`${server.origin}/api/v1/session`)).json()).memberships[0].member_id
  linId = await memberOf(page)
  meiId = await memberOf(mei.page)
  repairs = await api('POST', '/teams', { name: 'Repairs', description: '', member_ids: [linId], inbox_ids: [] })
  billing = await api('POST', '/teams', { name: 'Billing', description: '', member_ids: [meiId], inbox_ids: [] })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const status = (of, wanted) => until(async () => (await of.getByTestId('ticket').getAttribute('data-status')) === wanted, async () => `the ticket is ${await of.getByTestId('ticket').getAttribute('data-status')}, not ${wanted}`)
const texts = (of) => of.locator('[data-testid=message] .bubble').allTextContents()
const sees = (of, text) => until(async () => (await texts(of)).some((one) => one.includes(text)), async () => `${text} is not among ${JSON.stringify(await texts(of))}`)

async function handOver(of, name, note) {
  await of.getByTestId('ticket-number').focus()
  await of.keyboard.press('a')
  await of.getByTestId('pick-input').fill(name)
  await of.keyboard.press('Enter')
  await of.getByTestId('handover-text').fill(note)
  await of.getByTestId('handover-do').click()
  await of.getByTestId('handover-do').waitFor({ state: 'hidden' })
  await sees(of, note)
}

test('one click in a conversation makes a ticket with what it says', async () => {
  await page.goto(`${server.origin}/conversations/all`)
  await page.getByTestId('conversation-list-item').first().click()
  await page.getByTestId('composer').waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('conversation-list-item').first().click()
  await page.getByTestId('make-ticket').click()
  await until(async () => (await page.getByTestId('ticket-title').inputValue()) !== '', () => 'no title was filled in')
  await page.getByTestId('ticket-contact').waitFor()
  await page.getByTestId('ticket-title').fill('The kettle does not heat')
  await page.getByTestId('ticket-team').selectOption(repairs.id)
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('ticket-create').click()
  await page.getByTestId('ticket-of').first().waitFor()
  made = (await api('GET', '/tickets')).items.find((one) => one.title === 'The kettle does not heat')
  assert.equal(made.team_id, repairs.id)
  assert.ok(made.conversation_id)
  await page.getByTestId('ticket-of').first().click()
  await page.waitForURL(new RegExp(made.id))
  await page.getByTestId('ticket-conversation').waitFor()
})

test('a ticket crosses two teams and closes with a rating', async () => {
  await mei.page.goto(`${server.origin}/tickets/${made.id}`)
  await mei.page.getByTestId('ticket-composer').waitFor()
  await handOver(page, billing.name, 'Paid twice, please look at the refund')
  await until(async () => (await page.getByTestId('ticket-side').getByTestId('ticket-assignee').getAttribute('data-team')) === billing.id, () => 'the ticket is not with Billing')
  await sees(mei.page, 'Paid twice, please look at the refund')
  await mei.page.getByTestId('ticket-number').focus()
  await mei.page.keyboard.press('z')
  await mei.page.getByTestId('comment-public').click()
  await mei.page.getByTestId('comment-input').fill('We send you a new kettle today.')
  await mei.page.getByTestId('comment-send-as').click()
  await mei.page.getByTestId('menu-pending').click()
  await sees(page, 'We send you a new kettle today.')
  await status(page, 'pending')
  await page.getByTestId('link-give').click()
  const address = await page.getByTestId('customer-link').innerText()

  const customer = await person(browser, { locale: 'en-US' })
  await customer.goto(address)
  await customer.getByText('We send you a new kettle today.').waitFor()
  assert.ok(!(await customer.content()).includes('Paid twice'), 'the customer reads what is internal')
  await customer.locator('#files').setInputFiles({ name: 'receipt.txt', mimeType: 'text/plain', buffer: Buffer.from('paid twice: 2 x 49') })
  await customer.locator('#chosen .there').waitFor({ state: 'attached' })
  await customer.locator('textarea[name=text]').fill('It came, thank you')
  assert.deepEqual(await axe(customer), [])
  await customer.locator('form[action*=comments] button[type=submit]').click()
  await customer.getByRole('link', { name: 'receipt.txt' }).waitFor()
  await shot(customer, 'ticket-customer')
  await sees(page, 'It came, thank you')
  await page.getByTestId('attachment-file').filter({ hasText: 'receipt.txt' }).waitFor()
  await status(page, 'open')

  // Back to the first team, whose agent looks elsewhere and is told.
  await page.goto(`${server.origin}/conversations/all`)
  await page.getByTestId('conversation-list').waitFor()
  const linName = (await api('GET', '/members')).items.find((one) => one.id === linId).name
  await handOver(mei.page, linName, 'Refunded, the rest is yours')
  await page.getByTestId('bell-count').waitFor()
  await page.keyboard.press('b')
  const told = page.locator('[data-testid=notification][data-kind=ticket_assigned]').first()
  assert.match(await told.innerText(), /Refunded, the rest is yours/)
  await told.click()
  await page.waitForURL(new RegExp(`${made.id}\\?at=`))
  await page.locator('[data-testid=message]:focus').filter({ hasText: 'Refunded, the rest is yours' }).waitFor()
  await page.keyboard.press('b')
  await page.locator('[data-testid=notification][data-kind=ticket_assigned][data-unread=false]').first().waitFor()
  await page.keyboard.press('Escape')

  await page.getByTestId('ticket-number').focus()
  await page.keyboard.press('e')
  await status(page, 'solved')
  await customer.reload()
  await customer.locator('input[name=score][value="5"]').check()
  await customer.locator('form[action*=rating] button').click()
  await page.getByTestId('ticket-rating').waitFor()
  assert.equal(await page.getByTestId('ticket-rating').getAttribute('data-score'), '5')
  await api('PATCH', `/tickets/${made.id}`, { status: 'closed' })
  await status(page, 'closed')
  await customer.reload()
  assert.ok(!(await customer.locator('textarea[name=text]').isVisible()), 'a closed ticket takes an answer')
  await customer.context().close()
  assert.deepEqual(await axe(page), [])
  await shot(page, 'ticket-1440')
})

test('it is found by its number and by an internal word, and its rating is among the ratings', async () => {
  const number = `T-${made.number}`
  await page.goto(`${server.origin}/search?q=${number}`)
  const hit = page.locator(`[data-testid=search-hit][data-ticket=${made.id}]`)
  await hit.waitFor()
  await page.getByTestId('search-type-tickets').click()
  await page.getByTestId('search-input').fill('twice')
  await page.waitForURL(/q=twice/)
  await hit.filter({ hasText: 'please look at the refund' }).waitFor()
  assert.deepEqual(await axe(page), [])
  await shot(page, 'search-tickets-1440')
  await hit.click()
  await page.locator('[data-testid=message]:focus').filter({ hasText: 'Paid twice' }).waitFor()
  await page.goto(`${server.origin}/ratings?about=tickets&period=all`)
  await page.getByTestId('rating-row').filter({ hasText: number }).waitFor()
  assert.equal(await page.getByTestId('rating-average').innerText(), '5.0')
  assert.deepEqual(await axe(page), [])
  await shot(page, 'ratings-tickets-1440')
})

test('a ticket that leaves somebody’s reach while it is open is gone', async () => {
  const role = await api('POST', '/roles', { name: 'Only our team', description: '', permissions: ['ticket.read', 'ticket.write', 'conversation.read'], reach: 'team' })
  const before = (await api('GET', '/members')).items.find((one) => one.id === meiId).role
  await api('PATCH', `/members/${meiId}`, { role: role.id })
  const ticket = await api('POST', '/tickets', { title: 'Ours for now', team_id: billing.id })
  await mei.page.goto(`${server.origin}/tickets/${ticket.id}`)
  await mei.page.getByTestId('ticket-composer').waitFor()
  await api('POST', `/tickets/${ticket.id}/assign`, { team_id: repairs.id })
  await mei.page.getByText('No such ticket').waitFor()
  assert.deepEqual(await axe(mei.page), [])
  await shot(mei.page, 'ticket-gone-1440')
  await api('PATCH', `/members/${meiId}`, { role: before })
})

test('the list is filtered by choosing, and many are changed at once and back', async () => {
  for (const [n, priority] of ['low', 'high', 'urgent'].entries()) await api('POST', '/tickets', { title: `Errand ${n}`, priority })
  await page.goto(`${server.origin}/tickets?q=errand`)
  const rows = page.getByTestId('ticket-row')
  await until(async () => (await rows.count()) === 3, async () => `${await rows.count()} rows`)
  await page.getByTestId('ticket-sort').selectOption('priority')
  await until(async () => (await rows.first().innerText()).includes('Errand 2'), () => 'the urgent one is not first')
  assert.match(page.url(), /sort=priority/)
  await rows.first().focus()
  await page.keyboard.press('x')
  await page.keyboard.press('Shift+ArrowDown')
  await page.getByTestId('bulk-priority').click()
  await page.getByTestId('menu-low').click()
  await until(async () => (await api('GET', '/tickets?q=errand')).items.every((one) => one.priority === 'low'), () => 'not all are low')
  await page.getByRole('button', { name: 'Undo' }).first().click()
  await until(async () => (await api('GET', '/tickets?q=errand')).items.some((one) => one.priority === 'urgent'), () => 'it was not taken back')
  assert.deepEqual(await axe(page), [])
  await shot(page, 'tickets-1440')
})

test('a card is carried by the keyboard and by the mouse; what cannot be is told', async () => {
  await page.goto(`${server.origin}/tickets/board?q=errand`)
  await mei.page.goto(`${server.origin}/tickets/board?q=errand`)
  const count = (of, column) => of.locator(`[data-column=${column}]`).getAttribute('data-count')
  const counts = (of, column, wanted) => until(async () => (await count(of, column)) === String(wanted), async () => `${column} holds ${await count(of, column)}, not ${wanted}`)
  await counts(page, 'new', 3)
  const card = page.locator('[data-column=new] [data-card]').first()
  await card.focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Space')
  await counts(page, 'pending', 1)
  await counts(mei.page, 'pending', 1)
  await page.locator('[data-column=pending] [data-card]').first().dragTo(page.locator('[data-column=solved]'))
  await counts(page, 'solved', 1)
  // It is there before the server has said so; what that says comes before what is refused.
  await until(async () => /Solved/.test(await page.getByTestId('board-said').innerText()), () => 'the move was not told')
  await page.locator('[data-column=solved] [data-card]').first().focus()
  await page.keyboard.press('Space')
  for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('Space')
  await until(async () => /worked on/.test(await page.getByTestId('board-said').innerText()), () => 'the refusal was not told')
  await counts(page, 'solved', 1)
  assert.deepEqual(await axe(page), [])
  await shot(page, 'tickets-board-1440')
})

test('a type with a field is made, and asked for before solving', async () => {
  await page.goto(`${server.origin}/settings/ticket-types`)
  await page.getByTestId('type-new').click()
  await page.getByTestId('type-name').fill('Repair')
  await page.getByTestId('type-field-add').click()
  await page.getByTestId('type-field-name').fill('Serial number')
  await page.getByRole('switch', { name: 'Needed to solve' }).click()
  await page.getByTestId('type-save').click()
  await page.getByTestId('type-row').filter({ hasText: 'Serial number' }).waitFor()
  const type = (await api('GET', '/ticket-types')).items.find((one) => one.name === 'Repair')
  const ticket = await api('POST', '/tickets', { title: 'A broken lid', type_id: type.id })
  await page.goto(`${server.origin}/tickets/${ticket.id}`)
  await page.getByTestId('ticket-composer').waitFor()
  await page.keyboard.press('e')
  await page.getByText('Fill in the required fields').first().waitFor()
  await page.locator('[data-attribute=serial_number] button').click()
  await page.keyboard.type('K-1')
  await page.keyboard.press('Enter')
  await until(async () => (await api('GET', `/tickets/${ticket.id}`)).fields.serial_number === 'K-1', () => 'the field was not saved')
  await page.getByTestId('ticket-number').focus()
  await page.keyboard.press('e')
  await status(page, 'solved')
})

test('on a phone, in Chinese', async () => {
  await mei.page.setViewportSize(phone)
  await mei.page.evaluate(() => localStorage.setItem('patchbay.locale', 'zh-CN'))
  await mei.page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'zh-CN' }, headers })
  for (const path of ['/tickets?status=any', '/tickets/board', `/tickets/${made.id}`]) {
    await mei.page.goto(server.origin + path)
    await mei.page.locator('[data-testid=ticket-row], [data-card], [data-testid=ticket-history]').first().waitFor()
    await mei.page.getByText(/状态|新建|处理中|已解决|内部备注/).first().waitFor({ state: 'attached' })
    assert.deepEqual(await axe(mei.page), [], path)
    await shot(mei.page, `tickets-390${path.replace(/\W+/g, '-')}`)
  }
  await mei.page.setViewportSize(desktop)
  assert.deepEqual([...page.problems, ...mei.page.problems], [])
})
