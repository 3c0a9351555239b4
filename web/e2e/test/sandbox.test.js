// An integrator makes a sandbox, sees that it is one, makes a key there and asks
// the API with it, resets it and deletes it; the real workspace is as it was.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, launch, phone, shot } from '../lib/browser.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, page, home

/** What is in a workspace, as whoever has the cookie sees it. */
const counts = async (workspace) => {
  const out = {}
  for (const noun of ['contacts', 'conversations', 'tickets', 'api-keys']) {
    const answer = await page.request.get(`${server.origin}/api/v1/workspaces/${workspace}/${noun}?limit=100`)
    out[noun] = (await answer.json()).items.length
  }
  return out
}

/** Asks the API as a program does. */
const ask = (key, path, body) =>
  fetch(`${server.origin}/api/v1/workspaces/${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
    body: body && JSON.stringify(body),
  })

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  ;({ page } = await Agent.signIn(browser, server.links()[0]))
  home = (await (await page.request.get(`${server.origin}/api/v1/session`)).json()).memberships[0].workspace.id
})

after(async () => {
  await browser?.close()
  await server?.end()
})

test('a sandbox is made, used, reset and deleted, and the real workspace is as it was', async () => {
  const before = await counts(home)
  await page.goto(`${server.origin}/settings/api-keys`)
  await page.getByTestId('sandbox-make').click()
  const row = page.locator('[data-testid=sandbox-row][data-state=ready]')
  await row.waitFor()
  assert.ok(await page.getByTestId('sandbox-make').isDisabled(), 'one is enough')
  assert.deepEqual(await axe(page), [])
  await shot(page, 'sandbox-section-en-light-1440')
  const sandbox = (await page.getByTestId('sandbox-id').textContent()).trim()
  assert.equal(await page.getByTestId('sandbox-band').count(), 0)

  await page.getByTestId('sandbox-enter').click()
  await page.getByTestId('sandbox-band').waitFor()
  assert.equal((await page.getByTestId('workspace-id').textContent()).trim(), sandbox)
  assert.equal(await page.getByTestId('sandbox').count(), 0, 'a sandbox has none of its own')
  await page.getByTestId('key-new').click()
  await page.getByTestId('key-name').fill('Till')
  for (const scope of ['contact.read', 'contact.write']) await page.getByRole('checkbox', { name: scope, exact: true }).check()
  await page.getByTestId('key-create').click()
  const key = (await page.getByTestId('key-secret').textContent()).trim()
  await page.keyboard.press('Escape')
  const made = await ask(key, `${sandbox}/contacts`, { name: 'Made by a program' })
  assert.equal(made.status, 201)
  assert.equal((await ask(key, `${home}/contacts`)).status, 404, 'its key opens nothing else')
  const filled = await counts(sandbox)
  assert.ok(filled.contacts > 7 && filled.conversations === 4 && filled.tickets === 3, JSON.stringify(filled))

  await page.getByTestId('sandbox-back').click()
  await page.getByTestId('sandbox-band').waitFor({ state: 'detached' })
  await page.getByTestId('sandbox-reset').click()
  await page.getByTestId('confirm').click()
  await page.getByTestId('confirm').waitFor({ state: 'detached' })
  await row.waitFor()
  const again = await ask(key, `${sandbox}/contacts?limit=100`)
  assert.equal(again.status, 200, 'the key outlives a reset')
  assert.ok(!JSON.stringify(await again.json()).includes('Made by a program'))

  await page.getByTestId('sandbox-delete').click()
  const name = (await row.locator('b').textContent()).trim()
  assert.ok(await page.getByTestId('sandbox-delete-dialog-go').isDisabled())
  await page.getByTestId('sandbox-delete-dialog-typed').fill(name)
  await page.getByTestId('sandbox-delete-dialog-go').click()
  await row.waitFor({ state: 'detached' })
  assert.equal((await ask(key, `${sandbox}/contacts`)).status, 401)
  assert.deepEqual(await counts(home), before)
})

/** Nothing is wider than the screen, and axe has nothing to say. */
const sound = async (name) => {
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
  assert.ok(wide <= screen, `${name} is ${wide} wide on ${screen}`)
  assert.deepEqual(await axe(page), [])
  await shot(page, name)
}

test('it looks right in Chinese, dark and wide, light and narrow', async () => {
  await page.request.patch(`${server.origin}/api/v1/session`, { data: { locale: 'zh-CN' } })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`${server.origin}/settings/api-keys`)
  await page.getByTestId('sandbox-make').click()
  await page.locator('[data-testid=sandbox-row][data-state=ready]').waitFor()
  await sound('sandbox-section-zh-CN-dark-1440')
  await page.getByTestId('sandbox-enter').click()
  await page.getByTestId('sandbox-band').waitFor()
  await sound('sandbox-band-zh-CN-dark-1440')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(phone)
  assert.ok(await page.getByTestId('sandbox-back').isVisible(), 'the way back is there on a phone')
  await sound('sandbox-band-zh-CN-light-390')
  await page.getByTestId('sandbox-back').click()
  await page.getByTestId('sandbox-enter').waitFor()
  await sound('sandbox-section-zh-CN-light-390')
})
