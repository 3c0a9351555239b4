package media

import "sync"

// locks lets one goroutine at a time work on an attachment. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	held map[ID]*held
}

type held struct {
	mu    sync.Mutex
	users int // that hold it or wait for it
}

// lock waits for the attachment and returns what lets go of it.
func (l *locks) lock(id ID) (unlock func()) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[ID]*held)
	}
	h := l.held[id]
	if h == nil {
		h = &held{}
		l.held[id] = h
	}
	h.users++
	l.mu.Unlock()
	h.mu.Lock()
	return func() {
		h.mu.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		if h.users--; h.users == 0 {
			delete(l.held, id)
		}
	}
}
