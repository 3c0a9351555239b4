package client

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// line is the frames that came and were not looked at yet. It has no bound, so
// that a client that fetches is never a slow reader.
type line[F any] struct {
	mu     sync.Mutex
	frames []F
	ring   chan struct{}
}

func newLine[F any]() *line[F] { return &line[F]{ring: make(chan struct{}, 1)} }

func (l *line[F]) put(f F) {
	l.mu.Lock()
	l.frames = append(l.frames, f)
	l.mu.Unlock()
	select {
	case l.ring <- struct{}{}:
	default:
	}
}

// take returns the next frame; false when the socket is closed and all that
// came was taken, or ctx ended.
func (l *line[F]) take(ctx context.Context, s *rig.Socket) (F, bool) {
	for closed := false; ; {
		l.mu.Lock()
		if len(l.frames) > 0 {
			f := l.frames[0]
			l.frames = l.frames[1:]
			l.mu.Unlock()
			return f, true
		}
		l.mu.Unlock()
		var none F
		if closed {
			return none, false
		}
		select {
		case <-l.ring:
		case <-s.Closed():
			closed = true
		case <-ctx.Done():
			return none, false
		}
	}
}

// beat sends heartbeats until the socket closes.
func beat(s *rig.Socket) {
	t := time.NewTicker(3 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-s.Closed():
			return
		case <-t.C:
			_ = s.SendText([]byte(`{"op":"ping"}`)) // a dead socket is seen by its reader
		}
	}
}

// waits are requests on a socket whose answer has not come.
type waits[F any] struct {
	mu  sync.Mutex
	all map[string]chan F
}

func (w *waits[F]) add(ref string) chan F {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[string]chan F{}
	}
	c := make(chan F, 1)
	w.all[ref] = c
	return c
}

func (w *waits[F]) drop(ref string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, ref)
}

func (w *waits[F]) answer(ref string, f F) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.all[ref]
	if ok {
		c <- f
		delete(w.all, ref)
	}
	return ok
}

// lost tells everybody who waits that no answer will come.
func (w *waits[F]) lost() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ref, c := range w.all {
		close(c)
		delete(w.all, ref)
	}
}
