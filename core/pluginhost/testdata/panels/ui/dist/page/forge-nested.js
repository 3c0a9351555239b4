// A document within a page speaks up.
top.postMessage({ id: 'n', method: 'toast', params: { text: 'forged notice-of-nested' } }, '*')
for (let i = 0; i < top.frames.length; i++) {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => parent.postMessage({ taken: 'handshake-of-nested' }, '*')
  if (top.frames[i] !== parent) top.frames[i].postMessage({ patchbay: 1 }, '*', [port2])
}
