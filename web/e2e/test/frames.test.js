// A plugin's page that means harm, in the console: it cannot read the console,
// its cookies or storage, nor another workspace, nor open a connection, nor have a
// name looked up. Each attempt is first shown to work where nothing protects: an
// attempt that cannot succeed would prove nothing.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { Away } from '../lib/away.js'
import { ordinary } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { Server } from '../lib/server.js'

const root = resolve(import.meta.dirname, '../../..')
/** The plugin, with the SDK's client beside its page. */
let fixture
const client = 'patchbay-frame.js'
const binary = process.env.PATCHBAY_BIN ?? join(root, 'bin/patchbay')

/** They need a click of the person who looks, and may take the page with them: each gets one of its own. */
const wantsClick = ['form-top', 'link-top', 'top-navigation', 'parent-navigation', 'window-open', 'link-blank', 'download']
/** What they reach says no name: each gets a page of its own, and what is heard meanwhile is its. */
const nameless = { webrtc: 'udp', webtransport: 'udp', preconnect: 'tcp' }
const heardAs = (name) => nameless[name.split('-')[0]]
/** Names below it are nobody's. */
const domain = 'lookup.test'
/** What an attempt has at least; and what all have together, where they are to succeed, on a machine that is busy. */
const WINDOW_MS = 3500
const PATIENCE_MS = 30_000

let plugins, server, person, away, control, page, api, connection, names
/** How long the attempts took where nothing protects. */
let took = 0

before(async () => {
  plugins = await mkdtemp(join(tmpdir(), 'patchbay-frames-'))
  fixture = join(root, 'core/pluginhost/testdata', `.panels-${process.pid}`) // its program is part of our module
  await cp(join(root, 'core/pluginhost/testdata/panels'), fixture, { recursive: true })
  await cp(join(root, 'sdk/ui', client), join(fixture, 'ui/dist/page', client))
  const built = spawnSync(binary, ['plugin', 'build', fixture, '--out', plugins], { cwd: root, encoding: 'utf8' })
  assert.equal(built.status, 0, built.stderr)
  for (const name of await readdir(join(root, 'bin/plugins'))) await symlink(join(root, 'bin/plugins', name), join(plugins, name))
  server = await Server.start(['--demo', '--plugins.dev-dir', plugins])
  away = await Away.start()
  control = await unprotected()
  person = await ordinary()
  page = await person.context.newPage()
  await page.goto(server.links()[0])
  await page.getByTestId('conversation-list').waitFor()
  api = await apiOf(page, server)
  connection = (await api('POST', '/connections', { plugin: 'test/panels', name: 'Harm', config: {}, enabled: true })).id
  await api('POST', '/connections', { plugin: 'test/panels', name: 'Other', config: {}, enabled: true })
  await until(async () => (await api('GET', '/plugins')).items.find((p) => p.id === 'test/panels')?.state === 'ready')
})

after(async () => {
  await person?.context.close()
  await control?.end()
  await away?.end()
  await server?.end()
  for (const dir of [plugins, fixture]) if (dir) await rm(dir, { recursive: true, force: true })
})

/** The same page with no protection at all: its host, its cookies, its storage. */
async function unprotected() {
  const types = { html: 'text/html', js: 'text/javascript' }
  const http = createServer(async (q, r) => {
    const path = new URL(q.url, 'http://x').pathname
    if (path === '/host') return r.writeHead(200, { 'Content-Type': 'text/html', 'Set-Cookie': 'canary=1' }).end('<title>host</title><iframe src="/sibling"></iframe><script>localStorage.canary="1"</script>')
    if (path === '/sibling') return r.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>sibling</title>')
    if (path === '/api/v1/session') return r.writeHead(200).end('somebody')
    if (path === '/gullible') return r.writeHead(200, { 'Content-Type': 'text/html' }).end(`<iframe src="/page/index.html"></iframe><iframe src="/page/index.html"></iframe><script>(${gullibleHost})()</script>`)
    if (path === `/page/${client}`) return r.writeHead(200, { 'Content-Type': types.js }).end(`(${gullibleClient})()`)
    const body = await readFile(join(fixture, 'ui/dist', path)).catch(() => undefined)
    r.writeHead(body ? 200 : 404, { 'Content-Type': types[path.split('.').pop()] ?? 'text/plain' }).end(body)
  })
  await new Promise((done) => http.listen(0, '127.0.0.1', done))
  return { origin: `http://127.0.0.1:${http.address().port}`, end: () => http.close() }
}

