// The composer is drawn from what a channel can do: how much may still be written
// and for how long, what does not fit, and why nothing can be written at all.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const root = resolve(import.meta.dirname, '../../..')
const binary = process.env.PATCHBAY_BIN ?? join(root, 'bin/patchbay')
let plugins, fixture, server, browser, owner, base, hook

before(async () => {
  plugins = await mkdtemp(join(tmpdir(), 'patchbay-composer-'))
  fixture = join(root, 'core/pluginhost/testdata', `.kiosk-${process.pid}`) // its program is part of our module
  await cp(join(root, 'core/pluginhost/testdata/kiosk'), fixture, { recursive: true })
  const built = spawnSync(binary, ['plugin', 'build', fixture, '--out', plugins], { cwd: root, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  for (const name of await readdir(join(root, 'bin/plugins'))) await symlink(join(root, 'bin/plugins', name), join(plugins, name))
  server = await Server.start(['--demo', '--plugins.dev-dir', plugins])
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server, { reducedMotion: 'reduce' }))
  const made = await owner.request.post(`${base}/inboxes`, { data: { plugin: 'test/kiosk', name: 'Kiosk', config: {} } })
  assert.ok(made.ok(), await made.text())
  hook = (await made.json()).hook_url
})

after(async () => {
  await browser?.close()
  await server?.end()
  for (const dir of [plugins, fixture]) if (dir) await rm(dir, { recursive: true, force: true })
})

/** What a customer says at the kiosk, and when. */
async function says(from, text, ago_s = 0) {
  const taken = await until(async () => {
    const answer = await owner.request.post(hook, { data: { id: `${from}-${text}`, from, text, ago_s } })
    return answer.ok()
  })
  assert.ok(taken)
}

async function open(text) {
  await owner.goto(`${server.origin}/conversations/all`)
  await owner.getByTestId('conversation-list-item').filter({ hasText: text }).first().click()
  await owner.getByTestId('composer').waitFor()
}

const level = () => owner.getByTestId('room').getAttribute('data-level')

/** Pictures of the composer as it stands, in both languages, widths and themes. */
async function pictures(name, ready) {
  for (const [lang, locale] of [['en', 'en'], ['zh', 'zh-CN']]) {
    await speak(owner, server, locale)
    await owner.reload()
    await owner.getByTestId(ready).waitFor()
    for (const viewport of [desktop, phone]) {
      await owner.setViewportSize(viewport)
      for (const theme of ['light', 'dark']) {
        await owner.emulateMedia({ colorScheme: theme })
        await owner.locator(`:root[data-theme=${theme}]`).waitFor({ state: 'attached' })
        await shot(owner, `${name}-${lang}-${theme}-${viewport.width}`)
        assert.deepEqual(await axe(owner), [])
      }
    }
    await owner.emulateMedia({ colorScheme: 'light' })
    await owner.setViewportSize(desktop)
  }
  await speak(owner, server, 'en')
  await owner.reload()
  await owner.getByTestId(ready).waitFor()
}

test('how much is left is said before one writes, and why nothing is', async () => {
  await says('anna', 'Is the kiosk open?')
  await open('Is the kiosk open?')
  assert.equal(await level(), 'plenty')
  assert.match(await owner.getByTestId('room').innerText(), /3 of 3 messages · 4[78]h/)
  await pictures('composer-plenty', 'room')
  const send = async (text) => {
    await owner.getByTestId('composer-input').fill(text)
    await owner.getByTestId('send').click()
  }
  await send('It is.')
  await until(async () => /2 of 3/.test(await owner.getByTestId('room').innerText()))
  await send('Until nine.')
  await until(async () => (await level()) === 'scarce')
  await pictures('composer-scarce', 'room')
  // The last one goes while another that was written before is not lost.
  await send('On Sundays too.')
  await owner.getByTestId('composer-obstacle').getByText(/takes no more messages to this customer until the customer writes/).waitFor()
  await pictures('composer-used', 'composer-obstacle')
  await owner.getByTestId('composer-note').click()
  await owner.getByTestId('composer-input').fill('They asked for the hours.')
  await owner.getByTestId('send').click()
  await owner.locator('[data-testid=message][data-kind=note]').getByText('They asked for the hours.').waitFor()
  await owner.getByTestId('reply-toggle').click()
  // What the customer writes opens it again, in the page that stands there.
  await says('anna', 'Thank you!')
  await owner.getByTestId('room').waitFor()
  assert.match(await owner.getByTestId('room').innerText(), /3 of 3/)
})

