// A strict Bot API server beside the server, with customers who write to its bots:
// plugins/telegram/telegramrig/telegramserver.
import { Beside } from './beside.js'

export class Telegram extends Beside {
  /** With a bot for each token; the first is @shop1_bot. */
  static start(...tokens) {
    return super.start('telegramserver', './plugins/telegram/telegramrig/telegramserver', { args: tokens })
  }

  /** Does something and returns the answer; the calls follow one another. */
  async order(what) {
    this.process.stdin.write(`${JSON.stringify(what)}\n`)
    return JSON.parse((await this.lines.next()).value)
  }

  /** A customer writes, with a picture (base64) if there is one; returns the message's number. */
  write(token, user, name, text, photo) {
    return this.order({ do: 'write', token, user, name, text, photo })
  }

  /** A member of a group writes there; returns the message's number. */
  writeIn(token, group, title, user, name, text) {
    return this.order({ do: 'write', token, group, title, user, name, text })
  }

  /** A customer changes what they wrote. */
  edit(token, user, name, number, text) {
    return this.order({ do: 'edit', token, user, name, number, text })
  }

  /** What a bot has shown beside: that somebody writes. */
  shown(token) {
    return this.order({ do: 'shown', token })
  }

  /** What a bot has sent. */
  sent(token) {
    return this.order({ do: 'sent', token })
  }
}