/** A console that believes whatever is said to it, and never takes a port back. */
function gullibleHost() {
  window.done = []
  const act = (d) => d?.method && window.done.push(d.params?.text ?? d.params?.method)
  addEventListener('message', ({ data, ports }) => {
    act(data)
    if (data?.patchbay === 1) ports[0].postMessage({ event: 'theme' })
  })
  for (const frame of document.querySelectorAll('iframe')) {
    frame.addEventListener('load', () => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = (e) => act(e.data)
      frame.contentWindow.postMessage({ patchbay: 1 }, '*', [port2])
    })
  }
}

/** A page's client that takes any port for the console's, and any event. */
function gullibleClient() {
  addEventListener('message', ({ data, ports }) => {
    if (data?.patchbay === 1) ports[0].postMessage({ id: 1, method: 'context' })
    for (const [name, value] of Object.entries(data?.data?.tokens ?? {})) document.documentElement.style.setProperty(`--${name}`, value)
  })
}

/** What an attempt is told, in the fragment of its address. */
const told = (name, home) => `#${new URLSearchParams({ do: name, id: name, away: away.origin, home, udp: away.udp, name: `${name}.${domain}`, tcp: away.tcp, ...(wantsClick.includes(name) && { gesture: 1 }) })}`

/** Shows a frame for each attempt, and collects what they tell. */
async function show(host, src, home, sandbox, wanted) {
  await host.evaluate(
    ({ src, wanted, sandbox }) => {
      window.told ??= {}
      window.addEventListener('message', (e) => {
        if (e.data?.attempts) window.names = e.data.attempts
        else if (e.data?.attempt) window.told[e.data.attempt] = e.data.got
      })
      for (const [name, fragment] of wanted) {
        const frame = document.createElement('iframe')
        if (sandbox) frame.setAttribute('sandbox', sandbox)
        Object.assign(frame, { src: src + fragment, title: name, name })
        document.body.append(frame)
      }
    },
    { src, sandbox, wanted: wanted.map((name) => [name, told(name, home)]) },
  )
}

/** Makes every attempt, and answers which succeeded. */
async function attack(open, src, home, sandbox) {
  away.heard.clear()
  for (const name of wantsClick) {
    const own = await open()
    await show(own, src, home, sandbox, [name])
    await own.frameLocator('iframe').last().locator('button').click({ timeout: 2000 }).catch(() => {}) // what it did is heard, or not
    await until(() => away.heard.has(name), undefined, sandbox ? 500 : 3000).catch(() => {})
    if (sandbox) assert.equal(new URL(own.url()).origin, home, `${name} led the console away`)
    await own.close()
  }
  const host = await open()
  const together = names.filter((n) => !wantsClick.includes(n) && !heardAs(n))
  await show(host, src, home, sandbox, together)
  const began = Date.now()
  const told = () => host.evaluate(() => window.told ?? {})
  const over = async () => { // unprotected, each is heard of or tells something; a page that is protected has as long
    const got = await told()
    return together.every((n) => away.heard.has(n) || got[n] || n.startsWith('dns-'))
  }
  if (!sandbox) await until(over, undefined, PATIENCE_MS).catch(() => {})
  await host.waitForTimeout(sandbox ? Math.max(WINDOW_MS, took) : 500)
  if (!sandbox) took = Date.now() - began
  const got = await told()
  const succeeded = new Set(names.filter((n) => away.heard.has(n) || got[n]))
  await host.close()
  for (const name of names.filter(heardAs)) {
    const own = await open() // what an earlier one dialled goes with its page
    await own.waitForTimeout(200)
    away.heard.delete(heardAs(name))
    await show(own, src, home, sandbox, [name])
    await until(() => away.heard.has(heardAs(name)), undefined, 2000).catch(() => {})
    if (away.heard.has(heardAs(name))) succeeded.add(name)
    await own.close()
  }
  return succeeded
}

