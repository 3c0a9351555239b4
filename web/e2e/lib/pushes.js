// A push service, with one browser behind it: what the server posts to it is read as that browser does
// (RFC 8291, section 4), and brought to the real service worker over the protocol of Chromium's tools.
import { createDecipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'

const derive = (key, salt, info, size) => Buffer.from(hkdfSync('sha256', key, salt, info, size))

export class PushService {
  static async start() {
    const s = new PushService()
    s.browser = createECDH('prime256v1')
    s.browser.generateKeys()
    s.auth = randomBytes(16)
    s.letters = []
    s.answer = 201
    s.http = createServer(async (request, response) => {
      const parts = []
      for await (const part of request) parts.push(part)
      if (s.answer === 201) s.letters.push({ ...JSON.parse(s.read(Buffer.concat(parts))), ttl: request.headers.ttl, from: request.headers.authorization })
      response.writeHead(s.answer).end()
    })
    await new Promise((done) => s.http.listen(0, '127.0.0.1', done))
    s.endpoint = `http://127.0.0.1:${s.http.address().port}/send/${randomBytes(16).toString('hex')}`
    return s
  }

  read(body) {
    const [salt, size] = [body.subarray(0, 16), body[20]]
    const [sender, record] = [body.subarray(21, 21 + size), body.subarray(21 + size)]
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.browser.getPublicKey(), sender])
    const material = derive(this.browser.computeSecret(sender), this.auth, info, 32)
    const open = createDecipheriv('aes-128-gcm', derive(material, salt, 'Content-Encoding: aes128gcm\0', 16), derive(material, salt, 'Content-Encoding: nonce\0', 12))
    open.setAuthTag(record.subarray(-16))
    const plain = Buffer.concat([open.update(record.subarray(0, -16)), open.final()]).toString('utf8')
    return plain.slice(0, plain.lastIndexOf('\u0002'))
  }

  /** Has the pages of a context subscribe here: Chromium's own service is not within reach of tests. The rest is the browser's. */
  stub(context) {
    const given = { endpoint: this.endpoint, key: this.browser.getPublicKey('base64'), auth: this.auth.toString('base64') }
    return context.addInitScript(({ endpoint, key, auth }) => {
      const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer
      const made = (applicationServerKey) => ({
        endpoint, options: { applicationServerKey }, getKey: (name) => bytes(name === 'auth' ? auth : key),
        unsubscribe: async () => { localStorage.removeItem('test.push'); return true },
      })
      if (!globalThis.PushManager) return
      PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
        if (!userVisibleOnly) throw new DOMException('silent', 'NotAllowedError')
        if (localStorage.getItem('test.push.down')) throw new DOMException('Registration failed - push service error', 'AbortError')
        localStorage.setItem('test.push', btoa(String.fromCharCode(...new Uint8Array(applicationServerKey))))
        return made(applicationServerKey.buffer ?? applicationServerKey)
      }
      PushManager.prototype.getSubscription = async () => {
        const held = localStorage.getItem('test.push')
        return held ? made(bytes(held)) : null
      }
    }, given)
  }

  end() {
    return new Promise((done) => this.http.close(done))
  }
}

/** Brings a letter to the service worker of a page's origin, as the browser does when its push service says so. */
export async function deliver(page, letter) {
  const tools = await page.context().newCDPSession(page)
  const registrations = []
  tools.on('ServiceWorker.workerRegistrationUpdated', (event) => registrations.push(...event.registrations))
  await tools.send('ServiceWorker.enable')
  const origin = new URL(page.url()).origin
  const until = Date.now() + 60_000
  while (!registrations.some((one) => !one.isDeleted)) {
    if (Date.now() > until) throw new Error('no service worker is registered')
    await new Promise((done) => setTimeout(done, 50))
  }
  await tools.send('ServiceWorker.deliverPushMessage', { origin, registrationId: registrations.find((one) => !one.isDeleted).registrationId, data: JSON.stringify(letter) })
  await tools.detach()
}
