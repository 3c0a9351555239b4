// The two parties of a conversation, as their screens show them.
import { person } from './browser.js'
import { until } from './expect.js'

/** The id of the workspace that the one signed in on a page works in. */
export async function workspaceOf(page, { origin }) {
  const me = await (await page.request.get(`${origin}/api/v1/session`)).json()
  return me.memberships[0].workspace.id
}

/** Where the API of that workspace is. */
export const baseOf = async (page, server) => `${server.origin}/api/v1/workspaces/${await workspaceOf(page, server)}`

/** The language that the one signed in on a page reads from its next load on. */
export const speak = (page, { origin }, locale) => page.request.patch(`${origin}/api/v1/session`, { data: { locale } })

/** The owner of a demo in a browser of their own, at the console in English, and where their API is. */
export async function ownerOf(browser, server, options) {
  const owner = await person(browser, options)
  await owner.goto(server.links()[0])
  await present(owner)
  await speak(owner, server, 'en')
  return { owner, base: await baseOf(owner, server) }
}

/** Sets up an installation that is new, as Li Wei of Tea & Time. */
export async function fillSetup(page, password) {
  await page.getByLabel(/company|workspace/i).fill('Tea & Time')
  await page.getByLabel(/your name|^name/i).fill('Li Wei')
  await page.getByLabel(/e-?mail/i).fill('li@example.com')
  await page.getByLabel(/password/i).first().fill(password)
  await page.getByTestId('setup-submit').click()
}

/** Takes the invitation that a page shows. */
export async function acceptInvite(page, name, password) {
  await page.getByTestId('invite-name').fill(name)
  await page.getByTestId('invite-password').fill(password)
  await page.getByTestId('invite-submit').click()
  await present(page)
}

/** Waits until a page shows the console to somebody signed in. */
export const present = (page) => page.getByTestId('presence').waitFor()

/** An agent in the console. */
export class Agent {
  static async signIn(browser, link, options) {
    const a = new Agent()
    a.page = await person(browser, options)
    await a.page.goto(link)
    await a.page.getByTestId('conversation-list').waitFor()
    return a
  }

  get banner() {
    return this.page.getByTestId('connection-banner')
  }

  row(text) {
    return this.page.getByTestId('conversation-list-item').filter({ hasText: text })
  }

  async open(text) {
    await this.row(text).first().click()
    await this.page.getByTestId('composer').waitFor()
  }

  async send(text) {
    await this.page.getByTestId('composer-input').fill(text)
    await this.page.getByTestId('send').click()
  }

  async note(text) {
    await this.page.getByTestId('note-toggle').click()
    await this.send(text)
    await this.page.getByTestId('reply-toggle').click()
  }

  /** The texts of what was written, notes included, in order. */
  messages() {
    return this.page.locator('[data-testid=message] .bubble').allTextContents()
  }

  async sees(text) {
    await until(async () => (await this.messages()).includes(text), async () => `the agent does not see ${JSON.stringify(text)} among ${JSON.stringify(await this.messages())}`)
  }
}

/** A visitor on a page with the widget. */
export class Visitor {
  static async arrive(browser, url, options) {
    const v = new Visitor()
    v.page = await person(browser, options)
    v.frames = []
    v.page.on('websocket', (ws) => ws.on('framereceived', (f) => v.frames.push(String(f.payload))))
    await v.page.goto(url)
    return v
  }

  get frame() {
    return this.page.frameLocator('[data-testid=widget-frame]')
  }

  async open() {
    await this.page.getByTestId('launcher').click()
    await this.frame.getByTestId('widget-input').waitFor()
  }

  async send(text) {
    await this.frame.getByTestId('widget-input').fill(text)
    await this.frame.getByTestId('widget-input').press('Enter')
  }

  messages() {
    return this.frame.locator('[data-testid=widget-message] .bubble').allTextContents()
  }

  async sees(text) {
    await until(async () => (await this.messages()).includes(text), async () => `the visitor does not see ${JSON.stringify(text)} among ${JSON.stringify(await this.messages())}`)
  }
}
