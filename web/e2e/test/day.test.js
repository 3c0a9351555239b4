// A day of three agents in two teams, and of the people who write to them.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf, chatOf, headers, membersOf } from '../lib/api.js'
import { axe, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { sign } from '../lib/jwt.js'
import { Agent, Visitor } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, lin, emma, zhao, visitor, api, live, ids

before(async () => {
  server = await Server.start()
  browser = await launch()
  lin = await Agent.signIn(browser, server.links()[0])
  emma = await Agent.signIn(browser, server.links()[1])
  api = await apiOf(lin.page, server)
  live = await chatOf(api)
  const { link } = await api('POST', '/invitations', { email: 'zhao@example.com', role: 'agent' })
  zhao = Object.assign(new Agent(), { page: await person(browser, { locale: 'zh-CN' }) })
  await zhao.page.request.post(`${server.origin}/api/v1/invitations/accept`, { headers, data: { token: new URL(link).searchParams.get('token'), name: '赵敏', password: 'correct horse battery 9' } })
  await zhao.page.goto(`${server.origin}/conversations/all`)
  await zhao.page.getByTestId('conversation-list').waitFor()
  ids = await membersOf(api)
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const current = (agent) => agent.page.url().match(/cnv_\w+/)[0]

test('the owner makes teams, a label, a canned reply', async () => {
  const { page } = lin
  await page.goto(`${server.origin}/settings/teams`)
  await page.getByTestId('teams-new').click()
  await page.getByTestId('team-name').fill('Sales 销售')
  await page.getByTestId('team-member').nth(0).check()
  await page.getByTestId('teams-save').click()
  await page.getByTestId('teams-row').first().waitFor()
  assert.deepEqual(await axe(page), [])
  await api('PATCH', '', { settings: { rating: { enabled: true, ask: 'widget' } } })
  await api('POST', '/teams', { name: 'Support', member_ids: [ids.Emma, ids['赵敏']], inbox_ids: [] })
  await page.goto(`${server.origin}/settings/labels`)
  await page.getByTestId('labels-new').click()
  await page.getByTestId('label-name').fill('Delivery')
  await page.getByTestId('labels-save').click()
  await page.getByTestId('labels-row').first().waitFor()
  await page.goto(`${server.origin}/settings/canned`)
  await page.getByTestId('canned-new').click()
  await page.getByTestId('canned-shortcut').fill('hello')
  await page.getByTestId('canned-text').fill('Hello! You are talking with {{agent.name}}, number {{conversation.number}}.')
  await page.getByTestId('canned-save').click()
  await page.getByTestId('canned-row').first().waitFor()
  await shot(page, 'canned-en-light-1440')
})

test('a visitor writes; the agent answers with a canned reply', async () => {
  visitor = await Visitor.arrive(browser, `${server.origin}/demo`)
  await visitor.open()
  await visitor.send('Where is my parcel?')
  await lin.page.goto(`${server.origin}/conversations/all`)
  await lin.open('Where is my parcel?')
  await api('POST', `/conversations/${current(lin)}/assign`, { member_id: ids['林晓'] })
  const input = lin.page.getByTestId('composer-input')
  await input.click()
  await lin.page.keyboard.type('/hel')
  await lin.page.getByTestId('suggestion').first().waitFor()
  await lin.page.keyboard.press('Enter')
  await until(async () => (await input.inputValue()).startsWith('Hello! You are talking with'), async () => `the composer holds ${await input.inputValue()}`)
  const text = await input.inputValue()
  assert.match(text, /number \d+\./)
  assert.ok(!text.includes('{{'), text)
  await lin.page.getByTestId('send').click()
  await visitor.sees(text)
})

test('pictures and files go both ways', async () => {
  const picture = await visitor.page.screenshot()
  const files = [{ name: 'receipt.png', mimeType: 'image/png', buffer: picture }, { name: '说明 "1".txt', mimeType: 'text/plain', buffer: Buffer.from('中文 text') }]
  await visitor.frame.getByTestId('widget-file-input').setInputFiles(files)
  await until(async () => (await visitor.frame.locator('[data-testid=widget-pending][data-phase=done]').count()) === 2, () => 'the uploads did not end')
  await visitor.send('here they are')
  await lin.page.getByTestId('attachment-image').first().waitFor()
  await lin.page.getByTestId('attachment-file').first().waitFor()
  await until(async () => lin.page.getByTestId('attachment-image').locator('img').first().evaluate((img) => img.complete && img.naturalWidth > 0), () => 'the preview was not drawn')
  await lin.page.getByTestId('attach-input').setInputFiles([{ name: 'map.png', mimeType: 'image/png', buffer: picture }])
  await lin.page.getByTestId('tray-item').first().waitFor()
  await lin.send('and a map for you')
  await visitor.sees('and a map for you', 10_000)
  await visitor.frame.getByTestId('widget-picture').last().waitFor()
  await shot(lin.page, 'files-en-light-1440')
  await shot(visitor.page, 'widget-files-en-1440')
})

test('a colleague is mentioned in a note, and told', async () => {
  await lin.page.getByTestId('note-toggle').click()
  await lin.page.getByTestId('composer-input').click()
  await lin.page.keyboard.type('@Emm')
  await lin.page.getByTestId('suggestion').filter({ hasText: 'Emma' }).waitFor()
  await lin.page.keyboard.press('Enter')
  await lin.page.keyboard.type('do you know this parcel?')
  await shot(lin.page, 'mention-en-light-1440')
  await lin.page.getByTestId('send').click()
  await lin.page.getByTestId('reply-toggle').click()
  await lin.page.getByTestId('message').filter({ hasText: 'do you know this parcel?' }).waitFor()
  await until(async () => (await api('GET', '/notifications?unread=true', undefined, emma)).items.some((one) => one.kind === 'mention'), () => 'Emma was not told')
  assert.ok(!visitor.frames.some((frame) => frame.includes('do you know this parcel')), 'the note reached the visitor')
})

test('the conversation goes to a colleague, and to a team', async () => {
  await transfer('Emma', ids.Emma)
  await until(async () => (await lin.page.getByTestId('assign').getAttribute('data-assignee')) === ids.Emma, () => 'Emma did not get it')
  await emma.page.goto(`${server.origin}/conversations/mine`)
  await emma.row('and a map for you').or(emma.page.getByTestId('conversation-list-item')).first().waitFor()
  const [sales] = (await api('GET', '/teams')).items.filter((team) => team.name.startsWith('Sales'))
  await transfer('Sales', sales.id)
  await until(async () => {
    const moved = await api('GET', `/conversations/${current(lin)}`)
    return moved.team_id === sales.id && moved.assignee_id === ids['林晓']
  }, () => 'nobody of the team got it')
})

/** Gives what Lin has open to a person or a team, as found by a word. */
async function transfer(word, key) {
  await lin.page.getByTestId('assign').click()
  await lin.page.getByTestId('pick-input').fill(word)
  await lin.page.getByTestId(`pick-${key}`).click()
}

test('two conversations become one, and two again', async () => {
  const { page } = lin
  await page.request.post(server.hook(), { data: { id: 'day-1', from: 'parcel-person', name: 'Parcel Person', text: 'I also wrote here' } })
  const into = current(lin)
  const { number } = await api('GET', `/conversations/${into}`)
  await lin.open('I also wrote here')
  await until(() => current(lin) !== into)
  const other = await api('GET', `/conversations/${current(lin)}`)
  await page.getByTestId('more').click()
  await page.getByTestId('menu-merge').click()
  await page.getByTestId('pick-input').fill(`#${number}`)
  await page.getByTestId(`pick-${into}`).click()
  await page.getByTestId('merge-confirm').waitFor()
  await shot(page, 'merge-en-light-1440')
  await page.getByTestId('merge-confirm-button').click()
  await page.getByTestId('absorbed').first().waitFor()
  assert.equal(current(lin), into, 'the other one is not shown')
  await until(async () => (await lin.row('I also wrote here').count()) === 0, () => 'the merged one is still listed')
  await shot(page, 'merged-en-light-1440')
  await page.getByTestId('unmerge').first().click()
  await lin.row('I also wrote here').first().waitFor()
  const again = await api('GET', `/conversations/${other.id}`)
  assert.equal(again.merged_into, undefined)
  assert.equal(again.state, other.state)
  await page.goto(`${server.origin}/conversations/all/${into}`)
  await page.getByTestId('composer').waitFor()
})

test('a message for later survives the death of the server, and is sent once', async () => {
  const { page } = lin
  const id = current(lin)
  await page.getByTestId('composer-input').fill('sent while you slept')
  await page.getByTestId('schedule').click()
  await page.getByTestId('menu-hour').click()
  await page.getByTestId('scheduled').waitFor()
  await shot(page, 'scheduled-en-light-1440')
  const { items } = await api('GET', `/conversations/${id}/scheduled`)
  assert.equal(items.length, 1)
  assert.ok(Math.abs(new Date(items[0].send_at) - Date.now() - 3_600_000) < 60_000, items[0].send_at)
  await api('PATCH', `/conversations/${id}/scheduled/${items[0].id}`, { send_at: new Date(Date.now() + 4000).toISOString() })
  await server.kill()
  await server.run()
  await visitor.sees('sent while you slept')
  await page.getByTestId('scheduled').waitFor({ state: 'detached' })
  await visitor.page.waitForTimeout(1500)
  assert.equal((await visitor.messages()).filter((text) => text === 'sent while you slept').length, 1)
})

test('a part of the console that could not be fetched comes when the server is back', async () => {
  const { page } = lin
  const parts = /\/assets\/(PickDialog|LabelsDialog)[^/]*\.js/
  let refused = 0
  await page.route(parts, (route) => (refused++ < 2 ? route.abort() : route.continue())) // before it is fetched ahead
  await page.reload()
  await page.getByTestId('composer').waitFor()
  await page.getByTestId('labels-edit').click()
  await page.getByTestId('pick-input').waitFor()
  assert.ok(refused > 2, `${refused} requests`)
  await page.unroute(parts)
  const [label] = (await api('GET', '/labels')).items
  await page.getByTestId(`pick-${label.id}`).click()
  await page.keyboard.press('Escape')
  await page.getByTestId('label').filter({ hasText: 'Delivery' }).first().waitFor()
})

test('a saved view holds what its filter says', async () => {
  const [label] = (await api('GET', '/labels')).items
  const view = await api('POST', '/views', { name: 'Deliveries', scope: 'personal', filter: { field: 'label', op: 'has', value: label.id } })
  const { items } = await api('GET', `/conversations?view=${view.id}`)
  assert.deepEqual(items.map((one) => one.id), [current(lin)])
})

test('words of two Chinese characters are found', async () => {
  await visitor.send('请问茶叶什么时候到货？')
  await lin.sees('请问茶叶什么时候到货？')
  await until(async () => (await api('GET', `/search?q=${encodeURIComponent('到货')}`)).items.some((one) => one.conversation?.id === current(lin)), () => 'it was not found')
})

test('the customer rates at the end, once', async () => {
  await lin.page.getByTestId('resolve').click()
  await visitor.frame.getByTestId('widget-rating').waitFor()
  await visitor.frame.getByTestId('widget-resolved').waitFor() // nothing moves any more
  await visitor.frame.getByTestId('widget-score-5').check()
  await visitor.frame.getByTestId('widget-comment').fill('很快，谢谢！')
  await shot(visitor.page, 'widget-rating-en-1440')
  assert.deepEqual(await axe(visitor.page.frames().find((frame) => frame.url().includes('/w/'))), [])
  await visitor.frame.getByTestId('widget-rate').click()
  await visitor.frame.getByTestId('widget-rated').waitFor()
  await until(async () => (await api('GET', `/conversations/${current(lin)}`)).rating?.score === 5, () => 'the rating is not there')
  const { summary } = await api('GET', '/ratings')
  assert.equal(summary.count, 1)
})

test('who the site vouches for is known; forged words are not taken', async () => {
  const session = (identity, token) => lin.page.request.post(`${server.origin}/api/v1/live/${live.id}/sessions`, { data: { locale: 'en', identity, token } })
  const { secret } = await api('POST', `/inboxes/${live.id}/identity-secret`)
  const good = await session(sign(secret, { aud: live.id, sub: 'user-7', name: '陈晨', email: 'chen@example.com' }))
  assert.equal(good.status(), 201, await good.text())
  const first = await good.json()
  assert.equal(first.verified, true)
  for (const [what, token, code] of [
    ['an expired one', sign(secret, { aud: live.id, sub: 'user-7', life: -10 }), /identity\.expired/],
    ['one of another secret', sign('another secret, of another workspace', { aud: live.id, sub: 'user-7' }), /identity\.signature/],
    ['one for another inbox', sign(secret, { aud: 'inb_other', sub: 'user-7' }), /identity\.audience/],
    ['one without a signature', sign(secret, { aud: live.id, sub: 'user-7', header: { alg: 'none' } }).replace(/\.[^.]*$/, '.'), /identity\./],
  ]) {
    const answer = await session(token)
    assert.equal(answer.status(), 401, `${what}: ${answer.status()}`)
    assert.match((await answer.json()).code, code, what)
  }
  const swapped = await (await session(sign(secret, { aud: live.id, sub: 'user-8' }), first.token)).json()
  assert.equal(swapped.resumed, false, 'another person got the session')
  assert.notEqual(swapped.session_id, first.session_id)
})

test('a visitor on a phone loses the network and comes back with everything', async () => {
  const mobile = await Visitor.arrive(browser, `${server.origin}/chat/${live.id}`, { viewport: phone, hasTouch: true, isMobile: true, locale: 'zh-CN' })
  await mobile.frame.getByTestId('widget-input').waitFor()
  await mobile.send('第一句')
  await mobile.sees('第一句')
  await mobile.page.context().setOffline(true)
  await mobile.send('断网时写的')
  await mobile.page.context().setOffline(false)
  await emma.page.goto(`${server.origin}/conversations/all`)
  await emma.row('断网时写的').first().waitFor()
  await emma.open('断网时写的')
  assert.deepEqual((await emma.messages()).filter((text) => ['第一句', '断网时写的'].includes(text)), ['第一句', '断网时写的'])
  await shot(mobile.page, 'chat-page-zh-light-390')
  assert.deepEqual(await axe(mobile.page.frames().find((frame) => frame.url().includes('/w/'))), [])
})

test('nobody saw an error of a page', () => {
  for (const [name, who] of Object.entries({ lin, emma, zhao, visitor })) assert.deepEqual(who.page.problems, [], name)
})
