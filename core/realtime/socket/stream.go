package socket

import (
	"net"
	"sync"
)

// streamConn is the portable form: one reading goroutine, and a writing one
// while there is something to write.
type streamConn struct {
	Conn
	nc      net.Conn
	raw     net.Conn // below TLS: ending it does not wait for the peer
	writing bool     // under Conn.mu
	done    sync.WaitGroup
}

// Sizes of the portable form's buffers.
const (
	streamRead  = 512      // held all the time
	streamBulk  = 16 << 10 // borrowed while a bigger frame comes in
	streamWrite = 64 << 10 // bytes given to the connection at once
)

func (t *Transport) stream(nc net.Conn, early []byte, rate *Rate, bind func(*Conn) Handler) {
	c := &streamConn{nc: nc, raw: nc}
	if over, ok := nc.(interface{ NetConn() net.Conn }); ok {
		c.raw = over.NetConn()
	}
	c.init(t, c, rate, bind)
	go c.read(early)
}

func (c *streamConn) read(early []byte) {
	if len(early) > 0 {
		c.received(early)
	}
	buf := make([]byte, streamRead)
	for {
		n, err := c.fill(buf)
		if n > 0 && err == nil {
			c.received(buf[:n])
		}
		if err != nil {
			break
		}
	}
	c.dropped(c)
}

func (c *streamConn) release() {
	c.kill()
	c.done.Wait()
}

// fill reads into buf, or, while a frame has come in part, through a bigger
// buffer straight into the decoder; then it returns 0.
func (c *streamConn) fill(buf []byte) (int, error) {
	if !c.dec.partial() {
		return c.nc.Read(buf)
	}
	bulk := make([]byte, streamBulk)
	for c.dec.partial() {
		n, err := c.nc.Read(bulk)
		if n > 0 {
			c.received(bulk[:n])
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, nil
}

func (c *streamConn) write([]byte) (int, error) { return 0, nil }

func (c *streamConn) arm() {
	if !c.writing {
		c.writing = true
		c.done.Go(c.flush)
	}
}

// flush writes until the queue is empty.
func (c *streamConn) flush() {
	var bufs [8][]byte
	for {
		c.mu.Lock()
		if c.out == nil {
			c.writing = false
			drained := c.takeDrain()
			c.mu.Unlock()
			if drained {
				c.handler.Drained()
			}
			return
		}
		head := net.Buffers(c.out.head(bufs[:0], streamWrite))
		for _, b := range head {
			c.out.busy += len(b)
		}
		c.mu.Unlock()
		n, err := head.WriteTo(c.nc)
		c.mu.Lock()
		if err != nil || c.out == nil {
			c.writing = false
			c.kill()
			c.mu.Unlock()
			return
		}
		c.wrote(int(n))
		c.mu.Unlock()
	}
}

func (c *streamConn) finish() {
	half, ok := c.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		c.kill()
	}
}

func (c *streamConn) kill() { _ = c.raw.Close() }
