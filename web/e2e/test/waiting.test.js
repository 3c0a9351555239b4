// Customers who wait in front of a chat window: what they are told in their language, being called back
// instead, leaving the line, and what the queue does with who is gone.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, Visitor, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'
import { Site } from '../lib/site.js'

let server, browser, site, agent, api, queue, inbox

before(async () => {
  server = await Server.start()
  browser = await launch()
  site = await Site.start(server.origin)
  agent = await Agent.signIn(browser, server.links()[0])
  api = await apiOf(agent.page, server)
  await api('PUT', '/presence/me', { status: 'away' })
  inbox = (await api('POST', '/inboxes', { name: 'Waiting', plugin: 'patchbay/webchat', config: { title: 'Tea & Time', color: '#0f766e' } })).id
  queue = await api('POST', '/queues', { name: 'Support', inbox_ids: [inbox] })
})

after(async () => {
  await browser?.close()
  await site?.end()
  await server?.end()
})

const chat = (page) => page.frames().find((frame) => frame.url().includes('/w/'))
const talks = async () => (await api('GET', `/conversations?view=all&inbox=${inbox}&limit=50`)).items

/** Somebody writes in a chat, and waits. */
async function waits(text, locale = 'en', options = {}) {
  const visitor = await Visitor.arrive(browser, site.page(inbox, { lang: locale }), { locale, ...options })
  await visitor.page.getByTestId('launcher').click()
  await visitor.frame.getByTestId('widget-input').waitFor()
  await visitor.send(text)
  await visitor.frame.getByTestId('widget-queue').waitFor()
  return visitor
}

const place = (visitor, n) => until(async () => (await visitor.frame.getByTestId('widget-queue').getAttribute('data-position')) === String(n), () => `not at place ${n}`)
const conversation = async (text) => {
  const found = (await Promise.all((await talks()).map(async (row) => ({ row, all: (await api('GET', `/conversations/${row.id}/timeline?limit=50`)).items })))).find(({ all }) => all.some((change) => change.message?.text === text))
  assert.ok(found, `nobody wrote ${text}`)
  return { ...found.row, timeline: found.all }
}

test('the form of a queue says what is offered, and what becomes of who leaves', async () => {
  const { page } = agent
  await speak(page, server, 'en')
  await page.goto(`${server.origin}/settings/queues/${queue.id}`)
  await page.getByTestId('queue-callback').selectOption('wait')
  await page.getByTestId('queue-callback-wait').waitFor()
  await page.getByTestId('queue-callback-ask').selectOption('either')
  await page.getByTestId('queue-left').selectOption('ticket')
  await page.getByTestId('queue-left-after').waitFor()
  await page.getByTestId('queue-save').click()
  await until(async () => (await api('GET', `/queues/${queue.id}`)).when_left === 'ticket', () => 'it is not kept')
  queue = await api('GET', `/queues/${queue.id}`)
  assert.deepEqual(queue.callback, { offered: 'wait', wait_s: 300, ask: 'either' })
  await page.getByTestId('queue-callback').scrollIntoViewIfNeeded()
  assert.deepEqual(await axe(page), [])
  await shot(page, 'waiting-form-en')
  await page.setViewportSize(phone)
  await page.getByTestId('queue-callback').scrollIntoViewIfNeeded()
  await shot(page, 'waiting-form-phone-en')
  await page.setViewportSize(desktop)
  await page.goto(`${server.origin}/conversations/mine`)
})

let first, second

test('who waits is told their place in their language, and it changes', async () => {
  first = await waits('I am the first')
  second = await waits('我是第二位', 'zh-CN', { viewport: phone, hasTouch: true, isMobile: true, colorScheme: 'dark' })
  await place(first, 1)
  await place(second, 2)
  assert.match(await first.frame.getByTestId('widget-queue').innerText(), /next in line[^]*Nobody is online/)
  assert.match(await second.frame.getByTestId('widget-queue').innerText(), /排在第 2 位[^]*没有客服在线/)
  await first.frame.getByTestId('widget-callback-open').waitFor() // nobody is there
  await second.frame.getByTestId('widget-callback-open').waitFor()
  assert.deepEqual(await axe(chat(first.page)), [])
  await shot(first.page, 'waiting-widget-en-light-1440')
  await shot(second.page, 'waiting-widget-zh-dark-390')
})

