// How long it takes from the key that opens a conversation until its messages are painted.
import { person } from './browser.js'
import { call } from './office.js'


/** Runs in the page: remembers when keys were pressed, and waits for what is painted. */
function install() {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => done(performance.now())
    port2.postMessage(0)
  }))
  let pressed = 0
  addEventListener('keydown', (event) => (pressed = event.timeStamp), true)
  const pane = () => document.querySelector('[data-testid=conversation]')
  const drawn = (id, text) => {
    const bubbles = pane()?.dataset.conversation === id ? [...pane().querySelectorAll('[data-testid=message] .bubble')] : []
    return bubbles.some((bubble) => bubble.textContent === text)
  }
  globalThis.openings = {
    focus: (id) => {
      const row = document.querySelector(`[data-conversation="${id}"][data-testid=conversation-list-item]`)
      row?.focus()
      pressed = 0
      return document.activeElement === row
    },
    /** Until the text is painted; `blank` = frames that showed no message at all, `ms` from the key. */
    shown: async (id, text) => {
      const end = performance.now() + 10_000
      let blank = 0
      while (performance.now() < end) {
        const at = await painted()
        if (pressed && drawn(id, text)) return { ms: at - pressed, blank }
        if (pressed && pane() && !pane().querySelector('[data-testid=message]')) blank++
      }
      throw new Error(`${id} was not shown`)
    },
    /** The least there can be: the same messages fetched bare, and one text painted. */
    bare: async (url) => {
      const began = performance.now()
      const { items } = await (await fetch(url)).json()
      const place = document.body.appendChild(document.createElement('p'))
      place.textContent = items.map((change) => change.message?.text ?? '').join('\n')
      const ms = (await painted()) - began
      place.remove()
      return ms
    },
  }
}

/** The rows that the list shows now, with their last words. */
async function rows(page) {
  return page.getByTestId('conversation-list-item').evaluateAll((items) => items.map((item) => item.dataset.conversation))
}

/**
 * Opens conversations one after the other with the keyboard: `count` never opened before, then the same
 * again, which the client holds. Between them the bare fetch. Everything in one page, in turns.
 * @param lastText what is written last in a conversation, by its id
 */
export async function measureOpenings(page, { count, workspace, lastText }) {
  await page.evaluate(install)
  const out = { fetched: [], held: [], bare: [], blank: 0, ids: [] }
  const open = async (id) => {
    if (!(await page.evaluate((one) => globalThis.openings.focus(one), id))) return undefined
    const shown = page.evaluate(([one, text]) => globalThis.openings.shown(one, text), [id, lastText.get(id)])
    await page.keyboard.press('Enter')
    return shown
  }
  const list = page.getByTestId('conversation-list')
  await page.waitForTimeout(500)
  const seen = new Set()
  while (out.fetched.length < count) {
    const fresh = (await rows(page)).filter((id) => lastText.has(id) && !seen.has(id))
    if (fresh.length === 0) throw new Error(`the list shows no more after ${out.fetched.length}`)
    const batch = []
    for (const id of fresh.slice(0, count - out.fetched.length)) {
      seen.add(id)
      out.bare.push(await page.evaluate((url) => globalThis.openings.bare(url), `/api/v1/workspaces/${workspace}/conversations/${id}/timeline?limit=50`))
      const first = await open(id)
      if (!first) continue
      out.fetched.push(first.ms)
      batch.push(id)
    }
    for (const id of batch) {
      const again = await open(id)
      if (!again) continue
      out.held.push(again.ms)
      out.blank += again.blank
    }
    await list.evaluate((element) => element.scrollBy(0, element.clientHeight * 0.8))
    await page.waitForTimeout(200)
  }
  return out
}

/** The console of a member whose session is there. */
export async function atWork(browser, { origin, cookie }) {
  const page = await person(browser)
  const [name, value] = cookie.split('=')
  await page.context().addCookies([{ name, value, url: origin }])
  await page.goto(origin)
  await page.getByTestId('conversation-list').waitFor()
  return page
}

/** Shows the conversations that wait for somebody. */
export async function toQueue(page) {
  await page.getByTestId('view-unassigned').click()
  await page.getByTestId('conversation-list-item').first().waitFor()
}

/** What is written last, by conversation. */
export async function lastWords(server, { cookie, workspace }) {
  const out = new Map()
  for (let cursor = ''; cursor !== undefined;) {
    const { body } = await call('GET', `${server.origin}/api/v1/workspaces/${workspace}/conversations?state=open&limit=200&cursor=${cursor}`, { headers: { cookie } })
    for (const { id, last_message } of body.items) if (last_message) out.set(id, last_message.text)
    cursor = body.next_cursor
  }
  return out
}
