// The desk's speed against the real binary: opening conversations in a real browser, and messages on
// their way to the lists of 200 members. Part of `make bench`; docs/operate/benchmarks.md explains it.
import { launch } from '../lib/browser.js'
import { fanOut } from '../lib/fanout.js'
import { customers, figures, liveInbox, members, quantile } from '../lib/office.js'
import { atWork, lastWords, measureOpenings, toQueue } from '../lib/openings.js'
import { Server } from '../lib/server.js'

const short = process.argv.includes('--short')
const conversations = short ? 400 : 2000
const openings = short ? 20 : 80
const agents = short ? 50 : 200
const messages = short ? 20 : 60
const rate = 4 // messages a second
/** To first paint from a warm list, in milliseconds; on a machine that others use, so many times the bare fetch. */
const BUDGET = 100
const SLOW = 12

const server = await Server.start()
const browser = await launch()
try {
  const seats = await members(server)
  const inbox = await liveInbox(server, seats[0])
  let began = performance.now()
  const talk = (n) => Array.from({ length: n < openings * 2 ? 20 : 1 }, (_, line) => `question ${line} of customer ${n}: where is my order, and when does it arrive?`)
  const tokens = (await customers(server, inbox, conversations, talk)).map((customer) => customer.token)
  console.log(`\ndesk: ${conversations} conversations written in ${((performance.now() - began) / 1000).toFixed(0)} s`)

  const page = await atWork(browser, seats[0])
  await toQueue(page)
  const open = await measureOpenings(page, { count: openings, workspace: seats[0].workspace, lastText: await lastWords(server, seats[0]) })
  await page.context().close()
  const ratio = (values) => (quantile(values, 0.5) / quantile(open.bare, 0.5)).toFixed(2)
  console.log(`  bare fetch of the messages and one text painted   p50 / p95 / p99 ${figures(open.bare)} ms`)
  console.log(`  conversation opened, fetched                      p50 / p95 / p99 ${figures(open.fetched)} ms   ${ratio(open.fetched)} x bare`)
  console.log(`  conversation opened, held from before             p50 / p95 / p99 ${figures(open.held)} ms   ${ratio(open.held)} x bare   ${open.blank} blank frames`)

  began = performance.now()
  const fan = await fanOut(server, { seats, inbox, tokens: tokens.slice(-30), agents, messages, rate })
  console.log(`  a message in ${agents} lists, each list                p50 / p95 / p99 ${figures(fan.took)} ms`)
  console.log(`  a message in ${agents} lists, the last of them         p50 / p95 / p99 ${figures(fan.slowest)} ms`)
  console.log(`  requests meanwhile: ${fan.requests} by the clients, ${fan.served} at the server; ${fan.bytes.toFixed(0)} bytes a message and agent; ${fan.differ.length} lists differ from a fetch`)
  console.log(
    `bench: desk open_fetched_p95_ms=${quantile(open.fetched, 0.95).toFixed(1)} open_held_p95_ms=${quantile(open.held, 0.95).toFixed(1)} ` +
      `open_fetched_ratio=${ratio(open.fetched)} open_held_ratio=${ratio(open.held)} fanout_agents=${agents} fanout_p99_ms=${quantile(fan.took, 0.99).toFixed(1)} refetches=${fan.requests + fan.served} bytes_per_message=${fan.bytes.toFixed(0)}`,
  )
  if (fan.differ.length > 0) console.log(`  ${fan.differ[0]}`)
  const wrong = [
    fan.requests + fan.served > 0 && 'lists were fetched again',
    fan.missing.length + fan.differ.length > 0 && 'lists are not what a fetch gives',
    open.blank > 0 && 'a conversation that was held was blank',
    quantile(open.fetched, 0.5) > Math.max(BUDGET, SLOW * quantile(open.bare, 0.5)) && `opening takes more than ${BUDGET} ms, and more than ${SLOW} x the bare fetch`,
  ].filter(Boolean)
  if (wrong.length > 0) throw new Error(wrong.join('; '))
} finally {
  await browser.close()
  await server.end()
}
