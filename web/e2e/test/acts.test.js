// An agent edits and takes back what they wrote: in web chat, where the visitor sees
// it at once, and by a Telegram bot, whose strict server is asked to do it.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak, Visitor } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Telegram } from '../lib/telegram.js'

const token = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'
let far, server, browser, owner, base, visitor

before(async () => {
  far = await Telegram.start(token)
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
})

after(async () => {
  await browser?.close()
  await server?.end()
  await far?.end()
})

const message = (text) => owner.getByTestId('message').filter({ hasText: text })
const input = () => owner.getByTestId('composer-input')

async function open(text) {
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').filter({ hasText: text }).first().click()
  await owner.getByTestId('composer').waitFor()
}

async function send(text) {
  await input().fill(text)
  await input().press('Enter')
  await message(text).waitFor()
}

/** Takes a message back by its menu. */
async function takeBack(text) {
  await message(text).focus()
  await owner.getByTestId('message-recall').click()
  await owner.getByTestId('recall-dialog').waitFor()
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('confirm').click()
}

test('in web chat an agent edits by the keyboard, leaves it by Escape, and the visitor sees what it says now', async () => {
  visitor = await Visitor.arrive(browser, `${server.origin}/demo`)
  await visitor.open()
  await visitor.send('Is my cup on its way?')
  await open('Is my cup on its way?')
  await send('It leaves on Tusday.')
  await visitor.sees('It leaves on Tusday.')
  await input().press('ArrowUp')
  await owner.getByTestId('editing').waitFor()
  assert.equal(await input().inputValue(), 'It leaves on Tusday.')
  await input().fill('never')
  await input().press('Escape')
  await owner.getByTestId('editing').waitFor({ state: 'detached' })
  assert.equal(await input().inputValue(), '')
  await message('It leaves on Tusday.').focus()
  await owner.getByTestId('message-edit').click()
  await input().fill('It leaves on Tuesday.')
  for (const [lang, locale] of [['en', 'en'], ['zh', 'zh-CN']]) {
    if (lang === 'zh') {
      await speak(owner, server, locale)
      await owner.reload()
      await message('It leaves on Tusday.').focus()
      await owner.getByTestId('message-edit').click()
      await input().fill('It leaves on Tuesday.')
    }
    for (const viewport of [desktop, phone]) {
      await owner.setViewportSize(viewport)
      await owner.getByTestId('editing').waitFor()
      await shot(owner, `acts-editing-${lang}-light-${viewport.width}`)
      assert.deepEqual(await axe(owner), [])
    }
    await owner.setViewportSize(desktop)
  }
  await input().press('Enter')
  await owner.getByTestId('editing').waitFor({ state: 'detached' })
  await message('It leaves on Tuesday.').getByTestId('revised').waitFor()
  await visitor.sees('It leaves on Tuesday.')
  await message('It leaves on Tuesday.').focus()
  await owner.getByTestId('message-trace').click()
  await owner.getByTestId('trace').getByText('客户在此处阅读').waitFor()
  await owner.keyboard.press('Escape')
  await send('A message for somebody else.')
  await visitor.sees('A message for somebody else.')
  await takeBack('A message for somebody else.')
  await owner.getByTestId('message-recalled').waitFor()
  await visitor.frame.getByText('A message for somebody else.').waitFor({ state: 'detached' })
  for (const viewport of [desktop, phone]) {
    await owner.setViewportSize(viewport)
    await shot(owner, `acts-webchat-zh-light-${viewport.width}`)
    assert.deepEqual(await axe(owner), [])
  }
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'en')
})

test('by a Telegram bot the far side does it', async () => {
  const made = await owner.request.post(`${base}/inboxes`, { data: { plugin: 'patchbay/telegram', name: 'Bot', config: { token, server: far.at.URL } } })
  assert.ok(made.ok(), await made.text())
  await until(() => far.write(token, 42, 'Alice', 'Where is my tea?').then((n) => n > 0))
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Where is my tea?' }).first().waitFor()
  await open('Where is my tea?')
  await send('It is brewd.')
  await until(async () => (await message('It is brewd.').getAttribute('data-state')) === 'sent')
  await input().press('ArrowUp')
  await input().fill('It is brewed.')
  await input().press('Enter')
  await message('It is brewed.').getByTestId('revised').waitFor()
  assert.equal((await far.sent(token))[0].Text, 'It is brewed.')
  await message('It is brewed.').focus()
  await owner.getByTestId('message-trace').click()
  const way = await owner.getByTestId('trace').locator('li').last().waitFor().then(() => owner.getByTestId('trace').innerText())
  assert.match(way, /A change of what it says/)
  assert.doesNotMatch(way, /Something went wrong/)
  await shot(owner, 'acts-trace-en-light-1440')
  await owner.setViewportSize(phone)
  await owner.keyboard.press('Escape')
  await message('It is brewed.').focus()
  await owner.getByTestId('message-trace').click()
  await owner.getByTestId('trace').locator('li').last().waitFor()
  const box = await owner.getByTestId('trace').boundingBox()
  assert.ok(box.y >= 0 && box.y + box.height <= phone.height, `the way of a message is at ${JSON.stringify(box)}`)
  await shot(owner, 'acts-trace-en-light-390')
  await owner.keyboard.press('Escape')
  await owner.setViewportSize(desktop)
  await takeBack('It is brewed.')
  await owner.getByTestId('message-recalled').waitFor()
  assert.equal((await far.sent(token))[0].Deleted, true)
  await shot(owner, 'acts-telegram-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'acts-telegram-en-light-390')
  await owner.setViewportSize(desktop)
})