test('who does not want to wait is asked, leaves the line, and the next moves up', async () => {
  const { frame } = first
  await frame.getByTestId('widget-leave').click()
  await frame.getByTestId('widget-leaving').waitFor()
  assert.equal(await frame.locator(':focus').getAttribute('data-testid'), 'widget-stay')
  assert.deepEqual(await axe(chat(first.page)), [])
  await shot(first.page, 'waiting-leaving-en-light-1440')
  await first.page.keyboard.press('Escape')
  await frame.getByTestId('widget-queue').waitFor()
  await frame.getByTestId('widget-leave').click()
  await frame.getByTestId('widget-leave-yes').click()
  await frame.getByTestId('widget-resolved').waitFor()
  await place(second, 1)
  const left = await conversation('I am the first')
  assert.equal(left.state, 'resolved')
  const said = left.timeline.filter((change) => change.type === 'conversation.abandoned')
  assert.equal(said.length, 1)
  assert.equal(said[0].actor.kind, 'contact')
  assert.deepEqual(first.page.problems, [])
  await first.page.context().close()
})

test('who would rather be called back says how, and the agent finds a ticket', async () => {
  const { frame } = second
  await frame.getByTestId('widget-callback-open').click()
  await frame.getByTestId('widget-callback').waitFor()
  await frame.getByTestId('widget-callback-send').click()
  assert.deepEqual(await frame.locator('.wrong').allTextContents(), ['请留下电话或邮箱。'])
  assert.equal(await frame.locator(':focus').getAttribute('name'), 'phone')
  await frame.getByTestId('widget-field-phone').fill('nobody')
  await frame.getByTestId('widget-callback-send').click()
  assert.equal(await frame.locator('.wrong').count(), 1)
  await frame.getByTestId('widget-field-phone').fill('+86 138 0013 8000')
  await frame.getByTestId('widget-field-when').fill('下午三点以后')
  await frame.getByTestId('widget-field-note').fill('想问一下订单')
  assert.equal(await frame.getByTestId('widget-field-phone').getAttribute('autocomplete'), 'tel')
  assert.deepEqual(await axe(chat(second.page)), [])
  await shot(second.page, 'waiting-callback-zh-dark-390')
  await second.page.context().setOffline(true)
  await frame.getByTestId('widget-callback-send').click()
  await frame.locator('.wrong').waitFor()
  assert.equal(await frame.getByTestId('widget-field-note').inputValue(), '想问一下订单')
  await second.page.context().setOffline(false)
  await frame.getByTestId('widget-callback-send').click()
  await frame.getByTestId('widget-noted').waitFor()
  await shot(second.page, 'waiting-noted-zh-dark-390')
  const row = await conversation('我是第二位')
  assert.equal(row.state, 'resolved')
  const { items } = await api('GET', `/tickets?conversation=${row.id}`)
  assert.equal(items.length, 1)
  assert.match(await frame.getByTestId('widget-noted').innerText(), new RegExp(`T-${items[0].number}`))
  assert.match(items[0].description, /138/)
  assert.match(items[0].description, /下午三点以后/)
  await agent.page.goto(`${server.origin}/tickets/${items[0].id}`)
  await agent.page.getByText('下午三点以后').first().waitFor()
  await shot(agent.page, 'waiting-ticket-en')
  await agent.page.goto(`${server.origin}/conversations/all/${row.id}`)
  await agent.page.locator('a[href^="tel:"]').first().waitFor()
  await second.page.context().close()
})
