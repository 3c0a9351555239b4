// What must hold whatever the machine: lists follow messages without asking again, and a conversation
// that was open before comes back without a blank. `make bench` measures how long it takes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { launch } from '../lib/browser.js'
import { fanOut } from '../lib/fanout.js'
import { customers, liveInbox, members } from '../lib/office.js'
import { atWork, lastWords, measureOpenings, toQueue } from '../lib/openings.js'
import { Server } from '../lib/server.js'

let server, browser, seats, inbox, tokens

before(async () => {
  server = await Server.start()
  browser = await launch()
  seats = await members(server)
  inbox = await liveInbox(server, seats[0])
  const lines = (n) => [`hello from ${n}`, `question ${n}`]
  tokens = (await customers(server, inbox, 25, lines)).map((customer) => customer.token)
})

after(async () => {
  await browser?.close()
  await server?.end()
})

test('ten messages reach the lists of twenty members, and nobody asks for anything', async () => {
  const got = await fanOut(server, { seats, inbox, tokens: tokens.slice(0, 5), agents: 20, messages: 10, rate: 20 })
  assert.ok(got.counted.asked >= 20 && got.counted.answered >= got.counted.asked, `nothing was counted: ${JSON.stringify(got.counted)}`)
  assert.equal(got.requests, 0, 'the clients asked')
  assert.equal(got.served, 0, 'the server answered')
  assert.deepEqual(got.missing, [])
  assert.deepEqual(got.differ, [], 'these lists are not what a fetch gives')
  assert.equal(got.took.length, 200)
})

test('a conversation that was open before is there at once', async () => {
  const page = await atWork(browser, seats[0])
  await toQueue(page)
  const got = await measureOpenings(page, { count: 8, workspace: seats[0].workspace, lastText: await lastWords(server, seats[0]) })
  assert.equal(got.held.length, 8)
  assert.equal(got.blank, 0, 'the pane was blank for a frame')
  assert.deepEqual(page.problems, [])
})
