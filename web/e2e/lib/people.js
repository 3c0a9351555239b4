// The two parties of a conversation, as their screens show them.
import { expectSoon } from './expect.js'
import { person } from './browser.js'

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

  async sees(text, ms = 5000) {
    await expectSoon(async () => (await this.messages()).includes(text), ms, async () => `the agent does not see ${JSON.stringify(text)} among ${JSON.stringify(await this.messages())}`)
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

  async sees(text, ms = 5000) {
    await expectSoon(async () => (await this.messages()).includes(text), ms, async () => `the visitor does not see ${JSON.stringify(text)} among ${JSON.stringify(await this.messages())}`)
  }
}
