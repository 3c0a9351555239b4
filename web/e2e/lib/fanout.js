// Messages of customers on their way to the lists of many members.
import { isDeepStrictEqual } from 'node:util'
import { randomUUID } from 'node:crypto'

import { deskClass, WebSocket } from '../../console/dev/desks.mjs'
import { until } from './expect.js'
import { answered } from './office.js'

/** A customer's socket that only writes. */
async function speaker(server, inbox, token) {
  const socket = new WebSocket(`${server.origin.replace('http', 'ws')}/api/v1/live/${inbox}/socket`, { headers: { origin: server.origin } })
  await new Promise((ready, failed) => {
    socket.on('error', failed)
    socket.on('open', () => socket.send(JSON.stringify({ op: 'hello', token, epoch: '', after: 1 })))
    socket.on('message', (data) => JSON.parse(data).op === 'ready' && ready())
  })
  return { say: (text) => socket.send(JSON.stringify({ op: 'send', client_msg_id: randomUUID(), text })), close: () => socket.close() }
}

/**
 * Opens `agents` consoles, lets customers write `messages` at `rate` a second, and waits until every
 * list shows each. Returns what it took, how often anything was asked for meanwhile, by the clients' and
 * by the server's count, and which lists differ from a fresh fetch in the end.
 */
export async function fanOut(server, { seats, inbox, tokens, agents, messages, rate }) {
  const Desk = await deskClass()
  const sent = new Map()
  const took = []
  const last = new Map()
  const missing = []
  const desks = Array.from({ length: agents }, (_, n) => {
    const desk = new Desk({
      ...seats[n % seats.length],
      shown: ({ type, change, conversation }) => {
        const at = type === 'message.created' && sent.get(change.message.text)
        if (!at) return
        const ms = performance.now() - at
        took.push(ms)
        last.set(change.message.text, ms)
        const row = desk.list.find((one) => one.id === conversation.id)
        if (!row || row.last_seq < change.seq) missing.push(`${change.message.text} is not in list ${n}`)
      },
    })
    return desk
  })
  const speakers = await Promise.all(tokens.map((token) => speaker(server, inbox, token)))
  try {
    for (let n = 0; n < desks.length; n += 10) await Promise.all(desks.slice(n, n + 10).map((desk) => desk.open()))
    const before = { asked: sum(desks, 'requests'), bytes: sum(desks, 'bytes'), answered: await answered(server) }
    const began = performance.now()
    for (let n = 0; n < messages; n++) {
      const wait = began + (n * 1000) / rate - performance.now()
      if (wait > 0) await new Promise((done) => setTimeout(done, wait))
      const text = `fan-out ${n} ${randomUUID()}`
      sent.set(text, performance.now())
      speakers[n % speakers.length].say(text)
    }
    await until(() => took.length >= messages * agents, () => `${took.length} of ${messages * agents} were shown`)
    const requests = sum(desks, 'requests') - before.asked
    const bytes = (sum(desks, 'bytes') - before.bytes) / (messages * agents)
    const served = (await answered(server)) - before.answered
    const differ = []
    for (let n = 0; n < seats.length; n++) differ.push(...(await unlike(desks.filter((_, place) => place % seats.length === n))))
    return { took, slowest: [...last.values()], requests, served, counted: before, bytes, missing, differ }
  } finally {
    for (const desk of desks) desk.close()
    for (const one of speakers) one.close()
  }
}

/** What is not as in a fresh fetch in the lists of one member; something else may happen meanwhile, so more than one fetch is tried. */
async function unlike(desks) {
  let found = []
  for (let tries = 0; tries < 20; tries++) {
    const fresh = await desks[0].fetched()
    found = desks.flatMap(({ list }) => difference(list, fresh) ?? [])
    if (found.length === 0) break
    await new Promise((done) => setTimeout(done, 150))
  }
  return found
}

/** The first difference of a list from what was fetched. */
function difference(list, fresh) {
  for (const [place, row] of fresh.entries()) {
    const held = list[place]
    if (held?.id !== row.id) return `row ${place}: ${held?.id} ${held?.updated_at}, fetched ${row.id} ${row.updated_at}`
    for (const key of new Set([...Object.keys(held), ...Object.keys(row)])) {
      if (!isDeepStrictEqual(held[key], row[key])) return `row ${place}, ${row.id}, ${key}: ${JSON.stringify(held[key])}, fetched ${JSON.stringify(row[key])}`
    }
  }
  return undefined
}

const sum = (desks, what) => desks.reduce((all, desk) => all + desk[what], 0)
