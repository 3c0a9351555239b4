// Who may do what, as people live it: a role that sees only its team is made in the console and given
// to a member whose browser is open; those who see no customers begin where their work is; a company's
// own sign-in, by a real OpenID Connect provider, lets people in, is linked, and cannot be locked away.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { apiOf } from '../lib/api.js'
import { axe, launch, person, phone, shot } from '../lib/browser.js'
import { until } from '../lib/expect.js'
import { OpenID } from '../lib/openid.js'
import { Agent, acceptInvite } from '../lib/people.js'
import { Server } from '../lib/server.js'

const password = 'correct horse battery 9'
/** What a changed right may take to reach an open window, in milliseconds. */

let server, browser, idp, lin, mei, page, base, api, team, held, free, memberID

before(async () => {
  idp = await OpenID.start()
  server = await Server.start(['--demo', '--outbound.allow-networks', '127.0.0.1/32'])
  browser = await launch()
  ;[lin, mei] = await Promise.all(server.links().slice(0, 2).map((link) => Agent.signIn(browser, link)))
  page = lin.page
  const me = async (of) => (await (await of.request.get(`${server.origin}/api/v1/session`)).json()).memberships[0]
  base = `${server.origin}/api/v1/workspaces/${(await me(page)).workspace.id}`
  api = await apiOf(page, server)
  memberID = (await me(mei.page)).member_id
  team = await api('POST', '/teams', { name: 'First line', description: '', member_ids: [], inbox_ids: [] })
  // Else what they give back is given to them again.
  for (const one of [lin, mei]) await api('PUT', '/presence/me', { status: 'away', reason: 'training' }, one)
  const rows = (await api('GET', '/conversations')).items
  assert.ok(rows.length > 1, 'the demo has conversations')
  for (const [n, row] of rows.entries()) await api('POST', `/conversations/${row.id}/assign`, { member_id: '', team_id: n === 0 ? team.id : '' })
  held = await api('POST', '/tickets', { title: 'Held by the team', team_id: team.id })
  free = await api('POST', '/tickets', { title: 'Held by nobody' })
})

after(async () => {
  await Promise.all([browser?.close(), idp?.end()])
  await server?.end()
})

/** Somebody new in a role, in a browser of their own, where the console takes them. */
async function joins(email, role, options) {
  const { link } = await api('POST', '/invitations', { email, role })
  const one = await person(browser, options)
  one.refused = []
  one.on('response', (answer) => answer.status() === 403 && one.refused.push(answer.url()))
  await one.goto(link)
  await acceptInvite(one, email.split('@')[0], password)
  return one
}

