// What a page of a plugin might try, to get at the console or at the network.
// Each attempt works on a page without protection: the test shows so first.
// The fragment names one attempt and where it would report to.
const ask = new URLSearchParams(location.hash.slice(1))
const name = ask.get('do')
const away = ask.get('away') // http://host:port, where nothing must arrive
const home = ask.get('home') // the console's origin
const to = (tail = '') => `${away}/${name}${tail}`
const tell = (got) => parent.postMessage({ attempt: name, id: ask.get('id'), got: String(got ?? '') }, '*')
const put = (tag, set) => {
  const made = Object.assign(document.createElement(tag), set)
  document.body.append(made)
  return made
}
const link = (rel, set = {}) => put('link', { rel, href: to(), ...set })
const style = (text) => put('style', { textContent: text })
const tcp = `http://${new URL(away ?? location.href).hostname}:${ask.get('tcp')}`
const settled = (ms = 400) => new Promise((done) => setTimeout(done, ms))

const dial = (Peer) => {
  const p = new Peer({ iceServers: [{ urls: `stun:${new URL(away).hostname}:${ask.get('udp')}` }] })
  p.createDataChannel('x')
  void p.createOffer().then((offer) => p.setLocalDescription(offer))
}

const attempts = {
  // What is the console's.
  'parent-dom': () => parent.document.title,
  'top-dom': () => top.document.body.innerHTML.slice(0, 20),
  'frame-element': () => frameElement.outerHTML,
  cookies: () => document.cookie,
  'local-storage': () => localStorage.getItem('canary'),
  'session-storage': () => (sessionStorage.setItem('x', '1'), sessionStorage.getItem('x')),
  'indexed-db': () => new Promise((done, fail) => Object.assign(indexedDB.open('x'), { onsuccess: () => done('open'), onerror: fail })),
  caches: async () => ((await caches.open('x')) ? 'open' : ''),
  'service-worker': async () => (await navigator.serviceWorker.register('sw.js')).scope,
  'inline-script': () => (window.inlineRan ? 'ran' : ''),
  eval: () => (0, eval)('"ran"'),
  'event-handler': async () => {
    put('img', { src: 'data:,' }).setAttribute('onerror', 'window.handled = 1')
    put('div', {}).innerHTML = '<img src="data:," onerror="window.handled = 1">'
    await settled()
    return window.handled ? 'ran' : ''
  },
  'own-origin': () => (origin === 'null' ? '' : origin),
  'ask-api': async () => (await (await fetch(`${home}/api/v1/session`, { credentials: 'include' })).text()).slice(0, 20),
  'sibling-frame': () => {
    for (let i = 0; i < parent.frames.length; i++) if (parent.frames[i] !== window) return parent.frames[i].document.title
    return ''
  },

  // Ways out.
  fetch: () => fetch(to()),
  'fetch-no-cors': () => fetch(to(), { mode: 'no-cors' }),
  'fetch-keepalive': () => fetch(to(), { mode: 'no-cors', keepalive: true, method: 'POST', body: 'x' }),
  xhr: () => new Promise((done) => {
    const x = new XMLHttpRequest()
    x.onloadend = () => done('')
    x.open('GET', to())
    x.send()
  }),
  websocket: () => void new WebSocket(to().replace('http', 'ws')),
  'event-source': () => void new EventSource(to()),
  beacon: () => void navigator.sendBeacon(to(), 'x'),
  image: () => void (new Image().src = to()),
  picture: () => void put('img', { srcset: `${to()} 1x` }),
  'css-background': () => void style(`body{background:url("${to()}")}`),
  'css-import': () => void style(`@import "${to()}";`),
  'css-attribute': () => void document.body.setAttribute('style', `background-image:url("${to()}")`),
  'css-font': () => {
    style(`@font-face{font-family:x;src:url("${to()}")}body{font-family:x}`)
    return document.fonts.load('12px x').then(() => '')
  },
  'font-face-api': () => new FontFace('y', `url(${to()})`).load().then(() => ''),
  stylesheet: () => void link('stylesheet'),
  prefetch: () => void link('prefetch'),
  preload: () => void link('preload', { as: 'image' }),
  'preload-fetch': () => {
    const l = document.createElement('link')
    l.rel = 'preload'
    l.setAttribute('as', 'fetch')
    l.crossOrigin = 'anonymous'
    l.href = to()
    document.head.append(l)
  },
  modulepreload: () => void link('modulepreload'),
  script: () => void put('script', { src: to() }),
  import: () => import(to()),
  svg: () => void (put('div', {}).innerHTML = `<svg><image href="${to()}"/><use href="${to()}#x"/></svg>`),
  video: () => void put('video', { src: to(), autoplay: true, muted: true }),
  audio: () => void put('audio', { src: to(), autoplay: true }),
  track: () => {
    const v = put('video', { src: 'data:video/mp4;base64,AAAA', crossOrigin: 'anonymous' })
    const t = Object.assign(document.createElement('track'), { src: to(), default: true, kind: 'subtitles' })
    v.append(t)
    t.track.mode = 'showing'
  },
  object: () => void put('object', { data: to() }),
  embed: () => void put('embed', { src: to() }),
  'nested-frame': () => void put('iframe', { src: to() }),
  'nested-srcdoc': () => void put('iframe', { srcdoc: `<img src="${to()}">` }),
  'nested-data': () => void put('iframe', { src: `data:text/html,<img src="${to()}">` }),
  'nested-blob': () => void put('iframe', { src: URL.createObjectURL(new Blob([`<img src="${to()}">`], { type: 'text/html' })) }),
  'nested-script': () => void put('iframe', { srcdoc: `<script>new Image().src="${to()}"</${'script'}>` }),
  worker: () => void new Worker(`worker.js#${to()}`, { type: 'module' }),
  'blob-worker': () => void new Worker(URL.createObjectURL(new Blob([`fetch("${to()}",{mode:"no-cors"})`], { type: 'text/javascript' }))),
  'data-worker': () => void new Worker(`data:text/javascript,fetch("${to()}",{mode:"no-cors"})`),
  'shared-worker': () => void new SharedWorker(`worker.js#${to()}`, { type: 'module' }),
  'form-get': () => put('form', { action: to(), method: 'get' }).submit(),
  'form-post': () => put('form', { action: to(), method: 'post' }).submit(),
  'form-top': () => put('form', { action: to(), method: 'post', target: '_top' }).submit(),
  'window-open': () => void window.open(to()),
  'link-blank': () => put('a', { href: to(), target: '_blank', textContent: 'x' }).click(),
  'link-top': () => put('a', { href: to(), target: '_top', textContent: 'x' }).click(),
  'link-ping': () => put('a', { href: '#', ping: to(), textContent: 'x' }).click(),
  download: () => put('a', { href: to(), download: 'x.bin', textContent: 'x' }).click(),
  'self-navigation': () => void (location.href = to()),
  'self-replace': () => location.replace(to()),
  'meta-refresh': () => void document.head.append(Object.assign(document.createElement('meta'), { httpEquiv: 'refresh', content: `0;url=${to()}` })),
  'top-navigation': () => void (top.location.href = to()),
  'parent-navigation': () => void (parent.location = to()),
  'javascript-address': async () => {
    put('iframe', { src: `javascript:void(new Image().src="${to()}")` })
  },
  base: () => {
    document.head.append(Object.assign(document.createElement('base'), { href: `${away}/${name}/` }))
    new Image().src = 'x.png'
  },
  'navigation-api': () => void navigation.navigate(to()),
  'fetch-later': () => void fetchLater(to(), { activateAfter: 0 }),
  'video-poster': () => void put('video', { poster: to() }),
  'input-image': () => void put('input', { type: 'image', src: to() }),
  'svg-filter': () => void (put('div', {}).innerHTML = `<svg width="9" height="9"><filter id="f"><feImage href="${to()}"/></filter><rect width="9" height="9" filter="url(#f)"/></svg>`),
  'svg-script': () => {
    const s = document.createElementNS('http://www.w3.org/2000/svg', 'script')
    s.setAttribute('href', to())
    put('div', {}).append(document.createElementNS('http://www.w3.org/2000/svg', 'svg'))
    document.querySelector('svg').append(s)
  },
  'css-image-set': () => void style(`body{background:image-set("${to()}" 1x)}`),
  'css-mask': () => void style(`body{mask:url("${to()}")}`),
  'css-module': () => import(to(), { with: { type: 'css' } }),
  'paint-worklet': () => CSS.paintWorklet.addModule(to()),
  'audio-worklet': () => new OfflineAudioContext(1, 1, 44100).audioWorklet.addModule(to()),
  'body-background': () => void document.body.setAttribute('background', to()),
  'import-map': async () => {
    put('script', { type: 'importmap', textContent: JSON.stringify({ imports: { far: to() } }) })
    await import('far')
  },

  // Hints: no request, and heard all the same. Each is alone in its page.
  preconnect: async () => {
    link('preconnect', { href: tcp })
    await settled()
  },
  'preconnect-markup': async () => {
    put('div', {}).innerHTML = `<link rel="preconnect" href="${tcp}" crossorigin>`
    await settled()
  },
  'preconnect-nested': async () => {
    const d = put('iframe', {}).contentDocument
    d.head.append(Object.assign(d.createElement('link'), { rel: 'preconnect', href: tcp }))
    await settled()
  },
  'dns-prefetch': () => void link('dns-prefetch', { href: `//${ask.get('name')}` }),
  'dns-prefetch-nested': () => {
    const d = put('iframe', {}).contentDocument
    d.head.append(Object.assign(d.createElement('link'), { rel: 'dns-prefetch', href: `//${ask.get('name')}` }))
  },
  'dns-preconnect': () => void link('preconnect', { href: `http://${ask.get('name')}` }),
  'dns-fetch': () => fetch(`http://${ask.get('name')}`, { mode: 'no-cors' }),
  webtransport: async () => {
    await new WebTransport(`https://${new URL(away).hostname}:${ask.get('udp')}/x`).ready
  },
  webrtc: async () => {
    dial(RTCPeerConnection)
    await settled(1200)
  },
  'webrtc-srcdoc': async () => {
    const f = put('iframe', { srcdoc: '<p>x</p>' })
    await settled(300)
    dial(f.contentWindow.RTCPeerConnection)
    await settled(1200)
  },
  'webrtc-blank': async () => {
    dial(put('iframe', {}).contentWindow.RTCPeerConnection)
    await settled(1200)
  },
  'webrtc-classic': async () => {
    put('iframe', { srcdoc: `<body><script src="${new URL('dial.js', location.href)}"></${'script'}>`, name: `${new URL(away).hostname}:${ask.get('udp')}` })
    await settled(1200)
  },
  'webrtc-module': async () => {
    put('iframe', { srcdoc: `<body><script type="module" src="${new URL('dial-module.js', location.href)}"></${'script'}>`, name: `${new URL(away).hostname}:${ask.get('udp')}` })
    await settled(1200)
  },
}

async function run() {
  try {
    tell((await attempts[name]()) ?? '')
  } catch {
    tell('')
  }
}

if (name === 'list') parent.postMessage({ attempts: Object.keys(attempts) }, '*')
else if (ask.get('gesture')) document.querySelector('button').addEventListener('click', run)
else void run()
