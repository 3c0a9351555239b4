// Business hours as an administrator makes them: a week by keyboard and by pointer, a day that differs,
// holidays from the built-in set and from a file with a preview, what is refused and where.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { headers } from '../lib/api.js'
import { axe, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent, baseOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const patience = { timeout: 60_000 }

let server, browser, page, base, made

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  page = (await Agent.signIn(browser, server.links()[0])).page
  page.setDefaultTimeout(patience.timeout)
  base = await baseOf(page, server)
  await speak(page, server, 'en')
})

after(async () => {
  await browser?.close()
  await server?.end()
})

const stored = async () => (await page.request.get(`${base}/calendars/${made}`)).json()

test('a calendar is made: hours by keyboard and by pointer', async () => {
  await page.goto(`${server.origin}/settings/hours`)
  await page.getByText('No business hours yet').waitFor()
  await shot(page, 'hours-empty-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('hours-new').click()
  await page.getByTestId('hours-name').fill('Support 客服')
  await page.getByTestId('hours-zone').fill('Moon/Crater')
  const monday = page.getByTestId('day-monday')
  await monday.getByTestId('span-from').fill('18:30')
  await monday.getByTestId('span-from').blur()
  await page.getByTestId('hours-save').click()
  await page.getByTestId('field-error').first().waitFor()
  assert.ok(await page.getByTestId('field-error').count() >= 2, 'the zone and the hours are wrong, each in its place')
  await shot(page, 'hours-wrong-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('hours-zone').fill('Asia/Shanghai')
  await monday.getByTestId('span-from').fill('08:30')
  await monday.getByTestId('span-from').blur()
  await monday.getByTestId('copy-monday').click()
  const line = page.getByTestId('day-saturday').getByTestId('day-line')
  await line.scrollIntoViewIfNeeded()
  const box = await line.boundingBox()
  await page.mouse.move(box.x + (box.width * 10) / 24, box.y + 10)
  await page.mouse.down()
  await page.mouse.move(box.x + (box.width * 14) / 24, box.y + 10, { steps: 4 })
  await page.mouse.up()
  assert.equal(await page.getByTestId('day-saturday').getByTestId('span-from').inputValue(), '10:00')
  await page.getByTestId('hours-save').click()
  await page.waitForURL(/settings\/hours\/cal_/, patience)
  made = new URL(page.url()).pathname.split('/').at(-1)
  const calendar = await stored()
  assert.equal(calendar.time_zone, 'Asia/Shanghai')
  assert.deepEqual(calendar.week.friday, [{ from: '08:30', to: '18:00' }])
  assert.deepEqual(calendar.week.saturday, [{ from: '10:00', to: '14:00' }])
  assert.equal(await page.getByTestId('next-days').locator('li').count(), 14)
})

test('a day that differs is added, saved and shown', async () => {
  await page.getByTestId('exception-new').click()
  await page.getByTestId('exception-name').fill('Stocktaking 盘点')
  await page.getByTestId('exception-from').fill('2027-03-08')
  await page.getByTestId('exception-effect').selectOption('hours')
  await page.getByTestId('exception-dialog').getByTestId('span-add').click()
  await shot(page, 'hours-exception-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('exception-keep').click()
  await page.getByTestId('exception-row').waitFor()
  await page.getByTestId('hours-save').click()
  await until(async () => (await stored()).exceptions.length === 1, () => 'the day is not stored')
  assert.deepEqual((await stored()).exceptions[0].hours, [{ from: '09:00', to: '18:00' }])
})

test('holidays come from the built-in set, and from a file, after a preview', async () => {
  await page.getByTestId('hours-import').click()
  await page.getByTestId('import-source').selectOption('cn-2026')
  await page.getByTestId('import-preview').click()
  await page.getByTestId('import-plan').waitFor()
  assert.equal((await stored()).exceptions.length, 1, 'a preview changes nothing')
  await shot(page, 'hours-import-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('import-apply').click()
  await until(async () => (await stored()).exceptions.length === 14, () => 'the holidays are not stored')
  await page.getByTestId('import-dialog').waitFor({ state: 'hidden' })

  await page.getByTestId('hours-import').click()
  await page.getByTestId('import-source').selectOption('file')
  await page.getByTestId('import-file').setInputFiles({ name: 'page.ics', mimeType: 'text/calendar', buffer: Buffer.from('<html>no calendar: sorry</html>') })
  await page.getByTestId('import-preview').click()
  await page.getByTestId('import-fault').getByText('line 1').waitFor()
  const file = ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'SUMMARY:元旦（休）', 'DTSTART;VALUE=DATE:20270101', 'DTEND;VALUE=DATE:20270104', 'END:VEVENT',
    'BEGIN:VEVENT', 'SUMMARY:小寒', 'DTSTART;VALUE=DATE:20270105', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n')
  await page.getByTestId('import-file').setInputFiles({ name: 'china.ics', mimeType: 'text/calendar', buffer: Buffer.from(file) })
  await page.getByText('china.ics').waitFor()
  await page.getByTestId('import-preview').click()
  await page.getByTestId('import-plan').getByText('1 new, 0 replaced, 1 left out').waitFor()
  await page.getByTestId('import-apply').click()
  await until(async () => (await stored()).exceptions.some((one) => one.name === '元旦（休）' && one.to === '2027-01-03'), () => 'the file was not imported')
  await page.getByTestId('import-dialog').waitFor({ state: 'hidden' })
})

test('what a colleague saved meanwhile is not overwritten', async () => {
  await page.getByTestId('hours-name').fill('Mine')
  const before = await stored()
  const answer = await page.request.patch(`${base}/calendars/${made}`, { data: { revision: before.revision, name: 'Theirs' }, headers })
  assert.equal(answer.status(), 200)
  await page.getByTestId('hours-save').click()
  await page.getByTestId('form-failure').getByText('calendar.stale').waitFor()
  await page.getByRole('button', { name: /Show theirs/ }).click()
  await until(async () => (await page.getByTestId('hours-name').inputValue()) === 'Theirs', () => 'the newer one is not shown')
})

test('in both languages, at a desk and on a phone, light and dark', async () => {
  const screens = {
    hours: { path: '/settings/hours', ready: '[data-testid=hours-row]' },
    'hours-one': { path: `/settings/hours/${made}`, ready: '[data-testid=next-days]' },
  }
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state: await page.context().storageState(), speak: (locale) => speak(page, server, locale), screens }), {})
})

test('without a line the page says so, and a calendar is deleted', async () => {
  await speak(page, server, 'en')
  await page.goto(`${server.origin}/settings/hours/${made}`)
  await page.getByTestId('hours-name').fill('Offline')
  await page.context().setOffline(true)
  await page.getByTestId('hours-save').click()
  await page.getByTestId('form-failure').waitFor()
  await page.context().setOffline(false)
  await page.getByTestId('hours-save').click()
  await until(async () => (await stored()).name === 'Offline', () => 'it was not saved after all')
  await page.getByTestId('hours-delete').click()
  await page.getByTestId('confirm').click()
  await page.waitForURL(/settings\/hours$/, patience)
  await page.getByText('No business hours yet').waitFor()
})
