// Package socket is the WebSocket transport of the gateway (RFC 6455, server
// side): it takes over connections whose upgrade is done, reads whole text
// messages from them and writes frames to them. It knows nothing of what the
// messages mean.
//
// A Transport has two forms behind one type. The Linux form keeps plain TCP
// connections in an epoll loop: no goroutine, no read buffer and a few hundred
// bytes of state while a connection is idle. The portable form has one reading
// goroutine per connection and serves what the first cannot: TLS, other
// systems, connections that are no sockets. Both share everything above
// reading and writing bytes.
//
// What it enforces: client frames are masked, text only (binary and broken
// UTF-8 close 1007), at most Options.ReadLimit bytes a message (1009), no
// extension bits, control frames short and whole (1002). Fragments are put
// together, pings answered, the close handshake finished. A peer that does not
// read loses its connection with close code 4409 instead of costing memory.
//
// Concurrency: a Transport and a Conn are safe for concurrent use. A
// Handler's Message, Overrate and Closed are called one at a time per
// connection; none of its methods may block, since others wait behind them.
//
// Lifecycle: Open, any number of Serve, Close. Close ends every connection and
// returns when no goroutine of the transport is left.
package socket

import (
	"errors"
	"log/slog"
	"time"
)

// Close codes that the transport and its callers send (RFC 6455, section 7.4;
// 4000 and up are the application's own).
const (
	CodeNormal       = 1000
	CodeProtocol     = 1002
	CodeNoStatus     = 1005 // reported, never sent: the peer's close frame carried no code
	CodeAbnormal     = 1006 // reported, never sent: the connection broke without a close frame
	CodeInvalidData  = 1007
	CodePolicy       = 1008
	CodeTooBig       = 1009
	CodeRestart      = 1012
	CodeSessionEnded = 4401
	CodeForbidden    = 4403
	CodeTimeout      = 4408
	CodeSlowReader   = 4409
)

// Handler is told what happens on one connection.
type Handler interface {
	// Message takes one text message: valid UTF-8 of at most ReadLimit bytes.
	// The slice is the callee's only until it returns.
	Message(payload []byte)
	// Overrate says that the peer sends more frames than its Rate allows. The
	// connection is closed with CodePolicy when it returns.
	Overrate()
	// Drained says that all that was queued is written. It follows a Send that
	// returned Queued, possibly from another goroutine than the other calls and
	// even after Closed.
	Drained()
	// Closed is the last call that Message or Overrate can precede. code is
	// what was sent or, if the peer began, received; CodeAbnormal when neither.
	Closed(code int)
}

// Rate bounds the frames, control frames and fragments included, that a peer
// may send: PerSecond on average and Burst at once. Zero means no bound.
type Rate struct {
	PerSecond, Burst int
}

// Options configure a Transport. Zero values take the defaults named.
type Options struct {
	Portable bool // use the portable form for every connection
	Loops    int  // epoll loops; 0 = one for each two processors

	ReadLimit    int           // bytes of one message; 0 = 64 KiB
	WriteLimit   int           // bytes queued for one peer; 0 = 1 MiB
	WriteTimeout time.Duration // without any progress of a queue; 0 = 10 s
	CloseTimeout time.Duration // for the peer's part of the close handshake; 0 = 5 s
	FirstTimeout time.Duration // from Serve to Conn.Established; 0 = 10 s

	Now    func() time.Time
	Ticks  <-chan time.Time    // drives every timeout, about once a second; nil = a ticker
	OnTick func(now time.Time) // called on each tick; must not block
	Logger *slog.Logger
}

// Defaults of Options.
const (
	DefaultReadLimit    = 64 << 10
	DefaultWriteLimit   = 1 << 20
	DefaultWriteTimeout = 10 * time.Second
	DefaultCloseTimeout = 5 * time.Second
	DefaultFirstTimeout = 10 * time.Second
)

// ErrClosed is returned by Serve after Close.
var ErrClosed = errors.New("socket: transport closed")

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (o Options) withDefaults() Options {
	o.ReadLimit = orDefault(o.ReadLimit, DefaultReadLimit)
	o.WriteLimit = orDefault(o.WriteLimit, DefaultWriteLimit)
	o.WriteTimeout = orDefault(o.WriteTimeout, DefaultWriteTimeout)
	o.CloseTimeout = orDefault(o.CloseTimeout, DefaultCloseTimeout)
	o.FirstTimeout = orDefault(o.FirstTimeout, DefaultFirstTimeout)
	if o.OnTick == nil {
		o.OnTick = func(time.Time) {}
	}
	return o
}
