// A second factor as its owner lives it: enrolled, asked for, the phone lost,
// the recovery codes used up by losing them too, and the way back in.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'

import { axe, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { acceptInvite, baseOf, fillSetup, present } from '../lib/people.js'
import { Server } from '../lib/server.js'

const password = 'correct horse battery 9'
const step = 30 // seconds

let server, browser, owner, emma, base
let secret, used
let codes = []

before(async () => {
  server = await Server.start([])
  browser = await launch()
  owner = await person(browser)
  await owner.goto(server.setupLink())
  await fillSetup(owner, password)
  await present(owner)
  base = await baseOf(owner, server)
  const { link } = await (await owner.request.post(`${base}/invitations`, { data: { email: 'emma@example.com', role: 'agent' } })).json()
  emma = await person(browser)
  await emma.goto(link)
  await acceptInvite(emma, 'Emma', password)
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** What an authenticator app shows at a time (RFC 6238, six digits, SHA-1). */
function totp(base32, counter) {
  let bits = ''
  for (const letter of base32.replaceAll(/[\s=]/g, '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const message = Buffer.alloc(8)
  message.writeBigUInt64BE(BigInt(counter))
  const mac = createHmac('sha1', key).update(message).digest()
  const at = mac[19] & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** A code that was not used yet; the server takes one step before and after now. */
function fresh() {
  const now = Math.floor(Date.now() / 1000 / step)
  used = Math.max(now, (used ?? 0) + 1)
  assert.ok(used <= now + 1, 'the test asks for codes faster than an app makes them')
  return totp(secret, used)
}

/** Signs in up to the second step. */
async function begin(page) {
  await page.goto(`${server.origin}/sign-in`)
  await page.getByTestId('sign-in-email').fill('emma@example.com')
  await page.getByTestId('sign-in-password').fill(password)
  await page.getByTestId('sign-in-submit').click()
}

async function answer(page, code) {
  await page.getByTestId('second-code').fill(code)
  await page.getByTestId('second-submit').click()
}

test('an agent enrols an app, and keeps the recovery codes', async () => {
  await emma.goto(`${server.origin}/settings/profile`)
  await emma.getByTestId('totp-password').fill(password)
  await emma.getByTestId('totp-begin').click()
  secret = await emma.getByTestId('totp-secret').textContent()
  await shot(emma, 'two-factor-enrol-en-light-1440')
  assert.deepEqual(await axe(emma), [])
  await emma.getByTestId('totp-code').fill('000000')
  await emma.getByTestId('totp-confirm').click()
  await emma.getByTestId('field-error').or(emma.getByTestId('form-failure')).first().waitFor()
  await emma.getByTestId('totp-code').fill(fresh())
  await emma.getByTestId('totp-confirm').click()
  codes = await emma.getByTestId('recovery-codes').locator('li').allTextContents()
  assert.equal(codes.length, 10)
  await shot(emma, 'recovery-codes-en-light-1440')
  assert.deepEqual(await axe(emma), [])
  await emma.getByTestId('codes-kept').click()
  await emma.getByTestId('totp-disable').waitFor()
})

test('signing in asks for a code; one works once, the phone is lost, a recovery code helps', async () => {
  const page = await person(browser, { viewport: phone, locale: 'zh-CN' })
  await begin(page)
  await page.getByTestId('second-code').waitFor()
  await shot(page, 'second-step-zh-light-390')
  assert.deepEqual(await axe(page), [])
  await answer(page, totp(secret, used)) // the one that confirmed the enrolment
  await page.getByTestId('form-failure').or(page.getByTestId('field-error')).first().waitFor()
  await page.getByTestId('second-lost').click()
  await answer(page, codes[0])
  await present(page)
  assert.deepEqual(page.problems, [])
  await page.context().close()

  const again = await person(browser)
  await begin(again)
  await again.getByTestId('second-lost').click()
  await answer(again, codes[0])
  await again.getByTestId('form-failure').or(again.getByTestId('field-error')).first().waitFor()
  await again.context().close()
})

test('phone and codes are lost: an owner resets the factor, and every browser is signed out', async () => {
  await owner.goto(`${server.origin}/settings/members`)
  await owner.getByTestId('member-security').click()
  await owner.getByTestId('reset-factor').waitFor()
  await shot(owner, 'member-security-en-light-1440')
  assert.deepEqual(await axe(owner), [])
  await owner.getByTestId('reset-factor').click()
  assert.equal((await emma.request.get(`${server.origin}/api/v1/session`)).status(), 200) // it is asked first
  await owner.getByTestId('reset-factor-dialog').getByTestId('confirm').click()
  await until(async () => (await emma.request.get(`${server.origin}/api/v1/session`)).status() === 401, () => 'the agent is still signed in')
  const page = await person(browser)
  await begin(page)
  await present(page)
  await page.context().close()
  const log = await (await owner.request.get(`${base}/audit`)).json()
  assert.ok(log.items.some((row) => row.target?.name === 'Emma' && /factor/.test(row.action)), JSON.stringify(log.items.map((row) => row.action)))
})

test('a forgotten password: a link that works once', async () => {
  await owner.reload()
  await owner.getByTestId('member-security').click()
  await owner.getByTestId('make-reset-link').click()
  const link = await owner.getByTestId('reset-link').textContent()
  const page = await person(browser)
  await page.goto(link)
  await page.getByTestId('reset-password').waitFor()
  await shot(page, 'reset-password-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('reset-password').fill('short')
  await page.getByTestId('reset-submit').click()
  await page.getByTestId('field-error').first().waitFor()
  await page.getByTestId('reset-password').fill('another horse battery 7')
  await page.getByTestId('reset-submit').click()
  await page.getByTestId('reset-done').waitFor()
  await page.goto(link)
  await page.getByRole('link', { name: /sign in/i }).waitFor()
  assert.equal(await page.getByTestId('reset-password').count(), 0)
  assert.deepEqual(page.problems, [])
  await page.context().close()
})
