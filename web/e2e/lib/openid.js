// A real OpenID Connect provider beside the server: core/internal/openidprovider.
import { execFile, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '../../..')

export class OpenID {
  /** Builds it, unless PATCHBAY_OPENID names one, and waits until it listens. */
  static async start() {
    const program = process.env.PATCHBAY_OPENID ?? join(root, 'bin/openidprovider')
    if (!process.env.PATCHBAY_OPENID) await promisify(execFile)('go', ['build', '-o', program, './core/internal/openidprovider'], { cwd: root })
    const o = new OpenID()
    o.process = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    o.process.unref() // it ends with its input: a test that fails early does not wait for it
    o.exited = new Promise((done) => o.process.once('exit', done))
    o.lines = createInterface({ input: o.process.stdout })[Symbol.asyncIterator]()
    Object.assign(o, JSON.parse((await o.lines.next()).value))
    return o
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

  async end() {
    this.process.stdin.end()
    await this.exited
  }
}
