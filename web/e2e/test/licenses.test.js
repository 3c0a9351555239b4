// A paid plugin as its administrator lives it: what is missing is said, a wrong
// license is refused at the field, one that the vendor's command issued counts
// at once, and taking it away deletes nothing.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'

import { axe, launch, shot } from '../lib/browser.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const root = resolve(import.meta.dirname, '../../..')
const binary = process.env.PATCHBAY_BIN ?? join(root, 'bin/patchbay')
const run = promisify(execFile)
let server, browser, owner, folder

const vendor = async (...args) => (await run(binary, ['plugin', 'license', ...args], { cwd: folder })).stdout.trim()
const issue = (days) => vendor('issue', '--product', 'patchbay/echo', '--customer', 'Kiosk 报亭', '--edition', 'pro', '--limit', 'agents=25', '--days', String(days), '--id', `L-${days}`)

/** The plugins, with one that costs something. */
async function sold() {
  const plugins = join(folder, 'plugins')
  await cp(join(root, 'bin/plugins'), plugins, { recursive: true })
  const file = join(plugins, 'patchbay-echo/plugin.json')
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  const key = await vendor('key')
  manifest.commerce = { model: 'subscription', license_keys: [key], on_expiry: 'receive_only', buy_url: 'https://vendor.example/buy' }
  await writeFile(file, JSON.stringify(manifest))
  return plugins
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-vendor-'))
  server = await Server.start(['--demo', '--plugins.dev-dir', await sold()])
  browser = await launch()
  ;({ owner } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
  await rm(folder, { recursive: true, force: true })
})

async function open(state) {
  await owner.goto(`${server.origin}/settings/plugins/patchbay/echo`)
  await owner.locator(`[data-testid=plugin-license][data-state=${state}]`).waitFor()
}

test('a license is added, counts at once, and is taken away again', async () => {
  await open('none')
  assert.match(await owner.getByTestId('license-reminder').innerText(), /needs a license.*Nothing is deleted/s)
  await owner.getByTestId('license-new').click()
  const good = await issue(20)
  const middle = good.length - 40
  await owner.getByTestId('license-token').fill(good.slice(0, middle) + (good[middle] === 'A' ? 'B' : 'A') + good.slice(middle + 1))
  await owner.getByTestId('license-add').click()
  await owner.getByTestId('field-error').filter({ hasText: 'signature' }).waitFor()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'license-refused-en-light-1440')
  await owner.getByTestId('license-picker').setInputFiles({ name: 'kiosk.license', mimeType: 'text/plain', buffer: Buffer.from(good + '\n') })
  await owner.locator('[data-testid=plugin-license][data-state=valid]').waitFor()
  await owner.locator('[data-license=L-20]').waitFor()
  assert.match(await owner.getByTestId('license-reminder').innerText(), /expires in 20 days/)
  await shot(owner, 'license-valid-en-light-1440')
  await owner.getByTestId('license-remove').click()
  await owner.getByTestId('confirm').click()
  await owner.locator('[data-testid=plugin-license][data-state=none]').waitFor()
})

test('in the other language, dark, and on a phone', async () => {
  await speak(owner, server, 'zh-CN')
  await open('none')
  await owner.getByTestId('license-new').click()
  await owner.getByTestId('license-token').fill(await issue(2))
  await owner.getByTestId('license-add').click()
  await owner.locator('[data-testid=plugin-license][data-state=valid]').waitFor()
  assert.match(await owner.getByTestId('license-reminder').innerText(), /2 天后/)
  await owner.emulateMedia({ colorScheme: 'dark' })
  await owner.setViewportSize({ width: 390, height: 844 })
  await owner.reload()
  await owner.getByTestId('license-reminder').waitFor()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'license-zh-CN-dark-390')
})
