// Package realtime is the gateway: the WebSocket sessions of members and
// visitors. It shows them what was committed, in order and without a gap,
// takes what they write to the use cases, and carries what is ephemeral
// (typing, presence, places in the queue). The frames are described in
// docs/reference/live-protocol.md.
//
// # Order and resume
//
// A member's session follows the feed of its workspace, a visitor's the public
// sequence of its conversation. Each remembers the last number it sent. A
// published event is sent if it is the next one, dropped if it was sent, and
// otherwise the session stops following, reads what it lacks from the
// database, and follows again once it has all it was told of. A new session
// starts the same way. So every event arrives once and in order, whatever the
// caller of Publish lost, repeated or restarted.
//
// # Taking a connection over
//
// The gateway gets a net.Conn on which the HTTP server has answered 101; it
// speaks WebSocket from there and knows no HTTP. With fasthttp the server must
// have KeepHijackedConns set and the hijack handler return at once:
//
//	c.Context().Hijack(func(conn net.Conn) { gateway.Member(conn, scope, check) })
//
// The gateway unwraps what fasthttp hands out (by its UnsafeConn method), takes
// the bytes that its reader may hold already, clears the deadlines, and on
// Linux duplicates the descriptor of a plain TCP connection and closes the
// original, so that neither fasthttp's buffers, nor its context, nor a
// goroutine outlive the handshake.
//
// # Concurrency
//
// All methods of Gateway are safe for concurrent use. What touches the
// database runs on a bounded pool of workers, never on the goroutine that
// reads a connection; the work of one connection is done in order.
//
// # Lifecycle
//
// New, Start, then connections and Publish, then Drain, which ends everything.
package realtime
