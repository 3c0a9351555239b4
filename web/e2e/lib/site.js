// A shop's website on an origin of its own, with the chat on every page.
import { createServer } from 'node:http'

const quoted = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

/** Pages at any path; what stands in them is decided per visit, by `page`. */
export class Site {
  static async start(patchbay) {
    const s = new Site()
    s.patchbay = patchbay
    s.pages = new Map()
    s.server = createServer((request, response) => {
      const page = s.pages.get(new URL(request.url, 'http://x').searchParams.get('as'))
      if (!page) return response.writeHead(404).end()
      response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
    })
    await new Promise((done) => s.server.listen(0, '127.0.0.1', done))
    s.origin = `http://127.0.0.1:${s.server.address().port}`
    return s
  }

  /** The address of a page that is exactly this. */
  raw(html) {
    const as = String(this.pages.size)
    this.pages.set(as, html)
    return `${this.origin}/?as=${as}`
  }

  /**
   * The address of a page with the chat of an inbox.
   * @param {{path?: string, title?: string, lang?: string, attributes?: Record<string, string>, calls?: unknown[][]}} page
   *   calls are made before the chat's script is there
   */
  page(inbox, { path = '/', title = 'Tea shop', lang = 'en', attributes = {}, calls = [] } = {}) {
    const as = String(this.pages.size)
    const extra = Object.entries(attributes).map(([name, value]) => ` ${name}="${quoted(value)}"`).join('')
    this.pages.set(as, `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,"><title>${quoted(title)}</title>
<body style="font:16px/1.6 system-ui;margin:0 auto;max-width:60em;padding:2em;min-height:200vh"><main><h1>Tea &amp; Time</h1><p>Green tea, black tea, white tea.</p></main>
<script>
window.heard = [];
window.Patchbay = window.Patchbay || function () { (Patchbay.q = Patchbay.q || []).push(arguments) };
for (const name of ["ready", "open", "close", "message", "unread", "error"]) addEventListener("patchbay:" + name, (event) => heard.push([name, event.detail ?? null]));
for (const call of ${JSON.stringify(calls).replaceAll('<', '\\u003c')}) Patchbay(...call);
</script>
<script async src="${this.patchbay}/w/${inbox}/loader.js"${extra}></script></body></html>`)
    return `${this.origin}${path}?as=${as}`
  }

  async end() {
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }
}
