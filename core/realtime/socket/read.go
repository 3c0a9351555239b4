package socket

import (
	"encoding/binary"
	"time"

	"github.com/gobwas/ws"
)

// The methods of sink: what the decoder found. They run on the reading goroutine.

// admit counts a frame against the rate.
func (c *Conn) admit() bool {
	c.mu.Lock()
	now := c.t.o.Now()
	c.heard = c.t.second(now)
	ok := c.state != stateOpen || c.allow(now)
	c.mu.Unlock()
	if !ok {
		c.handler.Overrate()
		c.shut(stateDeaf, CodePolicy, "too many frames")
	}
	return ok
}

// allow is the generic cell rate algorithm: a token bucket in one number.
func (c *Conn) allow(now time.Time) bool {
	if c.rate == nil || c.rate.PerSecond <= 0 {
		return true
	}
	cell := int64(time.Second) / int64(c.rate.PerSecond)
	at := max(c.arrival, now.UnixNano())
	if at-now.UnixNano() > cell*int64(max(c.rate.Burst, 1)-1) {
		return false
	}
	c.arrival = at + cell
	return true
}

func (c *Conn) text(payload []byte) bool {
	if c.isOpen() {
		c.handler.Message(payload)
	}
	return true
}

func (c *Conn) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == stateOpen
}

// ping answers with the same payload (RFC 6455, section 5.5.3).
func (c *Conn) ping(payload []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == stateOpen {
		c.push(appendFrame(make([]byte, 0, 2+len(payload)), finPong, payload))
	}
	return true
}

// closing answers a close frame with its own code, unless it answers ours, and
// ends the connection after that (RFC 6455, section 7.1.1: the server closes first).
func (c *Conn) closing(payload []byte) bool {
	code := CodeNoStatus
	if len(payload) >= 2 {
		code = int(binary.BigEndian.Uint16(payload))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.peer = true
	switch {
	case c.state == stateOpen && code == CodeNoStatus:
		c.leave(stateDeaf, code)
		c.push(ws.CompiledClose)
	case c.state == stateOpen:
		c.leave(stateDeaf, code)
		c.push(closeFrame(code, ""))
	case c.out == nil:
		c.drv.kill()
	}
	return false
}
