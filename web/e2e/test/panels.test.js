// What plugins show, with a real one (vouchers) on the real server: codes are
// imported in its page, given from its card into the reply, refused in words,
// asked for as a tool and agreed to by a colleague who is told at once, and
// counted in its report.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, launch } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser, owner, page, api, connection, conversations

const config = {
  campaigns: [{ id: 'thanks', name: 'Thank you', value: 10 }, { id: 'sorry', name: 'Sorry for the wait', value: 25.5, until: '2030-12-31' }, { id: 'empty', name: 'Spring', value: 5 }],
  note: 'late parcel',
}

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  owner = await Agent.signIn(browser, server.links()[0])
  page = owner.page
  api = await apiOf(page, server)
  connection = (await api('POST', '/connections', { plugin: 'patchbay/vouchers', name: 'Shop vouchers', config, enabled: true })).id
  await until(async () => (await api('GET', '/plugins')).items.find((p) => p.id === 'patchbay/vouchers')?.state === 'ready')
  conversations = (await api('GET', '/conversations')).items.filter((c) => c.state === 'open')
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const frame = () => page.frameLocator('[data-testid=plugin-frame] iframe')
const framed = () => page.frames().find((one) => one.url().includes('/settings/index.html'))

test('codes are imported in the page of the settings; what is wrong stays, line by line', async () => {
  await page.goto(`${server.origin}/settings/connections/${connection}`)
  await frame().locator('#import-codes').fill('THX-1001\nTHX-1002\n\nTHX-1001\nTHX-1003\n' + 'X'.repeat(120))
  await frame().locator('#import-do').click()
  await frame().getByText('3 codes were imported.').waitFor()
  await frame().getByText('Line 4:').waitFor()
  assert.equal(await frame().locator('.refused li').count(), 3)
  assert.equal(await frame().locator('#import-codes').inputValue(), 'THX-1001\n' + 'X'.repeat(120))
  assert.deepEqual(await axe(framed()), [])
  await frame().locator('#import-campaign').selectOption('sorry')
  await frame().locator('#import-codes').fill('SRY-1\nSRY-2')
  await frame().locator('#import-codes').press('Tab')
  await frame().locator('#import-do').press('Enter')
  await frame().getByText('2 codes were imported.').waitFor()
})

const panel = () => page.locator('[data-testid=panel][data-panel=customer]')

test('a voucher goes from the card into the reply, once; a second one is refused in words', async () => {
  await page.goto(`${server.origin}/conversations/all/${conversations[0].id}`)
  await panel().getByTestId('card-note').fill('parcel came late')
  await panel().getByTestId('card-submit').filter({ hasText: 'Give a voucher' }).click()
  await until(async () => /THX-1001 \(10 EUR\)/.test(await page.getByTestId('composer-input').inputValue()), () => 'the sentence is not in the reply')
  await panel().getByText('This customer had a voucher today.').waitFor()
  await panel().getByText('parcel came late').waitFor()
  await page.getByTestId('send').click()
  await until(async () => (await owner.messages()).some((text) => text.includes('THX-1001')), () => 'it was not sent')
  await page.getByTestId('composer-panels').click()
  await page.getByTestId('composer-panel').click()
  await page.getByTestId('composer-panel-dialog').getByText('This customer had a voucher today.').waitFor()
  assert.deepEqual(await axe(page), [])
  await page.keyboard.press('Escape')
})

test('what a colleague asks for waits for a yes, which everybody sees at once', async () => {
  const other = conversations[1]
  await page.goto(`${server.origin}/conversations/all/${other.id}`)
  await panel().getByText('This customer has no voucher yet.').waitFor()
  const asked = await api('POST', '/tools/patchbay/vouchers/give_voucher', { key: 'e2e-1', args: { campaign: 'sorry', note: 'asked by a program' }, conversation_id: other.id })
  assert.equal(asked.state, 'pending')
  const approval = page.getByTestId('approval')
  await approval.waitFor()
  await approval.getByText('Sorry for the wait').or(approval.getByText('sorry', { exact: true })).first().waitFor()
  await approval.getByTestId('approval-agree').click()
  await approval.waitFor({ state: 'detached' })
  const done = await api('POST', '/tools/patchbay/vouchers/give_voucher', { key: 'e2e-1', args: { campaign: 'sorry', note: 'asked by a program' }, conversation_id: other.id })
  assert.equal(done.output.code, 'SRY-1')
})

test('everything it shows, in both languages, themes and widths', { timeout: 120_000 }, async () => {
  const state = await page.context().storageState()
  const found = await lookAround(browser, {
    origin: server.origin,
    state,
    speak: (locale) => speak(page, server, locale),
    screens: {
      'panels-settings': { path: `/settings/connections/${connection}`, ready: '[data-testid=plugin-frame][data-state=shown]', act: (one) => one.getByTestId('plugin-frame').evaluate((box) => box.scrollIntoView()) },
      'panels-report': { path: `/reports/${connection}/report`, ready: '[data-testid=card]' },
    },
  })
  assert.deepEqual(found, {})
})
