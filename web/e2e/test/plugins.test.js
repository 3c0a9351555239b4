// Plugins as their administrator lives them: a template is looked at and
// applied, a bot is connected by its form, and answers a customer.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, owner, base

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
})

test('a template is looked at, applied, and leaves what a person changed', async () => {
  await owner.goto(`${server.origin}/settings/templates`)
  await owner.locator('[data-template="patchbay/template-retail:retail"]').click()
  await owner.getByTestId('template-look').click()
  await owner.locator('[data-object="label/refund"][data-op=create]').waitFor()
  await owner.locator('[data-object="canned_reply/return"] button').click()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'template-plan-en-light-1440')
  await owner.getByTestId('template-do').click()
  await owner.getByTestId('template-applied').waitFor()
  const labels = async () => (await (await owner.request.get(`${base}/labels`)).json()).items
  const refund = (await labels()).find((label) => label.name === 'Refund')
  assert.ok(refund, 'the template made no label')
  assert.equal((await owner.request.patch(`${base}/labels/${refund.id}`, { data: { color: '#123456' } })).status(), 200)
  await owner.getByTestId('template-remove').click()
  await owner.locator('[data-object="label/refund"][data-op=keep]').waitFor()
  await owner.getByTestId('template-do').click()
  await until(async () => (await labels()).every((label) => label.name !== 'Exchange'), () => 'the template is not removed')
  assert.ok((await labels()).some((label) => label.id === refund.id), 'what a person changed is gone')
})

test('a bot is connected by its form; what is wrong is said at the field', async () => {
  await owner.goto(`${server.origin}/settings/plugins`)
  await owner.locator('[data-plugin="patchbay/keyword-bot"]').waitFor()
  await shot(owner, 'plugins-en-light-1440')
  await owner.goto(`${server.origin}/settings/connections/new?plugin=patchbay/keyword-bot`)
  await owner.getByTestId('connect-next').click()
  await owner.getByTestId('connection-name').fill('Shop assistant')
  await owner.getByTestId('setting-misses').fill('0')
  await owner.getByTestId('connect-test').click()
  await owner.getByTestId('field-error').first().waitFor()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'connection-error-en-light-1440')
  await owner.getByTestId('setting-misses').fill('2')
  await owner.getByTestId('connect-test').click()
  await owner.getByTestId('connect-works').waitFor()
  await owner.getByTestId('connect-done').click()
  await owner.waitForURL(/settings\/connections\/pin_/)
  const { items } = await (await owner.request.get(`${base}/connections`)).json()
  assert.deepEqual(items.map((one) => [one.name, one.plugin]), [['Shop assistant', 'patchbay/keyword-bot']])
})
