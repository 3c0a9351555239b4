// What the host does to a plugin by itself, as administrators learn of it: one
// that cannot start is put into quarantine, a version that works ends that, and
// one that fails after it was taken is left for the version before.
import assert from 'node:assert/strict'
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

import { axe, launch, phone, shot } from '../lib/browser.js'
import { ownerOf, present, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const root = resolve(import.meta.dirname, '../../..')
/** A program that is no plugin: it says how it is used, and ends. */
const stranger = process.env.PATCHBAY_BIN ?? join(root, 'bin/patchbay')
const PATIENCE_MS = 60_000
let server, browser, owner, base, folder, echo

/** What the plugins folder holds of the plugin: a version, which works or does not. The one that works is 0.1.0, as it says itself. */
async function offer(version, works) {
  const file = join(echo, 'plugin.json')
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), version }))
  await rm(join(echo, 'plugin'))
  await copyFile(works ? join(root, 'bin/plugins/patchbay-echo/plugin') : stranger, join(echo, 'plugin'))
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-trouble-'))
  await cp(join(root, 'bin/plugins'), folder, { recursive: true })
  echo = join(folder, 'patchbay-echo')
  await offer('0.0.9', false)
  server = await Server.start(['--demo', '--plugins.dev-dir', folder])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
  await rm(folder, { recursive: true, force: true })
})

/** The bell's list, once it says something. */
async function told(words) {
  await owner.goto(`${server.origin}/settings/profile`)
  await present(owner)
  await owner.getByTestId('bell').click()
  const item = owner.getByTestId('notification').filter({ hasText: words }).first()
  await item.waitFor({ timeout: PATIENCE_MS })
  return item
}

test('a plugin that cannot start: the bell says so in both languages, and leads to its page', async () => {
  await told(/0\.0\.9 is in quarantine/)
  await shot(owner, 'plugin-quarantined-en-light-1440')
  await speak(owner, server, 'zh-CN')
  const item = await told(/0\.0\.9 已被隔离/)
  assert.match(await item.innerText(), /原因见插件页面/)
  assert.deepEqual(await axe(owner), [])
  await owner.setViewportSize(phone)
  await shot(owner, 'plugin-quarantined-zh-light-390')
  await owner.setViewportSize({ width: 1440, height: 900 })
  await item.click()
  await owner.waitForURL(/\/settings\/plugins\/patchbay\/echo$/)
  await owner.locator('[data-testid=plugin-state][data-state=quarantined]').waitFor()
  await speak(owner, server, 'en')
})

test('a version that works ends the quarantine', async () => {
  await offer('0.1.0', true)
  const answer = await owner.request.post(`${base}/plugins/patchbay/echo/upgrade`, { data: { accept: [] } })
  assert.equal(answer.status(), 200, await answer.text())
  await told(/0\.1\.0 works again/)
})

test('a version that fails soon after it was taken is left, and that is said', async () => {
  await server.stop()
  await offer('0.1.1', false)
  await server.run()
  const item = await told(/0\.1\.1 was taken back/)
  await shot(owner, 'plugin-rolled-back-en-light-1440')
  await item.click()
  await owner.waitForURL(/\/settings\/plugins\/patchbay\/echo$/)
  await owner.locator('[data-testid=plugin-state][data-state=ready]').waitFor({ timeout: PATIENCE_MS })
  assert.match(await owner.getByTestId('plugin-versions').innerText(), /0\.1\.1/)
  assert.deepEqual(owner.problems, [])
})
