// What an integrator opens: the reference of the API and the pages of the
// errors, in both languages, both themes and two widths; and the page of keys,
// which names the workspace.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { axe, desktop, launch, person, phone, shot } from '../lib/browser.js'
import { Agent } from '../lib/people.js'
import { Server } from '../lib/server.js'

let server, browser

before(async () => {
  server = await Server.start(['--demo'])
  browser = await launch()
})

after(async () => {
  await browser?.close()
  await server?.end()
})

/** Leaves some of each list: hundreds of rows are alike, and axe would read them all. */
const thin = () => {
  const open = document.querySelector('details[open]')
  for (const list of document.querySelectorAll('.group, #objects')) {
    for (const item of [...list.querySelectorAll('.item')].slice(2)) if (item !== open) item.remove()
  }
}

const looks = [
  { lang: 'en', colorScheme: 'light', viewport: desktop },
  { lang: 'zh-CN', colorScheme: 'dark', viewport: desktop },
  { lang: 'en', colorScheme: 'dark', viewport: phone },
  { lang: 'zh-CN', colorScheme: 'light', viewport: phone },
]

test('the reference and the errors are readable everywhere, and complain of nothing', async () => {
  for (const { lang, ...options } of looks) {
    const page = await person(browser, options)
    const complaints = []
    page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()))
    page.on('request', (r) => r.url().startsWith(server.origin) || complaints.push(`asks elsewhere: ${r.url()}`))
    for (const [name, path] of [
      ['reference', '/docs/api'],
      ['errors', '/docs/errors'],
      ['error', '/docs/errors/idempotency.answer_lost'],
    ]) {
      await page.goto(`${server.origin}${path}?lang=${lang}`)
      assert.equal(await page.locator('html').getAttribute('lang'), lang)
      if (name === 'reference') await page.locator('#postWorkspacesByWorkspaceContacts > summary').click()
      const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
      assert.ok(wide <= screen, `${name} is ${wide} wide on ${screen}`)
      await shot(page, `docs-${name}-${lang}-${options.colorScheme}-${options.viewport.width}`)
      await page.evaluate(thin)
      assert.deepEqual(await axe(page), [])
    }
    assert.deepEqual(complaints, [])
    await page.close()
  }
})

test('a list is searched by the keyboard, and a link opens what it names', async () => {
  const page = await person(browser)
  await page.goto(`${server.origin}/docs/errors?lang=en`)
  await page.keyboard.press('/')
  await page.keyboard.type('idempotency lost')
  assert.deepEqual(await page.locator('.item:visible code').allTextContents(), ['idempotency.answer_lost'])
  await page.getByLabel('Search').fill('no such thing at all')
  await page.getByText('Nothing matches.').waitFor()
  await page.goto(`${server.origin}/docs/api?lang=en#getWorkspacesByWorkspaceContacts`)
  assert.ok(await page.locator('#getWorkspacesByWorkspaceContacts').evaluate((d) => d.open))
  await page.context().close()
})

test('the page of keys names the workspace and leads to the reference', async () => {
  const { page } = await Agent.signIn(browser, server.links()[0])
  const me = await (await page.request.get(`${server.origin}/api/v1/session`)).json()
  await page.goto(`${server.origin}/settings/api-keys`)
  assert.equal((await page.getByTestId('workspace-id').textContent()).trim(), me.memberships[0].workspace.id)
  await shot(page, 'keys-en-light-1440')
  assert.deepEqual(await axe(page), [])
  assert.match(await page.getByTestId('api-reference').getAttribute('href'), /^\/docs\/api\?lang=en$/)
  await page.close()
})
