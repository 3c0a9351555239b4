// A system of record on loopback: the "Acme CRM" of the guide to mappings. It lets nobody in without its token, and
// refuses whatever its interface does not have.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { resolve } from 'node:path'

export const TOKEN = 'acme-token-of-tests'

/** The mapping that the guide teaches with. */
export async function guide() {
  const text = await readFile(resolve(import.meta.dirname, '../../../docs/build-plugins/crm-mapping.md'), 'utf8')
  return text.split('\n```yaml\n')[1].split('\n```')[0]
}

const known = {
  contacts: ['email', 'phone', 'q', 'per_page', 'updated_since', 'after_id', 'sort'],
  deals: ['contact_email', 'external_key'],
}

export class Acme {
  rows = { contacts: [], deals: [] }
  notes = []
  /** It answers nobody. */
  away = false
  #next = 100

  static async start() {
    const acme = new Acme()
    acme.server = createServer((req, res) => acme.#answer(req, res))
    await new Promise((done) => acme.server.listen(0, '127.0.0.1', done))
    acme.url = `http://127.0.0.1:${acme.server.address().port}`
    return acme
  }

  end() {
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(done))
  }

  add(collection, row) {
    const made = { ...row, id: String(++this.#next), updated_at: new Date().toISOString() }
    this.rows[collection].push(made)
    return made
  }

  async #answer(req, res) {
    const say = (status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    let text = ''
    for await (const part of req) text += part
    if (this.away) return say(503, { message: 'Closed for maintenance.' })
    if (req.headers.authorization !== `Bearer ${TOKEN}`) return say(401, { message: 'Who are you?' })
    const { pathname, searchParams: query } = new URL(req.url, this.url)
    const [, api, collection, id, below] = pathname.split('/')
    const rows = this.rows[collection]
    if (api !== 'api' || !rows) return say(404, { message: 'No such thing.' })
    if (req.method === 'POST' && below === 'notes') return this.#note(say, rows.find((row) => row.id === id), JSON.parse(text))
    if (req.method === 'POST' && !id) return say(201, this.add(collection, JSON.parse(text)))
    if (req.method !== 'GET') return say(405, { message: 'Not so.' })
    if (id) return rows.some((row) => row.id === id) ? say(200, rows.find((row) => row.id === id)) : say(404, { message: 'No such row.' })
    const strange = [...query.keys()].find((key) => !known[collection].includes(key))
    if (strange) return say(400, { message: `What is ${strange}?` })
    return say(200, { data: rows.filter((row) => this.#fits(row, query)) })
  }

  #note(say, row, note) {
    if (!row) return say(404, { message: 'No such row.' })
    this.notes.push({ ...note, of: row.id })
    return say(201, { id: String(++this.#next) })
  }

  #fits(row, query) {
    return ['email', 'phone', 'contact_email', 'external_key'].every((key) => !query.has(key) || row[key] === query.get(key)) &&
      (!query.has('q') || row.name.includes(query.get('q'))) && (!query.has('updated_since') || row.updated_at > query.get('updated_since'))
  }
}
