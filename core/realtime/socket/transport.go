package socket

import (
	"net"
	"sync"
	"time"
)

// Transport serves connections. Make one with Open.
type Transport struct {
	o          Options
	start      time.Time
	wheel      wheel
	assemblies assemblies
	loops      *loops // nil where there is no epoll

	mu     sync.Mutex // serialises Serve against Close
	closed bool
	open   sync.WaitGroup // connections
	work   sync.WaitGroup // goroutines
	stop   chan struct{}
}

// Open starts a transport.
func Open(o Options) (*Transport, error) {
	t := &Transport{o: o.withDefaults(), start: o.Now(), stop: make(chan struct{})}
	if !t.o.Portable {
		l, err := openLoops(t)
		if err != nil {
			return nil, err
		}
		t.loops = l
	}
	t.work.Go(t.tick)
	return t, nil
}

// Serve takes over a connection on which the upgrade is done, whatever it
// returns; on an error the handler, if made, is told. early are bytes of the peer that were read already; nil means none.
// bind makes the handler; it must not use the Conn before it returns.
func (t *Transport) Serve(nc net.Conn, early []byte, rate *Rate, bind func(*Conn) Handler) error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		_ = nc.Close()
		return ErrClosed
	}
	t.open.Add(1)
	t.mu.Unlock()
	if sock := plain(nc); sock != nil && t.loops != nil {
		return t.loop(nc, sock, early, rate, bind)
	}
	t.stream(nc, early, rate, bind)
	return nil
}

// init prepares a connection inside its driver's struct.
func (c *Conn) init(t *Transport, drv driver, rate *Rate, bind func(*Conn) Handler) {
	c.t, c.drv, c.rate, c.slot = t, drv, rate, slotNone
	c.since = t.second(t.o.Now())
	c.heard = c.since
	c.handler = bind(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	t.wheel.file(c, c.due())
}

// tick looks at the connections that are due.
func (t *Transport) tick() {
	ticks := t.o.Ticks
	if ticks == nil {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-t.stop:
			return
		case <-ticks:
		}
		now := t.o.Now()
		t.wheel.advance(t.second(now))
		for c := t.wheel.next(); c != nil; c = t.wheel.next() {
			c.check(t.second(now))
		}
		t.o.OnTick(now)
	}
}

// Handlers returns those of the connections that are open now.
func (t *Transport) Handlers() []Handler {
	var out []Handler
	t.wheel.each(func(c *Conn) { out = append(out, c.handler) })
	return out
}

// Close ends every connection at once, without a handshake, and waits until
// nothing of the transport runs any more. To part politely, call Conn.Close on
// each before.
func (t *Transport) Close() {
	t.mu.Lock()
	closed := t.closed
	t.closed = true
	t.mu.Unlock()
	if closed {
		return
	}
	close(t.stop)
	t.work.Wait()
	t.wheel.all()
	for c := t.wheel.next(); c != nil; c = t.wheel.next() {
		c.mu.Lock()
		if c.state != stateGone {
			c.drv.kill()
		}
		c.mu.Unlock()
	}
	t.open.Wait()
	if t.loops != nil {
		t.loops.close()
	}
}