test('a page that means harm gets at nothing and reaches nobody', { timeout: 240_000 }, async (t) => {
  const plain = await ordinary()
  const list = await plain.context.newPage()
  await list.goto(`${control.origin}/host`)
  await show(list, `${control.origin}/page/index.html`, control.origin, '', ['list'])
  names = await until(() => list.evaluate(() => window.names))

  const works = await attack(
    async () => {
      const host = await plain.context.newPage()
      await host.goto(`${control.origin}/host`)
      return host
    },
    `${control.origin}/page/index.html`,
    control.origin,
    '',
  )
  for (const name of await plain.names(domain)) works.add(name.split('.')[0])
  assert.deepEqual(names.filter((n) => !works.has(n)), [], 'these attempts do not work even where nothing protects')

  const { src } = await api('POST', `/connections/${connection}/panels/nav/frame`, {})
  const breaks = await attack(
    async () => {
      const host = await page.context().newPage()
      await host.goto(server.origin)
      await host.evaluate(() => {
        localStorage.canary = '1'
      })
      return host
    },
    server.origin + src,
    server.origin,
    'allow-scripts allow-forms',
  )
  for (const name of await person.names(domain)) breaks.add(name.split('.')[0])
  t.diagnostic(`${names.length} attempts`)
  assert.deepEqual([...breaks], [])
})

const forgeries = ['handshake-to-console', 'notice-to-console', 'call-to-console', 'handshake-to-sibling', 'event-to-sibling', 'notice-of-nested', 'handshake-of-nested', 'replayed-port']

/** What came of forgeries in the pages themselves. */
async function believed(host) {
  const out = []
  for (const frame of host.frames().filter((f) => f.url().includes('/page/index.html'))) {
    out.push(...(await frame.evaluate(() => [...window.forged.taken, getComputedStyle(document.documentElement).getPropertyValue('--forged').trim()])))
  }
  return out
}

/** The names of forgeries in texts. */
const named = (texts) => new Set(forgeries.filter((name) => texts.some((text) => text === name || text?.includes(`forged ${name}`))))

test('nobody is spoken for: not the console, not another page, not after the page is gone', { timeout: 60_000 }, async () => {
  const plain = await ordinary()
  const host = await plain.context.newPage()
  await host.goto(`${control.origin}/gullible`)
  await host.waitForTimeout(6000)
  const works = named([...(await host.evaluate(() => window.done)), ...(await believed(host))])
  await plain.context.close()
  assert.deepEqual(forgeries.filter((name) => !works.has(name)), [], 'these forgeries are not believed even by who believes anything')

  const own = await ordinary()
  page = await own.context.newPage()
  const heard = []
  page.on('request', (q) => heard.push(q.postData() ?? ''))
  await page.exposeFunction('seen', (text) => heard.push(text))
  await page.addInitScript(() => {
    if (window === top) new MutationObserver(() => /forged/.test(document.body?.innerText ?? '') && window.seen(document.body.innerText)).observe(document, { subtree: true, childList: true, characterData: true })
  })
  await page.goto(server.links()[1])
  await page.getByTestId('conversation-list').waitFor()
  const open = (await api('GET', '/conversations', undefined, page)).items.find((c) => c.state === 'open')
  await page.goto(`${server.origin}/conversations/all/${open.id}`)
  await until(async () => (await page.locator('[data-testid=plugin-frame][data-state=shown] iframe').count()) >= 2)
  await until(async () => (await Promise.all(page.frames().slice(1).map((f) => f.evaluate(() => Boolean(window.forged?.begun)).catch(() => false)))).filter(Boolean).length >= 2)
  await page.waitForTimeout(5000)
  const broke = named([...heard, ...(await believed(page))])
  assert.ok(heard.some((text) => text.includes('this is its own')), 'the test does not see what pages say by right')
  await own.context.close()
  assert.deepEqual([...broke], [])
})
