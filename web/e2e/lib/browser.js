// Opens Chromium, takes screenshots and asks axe.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { chromium } from 'playwright-core'

import { PATIENCE_MS } from './expect.js'

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
let axeText
const axeSource = async () => (axeText ??= await readFile(axePath, 'utf8'))
const shots = resolve(import.meta.dirname, '../../screenshots')

export const desktop = { width: 1440, height: 900 }
export const phone = { width: 390, height: 844 }

const executablePath = process.env.PATCHBAY_CHROMIUM ?? '/usr/bin/chromium'
const quiet = ['--disable-component-update', '--disable-sync', '--no-first-run']

/** Launches Debian's Chromium. */
export async function launch() {
  await mkdir(shots, { recursive: true })
  return chromium.launch({ executablePath, args: ['--disable-background-networking', ...quiet] })
}

/**
 * A browser with a profile of its own, as people have one: only such a one follows
 * hints to look names up and to connect. `names` closes it and tells which names
 * below a domain it has looked up.
 */
export async function ordinary() {
  const dir = await mkdtemp(join(tmpdir(), 'patchbay-profile-'))
  const log = join(dir, 'net.json')
  const context = await chromium.launchPersistentContext(join(dir, 'profile'), {
    executablePath, viewport: desktop, locale: 'en-US', ignoreDefaultArgs: ['--disable-background-networking'], args: [`--log-net-log=${log}`, ...quiet],
  })
  const names = async (domain) => {
    await context.close()
    const text = await readFile(log, 'utf8')
    await rm(dir, { recursive: true, force: true })
    return new Set([...text.matchAll(/"host":"(?:[a-z]+:\/\/)?([a-z0-9.-]+)/g)].map((m) => m[1]).filter((name) => name.endsWith(`.${domain}`)))
  }
  return { context, names }
}

/** A new person with a browser of their own. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({ viewport: desktop, locale: 'en-US', bypassCSP: false, ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  page.problems = []
  page.on('pageerror', (e) => page.problems.push(String(e)))
  page.on('console', (m) => {
    if (m.type() === 'error' && !/Failed to load resource|WebSocket connection|net::ERR|directive 'webrtc'/.test(m.text())) page.problems.push(m.text())
  })
  return page
}

/** Saves what is seen now. */
export async function shot(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`) })
}

/**
 * Runs axe in a page or frame and returns its violations, one line each.
 * @param {{colours?: boolean}} how with colours, what depends on colours alone
 */
export async function axe(target, { colours = false } = {}) {
  // Evaluated, not added as a script: the page's own policy forbids that.
  if (!(await target.evaluate(() => 'axe' in globalThis))) await target.evaluate(await axeSource())
  return target.evaluate(async (only) => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    const colour = globalThis.axe.getRules(['cat.color']).filter((rule) => rule.tags.some((tag) => tags.includes(tag))).map((rule) => rule.ruleId)
    const result = await globalThis.axe.run(document, { runOnly: only ? { type: 'rule', values: colour } : tags, resultTypes: ['violations'] })
    return result.violations.map((v) => `${v.id}: ${v.help} — ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(', ')}`)
  }, colours)
}
