package socket

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// epollConn is the Linux form: a descriptor on a loop.
type epollConn struct {
	Conn
	loop    *loop
	fd      int
	joined  bool // the loop watches it; under Conn.mu, like the next
	writing bool // the loop waits until it can be written to
}

// loopWrite bounds the bytes given to the kernel at once.
const loopWrite = 256 << 10

const watched = unix.EPOLLIN | unix.EPOLLRDHUP

// plain returns the socket behind nc; nil when there is more to nc than that,
// such as TLS, which must see every byte.
func plain(nc net.Conn) syscall.Conn {
	switch nc := nc.(type) {
	case *net.TCPConn:
		return nc
	case *net.UnixConn:
		return nc
	default:
		return nil
	}
}

// duplicate takes the descriptor away from the runtime's own poller, which
// closes the original.
func duplicate(sock syscall.Conn) (int, error) {
	raw, err := sock.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("socket: take over a connection: %w", err)
	}
	fd, failed := 0, error(nil)
	if err := raw.Control(func(have uintptr) {
		fd, failed = unix.FcntlInt(have, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return 0, fmt.Errorf("socket: take over a connection: %w", err)
	}
	if failed != nil {
		return 0, fmt.Errorf("socket: duplicate a descriptor: %w", failed)
	}
	return fd, nil
}

// loop serves nc on one of the loops.
func (t *Transport) loop(nc net.Conn, sock syscall.Conn, early []byte, rate *Rate, bind func(*Conn) Handler) error {
	fd, err := duplicate(sock)
	_ = nc.Close()
	if err != nil {
		t.open.Done()
		return err
	}
	ls := t.loops
	c := &epollConn{loop: ls.all[int(ls.next.Add(1))%len(ls.all)], fd: fd}
	c.init(t, c, rate, bind)
	if len(early) > 0 {
		c.received(early)
	}
	if err := c.join(); err != nil {
		c.dropped(c)
		return fmt.Errorf("socket: watch a descriptor: %w", err)
	}
	return nil
}

// join puts the connection on its loop.
func (c *epollConn) join() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joined = true
	c.loop.put(c.fd, c)
	return c.loop.control(unix.EPOLL_CTL_ADD, c.fd, c.events())
}

func (c *epollConn) events() uint32 {
	if c.writing {
		return watched | unix.EPOLLOUT
	}
	return watched
}

// ready is called by the loop.
func (c *epollConn) ready(events uint32, buf []byte) {
	if events&unix.EPOLLOUT != 0 {
		c.flush()
	}
	if events&^unix.EPOLLOUT == 0 {
		return
	}
	n, err := unix.Read(c.fd, buf)
	switch {
	case n > 0:
		c.received(buf[:n])
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
	default:
		c.dropped(c)
	}
}

// flush writes the queue as far as it goes.
func (c *epollConn) flush() {
	var bufs [16][]byte
	c.mu.Lock()
	for c.out != nil {
		n, err := unix.SendmsgBuffers(c.fd, c.out.head(bufs[:0], loopWrite), nil, nil, unix.MSG_NOSIGNAL)
		if err != nil {
			if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR) {
				c.kill()
			}
			c.mu.Unlock()
			return
		}
		c.wrote(n)
	}
	c.writing = false
	c.watch()
	drained := c.takeDrain()
	c.mu.Unlock()
	if drained {
		c.handler.Drained()
	}
}

func (c *epollConn) write(b []byte) (int, error) {
	n, err := unix.Write(c.fd, b)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR):
		return 0, nil
	default:
		return 0, fmt.Errorf("socket: write: %w", err)
	}
}

func (c *epollConn) arm() {
	c.writing = true
	c.watch()
}

func (c *epollConn) watch() {
	if !c.joined {
		return
	}
	if c.loop.control(unix.EPOLL_CTL_MOD, c.fd, c.events()) != nil {
		c.kill()
	}
}

func (c *epollConn) finish() { _ = unix.Shutdown(c.fd, unix.SHUT_WR) }

// kill makes the loop read the end of the connection.
func (c *epollConn) kill() { _ = unix.Shutdown(c.fd, unix.SHUT_RDWR) }

func (c *epollConn) release() {
	c.loop.put(c.fd, nil)
	_ = c.loop.control(unix.EPOLL_CTL_DEL, c.fd, 0)
	_ = unix.Close(c.fd)
}
