// Signing in at another system, as an administrator does it in the form of a
// connection and in that of an inbox: the address to register there, a client
// that it does not take, signing in, a way back that was used already.
// The other system is a real provider; what its tokens are good for is
// tested in Go.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, phone, shot } from '../lib/browser.js'
import { OpenID } from '../lib/openid.js'
import { ownerOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const root = resolve(import.meta.dirname, '../../..')
let idp, server, browser, owner, base, folder, callback

/** A field that is got by signing in, at the server that another field names, and what that takes. */
const fields = {
  server: { type: 'string', title: 'Server', 'x-i18n': { 'zh-CN': { title: '服务器' } } },
  client: { type: 'string', title: 'Client ID', 'x-i18n': { 'zh-CN': { title: '客户端 ID' } } },
  secret: { type: 'string', title: 'Client secret', 'x-secret': true, 'x-i18n': { 'zh-CN': { title: '客户端密钥' } } },
  account: {
    type: 'string',
    title: 'Account',
    'x-i18n': { 'zh-CN': { title: '账号' } },
    'x-oauth': { authorize_url: '{/server}/authorize', token_url: '{/server}/token', client_id: '/client', client_secret: '/secret', scopes: ['openid', 'offline_access'] },
  },
}

/** Adds them to the form of a plugin. */
async function ask(plugin) {
  const file = join(folder, plugin, 'plugin.json')
  const manifest = JSON.parse(await readFile(file, 'utf8'))
  const permissions = [...(manifest.permissions ?? []), { scope: 'secrets', reason: { en: 'Signs in at the other system.', 'zh-CN': '用于在对方系统登录并取得令牌。' } }]
  const form = { ...manifest.config_schema, properties: { ...fields, ...manifest.config_schema.properties } }
  await writeFile(file, JSON.stringify({ ...manifest, config_schema: form, permissions }))
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-oauth-'))
  await cp(join(root, 'bin/plugins'), folder, { recursive: true })
  await ask('patchbay-risk-analyzer')
  await ask('patchbay-echo')
  idp = await OpenID.start()
  server = await Server.start(['--demo', '--plugins.dev-dir', folder, '--outbound.allow-networks', '127.0.0.1/32'])
  callback = `${server.origin}/api/v1/oauth/plugin/callback`
  await idp.register(callback)
  browser = await launch()
  ;({ owner, base } = await ownerOf(browser, server))
})

after(async () => {
  await browser?.close()
  await server?.end()
  await idp?.end()
  await rm(folder, { recursive: true, force: true })
})

const state = () => owner.getByTestId('setting-account-state')
const signIn = () => owner.getByTestId('setting-account-sign-in').click()

async function identify(secret) {
  await owner.getByTestId('setting-server').fill(idp.issuer)
  await owner.getByTestId('setting-client').fill(idp.client_id)
  await owner.getByTestId('setting-secret').fill(secret)
}

test('a connection: where to register, a secret that is not taken, and signed in', async () => {
  await owner.goto(`${server.origin}/settings/connections/new?plugin=patchbay/risk-analyzer`)
  await owner.getByTestId('connect-next').click()
  assert.equal(await owner.getByTestId('setting-account-redirect').innerText(), callback)
  assert.match(await state().innerText(), /once this is saved/)
  await identify('a wrong one')
  await owner.getByTestId('connect-test').click()
  await owner.getByTestId('connect-done').click()
  await owner.waitForURL(/settings\/connections\/pin_/)
  await signIn()
  await owner.getByTestId('notice-failed').getByText(/did not agree/).waitFor()
  assert.match(await state().innerText(), /Not signed in/)
  assert.doesNotMatch(owner.url(), /failed|signed_in|code|state/)
  await shot(owner, 'oauth-refused-en-light-1440')
  await owner.getByTestId('notice-failed').getByRole('button').click()

  await owner.getByTestId('setting-secret-replace').click()
  await owner.getByTestId('setting-secret').fill(idp.client_secret)
  await owner.getByTestId('connection-save').click()
  await owner.getByTestId('setting-secret-replace').waitFor()
  const back = owner.waitForRequest((one) => one.url().startsWith(callback))
  await signIn()
  const used = (await back).url()
  await state().getByText('Signed in.', { exact: true }).waitFor()
  await shot(owner, 'oauth-signed-in-en-light-1440')
  assert.deepEqual(await axe(owner), [])

  await owner.goto(used) // the way back, once more
  await owner.getByTestId('notice-failed').getByText(/used already/).waitFor()
  assert.deepEqual(owner.problems.filter((one) => !/404/.test(one)), [])
})

test('the same in Chinese, on a phone', async () => {
  const [{ id }] = (await (await owner.request.get(`${base}/connections`)).json()).items
  await speak(owner, server, 'zh-CN')
  await owner.setViewportSize(phone)
  await owner.goto(`${server.origin}/settings/connections/${id}`)
  await state().getByText('已登录。').waitFor()
  await shot(owner, 'oauth-signed-in-zh-light-390')
  assert.deepEqual(await axe(owner), [])
  await owner.goto(`${server.origin}/settings/connections/new?plugin=patchbay/risk-analyzer`)
  await owner.getByTestId('connect-next').click()
  assert.equal(await owner.getByTestId('setting-account-redirect').innerText(), callback)
  await shot(owner, 'oauth-register-zh-light-390')
  await owner.setViewportSize(desktop)
  await speak(owner, server, 'en')
})

test('an inbox signs in the same way', async () => {
  const inbox = (await (await owner.request.get(`${base}/inboxes`)).json()).items.find((one) => one.plugin === 'patchbay/echo')
  await owner.goto(`${server.origin}/settings/inboxes/${inbox.id}`)
  await identify(idp.client_secret)
  await owner.getByTestId('inbox-save').click()
  await owner.getByTestId('setting-secret-replace').waitFor()
  await signIn()
  await owner.waitForURL(new RegExp(`settings/inboxes/${inbox.id}$`))
  await state().getByText('Signed in.', { exact: true }).waitFor()
  await shot(owner, 'oauth-inbox-en-light-1440')
  assert.deepEqual(await axe(owner), [])
})
