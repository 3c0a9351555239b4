// A Go program of the project that runs beside the server, tells where it is in a
// line of JSON, and ends with its input.
import { execFile, spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '../../..')

export class Beside {
  /** Builds a package, unless built names its program, and waits until it runs. */
  static async start(name, folder, { args = [], built } = {}) {
    const program = built ?? join(root, 'bin', name)
    if (!built) await promisify(execFile)('go', ['build', '-o', program, folder], { cwd: root })
    const b = new this()
    b.process = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    b.process.unref() // it ends with its input: a test that fails early does not wait for it
    b.exited = new Promise((done) => b.process.once('exit', done))
    b.lines = createInterface({ input: b.process.stdout })[Symbol.asyncIterator]()
    b.at = JSON.parse((await b.lines.next()).value)
    return b
  }

  async end() {
    this.process.stdin.end()
    await this.exited
  }
}
