// A Telegram bot, against a strict Bot API server: an administrator connects it by
// clicking (the first token is wrong, and says so), a customer writes and sends a
// picture and changes what was written, the agent answers. What the customer does
// beside writing is a quiet line, and they see that the agent writes. A group is one
// customer: two members write, and the agent names one of them and quotes the other.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Telegram } from '../lib/telegram.js'

const token = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'
let far, server, browser, owner, base

before(async () => {
  far = await Telegram.start(token)
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
  await far?.end()
})

/** A picture of four red pixels. */
const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=='

test('an administrator connects a bot by clicking, and reads why a token is refused', async () => {
  await owner.goto(`${server.origin}/settings/inboxes`)
  await owner.getByTestId('new-inbox').click()
  await owner.getByTestId('channel-patchbay/telegram').click()
  const fill = (field, value) => owner.getByTestId(`setting-${field}`).fill(value)
  await fill('token', 'shop_bot')
  await fill('server', far.at.URL)
  await shot(owner, 'telegram-connect-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('inbox-create').click()
  await owner.getByText(/This is no token/).first().waitFor()
  await shot(owner, 'telegram-no-token-en-light-1440')
  await fill('token', token.replace('110', '999')) // of the right form, and nobody's
  await owner.getByTestId('inbox-create').click()
  const made = await until(async () => {
    const all = (await (await owner.request.get(`${base}/inboxes`)).json()).items
    return all.find((one) => one.plugin === 'patchbay/telegram')
  })
  const status = async () => (await (await owner.request.get(`${base}/inboxes/${made.id}`)).json()).status
  await until(async () => (await status()).code === 'auth_expired')
  await owner.goto(`${server.origin}/settings/inboxes/${made.id}`)
  await owner.getByText(/Telegram does not know the token/).first().waitFor()
  await shot(owner, 'telegram-rejected-en-light-1440')
  await owner.getByTestId('setting-token-replace').click()
  await fill('token', token)
  await owner.getByTestId('inbox-save').click()
  await owner.getByTestId('setting-token-replace').waitFor()
  await until(async () => (await status()).detail === 'https://t.me/shop1_bot')
  assert.equal((await status()).state, 'ok')
  await owner.reload()
  await owner.getByText('https://t.me/shop1_bot').first().waitFor()
  await shot(owner, 'telegram-connected-en-light-1440')
  assert.deepEqual(await axe(owner), [])
})

test('a customer writes, sends a picture and changes a message, and an agent answers', async () => {
  await far.write(token, 42, 'Alice', '/start summer')
  const found = await until(async () => (await (await owner.request.get(`${base}/conversations?state=resolved`)).json()).items.find((one) => one.contact.name === 'Alice'))
  assert.equal(found.last_message, undefined) // nobody is to do anything yet
  const first = await far.write(token, 42, 'Alice', 'Where is my cup?')
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Where is my cup?' }).first().click()
  await owner.getByTestId('composer').waitFor()
  await owner.locator('[data-type="conversation.event"]').filter({ hasText: 'summer' }).waitFor()
  await far.write(token, 42, 'Alice', 'It looked like this', picture)
  await owner.getByTestId('message').filter({ hasText: 'It looked like this' }).waitFor()
  await far.edit(token, 42, 'Alice', first, 'Where is my blue cup?')
  await owner.getByTestId('message').filter({ hasText: 'Where is my blue cup?' }).waitFor()
  await owner.getByTestId('composer-input').pressSequentially('It leaves ')
  await until(async () => (await far.shown(token))?.some((one) => one.Chat === 42 && one.Kind === 'typing'))
  await owner.getByTestId('composer-input').fill('It leaves *today* & <soon>.')
  await owner.getByTestId('send').click()
  const [got] = await until(async () => {
    const all = await far.sent(token)
    return all?.length > 0 && all
  })
  assert.equal(got.Text, 'It leaves *today* & <soon>.')
  assert.equal(got.Chat, 42)
  await shot(owner, 'telegram-answered-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'telegram-answered-en-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await owner.getByTestId('composer').waitFor()
  await shot(owner, 'telegram-answered-zh-light-1440')
  assert.deepEqual(owner.problems.filter((one) => !/422|400/.test(one)), [])
})

test('in a group two members write, and the agent names one of them', async () => {
  const [team, title, alice, wang] = [-500, 'Tea lovers 茶', [42, 'Alice'], [43, '王芳']]
  const inbox = (await (await owner.request.get(`${base}/inboxes`)).json()).items.find((one) => one.plugin === 'patchbay/telegram')
  const { config } = await (await owner.request.get(`${base}/inboxes/${inbox.id}`)).json()
  const changed = await owner.request.patch(`${base}/inboxes/${inbox.id}`, { data: { config: { ...config, groups: 'conversation' } } })
  assert.equal(changed.status(), 200, await changed.text())
  const groups = async () => (await (await owner.request.get(`${base}/conversations`)).json()).items.filter((one) => one.group)
  const found = await until(async () => {
    await far.writeIn(token, team, title, ...alice, 'Is the shop open on Sunday?') // until the plugin has the setting
    return (await groups())[0]
  })
  assert.equal(found.contact.name, title)
  await far.writeIn(token, team, title, ...wang, '周一呢？')
  await speak(owner, server, 'en')
  await owner.goto(server.origin)
  const item = owner.getByTestId('conversation-list-item').filter({ hasText: title }).first()
  await item.getByTestId('group').waitFor()
  await item.click()
  const message = (text) => owner.getByTestId('message').filter({ hasText: text }).first()
  await message('周一呢？').locator('[data-member="43"]').filter({ hasText: '王芳' }).waitFor()
  await message('Is the shop open').locator('[data-member="42"]').filter({ hasText: 'Alice' }).waitFor()
  assert.match(await owner.getByTestId('composer-input').getAttribute('placeholder'), /everybody in it reads/)
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'telegram-group-en-light-1440')

  await message('Is the shop open').focus()
  await owner.keyboard.press('q')
  await owner.getByTestId('composer-input').fill('')
  await owner.getByTestId('composer-input').pressSequentially('👍 @王')
  await owner.getByTestId('suggestion').filter({ hasText: '王芳' }).waitFor()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'telegram-group-naming-en-light-1440')
  await owner.keyboard.press('Enter')
  assert.equal(await owner.getByTestId('composer-input').inputValue(), '👍 @王芳 ')
  await owner.getByTestId('composer-input').pressSequentially('Monday, too')
  await owner.getByTestId('send').click()
  await message('Monday, too').locator('.mention').filter({ hasText: '@王芳' }).waitFor()
  const got = await until(async () => (await far.sent(token)).find((one) => one.Chat === team))
  assert.equal(got.Text, '👍 @王芳 Monday, too')
  assert.deepEqual(got.Named, [{ User: 43, Text: '@王芳' }])
  assert.ok(got.ReplyTo > 0)
  await message('Monday, too').filter({ hasText: 'Alice' }).waitFor() // whom it quotes

  await owner.setViewportSize(phone)
  await shot(owner, 'telegram-group-en-light-390')
  await speak(owner, server, 'zh-CN')
  await owner.reload()
  await message('Monday, too').waitFor()
  assert.match(await owner.getByTestId('composer-input').getAttribute('placeholder'), /群里所有人/)
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'telegram-group-zh-light-390')
  await owner.setViewportSize(desktop)
  await owner.getByTestId('composer-input').fill('@A')
  await owner.getByTestId('suggestion').filter({ hasText: 'Alice' }).waitFor()
  await shot(owner, 'telegram-group-zh-light-1440')
  await owner.getByTestId('composer-input').fill('')
  assert.deepEqual(owner.problems.filter((one) => !/422|400/.test(one)), [])
})
