// Watches a page for anything that text from outside must never cause.

/**
 * Watches a page and all its frames from now on.
 * @param page before its first navigation
 * @param {string} origin the only place that may be asked for anything
 */
export async function watch(page, origin) {
  const seen = []
  await page.addInitScript(() => {
    globalThis.pwned = () => {
      globalThis.wasPwned = true
      console.error('pwned: text of a customer ran as code')
    }
  })
  page.on('console', (m) => m.text().startsWith('pwned') && seen.push(m.text()))
  page.on('dialog', (d) => {
    seen.push(`a dialog: ${d.message()}`)
    void d.dismiss()
  })
  page.on('popup', (p) => seen.push(`a window: ${p.url()}`))
  page.on('download', (d) => seen.push(`a download: ${d.url()}`))
  page.on('request', (r) => {
    const url = new URL(r.url())
    if (['data:', 'blob:', 'about:'].includes(url.protocol)) return
    if (url.origin !== origin && url.origin !== origin.replace('http', 'ws')) seen.push(`a request: ${r.url().slice(0, 200)}`)
  })
  return {
    /** What went wrong so far, in this page and what is drawn in it now. */
    async found() {
      for (const frame of page.frames()) seen.push(...(await frame.evaluate(inspect).catch(() => [])))
      return [...new Set(seen)]
    },
  }
}

/** Runs in the page: elements that only markup out of a text can have made. */
function inspect() {
  const wrong = []
  if (globalThis.wasPwned) wrong.push('pwned: the page ran a payload')
  const roots = [document]
  for (const element of document.querySelectorAll('*')) if (element.shadowRoot) roots.push(element.shadowRoot)
  for (const root of roots) {
    for (const element of root.querySelectorAll('*')) {
      const handler = element.getAttributeNames().find((name) => name.startsWith('on'))
      if (handler) wrong.push(`<${element.localName} ${handler}>`)
      if (['object', 'embed', 'base', 'marquee', 'xmp', 'math', 'noscript'].includes(element.localName)) wrong.push(`<${element.localName}>`)
      if (element.localName === 'script' && !element.src) wrong.push('<script> without a source')
      if (element.localName === 'iframe' && element.hasAttribute('srcdoc')) wrong.push('<iframe srcdoc>')
      for (const name of ['href', 'src', 'action', 'xlink:href']) {
        const value = element.getAttribute(name)
        // As a browser reads it: without controls and blanks.
        if (value && /^(javascript|data:text|vbscript)/i.test([...value].filter((c) => c > ' ').join(''))) wrong.push(`${element.localName}[${name}=${value.slice(0, 80)}]`)
      }
      if (element.localName === 'a' && element.target === '_blank' && !/noopener|noreferrer/.test(element.rel)) wrong.push(`a link without noopener: ${element.href.slice(0, 80)}`)
    }
  }
  return wrong
}
