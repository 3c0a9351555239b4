// Queues as an administrator makes them: by keyboard, with skills, steps and overflow; what is refused
// and where; what colleagues change meanwhile.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, launch, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { lookAround } from '../lib/look.js'
import { Agent, baseOf, speak } from '../lib/people.js'
import { Server } from '../lib/server.js'

const patience = { timeout: 60_000 }

let server, browser, page, base, api
const skills = {}

const named = async (name) => (await api('GET', '/queues')).items.find((one) => one.name === name)

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
  page = (await Agent.signIn(browser, server.links()[0])).page
  page.setDefaultTimeout(patience.timeout)
  base = await baseOf(page, server)
  api = await apiOf(page, server)
  await speak(page, server, 'en')
  for (const name of ['English', '退换货']) skills[name] = (await api('POST', '/skills', { name })).id
  const members = (await api('GET', '/members')).items
  await api('PUT', `/members/${members[0].id}/skills`, { skills: [{ skill_id: skills.English, level: 4 }] })
})

after(async () => {
  await browser?.close()
  await server?.end()
})

test('two queues are made, with skills, a step and overflow', async () => {
  await page.goto(`${server.origin}/settings/queues`)
  await page.getByText('No queues yet').waitFor()
  await shot(page, 'queues-empty-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('queue-new').click()
  await page.getByTestId('queue-save').click()
  await page.getByTestId('field-error').waitFor()
  await page.getByTestId('queue-name').fill('Second line')
  await page.getByTestId('queue-target').fill('10')
  await page.getByTestId('queue-save').click()
  await page.waitForURL(/settings\/queues\/que_/, patience)
  assert.equal((await named('Second line')).target_s, 600)

  await page.getByTestId('settings-queues').click()
  await page.getByTestId('queue-new').click()
  await page.getByTestId('queue-name').fill('First line 一线')
  for (const [n, skill, level] of [[0, 'English', '3'], [1, '退换货', '5']]) {
    await page.getByTestId('need-add').click()
    await page.getByTestId('need-skill').nth(n).selectOption({ label: skill })
    await page.getByTestId('need-level').nth(n).selectOption(level)
  }
  await page.getByTestId('rung-add').click()
  await page.getByTestId('rung-after').fill('90')
  await page.getByTestId('rung-after-unit').selectOption('second')
  await page.getByTestId('rung').getByRole('combobox', { name: /^English at step/ }).selectOption('')
  await page.getByTestId('rung').getByRole('combobox', { name: /^退换货 at step/ }).selectOption('0')
  await page.getByTestId('queue-overflow').selectOption({ label: 'Second line' })
  await page.getByTestId('overflow-after').fill('5')
  await page.getByTestId('queue-save').click()
  await page.waitForURL(/settings\/queues\/que_/, patience)
  await page.getByTestId('need-warning').getByText(/comes nearest/).waitFor()
  await page.getByTestId('queue-serves').waitFor()
  await shot(page, 'queue-warned-en-light-1440')
  assert.deepEqual(await axe(page), [])
  const made = await named('First line 一线')
  assert.deepEqual(made.ladder.map((rung) => [rung.after_s, rung.drop]), [[90, [skills['退换货']]]])
  assert.deepEqual(made.overflow, { queue_id: (await named('Second line')).id, after_s: 300 })
})

test('a circle is refused where it is entered, and a step that changes nothing', async () => {
  const second = await named('Second line')
  await page.goto(`${server.origin}/settings/queues/${second.id}`)
  await page.getByTestId('queue-overflow').selectOption({ label: 'First line 一线' })
  await page.getByText(/This is a circle/).waitFor()
  await page.getByTestId('queue-save').click()
  await page.getByTestId('field-error').getByText(/in a circle/).waitFor()
  assert.equal(await page.getByTestId('queue-overflow').getAttribute('aria-invalid'), 'true')
  await shot(page, 'queue-circle-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('settings-queues').click()
  await page.getByTestId('unsaved-leave').click()
  await page.getByTestId('queue-row').filter({ hasText: 'First line' }).click()
  await page.getByTestId('rung').getByRole('combobox', { name: /^退换货 at step/ }).selectOption('')
  await page.getByTestId('queue-save').click()
  await page.getByTestId('rung').getByTestId('field-error').waitFor()
  await page.getByTestId('rung').getByRole('combobox', { name: /^退换货 at step/ }).selectOption('2')
  await page.getByTestId('queue-save').click()
  await until(async () => (await named('First line 一线')).ladder[0].lower?.[0]?.level === 2, () => 'the step is not stored')
})

test('what a colleague saved meanwhile is not overwritten, and nothing typed is lost', async () => {
  const { id } = await named('First line 一线')
  await page.getByTestId('queue-description').fill('Mine')
  await api('PATCH', `/queues/${id}`, { target_s: 60 })
  await page.getByTestId('queue-newer').waitFor()
  await page.getByTestId('queue-save').click()
  await page.getByTestId('queue-newer').waitFor()
  await shot(page, 'queue-newer-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('queue-mine').click()
  await until(async () => (await page.getByTestId('queue-target').inputValue()) === '1', () => 'their target is not shown')
  await page.getByTestId('queue-save').click()
  await until(async () => (await named('First line 一线')).description === 'Mine', () => 'mine is not stored')
  assert.equal((await named('First line 一线')).target_s, 60)
})

const levelOf = async (member, skill) => (await api('GET', '/skills')).items.find((one) => one.name === skill)?.members.find((one) => one.member_id === member)?.level ?? 0

test('skills are set in a matrix by keyboard and by pointer; what is refused goes back', async () => {
  await page.goto(`${server.origin}/settings/skills`)
  await page.getByTestId('skill-new').click()
  await page.getByTestId('skill-save').click()
  await page.getByTestId('field-error').waitFor()
  await page.getByTestId('skill-name').fill('Billing')
  await page.getByTestId('skill-save').click()
  await page.getByTestId('skill-edit').filter({ hasText: 'Billing' }).waitFor()
  const [first] = await page.getByTestId('skill-row').locator('th').allTextContents()
  const { id: member } = (await api('GET', '/members')).items.find((one) => first.includes(one.name))
  const cells = page.getByTestId('skill-row').first().getByTestId('skill-cell')
  await cells.first().click()
  await page.keyboard.press('2')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('4')
  await page.keyboard.press('3')
  await until(async () => (await levelOf(member, 'Billing')) === 2 && (await levelOf(member, 'English')) === 3, () => 'the levels are not stored')
  assert.equal(await cells.first().textContent(), '2')
  await cells.nth(2).click()
  await page.getByTestId('level-5').click()
  await until(async () => (await levelOf(member, '退换货')) === 5, () => 'the level is not stored')
  await page.keyboard.press('Tab')
  await shot(page, 'skills-set-en-light-1440')
  assert.deepEqual(await axe(page), [])

  await page.route(`${base}/members/*/skills`, (route) => route.abort())
  await cells.first().click()
  await page.keyboard.press('0')
  await page.getByText(/were not saved and are as before/).waitFor()
  await until(async () => (await cells.first().textContent()) === '2', () => 'the old level does not show again')
  await page.unroute(`${base}/members/*/skills`)

  await page.getByTestId('skill-find').fill('bill')
  await until(async () => (await cells.count()) === 1, () => 'the filter leaves more than one skill')
  await page.getByTestId('skill-find').fill('')
  await page.getByTestId('skill-edit').filter({ hasText: 'English' }).click()
  await page.getByTestId('skill-delete').click()
  await page.getByTestId('skill-used').getByText('First line 一线').waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('skill-edit').filter({ hasText: 'Billing' }).click()
  await page.getByTestId('skill-name').fill('Invoices')
  await page.getByTestId('skill-save').click()
  await page.getByTestId('skill-edit').filter({ hasText: 'Invoices' }).click()
  await page.getByTestId('skill-delete').click()
  await page.getByTestId('confirm').click()
  await until(async () => (await page.getByTestId('skill-edit').count()) === 2, () => 'the skill is still there')
})

test('a member is given less of one kind of work', async () => {
  await page.goto(`${server.origin}/settings/members`)
  const row = page.getByTestId('member-row').first()
  await row.getByTestId('member-limit').click()
  await page.getByTestId('limit-capacity').fill('0')
  await page.getByTestId('limits-save').click()
  await page.getByTestId('field-error').waitFor()
  await page.getByTestId('limit-capacity').fill('8')
  await page.getByTestId('limit-chat').selectOption('3')
  await page.getByTestId('limit-mail').selectOption('-1')
  await page.getByTestId('limit-ticket').selectOption('2')
  await shot(page, 'member-limits-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('limits-save').click()
  await row.getByTestId('member-limits').getByText('chats up to 3').waitFor()
  await row.getByTestId('member-limits').getByText('tickets up to 2').waitFor()
  await until(async () => (await api('GET', '/members')).items.some((one) => one.capacity === 8 && one.limits.chat === 3 && one.limits.mail === -1 && one.limits.ticket === 2), () => 'the limits are not stored')
})

test('a conversation is put into a queue, stands in it, is listed and found by it, and leaves it', async () => {
  const { id } = await named('First line 一线')
  const [row] = (await api('GET', '/conversations?state=open&limit=1')).items
  await page.goto(`${server.origin}/conversations/all/${row.id}`)
  await page.getByTestId('assign').click()
  await page.getByTestId('pick-input').fill('First line')
  await shot(page, 'queue-assign-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId(`pick-${id}`).click()
  await page.getByTestId('conversation-queue').getByText('in First line 一线').waitFor()
  assert.equal((await api('GET', `/conversations/${row.id}`)).queue_id, id)
  await page.getByTestId('events').last().getByRole('button').click()
  await page.getByText(/put the conversation into the queue First line/).waitFor()
  await shot(page, 'queue-head-en-light-1440')

  const one = { field: 'queue', op: 'is', value: id }
  assert.deepEqual((await api('GET', `/conversations?filter=${encodeURIComponent(JSON.stringify(one))}`)).items.map((found) => found.id), [row.id])
  await page.goto(`${server.origin}/conversations/all?filter=${encodeURIComponent(JSON.stringify(one))}`)
  await until(async () => (await page.getByTestId('conversation-list-item').count()) === 1, () => 'the filter does not list one')
  await page.keyboard.press('y')
  await page.getByTestId('filter-dialog').getByText('First line 一线').first().waitFor()
  await shot(page, 'queue-filter-en-light-1440')
  assert.deepEqual(await axe(page), [])

  await page.goto(`${server.origin}/conversations/${id}`)
  await until(async () => (await page.getByTestId('conversation-list-item').count()) === 1, () => 'the list of the queue does not hold it')
  await page.getByTestId('views').getByText('First line 一线').waitFor()
  await api('POST', `/conversations/${row.id}/assign`, { queue_id: '' })
  await until(async () => (await page.getByTestId('conversation-list-item').count()) === 0, () => 'it is listed still')
  await api('POST', `/conversations/${row.id}/assign`, { queue_id: id })
  await until(async () => (await page.getByTestId('conversation-list-item').count()) === 1, () => 'it does not come back by itself')
})

test('a queue gives out the tickets of its team to who is there, live', async () => {
  const me = (await api('GET', '/members')).items[0]
  const presence = (status) => api('PUT', '/presence/me', { status })
  await presence('away')
  const team = await api('POST', '/teams', { name: 'Repairs', member_ids: [me.id] })
  const second = await named('Second line')
  await api('PATCH', `/queues/${second.id}`, { team_id: team.id })
  await page.goto(`${server.origin}/settings/queues/${second.id}`)
  await page.getByTestId('queue-tickets').click()
  await page.getByTestId('queue-save').click()
  await until(async () => (await named('Second line')).tickets, () => 'the switch was not saved')
  const other = await named('First line 一线')
  await api('PATCH', `/queues/${other.id}`, { team_id: team.id })
  await page.goto(`${server.origin}/settings/queues/${other.id}`)
  await page.getByText('They wait in Second line.').waitFor()
  await shot(page, 'queue-tickets-taken-en-light-1440')
  await api('PATCH', `/queues/${other.id}`, { team_id: '' })

  const made = await api('POST', '/tickets', { title: 'The lamp flickers', team_id: team.id })
  await page.goto(`${server.origin}/tickets/${made.id}`)
  await page.getByTestId('ticket-waits').getByText('Second line').waitFor()
  await shot(page, 'ticket-waits-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.setViewportSize({ width: 390, height: 844 })
  await shot(page, 'ticket-waits-en-light-390')
  await page.setViewportSize({ width: 1440, height: 900 })
  await presence('available')
  await until(async () => (await page.getByTestId('ticket-assignee').getAttribute('data-assignee')) === me.id, () => 'the ticket does not land')
  await until(async () => (await page.getByTestId('ticket-waits').count()) === 0, () => 'it waits still')
  await page.getByText('was given the ticket by the queue Second line').first().waitFor()
  await shot(page, 'ticket-given-en-light-1440')
  await speak(page, server, 'zh-CN')
  await page.goto(`${server.origin}/tickets/${made.id}`)
  await page.getByText('队列“Second line”将工单派给了').first().waitFor()
  await page.goto(`${server.origin}/settings/queues/${second.id}`)
  await page.getByText('派发团队的工单').waitFor()
  await shot(page, 'queue-tickets-zh-light-1440')
  await page.goto(`${server.origin}/wall`)
  await page.getByTestId('wall-queues-by-tickets').waitFor()
  await shot(page, 'wall-tickets-zh-light-1440')
  await speak(page, server, 'en')
  await api('PATCH', `/queues/${second.id}`, { team_id: '', tickets: false })
})

test('in both languages, at a desk and on a phone, light and dark', async () => {
  const { id } = await named('First line 一线')
  const seen = (testid) => `[data-testid=${testid}]`
  const screens = {
    queues: { path: '/settings/queues', ready: seen('queue-row') },
    queue: { path: `/settings/queues/${id}`, ready: seen('queue-serves') },
    skills: { path: '/settings/skills', ready: `${seen('skill-row')}, ${seen('skill-card')}` },
    members: { path: '/settings/members', ready: seen('member-limits') },
  }
  assert.deepEqual(await lookAround(browser, { origin: server.origin, state: await page.context().storageState(), speak: (locale) => speak(page, server, locale), screens }), {})
  await speak(page, server, 'en')
})

test('without a line the form says so and keeps what was typed; a queue that is used stays', async () => {
  const second = await named('Second line')
  await page.goto(`${server.origin}/settings/queues/${second.id}`)
  await page.getByTestId('queue-name').fill('Backup')
  await page.context().setOffline(true)
  await page.getByTestId('queue-save').click()
  await page.getByTestId('form-failure').waitFor()
  await page.context().setOffline(false)
  await page.getByTestId('queue-save').click()
  await until(async () => named('Backup'), () => 'it was not saved after all')
  await page.getByTestId('queue-delete').click()
  await page.getByTestId('queue-used').getByText('First line 一线').click()
  await page.getByTestId('queue-overflow').selectOption('')
  await page.getByTestId('queue-save').click()
  await until(async () => (await named('First line 一线')).overflow.queue_id === '', () => 'it overflows still')
  await page.goto(`${server.origin}/settings/queues/${second.id}`)
  await page.getByTestId('queue-delete').click()
  await page.getByTestId('confirm').click()
  await page.waitForURL(/settings\/queues$/, patience)
  await until(async () => (await page.getByTestId('queue-row').count()) === 1, () => 'the queue is still listed')
})
