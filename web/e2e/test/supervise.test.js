// The supervisor's seat: what is whispered reaches the agent, and nobody else.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, headers, hire, membersOf, writesIn } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, emma, third, api, ids, live

before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await Agent.signIn(browser, server.links()[1])
  api = await apiOf(lin.page, server)
  third = await hire(browser, api, 'Mo')
  ids = await membersOf(api)
  live = await chatOf(api)
})

after(async () => {
  await browser?.close()
  await server?.end()
})

let token

/** Somebody new writes in; the conversation's id, given to a member. */
async function customer(text, to) {
  const written = await writesIn(api, lin.page, server, live, text)
  token = written.token
  await api('POST', `/conversations/${written.id}/assign`, { member_id: to })
  return written.id
}

const open = async (who, id) => {
  await who.page.goto(`${server.origin}/conversations/all/${id}`)
  await who.page.getByTestId('timeline').waitFor()
}
const heard = (who) => who.page.getByTestId('whisper')

test('a whisper reaches who has the conversation, and nobody else', async () => {
  const id = await customer('The pot arrived broken.', ids['Emma'])
  for (const who of [lin, emma, third]) await open(who, id)
  const before = await api('GET', `/conversations/${id}`)
  assert.equal(await emma.page.getByTestId('whisper-toggle').count(), 0)
  await lin.page.keyboard.press(',')
  await lin.page.getByTestId('whisper-input').fill('Offer ten percent off the next one.')
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'supervise-whisper-en')
  await lin.page.keyboard.press('Enter')
  await heard(lin).waitFor()
  await heard(emma).waitFor()
  assert.match(await heard(emma).innerText(), /Only you and supervisors see this[\s\S]*Offer ten percent/)
  await emma.page.getByText(/ whispers: Offer ten percent/).waitFor({ state: 'attached' })
  assert.deepEqual(await axe(emma.page), [])
  await shot(emma.page, 'supervise-heard-en')
  await emma.page.setViewportSize(phone)
  await shot(emma.page, 'supervise-heard-phone-en')
  await emma.page.setViewportSize(desktop)

  // Somebody else who has it open sees nothing come, also after what comes next.
  await api('POST', `/conversations/${id}/messages`, { client_msg_id: 'after', kind: 'note', text: 'a note for all' }, emma)
  await third.page.getByText('a note for all').first().waitFor()
  assert.equal(await heard(third).count(), 0)
  await open(third, id)
  await third.page.getByText('a note for all').first().waitFor()
  assert.equal(await heard(third).count(), 0)
  assert.equal((await third.page.content()).includes('ten percent'), false)
  assert.equal((await api('GET', `/conversations/${id}/whispers`, undefined, third)).items.length, 0)
  const after = await api('GET', `/conversations/${id}`)
  assert.equal(after.last_seq, before.last_seq + 1)

  // The customer reads the conversation anew: it is not there.
  const theirs = await lin.page.request.get(`${server.origin}/api/v1/live/${live.id}/changes`, { headers: { ...headers, Authorization: `Bearer ${token}` } })
  assert.equal(theirs.status(), 200)
  const read = await theirs.text()
  assert.ok(read.includes('The pot arrived broken.') && !read.includes('ten percent'), read)

  // It stays where it was said, after a reload.
  await open(emma, id)
  await heard(emma).waitFor()
  const texts = await emma.page.getByTestId('timeline').innerText()
  assert.ok(texts.indexOf('ten percent') < texts.indexOf('a note for all'), texts)
})

test('what is whispered is never sent as an answer', async () => {
  const id = await customer('May I send it back?', ids['Emma'])
  await open(lin, id)
  await lin.page.getByTestId('composer-input').fill('An answer that is being written')
  await lin.page.getByTestId('whisper-toggle').click()
  await lin.page.getByTestId('whisper-input').fill('Say yes.')
  await lin.page.keyboard.press('r')
  assert.equal(await lin.page.getByTestId('whisper-input').inputValue(), 'Say yes.r')
  await lin.page.getByTestId('reply-toggle').click()
  assert.equal(await lin.page.getByTestId('composer-input').inputValue(), 'An answer that is being written')
  // Who it was for has it no more: there is nobody to whisper to.
  await lin.page.getByTestId('whisper-toggle').click()
  await api('POST', `/conversations/${id}/assign`, { member_id: ids['林晓'] })
  await lin.page.getByTestId('composer-input').waitFor()
  assert.equal(await lin.page.getByTestId('whisper-toggle').count(), 0)
})

test('in Chinese, dark and on a phone', async () => {
  const id = await customer('茶壶碎了', ids['Emma'])
  await speak(lin.page, server, 'zh-CN')
  await lin.page.emulateMedia({ colorScheme: 'dark' })
  await open(lin, id)
  await lin.page.getByTestId('whisper-toggle').click()
  await lin.page.getByTestId('whisper-input').fill('可以给九折')
  await lin.page.keyboard.press('Enter')
  await heard(lin).waitFor()
  assert.deepEqual(await axe(lin.page, { colours: true }), [])
  await shot(lin.page, 'supervise-whisper-dark-zh')
  await lin.page.setViewportSize(phone)
  await shot(lin.page, 'supervise-whisper-phone-zh')
})

const band = (who) => who.page.getByTestId('watch-band')
const company = (who) => who.page.getByTestId('company')

