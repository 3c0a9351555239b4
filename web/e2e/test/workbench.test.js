// The workbench as an author has it: a plugin of every ability, made by
// `plugin new` outside the repository and run by `plugin dev`, is tried on its
// page, in both languages, wide and narrow.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'

const binary = process.env.PATCHBAY_BIN ?? resolve(import.meta.dirname, '../../../bin/patchbay')

let folder, run, out = '', origin, browser

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pb'))
  execFileSync(binary, ['plugin', 'new', 'all', '--kind', 'channel,bot,connector,tool,hook,analyzer,panel', '--dir', join(folder, 'all')])
  run = spawn(binary, ['plugin', 'dev', join(folder, 'all')], { env: { ...process.env, GOPROXY: 'off' } })
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (b) => (out += b))
  ;[browser] = await Promise.all([launch(), until(() => out.includes('Watching'), () => `the workbench did not start:\n${out}`)])
  origin = out.match(/Try it: +(\S+)/)[1]
})

after(async () => {
  await browser?.close()
  if (run && run.exitCode === null) {
    const ended = new Promise((done) => run.once('exit', done))
    run.kill('SIGINT')
    assert.equal(await ended, 0, out)
  }
  await rm(folder, { recursive: true, force: true })
})

async function open(locale, viewport, colorScheme = 'light') {
  const context = await browser.newContext({ locale, viewport, colorScheme })
  const page = await context.newPage()
  page.on('pageerror', (e) => assert.fail(e))
  await page.goto(origin)
  await page.locator('#say').waitFor()
  return page
}

const words = {
  en: { person: 'Alice', says: 'Where is my order?', answer: 'It is on its way', sent: 'sent', bot: 'Monday to Friday', denied: 'Sent changed' },
  'zh-CN': { person: '王芳', says: '我的订单到哪了？', answer: '正在路上', sent: '已送达', bot: 'Monday to Friday', denied: '修改后发送' },
}

for (const [locale, w] of Object.entries(words)) {
  test(`everything a plugin can do is tried on the page (${locale})`, async () => {
    const page = await open(locale, desktop)
    await page.getByRole('button', { name: w.person, exact: true }).click()
    await page.fill('#say', w.says)
    await page.press('#say', 'Enter')
    await page.locator('.talk .text', { hasText: w.says }).waitFor()
    await page.fill('#reply', w.answer)
    await page.press('#reply', 'Enter')
    await page.locator('.talk .mine', { hasText: w.answer }).locator('.about', { hasText: w.sent }).waitFor()
    await page.locator('.sent td', { hasText: w.answer }).waitFor()
    await page.fill('#ask', 'When do you open?')
    await page.press('#ask', 'Enter')
    await page.locator('.talk .text', { hasText: w.bot }).waitFor()
    await page.fill('#analyze', '我要退款 🙂 now')
    await page.press('#analyze', 'Enter')
    await page.locator('mark', { hasText: '退款' }).waitFor()
    await page.fill('#send', 'Is it 4111 1111 1111 1111?')
    await page.press('#send', 'Enter')
    await page.locator('.result', { hasText: '**** **** **** 1111' }).filter({ hasText: w.denied }).waitFor()
    await page.press('#email', 'Enter')
    await page.locator('.record', { hasText: 'gold' }).waitFor()
    await page.locator('form:has(#args-delivery_date) button').click()
    await page.locator('.result', { hasText: 'working_days' }).waitFor()
    await page.getByRole('button', { name: '稍等' }).click()
    await page.locator('.result', { hasText: '请您稍等' }).waitFor()
    assert.deepEqual(await axe(page), [])
    assert.deepEqual(await axe(page, { colours: true }), [])
    await shot(page, `workbench-${locale}-light-1440`)
    await page.context().close()
    const small = await open(locale, phone, 'dark')
    assert.ok(await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it is wider than the screen')
    assert.deepEqual(await axe(small, { colours: true }), [])
    await shot(small, `workbench-${locale}-dark-390`)
    await small.context().close()
  })
}

test('a mistake is shown while the version before goes on; the console is one click away', async () => {
  const page = await open('en', desktop)
  const file = join(folder, 'all', 'bot.go')
  const source = await readFile(file, 'utf8')
  await writeFile(file, source.replace('func newBot(', 'func newBot((('))
  await page.locator('.fault', { hasText: 'bot.go:' }).waitFor()
  await shot(page, 'workbench-fault-en-light-1440')
  await page.fill('#ask', 'When do you open?')
  await page.press('#ask', 'Enter')
  await page.locator('.talk .text', { hasText: 'Monday to Friday' }).waitFor()
  await writeFile(file, source.replace('We are open from', 'Our doors are open from'))
  await page.locator('.fault').waitFor({ state: 'detached' })
  const console = await Promise.all([page.context().waitForEvent('page'), page.locator('#console').click()]).then(([p]) => p)
  await console.getByTestId('presence').waitFor()
  await page.context().close()
})
