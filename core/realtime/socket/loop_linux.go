package socket

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// loops are the epoll loops of a transport (epoll(7), level-triggered).
type loops struct {
	all     []*loop
	next    atomic.Uint32
	running sync.WaitGroup
}

// loop is one epoll instance, one goroutine that waits on it, and its
// connections. Only the loop reads from them and closes their descriptors, so
// that a number is not reused while the loop may still look at it.
type loop struct {
	ep   int
	wake int // eventfd: the loop is to end

	mu    sync.Mutex
	conns []*epollConn // by descriptor
}

const (
	loopEvents = 256
	loopRead   = 64 << 10
)

func openLoops(t *Transport) (*loops, error) {
	n := t.o.Loops
	if n <= 0 {
		n = (runtime.GOMAXPROCS(0) + 1) / 2
	}
	ls := &loops{}
	for range n {
		l, err := openLoop()
		if err != nil {
			ls.close()
			return nil, err
		}
		ls.all = append(ls.all, l)
		ls.running.Go(func() {
			if err := l.run(); err != nil && t.o.Logger != nil {
				t.o.Logger.Error("a socket loop failed", "error", err)
			}
		})
	}
	return ls, nil
}

func openLoop() (*loop, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("socket: create an epoll instance: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(ep)
		return nil, fmt.Errorf("socket: create an eventfd: %w", err)
	}
	l := &loop{ep: ep, wake: wake}
	if err := l.control(unix.EPOLL_CTL_ADD, wake, unix.EPOLLIN); err != nil {
		l.free()
		return nil, fmt.Errorf("socket: watch an eventfd: %w", err)
	}
	return l, nil
}

func (l *loop) free() {
	_ = unix.Close(l.ep)
	_ = unix.Close(l.wake)
}

func (l *loop) control(op, fd int, events uint32) error {
	return unix.EpollCtl(l.ep, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}) //nolint:gosec // a descriptor
}

// close ends the loops, on which no connection is left.
func (ls *loops) close() {
	for _, l := range ls.all {
		_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
	ls.running.Wait()
}

// run serves events until the loop is woken to end.
func (l *loop) run() error {
	defer l.free()
	events := make([]unix.EpollEvent, loopEvents)
	conns := make([]*epollConn, loopEvents)
	buf := make([]byte, loopRead)
	for {
		n, err := unix.EpollWait(l.ep, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		n = max(n, 0)
		l.find(events[:n], conns)
		for i, c := range conns[:n] {
			if c != nil {
				c.ready(events[i].Events, buf)
			} else if int(events[i].Fd) == l.wake {
				return nil
			}
		}
		clear(conns[:n])
	}
}

func (l *loop) find(events []unix.EpollEvent, conns []*epollConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range events {
		if fd := int(events[i].Fd); fd < len(l.conns) {
			conns[i] = l.conns[fd]
		}
	}
}

// put makes the loop find c, or nobody, under a descriptor.
func (l *loop) put(fd int, c *epollConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if fd >= len(l.conns) {
		l.conns = append(l.conns, make([]*epollConn, fd+1-len(l.conns))...)
	}
	l.conns[fd] = c
}