test('a role that sees only its team, made in the console, moves the rows of an open browser', async () => {
  const tickets = await mei.page.context().newPage()
  await Promise.all([mei.page.goto(`${server.origin}/conversations/all`), tickets.goto(`${server.origin}/tickets`), page.goto(`${server.origin}/settings/roles`)])
  await mei.page.getByTestId('conversation-list-item').first().waitFor()
  await tickets.locator(`[data-ticket=${free.id}]`).waitFor()
  await page.getByTestId('role-new').click()
  await page.getByTestId('role-name').fill('Tier 1')
  await page.getByTestId('role-description').fill('Answers what belongs to its team.')
  await page.getByTestId('reach-team').check()
  await page.getByTestId('permission-conversation.reply').check()
  assert.ok(await page.getByTestId('permission-conversation.read').isChecked(), 'answering comes without reading')
  await page.getByTestId('permission-ticket.write').check()
  await shot(page, 'role-new-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('role-save').click()
  await page.getByTestId('role-row').filter({ hasText: 'Tier 1' }).waitFor()

  await page.goto(`${server.origin}/settings/members`)
  const given = page.getByTestId('member-row').filter({ hasText: 'mei' }).or(page.getByTestId('member-row').nth(1)).first().getByTestId('member-role')
  await given.selectOption({ label: 'Tier 1' })
  const rows = () => mei.page.getByTestId('conversation-list-item').count()
  const listed = (ticket) => tickets.locator(`[data-ticket=${ticket.id}]`).count()
  await until(async () => (await rows()) === 0 && (await listed(free)) === 0 && (await listed(held)) === 0, async () => `after the role ${await rows()} conversations are left, ${await listed(free)} and ${await listed(held)} tickets; the server lists ${await (await mei.page.request.get(base + '/conversations')).text()}`)
  await api('PATCH', `/teams/${team.id}`, { member_ids: [memberID] })
  await until(async () => (await rows()) === 1 && (await listed(held)) === 1 && (await listed(free)) === 0, async () => `after the team there are ${await rows()} conversations, ${await listed(held)} and ${await listed(free)} tickets`)

  await page.goto(`${server.origin}/settings/roles`)
  await page.getByTestId('role-row').filter({ hasText: 'Tier 1' }).click()
  await page.getByTestId('role-delete').click()
  await page.getByTestId('confirm').click()
  await page.getByTestId('form-failure').filter({ hasText: 'role.in_use' }).waitFor()
  await page.getByTestId('role-holders').locator('li').waitFor()
  await page.getByTestId('reach-all').check()
  await page.getByTestId('role-save').click()
  await until(async () => (await rows()) > 1 && (await listed(free)) === 1, async () => `with everything in reach there are ${await rows()} conversations`)
  assert.deepEqual([...mei.page.problems, ...page.problems], [])
  await tickets.close()
})

test('those who see no customers begin where their work is, and are told what is not for them', async () => {
  for (const [role, path, options] of [
    ['auditor', '/settings/audit', {}],
    ['security_administrator', '/settings/members', { viewport: phone, locale: 'zh-CN' }],
    ['system_administrator', '/settings/workspace', { colorScheme: 'dark' }],
  ]) {
    const one = await joins(`${role}@example.com`, role, options)
    await one.waitForURL(`${server.origin}${path}`)
    for (const hidden of ['nav-conversations', 'nav-tickets', 'nav-contacts']) assert.equal(await one.getByTestId(hidden).count(), 0, `${role} is offered ${hidden}`)
    await one.keyboard.press('Control+k')
    await one.getByTestId('palette').getByRole('textbox').or(one.getByTestId('palette').locator('input')).first().fill('a')
    const offered = await one.getByTestId('palette').locator('[role=option]').allTextContents()
    assert.ok(!offered.some((text) => /conversation|ticket|contact|对话|工单|联系人/i.test(text)), `${role} is offered ${offered}`)
    await one.keyboard.press('Escape')
    await one.goto(`${server.origin}/conversations/all`)
    await one.getByTestId('not-yours').waitFor()
    await shot(one, `not-yours-${role}`)
    assert.deepEqual(await axe(one), [])
    await one.getByTestId('not-yours-home').click()
    await one.waitForURL(`${server.origin}${path}`)
    assert.deepEqual([one.problems, one.refused], [[], []], role)
    await one.context().close()
  }
})

test('a company signs in by its own provider: added, invited, linked, and never locked away', async () => {
  await page.goto(`${server.origin}/settings/sign-in`)
  await page.getByTestId('provider-new').click()
  await page.getByTestId('provider-name').fill('Acme SSO')
  await page.getByTestId('provider-issuer').fill('http://127.0.0.1:9')
  await page.getByTestId('provider-client').fill(idp.client_id)
  await page.getByTestId('provider-secret').fill(idp.client_secret)
  await page.getByTestId('provider-save').click()
  await page.getByTestId('provider-dialog').getByTestId('field-error').waitFor() // nothing answers there
  await page.getByTestId('provider-issuer').fill(idp.issuer)
  await shot(page, 'provider-new-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await page.getByTestId('provider-save').click()
  await idp.register(await page.getByTestId('made-callback').textContent())
  await page.getByTestId('provider-done').click()
  await page.getByTestId('provider-try').click()
  await page.locator('[data-testid=provider-trial][data-trouble=""]').getByText(`${idp.issuer}/authorize`).waitFor()
  await shot(page, 'provider-tried-en-light-1440')
  assert.deepEqual(await axe(page), [])

  await idp.says({ subject: 'pat', email: 'pat@example.com', verified: true, name: 'Pat' })
  const { link } = await api('POST', '/invitations', { email: 'pat@example.com', role: 'agent' })
  const pat = await person(browser)
  await pat.goto(link)
  await pat.getByTestId('sign-in-provider').click()
  await pat.getByTestId('conversation-list').waitFor()
  await pat.context().clearCookies()
  await pat.goto(server.origin)
  await pat.getByTestId('sign-in-provider').click()
  await pat.getByTestId('conversation-list').waitFor()
  await pat.goto(`${server.origin}/settings/profile`)
  await pat.getByTestId('unlink-provider').click()
  await pat.getByTestId('confirm').click()
  await pat.getByTestId('form-failure').filter({ hasText: 'openid.last_way_in' }).waitFor()
  assert.deepEqual(pat.problems, [])
  await pat.context().close()

  await idp.says({ subject: 'lin', email: '', verified: false, name: 'Lin' })
  await page.goto(`${server.origin}/settings/profile`)
  await page.getByTestId('link-provider').click()
  await page.getByTestId('unlink-provider').waitFor()

  await page.goto(`${server.origin}/settings/sign-in`)
  await page.getByTestId('policy-password').selectOption('oidc_only')
  await page.getByTestId('policy-save').click()
  await page.getByTestId('confirm').click()
  await page.getByTestId('policy-confirm').waitFor({ state: 'hidden' })
  await page.getByTestId('provider-toggle').click()
  await page.getByTestId('form-failure').filter({ hasText: 'signin.no_provider' }).waitFor()
  await shot(page, 'sign-in-locked-en-light-1440')
  assert.deepEqual(await axe(page), [])
  await mei.page.getByRole('link', { name: 'Acme SSO' }).waitFor() // the other's open window asks for it
  const log = await api('GET', '/audit')
  for (const action of ['sign_in_provider.linked', 'role.created']) assert.ok(log.items.some((row) => row.action === action), JSON.stringify(log.items.map((row) => row.action)))
  assert.deepEqual(page.problems, [])
})
