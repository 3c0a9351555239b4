// The files of a channel in every state that they can have: on their way, being
// scanned, here, gone, failed and asked for again, infected, and a recording that
// is made playable; and what an agent uploads that is infected.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const SECRET = 'a-long-secret-of-the-browser-test'
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==', 'base64')
/** Two seconds of AMR, mode 12.2 (RFC 4867, 5.3). */
const amr = Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: 100 }, () => Buffer.from([0x3c, ...Array(31).fill(0x5a)]))])

/** What the company's server has, by path; a function answers by itself. */
const files = {
  '/gone.pdf': 404,
  '/terms.txt': Buffer.alloc(100_000, 'x'),
  '/evil.txt': Buffer.from('EICAR'),
  '/voice.amr': amr,
  '/held.txt': Buffer.from('HOLD'),
}
let dir, far, server, browser, owner, base, address, waiting

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'patchbay-files-'))
  // Says what ClamAV says, of a mark of our own; a file that says HOLD waits for a file "go".
  await writeFile(join(dir, 'scan.sh'), `if grep -q EICAR "$1"; then echo "$1: Eicar-Test-Signature FOUND"; exit 1; fi
if grep -q HOLD "$1"; then while [ ! -e ${dir}/go ]; do sleep 0.1; done; fi
`)
  far = createServer((request, response) => {
    const has = files[new URL(request.url, 'http://x').pathname]
    if (has === undefined) {
      waiting = response // the picture that takes its time
      return
    }
    response.writeHead(typeof has === 'number' ? has : 200).end(typeof has === 'number' ? '' : has)
  })
  await new Promise((done) => far.listen(0, '127.0.0.1', done))
  server = await Server.start(['--demo', '--media.max-upload', '64KiB', '--media.scan-command', `sh ${dir}/scan.sh`])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  const origin = `http://127.0.0.1:${far.address().port}`
  const made = await owner.request.post(`${base}/inboxes`, { data: { name: 'Our app', plugin: 'patchbay/webhook', config: { secret: SECRET, files_from: origin } } })
  assert.ok(made.ok(), await made.text())



  address = (await made.json()).hook_url
  assert.ok(address)
  if (address.startsWith('/')) address = server.origin + address
})

after(async () => {
  await browser?.close()
  await server?.end()
  waiting?.destroy()
  far?.close()
  if (dir) await rm(dir, { recursive: true, force: true })
})

async function post(message) {
  const body = JSON.stringify({ sender: { id: 'u-7', name: 'Bo Lin' }, ...message })
  const at = Math.floor(Date.now() / 1000)
  const signature = `t=${at},v1=${createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex')}`
  const answer = await fetch(`${address}/messages`, { method: 'POST', body, headers: { 'Content-Type': 'application/json', 'Patchbay-Signature': signature } })
  assert.ok(answer.ok, await answer.text())
}

const named = (...names) => names.map((name) => ({ url: `http://127.0.0.1:${far.address().port}/${name}`, name }))
const message = (text) => owner.getByTestId('message').filter({ hasText: text })
const state = (name) => (what) => owner.locator(`[data-testid=attachment-absent][data-state=${what}]`).filter({ hasText: name }).waitFor()

test('files come after their message, each with what became of it', async () => {
  await post({ id: 'm-1', text: 'A tin like this one', files: named('cup.png') })
  await owner.goto(server.origin)
  await owner.getByTestId('conversation-list-item').filter({ hasText: 'Bo Lin' }).first().click()
  await owner.getByTestId('composer').waitFor()
  await state('cup.png')('fetching')
  await until(() => waiting)
  const below = message('A tin like this one')
  const before = await below.boundingBox()
  await shot(owner, 'files-fetching-en-light-1440')
  waiting.writeHead(200).end(picture)
  waiting = undefined
  await owner.getByTestId('attachment-image').waitFor()
  const now = await below.boundingBox()
  assert.ok(Math.abs(now.height - before.height) <= 2, `the message was ${before.height} pixels high and is ${now.height}`)

  await post({ id: 'm-2', text: 'and these', files: named('gone.pdf', 'terms.txt', 'evil.txt', 'voice.amr', 'held.txt') })
  await state('gone.pdf')('gone')
  await state('terms.txt')('failed')
  await state('evil.txt')('infected')
  await state('held.txt')('scanning')
  await owner.getByText('Kept back, the virus scanner found: Eicar-Test-Signature FOUND').waitFor()
})

