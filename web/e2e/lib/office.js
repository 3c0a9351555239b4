// Members and customers without browsers: sessions, messages, desks.
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'

/** One request; the answer's body is read as JSON where there is one. */
export function call(method, url, { body, headers = {}, agent } = {}) {
  const raw = body === undefined ? undefined : JSON.stringify(body)
  return new Promise((done, failed) => {
    const req = request(url, { method, agent, headers: { ...(raw && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(raw) }), ...headers } }, (res) => {
      const parts = []
      res.on('data', (part) => parts.push(part))
      res.on('end', () => {
        const text = Buffer.concat(parts).toString()
        if (res.statusCode >= 300) return failed(Object.assign(new Error(`${method} ${url}: ${res.statusCode} ${text}`), { status: res.statusCode }))
        done({ headers: res.headers, text, body: text && res.headers['content-type']?.includes('json') ? JSON.parse(text) : undefined })
      })
      res.on('error', failed)
    })
    req.on('error', failed)
    req.end(raw)
  })
}

/** The sessions of the demo's members: what a desk needs. */
export async function members(server) {
  const out = []
  for (const link of server.links()) {
    const answer = await call('POST', `${server.origin}/api/v1/session/link`, { body: { token: new URL(link).searchParams.get('token') }, headers: { origin: server.origin } })
    const cookie = answer.headers['set-cookie'][0].split(';')[0]
    const { body: me } = await call('GET', `${server.origin}/api/v1/session`, { headers: { cookie } })
    out.push({ origin: server.origin, cookie, workspace: me.memberships[0].workspace.id, memberID: me.memberships[0].member_id })
  }
  return out
}

/** The live inbox of the demo. */
export async function liveInbox(server, { cookie, workspace }) {
  const { body } = await call('GET', `${server.origin}/api/v1/workspaces/${workspace}/inboxes`, { headers: { cookie } })
  return body.items.find((inbox) => inbox.live).id
}

/** A visitor's session; the process that decides about it may only be starting. */
async function admit(live, agent) {
  for (let patience = 100; ; patience--) {
    try {
      return (await call('POST', `${live}/sessions`, { body: {}, agent })).body
    } catch (error) {
      if (error.status !== 503 || patience === 0) throw error
      await new Promise((done) => setTimeout(done, 200))
    }
  }
}

/** Sessions from one network, fewer than the server's budget for it. */
const PER_ADDRESS = 50

/** Customers who come from many addresses of 127.0.0.0/8, which is all ours on Linux, and say `lines(n)`. */
export async function customers(server, inbox, count, lines) {
  const live = `${server.origin}/api/v1/live/${inbox}`
  const out = new Array(count)
  const networks = Array.from({ length: Math.ceil(count / PER_ADDRESS) }, (_, n) => n)
  const arrive = async (network) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 2, localAddress: `127.0.${1 + Math.floor(network / 250)}.${1 + (network % 250)}` })
    for (let n = network * PER_ADDRESS; n < Math.min(count, (network + 1) * PER_ADDRESS); n++) {
      const body = await admit(live, agent)
      out[n] = { token: body.token, session: body.session_id }
      for (const text of lines(n)) {
        await call('POST', `${live}/messages`, { body: { client_msg_id: randomUUID(), text }, headers: { authorization: `Bearer ${body.token}` }, agent })
      }
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let next = networks.shift(); next !== undefined; next = networks.shift()) await arrive(next)
  }))
  return out
}

/** How many requests the server has answered so far, by its own count; its metrics and probes left out. */
export async function answered(server) {
  const { text } = await call('GET', server.metrics)
  let sum = 0
  for (const line of text.split('\n')) {
    if (line.startsWith('patchbay_http_requests_total{') && !/route="\/(livez|readyz)"|\/(live|socket)"/.test(line)) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  return sum
}

export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted.length === 0 ? NaN : sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)]
}

/** p50 / p95 / p99 in milliseconds. */
export const figures = (values) => [0.5, 0.95, 0.99].map((q) => quantile(values, q).toFixed(1)).join(' / ')
