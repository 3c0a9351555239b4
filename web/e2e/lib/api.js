// The product's HTTP API, asked as whoever is signed in on a page.
import assert from 'node:assert/strict'

import { person } from './browser.js'
import { until } from './expect.js'
import { Agent, acceptInvite, baseOf } from './people.js'

/** What a browser says of a request of the console itself. */
export const headers = { 'Sec-Fetch-Site': 'same-origin' }

/**
 * The API of the workspace that the one signed in on a page works in: (method, path, data, who) gives what
 * it answers to them, or to somebody else: an agent, or who is signed in on a page. What is refused fails the test.
 */
export async function apiOf(page, server) {
  const base = await baseOf(page, server)
  return async (method, path, data, who) => {
    const answer = await (who?.page ?? who ?? page).request.fetch(base + path, { method, data, headers })
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`)
    return answer.status() === 204 ? undefined : answer.json()
  }
}

/** The ids of the members by what they are called first. */
export const membersOf = async (api) => Object.fromEntries((await api('GET', '/members')).items.map((member) => [member.name.split(' ')[0], member.id]))

/** The inbox of the demo's web chat. */
export const chatOf = async (api) => (await api('GET', '/inboxes')).items.find((inbox) => inbox.live)

/** Somebody new who takes an invitation as an agent. */
export async function hire(browser, api, name) {
  const { link } = await api('POST', '/invitations', { email: `${name.toLowerCase()}@example.com`, role: 'agent' })
  const agent = Object.assign(new Agent(), { page: await person(browser) })
  await agent.page.goto(link)
  await acceptInvite(agent.page, name, 'correct horse battery staple')
  return agent
}

/** Resolves what there is, so that it is in nobody's way. */
export async function resolveAll(api) {
  for (const row of (await api('GET', '/conversations?view=all&limit=50')).items) if (row.state !== 'resolved') await api('POST', `/conversations/${row.id}/state`, { state: 'resolved' })
}

/** The conversation that ends in a text, once it is there. */
export async function conversationOf(api, text) {
  let row
  await until(async () => (row = (await api('GET', '/conversations?view=all&limit=50')).items.find((one) => one.last_message?.text === text)), () => `no conversation ends in ${text}`)
  return row.id
}

let sent = 0

/** Somebody new writes in a chat: their conversation and their session. */
export async function writesIn(api, { request }, { origin }, inbox, text) {
  const live = `${origin}/api/v1/live/${inbox.id}`
  const { token } = await (await request.post(`${live}/sessions`, { headers, data: { locale: 'en' } })).json()
  const answer = await request.post(`${live}/messages`, { headers: { ...headers, Authorization: `Bearer ${token}` }, data: { client_msg_id: `written-${++sent}`, text } })
  assert.equal(answer.status(), 201)
  return { id: await conversationOf(api, text), token }
}
