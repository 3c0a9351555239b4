// A module that takes names for itself before the first line runs.
function go(Peer) {
  const p = new Peer({ iceServers: [{ urls: `stun:${name}` }] })
  p.createDataChannel('x')
  void p.createOffer().then((offer) => p.setLocalDescription(offer))
}
go(self.RTCPeerConnection)
function globalThis() {}
function Object() {}
export { globalThis, Object }
