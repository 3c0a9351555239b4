// What a page might say in another's name, where the console shows it and not a
// test of attempts.js: there its address has no fragment. Whatever comes of it
// carries the name of the forgery.
const forged = (window.forged = { taken: [] })

/** A port whose owner waits for what is meant for the console. */
function lure(name) {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => forged.taken.push(name)
  return port2
}

const notice = (name) => ({ id: name, method: 'toast', params: { text: `forged ${name}` } })
const siblings = () => Array.from({ length: parent.frames.length }, (_, i) => parent.frames[i]).filter((f) => f !== window)

function forge(port) {
  parent.postMessage({ patchbay: 1 }, '*', [lure('handshake-to-console')])
  parent.postMessage(notice('notice-to-console'), '*')
  parent.postMessage({ id: 'c', method: 'call', params: { method: 'forged call-to-console' } }, '*')
  for (const f of siblings()) {
    f.postMessage({ patchbay: 1 }, '*', [lure('handshake-to-sibling')])
    f.postMessage({ event: 'theme', data: { theme: 'dark', tokens: { forged: 'event-to-sibling' } } }, '*')
  }
  const nested = document.createElement('iframe')
  nested.srcdoc = `<body><script src="${new URL('forge-nested.js', location.href)}"></${'script'}>`
  document.body.append(nested)
  if (parent.frames[0] !== window) port.postMessage(notice('nothing: this is its own')) // so that the test sees what it would see
  // The port outlives the page, in the hands of another, and is used when the page that it was given to is gone.
  if (parent.frames[0] === window && window.name !== 'again' && siblings()[0]) {
    window.name = 'again'
    siblings()[0].postMessage({ keep: 1 }, '*', [port])
    setTimeout(() => location.reload(), 300)
  }
}

if (!location.hash)
  addEventListener('message', ({ data, ports, source }) => {
    if (source === parent && data?.patchbay === 1 && ports[0] && !forged.begun) {
      forged.begun = true
      setTimeout(() => forge(ports[0]), 1500) // when its siblings are there too
    }
    if (data?.taken) forged.taken.push(data.taken)
    if (data?.keep) setTimeout(() => ports[0].postMessage(notice('replayed-port')), 2000)
  })
