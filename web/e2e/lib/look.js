// Looks at a screen as a critic would: what axe says of it, whether it scrolls sideways, and a picture.
import { axe, shot } from './browser.js'
import { until } from './server.js'

/** Counts a page's requests from now on, so that `settled` knows when none is under way. */
export function counted(page) {
  page.underWay = new Set()
  page.on('request', (request) => page.underWay.add(request))
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => page.underWay.delete(request))
  return page
}

/** Runs in the page: how it looks now, or nothing while something is still coming or moving. */
function drawn() {
  if (document.querySelector('[aria-busy=true]')) return ''
  const moves = document.getAnimations().some((one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity)
  return moves ? '' : new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(document.body.innerHTML))))
}

/** Until what is fetched is there, what fades in has done so, and nothing more changes. */
export async function settled(page) {
  let before
  await until(async () => {
    const now = page.underWay.size === 0 ? await page.evaluate(drawn) : ''
    const still = now !== '' && now === before && page.underWay.size === 0
    before = now
    return still
  }, 10_000, () => `${page.url()} does not come to rest: ${[...page.underWay].map((request) => request.url())}`)
}

/** A page's faults in the theme it has now; the picture is kept under the name. */
async function faults(page, name, how) {
  await shot(page, name)
  const wrong = await axe(page, how)
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  return sideways > 0 ? [...wrong, `scrolls sideways by ${sideways} pixels`] : wrong
}

/**
 * What is wrong with the screen that stands, light and dark, by the picture's name. The second theme is
 * put on in place: the same elements in other colours, so axe is asked about colours alone.
 * @param {(theme: string) => string} name
 */
export async function lookAt(page, name) {
  const found = {}
  await settled(page)
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`:root[data-theme=${theme}]`).waitFor({ state: 'attached' })
    const wrong = await faults(page, name(theme), { colours: theme === 'dark' })
    if (wrong.length > 0) found[name(theme)] = wrong
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return found
}

/** Moves the console to another of its screens without loading it anew, as a link in it does. */
export async function walk(page, path) {
  await page.evaluate((to) => {
    history.pushState({}, '', to)
    dispatchEvent(new PopStateEvent('popstate', { state: {} }))
  }, path)
}
