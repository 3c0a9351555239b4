// Looks at a screen as a critic would: what axe says of it, whether it scrolls sideways, and a picture.
import { axe, desktop, person, phone, shot } from './browser.js'
import { until } from './expect.js'

/** Counts a page's requests from now on, so that `settled` knows when none is under way. */
function counted(page) {
  page.underWay = new Set()
  page.on('request', (request) => page.underWay.add(request))
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => page.underWay.delete(request))
  return page
}

/** Runs in the page: how it looks now, or nothing while something is still coming or moving. */
function drawn() {
  if (document.querySelector('[aria-busy=true]')) return ''
  const moves = document.getAnimations().some((one) => one.playState === 'running' && one.effect?.getComputedTiming().endTime !== Infinity)
  return moves ? '' : new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(`${document.querySelectorAll('*').length} ${document.body.textContent}`))))
}

/** Until what is fetched is there, what fades in has done so, and nothing more changes. */
export async function settled(page) {
  let before
  await until(async () => {
    const now = page.underWay.size === 0 ? await page.evaluate(drawn) : ''
    const still = now !== '' && now === before && page.underWay.size === 0
    before = now
    return still
  }, () => `${page.url()} does not come to rest: ${[...page.underWay].map((request) => request.url())}`)
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
async function lookAt(page, name) {
  const found = {}
  await settled(page)
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme })
    await page.locator(`:root[data-theme=${theme}]`).waitFor({ state: 'attached' })
    if (theme === 'dark') await settled(page)
    const wrong = await faults(page, name(theme), { colours: theme === 'dark' })
    if (wrong.length > 0) found[name(theme)] = wrong
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return found
}

/** Moves the console to another of its screens without loading it anew, as a link in it does. */
async function walk(page, path) {
  await page.evaluate((to) => document.querySelector('[data-v-app]').__vue_app__.config.globalProperties.$router.push(to).then(() => {}), path)
}

/**
 * Looks at screens of the console in both languages, in both widths at once, light and dark, and keeps
 * pictures of all. At a desk in English each is opened by its address; otherwise one walks from one to
 * the next, where nothing was done on the screen before.
 * @param {string | undefined} state whose session it is
 * @param {(locale: string) => Promise<unknown>} speak makes it the language of that account
 * @param {Record<string, {path: string, ready?: string, act?: (page) => Promise<unknown>, only?: 'en' | 'zh'}>} screens
 *   by name; `ready` selects what is waited for, `act` is done before it is looked at
 * @returns what is wrong, by the picture's name; and what pages said of errors, under `errors`
 */
export async function lookAround(browser, { origin, state, speak, screens }) {
  const found = {}
  const errors = []
  const visit = async (page, { path, ready = 'main, [data-testid=conversation-list]', act }, inPlace) => {
    await (inPlace ? walk(page, path) : page.goto(origin + path))
    await page.locator(ready).filter({ visible: true }).first().waitFor()
    await act?.(page)
  }
  const look = async (lang, locale, viewport) => {
    const page = counted(await person(browser, { viewport, locale, colorScheme: 'light', reducedMotion: 'reduce', storageState: state }))
    const addressed = lang === 'en' && viewport === desktop
    let untouched = false
    for (const [name, screen] of Object.entries(screens)) {
      if ((screen.only ?? lang) !== lang) continue
      const named = (theme) => `${name}-${lang}-${theme}-${viewport.width}`
      try {
        await visit(page, screen, untouched && !addressed)
        Object.assign(found, await lookAt(page, named))
      } catch (error) {
        await shot(page, named('failed'))
        throw new Error(`${named('failed')}: ${page.url()} was not shown`, { cause: error })
      }
      untouched = !screen.act
    }
    errors.push(...page.problems)
    await page.context().close()
  }
  for (const [lang, locale] of [['en', 'en'], ['zh', 'zh-CN']]) {
    await speak(locale)
    await Promise.all([look(lang, locale, desktop), look(lang, locale, phone)])
  }
  return errors.length > 0 ? { ...found, errors } : found
}