test('a supervisor watches unseen, joins, and leaves', async () => {
  await speak(lin.page, server, 'en')
  await lin.page.emulateMedia({ colorScheme: 'light' })
  await lin.page.setViewportSize(desktop)
  const id = await customer('Where is my parcel?', ids['Emma'])
  await open(emma, id)
  await lin.page.goto(`${server.origin}/conversations/all/${id}?watch=1`)
  await band(lin).waitFor()
  assert.match(await band(lin).innerText(), /You are watching Emma.* Nobody sees you/)
  assert.equal(await lin.page.getByTestId('composer').count(), 0)
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'supervise-watch-en')
  await lin.page.setViewportSize(phone)
  await shot(lin.page, 'supervise-watch-phone-en')
  await lin.page.setViewportSize(desktop)

  // What comes is there at once; nothing of the supervisor is anywhere else.
  const visitor = token
  await lin.page.request.post(`${server.origin}/api/v1/live/${live.id}/messages`, { headers: { ...headers, Authorization: `Bearer ${visitor}` }, data: { client_msg_id: 'seen', text: 'Hello?' } })
  await lin.page.getByTestId('timeline').getByText('Hello?').waitFor()
  await emma.page.getByTestId('timeline').getByText('Hello?').waitFor()
  // A third colleague is seen to look, so by now the supervisor would be, too.
  await open(third, id)
  await company(emma).getByText('Mo').waitFor()
  assert.doesNotMatch(await company(emma).innerText(), /林晓/)
  assert.equal((await api('GET', `/conversations/${id}`)).unread, true)
  const records = (await api('GET', '/audit?action=conversation.watched')).items
  assert.equal(records[0].target.id, id)

  // A whisper from there leaves the supervisor where they are.
  await lin.page.keyboard.press(',')
  await lin.page.getByTestId('whisper-input').fill('Ask for the number.')
  await lin.page.keyboard.press('Enter')
  await heard(emma).waitFor()
  await band(lin).waitFor()

  await lin.page.getByTestId('watch-join').click()
  await lin.page.getByTestId('joined-band').waitFor()
  await emma.page.getByTestId('timeline').getByText(/林晓 Lin joined/).waitFor()
  await company(emma).getByText('林晓').waitFor()
  await lin.page.getByTestId('composer-input').fill('I am here as well.')
  await lin.page.keyboard.press('Enter')
  await emma.page.getByTestId('timeline').getByText('I am here as well.').waitFor()
  assert.equal((await api('GET', `/conversations/${id}`)).assignee_id, ids['Emma'])
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'supervise-joined-en')
  await lin.page.getByTestId('watch-stop').click()
  await lin.page.getByTestId('joined-band').waitFor({ state: 'detached' })
  await emma.page.getByTestId('timeline').getByText(/林晓 Lin left/).waitFor()
})

test('a supervisor takes over, and whoever had it is told why', async () => {
  const id = await customer('I want to complain.', ids['Emma'])
  await open(emma, id)
  await emma.page.getByTestId('composer-input').fill('I am about to say')
  await open(lin, id)
  await lin.page.keyboard.press('7')
  const dialog = lin.page.getByTestId('take-over-dialog')
  await dialog.waitFor()
  assert.equal(await lin.page.getByTestId('take-over-confirm').isDisabled(), true)
  await lin.page.getByTestId('take-over-complaint').click()
  assert.deepEqual(await axe(lin.page), [])
  await shot(lin.page, 'supervise-take-over-en')

  // Somebody else has it meanwhile: the dialog says who, and asks again.
  await api('POST', `/conversations/${id}/assign`, { member_id: ids['Mo'] })
  await lin.page.getByTestId('take-over-confirm').click()
  assert.match(await lin.page.getByTestId('take-over-held').innerText(), /Mo/)
  await api('POST', `/conversations/${id}/assign`, { member_id: ids['Emma'] })
  await lin.page.getByTestId('take-over-confirm').click()
  await lin.page.getByTestId('take-over-held').getByText('Emma').waitFor()
  await lin.page.getByTestId('take-over-confirm').click()
  await dialog.waitFor({ state: 'hidden' })

  await emma.page.getByTestId('notice-done').getByText(/林晓 Lin took over this conversation: The customer complains/).waitFor()
  await emma.page.getByTestId('timeline').getByText(/林晓 Lin took over from Emma.*The customer complains/).waitFor()
  assert.equal(await emma.page.getByTestId('composer-input').inputValue(), 'I am about to say')
  await shot(emma.page, 'supervise-taken-en')
  assert.equal((await api('GET', `/conversations/${id}`)).assignee_id, ids['林晓'])
  await until(async () => (await api('GET', '/notifications', undefined, emma)).items.some((one) => one.kind === 'taken_over' && one.text === 'The customer complains'), () => 'Emma is not told')
})

test('watching and taking over in Chinese, dark and on a phone', async () => {
  const id = await customer('还没有收到货', ids['Emma'])
  await speak(lin.page, server, 'zh-CN')
  await lin.page.emulateMedia({ colorScheme: 'dark' })
  await lin.page.setViewportSize(desktop)
  await lin.page.goto(`${server.origin}/conversations/all/${id}?watch=1`)
  await band(lin).waitFor()
  assert.deepEqual(await axe(lin.page, { colours: true }), [])
  await shot(lin.page, 'supervise-watch-dark-zh')
  await lin.page.setViewportSize(phone)
  await shot(lin.page, 'supervise-watch-phone-zh')
  await lin.page.getByTestId('watch-take-over').click()
  await lin.page.getByTestId('take-over-dialog').waitFor()
  assert.deepEqual(await axe(lin.page, { colours: true }), [])
  await shot(lin.page, 'supervise-take-over-phone-zh')
  await lin.page.getByTestId('take-over-expert').click()
  await lin.page.keyboard.press('Tab')
  await lin.page.getByTestId('take-over-confirm').click()
  await lin.page.getByTestId('composer-input').waitFor()
  await lin.page.setViewportSize(desktop)
  await lin.page.getByTestId('timeline').getByText('需要更高权限处理').waitFor()
  await shot(lin.page, 'supervise-took-zh')
})
