// A real OpenID Connect provider beside the server: core/internal/openidprovider.
import { Beside } from './beside.js'

export class OpenID extends Beside {
  static async start() {
    const o = await super.start('openidprovider', './core/internal/openidprovider', { built: process.env.PATCHBAY_OPENID })
    return Object.assign(o, o.at)
  }

  async order(what) {
    this.process.stdin.write(`${JSON.stringify(what)}\n`)
    await this.lines.next()
  }

  /** Where browsers go back to. */
  register(redirect) {
    return this.order({ redirect })
  }

  /** Who signs in from now on. */
  says(person) {
    return this.order({ person })
  }
}