test('a text that is refused is here again, with the reason', async () => {
  await says('bert', 'Three answers for me?')
  await open('Three answers for me?')
  const id = new URL(owner.url()).pathname.split('/').at(-1)
  await owner.getByTestId('composer-input').fill('I wrote this before.')
  // Another window uses the window up, and this one does not know yet.
  await owner.context().setOffline(true)
  await owner.getByTestId('send').click()
  const other = await browser.newContext({ storageState: await owner.context().storageState() })
  for (const n of [1, 2, 3]) {
    const posted = await other.request.post(`${base}/conversations/${id}/messages`, { data: { client_msg_id: `other-${n}`, kind: 'text', text: `${n}` } })
    assert.ok(posted.ok(), await posted.text())
    // Those that wait together would leave as one, and count as one.
    await until(async () => {
      const { items } = await (await other.request.get(`${base}/conversations/${id}/timeline?limit=50`)).json()
      return ['sent', 'delivered', 'read'].includes(items.find((one) => one.message?.text === `${n}`)?.message.delivery)
    })
  }
  await other.close()
  await owner.context().setOffline(false)
  await owner.getByTestId('composer-refused').getByText(/takes no more messages to this customer for now/).waitFor()
  await says('bert', 'Go on.')
  await owner.getByTestId('composer-input').waitFor()
  assert.equal(await owner.getByTestId('composer-input').inputValue(), 'I wrote this before.')
})

test('who wrote long ago cannot be answered, and one is told since when', async () => {
  await says('carl', 'I wrote three days ago.', 3 * 86_400)
  await open('I wrote three days ago.')
  await owner.getByTestId('composer-obstacle').getByText(/has taken no messages to this customer since .* again when the customer writes/).waitFor()
  await pictures('composer-closed', 'composer-obstacle')
})

test('what does not fit is said before it is sent', async () => {
  await says('dora', 'What fits?')
  await open('What fits?')
  await owner.getByTestId('composer-input').fill('x'.repeat(58))
  assert.match(await owner.getByTestId('composer-room').innerText(), /^2 characters left$/)
  await owner.getByTestId('composer-input').fill('x'.repeat(61))
  assert.match(await owner.getByTestId('composer-room').innerText(), /^1 character too many$/)
  assert.ok(await owner.getByTestId('send').isDisabled())
  await owner.getByTestId('composer-input').fill('')
  const file = (name, mimeType, size) => owner.getByTestId('attach-input').setInputFiles({ name, mimeType, buffer: Buffer.alloc(size, 1) })
  await file('a.pdf', 'application/pdf', 10)
  assert.match(await owner.getByTestId('file-refused').innerText(), /a\.pdf: this channel does not carry this kind of file, only: Picture/)
  await file('a.png', 'image/png', 3000)
  assert.match(await owner.getByTestId('file-refused').innerText(), /a\.png is larger than/)
  const canned = await owner.request.post(`${base}/canned`, { data: { title: 'Hours', shortcut: 'hours', text: 'y'.repeat(80), scope: 'workspace' } })
  assert.ok(canned.ok(), await canned.text())
  await owner.getByTestId('composer-input').fill('')
  await owner.getByTestId('composer-input').pressSequentially('/hours')
  await owner.getByTestId('suggestion-over').getByText('Too long for this channel by 20 characters').waitFor()
  await shot(owner, 'composer-canned-en-light-1440')
  assert.deepEqual(owner.problems.filter((one) => !/409|422/.test(one)), [])
})
