package socket

import (
	"sync"
	"time"
)

// Outcome is what became of a Send.
type Outcome uint8

// The outcomes.
const (
	Refused Outcome = iota // the connection is closing or closed: nothing is sent any more
	Written                // handed to the kernel
	Queued                 // waits for the peer to read; Handler.Drained follows
)

// The states of a connection.
const (
	stateOpen    = iota
	stateClosing // a close frame is on its way; only the peer's is awaited
	stateDeaf    // likewise, but what the peer sends cannot be parsed
	stateGone
)

// driver moves the bytes of one connection. Its methods are called with the
// connection locked and do not block.
type driver interface {
	write(b []byte) (int, error) // as much as goes without waiting
	arm()                        // the queue is not empty any more: write it
	finish()                     // nothing will be written any more
	kill()                       // end the connection; dropped follows
}

// closer is the rest of a driver: it is called without the lock, once, when
// the connection is gone and no other method of the driver is called any more.
type closer interface{ release() }

// Conn is one connection. It is as small as it is because there are many.
type Conn struct {
	t       *Transport
	drv     driver
	handler Handler
	rate    *Rate
	dec     decoder // of the reading goroutine

	prev, next *Conn // of the wheel
	slot       int16

	mu      sync.Mutex
	state   uint8
	drain   bool   // the handler awaits Drained
	peer    bool   // the peer's close frame has come
	code    uint16 // of the close frame sent or received
	idle    uint16 // seconds without a frame that end the connection; 0 = not established
	since   uint32 // second in which the state began
	heard   uint32 // second of the last frame
	moved   uint32 // second in which the queue last got shorter
	arrival int64  // theoretical arrival time of the next frame, ns (GCRA)
	out     *queue // nil when nothing waits
}

// Send writes whole text frames made by AppendText, now or as soon as the peer
// reads. It never blocks and does not keep order with concurrent calls. The
// slice may be shared and must not change afterwards. A peer with more than
// the WriteLimit waiting is closed with CodeSlowReader.
func (c *Conn) Send(frames []byte) Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != stateOpen {
		return Refused
	}
	if c.out != nil && c.out.size+len(frames) > c.t.o.WriteLimit {
		c.choke()
		return Refused
	}
	outcome := c.push(frames)
	c.drain = c.drain || outcome == Queued
	return outcome
}

// Close starts the close handshake; what was sent before it still arrives.
// The first close counts, later ones do nothing.
func (c *Conn) Close(code int, reason string) { c.shut(stateClosing, code, reason) }

func (c *Conn) shut(state uint8, code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == stateOpen {
		c.leave(state, code)
		c.push(closeFrame(code, reason))
	}
}

// Established says that the peer has introduced itself: from now on it must
// send a frame at least every idle (whole seconds), or is closed with
// CodeTimeout. Without it a connection ends after Options.FirstTimeout.
func (c *Conn) Established(idle time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = uint16(min(max(idle/time.Second, 1), 1<<16-1))
	c.heard = c.t.second(c.t.o.Now())
	c.t.wheel.file(c, c.due())
}

// Waiting returns how many bytes wait to be written.
func (c *Conn) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == nil {
		return 0
	}
	return c.out.size
}

// push writes or queues frames. The connection is locked.
func (c *Conn) push(frames []byte) Outcome {
	if c.out != nil {
		c.out.add(frames, 0)
		return Queued
	}
	n, err := c.drv.write(frames)
	switch {
	case err != nil:
		c.drv.kill()
		return Refused
	case n == len(frames):
		c.emptied()
		return Written
	}
	c.out = new(queue)
	c.out.add(frames, n)
	c.moved = c.t.second(c.t.o.Now())
	c.drv.arm()
	c.t.wheel.file(c, c.due())
	return Queued
}

// leave enters a closing state.
func (c *Conn) leave(state uint8, code int) {
	c.state, c.code, c.since = state, uint16(code), c.t.second(c.t.o.Now()) //nolint:gosec // codes fit
	c.t.wheel.file(c, c.due())
}

// choke closes a peer that does not read: what it has not begun to receive is
// dropped, so that the close frame is next.
func (c *Conn) choke() {
	c.leave(stateClosing, CodeSlowReader)
	c.out.cut()
	c.push(closeFrame(CodeSlowReader, "slow reader: reconnect and resume"))
}

// wrote takes n bytes off the queue.
func (c *Conn) wrote(n int) {
	c.out.advance(n)
	if n > 0 {
		c.moved = c.t.second(c.t.o.Now())
	}
	if c.out.size == 0 {
		c.out = nil
		c.emptied()
	}
}

// emptied goes on with the close handshake once its frame is written.
func (c *Conn) emptied() {
	switch {
	case c.state == stateOpen || c.state == stateGone:
	case c.peer:
		c.drv.kill()
	default:
		c.drv.finish()
	}
}

// takeDrain reports whether Drained is to be called. The connection is locked.
func (c *Conn) takeDrain() bool {
	due := c.drain && c.state == stateOpen
	c.drain = false
	return due
}

// received takes bytes from the reading goroutine.
func (c *Conn) received(data []byte) {
	c.mu.Lock()
	deaf := c.state >= stateDeaf
	c.mu.Unlock()
	if deaf {
		return
	}
	if fail := c.dec.feed(data, c.t.o.ReadLimit, &c.t.assemblies, c); fail != nil {
		c.fail(fail)
	}
}

// fail closes a connection whose stream cannot be understood any more. What
// still comes is read and thrown away, so that the close frame is not lost to
// a reset.
func (c *Conn) fail(f *failure) {
	c.shut(stateDeaf, f.code, f.reason)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == stateClosing {
		c.state = stateDeaf
	}
}

// dropped is called on the reading goroutine, once, when nothing can be read
// any more.
func (c *Conn) dropped(drv closer) {
	c.mu.Lock()
	code := int(c.code)
	if c.state == stateOpen {
		code = CodeAbnormal
	}
	c.state, c.out = stateGone, nil
	c.mu.Unlock()
	drv.release()
	c.t.wheel.remove(c)
	c.dec.reset(&c.t.assemblies)
	c.handler.Closed(code)
	c.t.open.Done()
}