test('a recording that no browser plays is played, and can be downloaded as it came', async () => {
  const sound = owner.getByTestId('attachment-audio')
  await sound.waitFor()
  const box = await sound.boundingBox()
  const length = await sound.locator('audio').evaluate((audio) => new Promise((done, failed) => {
    audio.addEventListener('loadedmetadata', () => done(audio.duration))
    audio.addEventListener('error', () => failed(new Error(audio.error.message)))
    audio.preload = 'auto'
    audio.load()
  }))
  assert.ok(length > 1.5 && length < 3, `it plays for ${length} s`)
  assert.deepEqual(await sound.boundingBox(), box, 'the player changes its size')
  const original = await owner.request.get(server.origin + (await owner.getByTestId('attachment-original').getAttribute('href')))
  assert.ok(amr.equals(await original.body()))
})

test('nobody is given a byte of what is kept back', async () => {
  const list = (await (await owner.request.get(`${base}/conversations?limit=50`)).json()).items
  const talk = list.find((one) => one.contact.name === 'Bo Lin')
  const timeline = (await (await owner.request.get(`${base}/conversations/${talk.id}/timeline?limit=50`)).json()).items
  const all = timeline.find((one) => one.message?.text === 'and these').message.attachments
  for (const [name, status, code] of [['evil.txt', 404, 'media.infected'], ['held.txt', 503, 'media.scanning'], ['gone.pdf', 404, 'media.not_here']]) {
    const answer = await owner.request.get(server.origin + all.find((one) => one.name === name).url)
    assert.equal(answer.status(), status)
    assert.equal((await answer.json()).code, code)
  }
})

test('all states look right, wide and narrow, in both languages', async () => {
  for (const [language, size, name] of [['en', desktop, 'en-light-1440'], ['en', phone, 'en-light-390'], ['zh-CN', desktop, 'zh-light-1440'], ['zh-CN', phone, 'zh-light-390']]) {
    await speak(owner, server, language)
    await owner.setViewportSize(size)
    await owner.reload()
    await owner.getByTestId('attachment-audio').waitFor()
    await owner.locator('[data-state=infected]').scrollIntoViewIfNeeded()
    assert.ok((await owner.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${name} scrolls sideways`)
    assert.deepEqual(await axe(owner), [], name)
    const why = await owner.locator('[data-state=failed]').filter({ hasText: 'terms.txt' }).innerText()
    assert.match(why, language === 'en' ? /Could not be fetched: it is larger/ : /未能获取：文件超过了服务器/)
    await shot(owner, `files-states-${name}`)
  }
  await speak(owner, server, 'en')
  await owner.setViewportSize(desktop)
  await owner.reload()
})

test('what failed is asked for again, and what is clean is shown', async () => {
  files['/terms.txt'] = Buffer.from('our terms')
  await owner.locator('[data-state=failed]').filter({ hasText: 'terms.txt' }).getByTestId('attachment-refetch').click()
  await owner.getByTestId('attachment-file').filter({ hasText: 'terms.txt' }).waitFor()
  await writeFile(join(dir, 'go'), '')
  await owner.getByTestId('attachment-file').filter({ hasText: 'held.txt' }).waitFor()
  assert.equal(await owner.getByTestId('attachment-refetch').count(), 0)
})

test('an infected file of an agent is not taken, and says why', async () => {
  await owner.getByTestId('attach-input').setInputFiles([{ name: 'bad.txt', mimeType: 'text/plain', buffer: Buffer.from('EICAR') }])
  await owner.getByText('The virus scanner found something in this file, so it was not taken.').first().waitFor()
  assert.deepEqual(await axe(owner), [])
  await shot(owner, 'files-refused-en-light-1440')
  await until(async () => (await owner.locator('[data-testid=tray-item][data-phase=done]').count()) === 0, () => 'it was taken')
})
