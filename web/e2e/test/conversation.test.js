// The main job: a visitor is served, whatever is killed meanwhile.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, Visitor, workspaceOf } from '../lib/people.js'
import { Server, alive } from '../lib/server.js'

let server, browser, agent, visitor, workspace

before(async () => {
  server = await Server.start()
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** Measures how long until the other side sees it. */
async function timed(act, seen) {
  const began = Date.now()
  await act()
  await seen()
  return Date.now() - began
}

test('the agent signs in by a link that works once', async () => {
  const [link] = server.links()
  agent = await Agent.signIn(browser, link)
  workspace = await workspaceOf(agent.page, server)
  const again = await agent.page.request.post(`${server.origin}/api/v1/session/link`, { data: { token: new URL(link).searchParams.get('token') } })
  assert.equal(again.status(), 401)
  await agent.page.getByTestId('presence').waitFor()
})

test('a visitor writes text, an emoji and Chinese, and the agent sees each within a second', async () => {
  visitor = await Visitor.arrive(browser, `${server.origin}/demo`)
  await visitor.open()
  await visitor.send('Hello, is anybody there?')
  const row = agent.row('Hello, is anybody there?')
  await row.first().waitFor()
  await agent.open('Hello, is anybody there?')
  await agent.sees('Hello, is anybody there?')
  for (const text of ['🙂👩‍👩‍👧', '请问什么时候发货？', 'plain text again']) {
    const ms = await timed(() => visitor.send(text), () => agent.sees(text))
    assert.ok(ms < 1000, `${text} took ${ms} ms`)
  }
})

test('the agent answers, and adds a note that the visitor neither receives nor can infer', async () => {
  await agent.send('Yes! 您好，我来帮您。')
  await visitor.sees('Yes! 您好，我来帮您。')
  await agent.note('sounds impatient')
  await agent.sees('sounds impatient')
  await agent.send('It leaves the house tomorrow.')
  await visitor.sees('It leaves the house tomorrow.')
  const frames = visitor.frames.map((f) => JSON.parse(f))
  assert.ok(!visitor.frames.some((f) => f.includes('impatient')), 'the note reached the visitor')
  const numbers = [...new Set(frames.flatMap((f) => (f.change ? [f.change.seq] : [])))].sort((a, b) => a - b)
  assert.deepEqual(numbers, numbers.map((_, i) => numbers[0] + i), 'the public sequence has a gap')
  assert.ok(!visitor.frames.some((f) => /"feed"|"conversation_id"|"cnv_|"mem_/.test(f)), 'internal ids or numbers reached the visitor')
  await shot(agent.page, 'conversation-en-light-1440')
  await shot(visitor.page, 'widget-en-1440')
})

test('the server is killed with -9 while both type: both recover and show the same', async () => {
  const wanted = []
  const write = async (who, label) => {
    for (let i = 0; i < 12; i++) {
      const text = `${label} ${i}`
      wanted.push(text)
      await who.send(text)
      await new Promise((done) => setTimeout(done, 120))
    }
  }
  const writing = Promise.all([write(visitor, 'visitor line'), write(agent, 'agent line')])
  await new Promise((done) => setTimeout(done, 500))
  await server.kill()
  await new Promise((done) => setTimeout(done, 700))
  await server.run()
  await writing
  for (const text of wanted) {
    await agent.sees(text)
    await visitor.sees(text)
  }
  const pick = (all) => all.filter((t) => wanted.includes(t))
  await until(
    async () => JSON.stringify(pick(await agent.messages())) === JSON.stringify(pick(await visitor.messages())),
    async () => `the two differ:\n${JSON.stringify(pick(await agent.messages()))}\n${JSON.stringify(pick(await visitor.messages()))}`,
  )
  const shown = pick(await agent.messages())
  assert.equal(shown.length, wanted.length, 'something is missing or doubled')
  for (const label of ['visitor line', 'agent line']) {
    const own = shown.filter((t) => t.startsWith(label))
    assert.deepEqual(own, own.map((_, i) => `${label} ${i}`), 'out of order')
  }
  await until(async () => !(await agent.banner.isVisible()), () => 'the agent still sees the connection banner')
})

test('the webchat plugin is killed with -9: the conversation goes on, the host restarts it', async () => {
  const before = (await server.pluginPids(agent.page, workspace))['patchbay/webchat']
  assert.ok(before.pid > 0)
  process.kill(before.pid, 'SIGKILL')
  await visitor.send('still here?')
  await agent.sees('still here?')
  await agent.send('of course')
  await visitor.sees('of course')
  const now = await until(async () => {
    const p = (await server.pluginPids(agent.page, workspace))['patchbay/webchat']
    return p.state === 'ready' && p.pid !== before.pid ? p : null
  }, () => 'the plugin was not restarted')
  assert.ok(now.restarts >= 1)
  assert.equal(await alive(before.pid), false)
})

test('offline and back', async () => {
  await visitor.page.context().setOffline(true)
  await visitor.send('written without a network')
  await agent.send('answered meanwhile')
  await visitor.page.context().setOffline(false)
  await agent.sees('written without a network')
  await visitor.sees('answered meanwhile')
  await agent.page.context().setOffline(true)
  await agent.banner.waitFor()
  await shot(agent.page, 'console-offline-1440')
  await visitor.send('are you back?')
  await agent.page.context().setOffline(false)
  await agent.sees('are you back?')
})

test('the agent resolves; the visitor is told, and writing again reopens', async () => {
  await agent.page.getByTestId('resolve').click()
  await until(() => visitor.frames.some((f) => JSON.parse(f).change?.type === 'resolved'), () => 'the visitor was not told')
  await visitor.send('one more thing')
  await agent.row('one more thing').first().waitFor()
})

test('a reload keeps the conversation, and shows nothing twice', async () => {
  await visitor.page.reload()
  if (!(await visitor.frame.getByTestId('widget-input').isVisible().catch(() => false))) await visitor.page.getByTestId('launcher').click().catch(() => {})
  await visitor.sees('one more thing', 10_000)
  const all = await visitor.messages()
  assert.equal(all.filter((t) => t === 'one more thing').length, 1)
})

test('a phone', async () => {
  const small = await Visitor.arrive(browser, `${server.origin}/demo`, { viewport: phone, isMobile: true, hasTouch: true, locale: 'zh-CN' })
  await small.open()
  await small.send('用手机写的')
  await agent.row('用手机写的').first().waitFor()
  await shot(small.page, 'widget-zh-390')
  const onPhone = await Agent.signIn(browser, server.links()[1], { viewport: phone, isMobile: true, hasTouch: true, locale: 'zh-CN' })
  await onPhone.page.goto(`${server.origin}/conversations/all`) // it was given to the other agent
  await onPhone.row('用手机写的').first().waitFor()
  await shot(onPhone.page, 'list-zh-light-390')
  await onPhone.open('用手机写的')
  await onPhone.sees('用手机写的')
  await shot(onPhone.page, 'conversation-zh-light-390')
  assert.deepEqual(onPhone.page.problems, [])
  assert.deepEqual(small.page.problems, [])
  await onPhone.page.context().close()
  await small.page.context().close()
})

test('axe finds nothing in the conversation and in the widget', async () => {
  assert.deepEqual(await axe(agent.page), [])
  assert.deepEqual(await axe(visitor.page.frames().find((f) => f.url().includes('/w/'))), [])
  assert.deepEqual(agent.page.problems, [])
  assert.deepEqual(visitor.page.problems, [])
})

test('the server stops as it should', async () => {
  const { code, signal } = await server.stop()
  assert.deepEqual({ code, signal }, { code: 0, signal: null })
})
