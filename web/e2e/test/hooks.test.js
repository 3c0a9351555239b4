// A plugin that looks at messages before they go: what it refuses comes back to
// the agent, what it covers is marked, and when it hangs its page says so.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Agent, Visitor, baseOf } from '../lib/people.js'
import { Server } from '../lib/server.js'

const guard = 'patchbay/outgoing-guard'
let server, browser, agent, visitor, base

before(async () => {
  server = await Server.start()
  browser = await launch()
  agent = await Agent.signIn(browser, server.links()[0])
  base = await baseOf(agent.page, server)
  await agent.page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'en' } })
  const config = { phones: 'mask', words: [{ words: ['guarantee'], reason: 'We promise no guarantee in chats.' }] }
  await until(async () => (await agent.page.request.post(`${base}/connections`, { data: { plugin: guard, name: 'Outgoing guard', config, enabled: true } })).status() === 201, () => 'the guard cannot be connected')
  visitor = await Visitor.arrive(browser, `${server.origin}/demo`)
  await visitor.open()
  await visitor.send('Does it come with a guarantee?')
  await agent.open('Does it come with a guarantee?')
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const input = () => agent.page.getByTestId('composer-input')
const held = async () => (await (await agent.page.request.get(`${base}/plugins`)).json()).items.find((one) => one.id === guard)

test('what is refused is in the composer again, with the reason', async () => {
  const { page } = agent
  await input().fill('Yes, we guarantee it!')
  await page.getByTestId('send').click()
  await page.getByTestId('composer-refused').waitFor()
  assert.equal(await page.getByTestId('composer-refused').locator('span').innerText(), 'Not sent. Outgoing guard: We promise no guarantee in chats.')
  assert.equal(await input().inputValue(), 'Yes, we guarantee it!')
  assert.equal(await page.locator('[data-testid=message][data-state=failed]').count(), 0)
  assert.deepEqual(await axe(page, { colours: true }), [])
  await shot(page, 'hook-refused-en-light-1440')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize(phone)
  await page.getByTestId('composer-refused').waitFor()
  await shot(page, 'hook-refused-en-dark-390')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })
})

test('what is covered is marked for colleagues, and the customer sees no more than that', async () => {
  const { page } = agent
  await input().fill('Call me: +49 30 1234567')
  await page.getByTestId('send').click()
  await page.getByTestId('composer-refused').waitFor({ state: 'detached' })
  await page.getByTestId('altered').waitFor()
  await visitor.sees('Call me: *** ** *******', 5000)
  await page.getByTestId('altered-original').click()
  assert.equal(await page.getByTestId('altered-text').innerText(), 'Call me: +49 30 1234567')
  assert.match(await page.getByTestId('altered').innerText(), /Changed by Outgoing guard/)
  assert.deepEqual(await axe(page, { colours: true }), [])
  await shot(page, 'hook-altered-en-light-1440')
  assert.ok(!(await visitor.page.content()).includes('1234567'))
})

test('a guard that hangs costs little, is left out, and its page says so', async () => {
  const { page } = agent
  const { pid } = await held()
  process.kill(pid, 'SIGSTOP')
  try {
    for (const n of [1, 2, 3]) {
      await input().fill(`No guarantee, ${n}`)
      await page.getByTestId('send').click()
      await visitor.sees(`No guarantee, ${n}`, 5000)
    }
    assert.equal((await held()).skipped.length, 1)
    await page.goto(`${server.origin}/settings/plugins/${guard}`)
    await page.getByTestId('plugin-skipped').waitFor()
    assert.deepEqual(await axe(page, { colours: true }), [])
    await page.getByTestId('plugin-hooks').scrollIntoViewIfNeeded()
    await shot(page, 'hook-skipped-en-light-1440')
    await page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'zh-CN' } })
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.setViewportSize(phone)
    await page.reload()
    await page.getByTestId('plugin-skipped').waitFor()
    assert.deepEqual(await axe(page, { colours: true }), [])
    await page.getByTestId('plugin-hooks').scrollIntoViewIfNeeded()
    await shot(page, 'hook-skipped-zh-dark-390')
  } finally {
    process.kill(pid, 'SIGCONT')
  }
})
