// Starts, kills and restarts the real binary.
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { until } from './expect.js'

const root = resolve(import.meta.dirname, '../../..')
export const binary = process.env.PATCHBAY_BIN ?? join(root, 'bin/patchbay')

/** A port below those that systems give to connections, so that none of them takes it before the server does. */
async function freePort() {
  for (let tries = 0; ; tries++) {
    const port = randomInt(10_000, 32_000)
    const probe = createServer()
    const free = await new Promise((done) => {
      probe.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true))
    })
    if (free) {
      await new Promise((done) => probe.close(done))
      return port
    }
    if (tries > 100) throw new Error('no free port between 10000 and 32000')
  }
}

/** A running server with a data directory of its own. */
export class Server {
  /** @param {string[]} args after `serve` */
  static async start(args = ['--demo']) {
    const s = new Server()
    s.args = args
    s.dir = await mkdtemp(join(tmpdir(), 'patchbay-e2e-'))
    s.port = await freePort()
    s.origin = `http://127.0.0.1:${s.port}`
    s.metrics = `http://127.0.0.1:${await freePort()}/metrics`
    await s.run()
    return s
  }

  /** Starts the process and waits until it is ready. */
  async run() {
    this.out = ''
    this.log = ''
    const flags = ['serve', ...this.args, '--data-dir', this.dir, '--server.address', `127.0.0.1:${this.port}`, '--metrics.address', new URL(this.metrics).host,
      '--limits.member', '0', '--limits.address', '0', '--limits.visitor', '0'] // one browser plays everybody
    // What configures the tests must not configure the server.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PATCHBAY_')))
    this.process = spawn(binary, flags, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.exited = new Promise((done) => this.process.once('exit', (code, signal) => done({ code, signal })))
    this.process.stdout.on('data', (b) => (this.out += b))
    this.process.stderr.on('data', (b) => (this.log += b))
    await until(() => this.out.includes('is ready at'), () => `the server did not start:\n${this.out}${this.log}`)
  }

  /** The one-time sign-in links that the demo prints, in order. */
  links() {
    return [...this.out.matchAll(/http\S+\/link\?token=\S+/g)].map((m) => m[0])
  }

  /** The webhook address of the demo's echo channel. */
  hook() {
    return this.out.match(/http\S+\/hooks\/\S+/)?.[0]
  }

  /** The set-up link of an installation without --demo. */
  setupLink() {
    return this.out.match(/http\S+\/setup\?token=\S+/)?.[0]
  }

  /** Ends the process without a chance to say goodbye. */
  async kill() {
    this.process.kill('SIGKILL')
    await this.exited
  }

  /** Ends it as an operator would, and returns how it exited. */
  async stop() {
    this.process.kill('SIGTERM')
    return this.exited
  }

  /** Process ids of the plugin processes of this server, by plugin id. */
  async pluginPids(page, workspace) {
    const answer = await page.request.get(`${this.origin}/api/v1/workspaces/${workspace}/plugins`)
    const { items } = await answer.json()
    return Object.fromEntries(items.map((p) => [p.id, p]))
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop()
    await rm(this.dir, { recursive: true, force: true })
  }
}

/** Whether a process of this machine is alive. */
export async function alive(pid) {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat.split(') ')[1]?.[0] !== 'Z'
  } catch {
    return false
  }
}
