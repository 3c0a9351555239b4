package realtime

import (
	"context"
	"sync"
	"time"
)

// task is a piece of a session's work.
type task func(ctx context.Context)

// taskTimeout bounds one task: a database that does not answer must not hold
// the workers for good. Clients ask again after 20 s.
const taskTimeout = 30 * time.Second

// pool runs the work of sessions: each session's in order, different sessions'
// side by side, on a fixed number of goroutines. A session stands in the line
// at most once, so the line is bounded by the number of connections.
type pool struct {
	mu     sync.Mutex
	work   sync.Cond
	line   []*session
	head   int
	closed bool
	done   sync.WaitGroup
}

func (p *pool) start(ctx context.Context, workers int) {
	p.work.L = &p.mu
	for range workers {
		p.done.Go(func() { p.run(ctx) })
	}
}

// submit puts a session with work into the line.
func (p *pool) submit(s *session) {
	p.mu.Lock()
	p.line = append(p.line, s)
	p.mu.Unlock()
	p.work.Signal()
}

func (p *pool) run(ctx context.Context) {
	for s := p.next(); s != nil; s = p.next() {
		if t := s.take(); t != nil {
			ctx, cancel := context.WithTimeout(ctx, taskTimeout)
			t(ctx)
			cancel()
		}
		if s.more() {
			p.submit(s)
		}
	}
}

// next waits for a session with work; nil when the pool is closed and all work done.
func (p *pool) next() *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.head == len(p.line) {
		if p.closed {
			return nil
		}
		p.work.Wait()
	}
	s := p.line[p.head]
	p.line[p.head] = nil
	p.head++
	if p.head == len(p.line) {
		p.line, p.head = p.line[:0], 0
	} else if p.head > 1024 && p.head > len(p.line)/2 {
		n := copy(p.line, p.line[p.head:])
		clear(p.line[n:])
		p.line, p.head = p.line[:n], 0
	}
	return s
}

// close lets the workers finish what stands in the line and waits for them.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.work.Broadcast()
	p.done.Wait()
}
