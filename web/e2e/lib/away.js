// A host on the internet that must hear nothing: it answers everything it is
// asked, and remembers it.
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import { createServer as createPlain } from 'node:net'

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)))

export class Away {
  static async start() {
    const a = new Away()
    a.heard = new Map()
    a.http = createServer((q, r) => {
      a.note(q.url.split(/[/?]/)[1])
      q.resume()
      const type = /\.(png)$/.test(q.url) ? 'image/png' : q.headers.accept?.includes('text/html') ? 'text/html' : 'text/javascript'
      r.writeHead(200, { 'Content-Type': type, 'Access-Control-Allow-Origin': '*' }).end()
    })
    a.http.on('upgrade', (q, socket) => {
      a.note(q.url.split(/[/?]/)[1])
      socket.destroy()
    })
    a.origin = `http://127.0.0.1:${await listen(a.http)}`
    a.plain = createPlain((socket) => {
      a.note('tcp')
      socket.on('error', () => {})
      socket.destroy()
    })
    a.tcp = await listen(a.plain)
    a.socket = createSocket('udp4')
    a.socket.on('message', () => a.note('udp'))
    await new Promise((done) => a.socket.bind(0, '127.0.0.1', done))
    a.udp = a.socket.address().port
    return a
  }

  note(what) {
    this.heard.set(what, (this.heard.get(what) ?? 0) + 1)
  }

  async end() {
    this.http.closeAllConnections()
    this.http.close()
    this.plain.close()
    this.socket.close()
  }
}
