package socket

import "time"

// second is the transport's coarse clock: seconds since it opened.
func (t *Transport) second(now time.Time) uint32 {
	return uint32(max(now.Sub(t.start)/time.Second, 0)) //nolint:gosec // 136 years
}

// seconds rounds a timeout up: nobody is closed early.
func seconds(d time.Duration) uint32 {
	return uint32((d + time.Second - 1) / time.Second) //nolint:gosec // timeouts are short
}

// due is the second in which the first of a connection's timeouts runs out.
// The connection is locked.
func (c *Conn) due() uint32 {
	if c.state == stateClosing || c.state == stateDeaf {
		return c.since + seconds(c.t.o.CloseTimeout)
	}
	due := c.since + seconds(c.t.o.FirstTimeout)
	if c.idle > 0 {
		due = c.heard + uint32(c.idle)
	}
	if c.out != nil {
		due = min(due, c.moved+seconds(c.t.o.WriteTimeout))
	}
	return due
}

// check acts on the timeouts that have run out and files the connection again.
func (c *Conn) check(now uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == stateGone:
		return
	case now < c.due():
	case c.state != stateOpen:
		c.drv.kill()
	case c.out != nil && now >= c.moved+seconds(c.t.o.WriteTimeout):
		c.leave(stateDeaf, CodeSlowReader)
		c.drv.kill()
	case c.idle == 0:
		c.leave(stateClosing, CodeTimeout)
		c.push(closeFrame(CodeTimeout, "no hello in time"))
	default:
		c.leave(stateClosing, CodeTimeout)
		c.push(closeFrame(CodeTimeout, "no heartbeat"))
	}
	c.t.wheel.file(c, max(c.due(), now+1))
}
