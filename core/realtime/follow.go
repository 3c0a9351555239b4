package realtime

import (
	"context"
	"errors"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

// Resuming.
const (
	resumeLimit = 2000 // a client further behind fetches everything again
	resumePage  = 200  // numbers read from the database at once
)

var errStreamHole = errors.New("realtime: the stream has a hole that the database cannot fill") //nolint:gochecknoglobals // a sentinel error

// begin lets the session follow its stream after the number at; up to target
// something is known to exist, and first is the part of it that was read already.
func (s *session) begin(ctx context.Context, at, target uint64, first batch) {
	s.mu.Lock()
	s.ready = true
	s.cursor.at = at
	s.cursor.target = max(s.cursor.target, target)
	s.showPage(&first)
	s.mu.Unlock()
	s.catchUp(ctx)
}

// follow shows published frames, which are consecutive.
func (s *session) follow(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case b.next() <= s.cursor.at+1: // seen
	case !s.cursor.live:
		s.cursor.target = max(s.cursor.target, b.next()-1)
	case b.first > s.cursor.at+1: // a hole: the database fills it
		s.cursor.live = false
		s.cursor.target = b.next() - 1
		s.put(s.catchUp)
	default:
		for s.show(b) != socket.Refused && s.cursor.at+1 < b.next() {
		}
	}
}

// show sends the chunk of b that comes after the cursor, which must not be at
// its end. The session is locked.
func (s *session) show(b *batch) socket.Outcome {
	from := s.cursor.at + 1
	frames, last := b.cut(from)
	s.cursor.at = last
	s.g.o.Metrics.Sent(s.side.kind(), count(from, last))
	return s.conn.Send(frames)
}

// showPage sends what was read from the database, only as fast as the peer
// reads: what is left is read again later. The session is locked.
func (s *session) showPage(b *batch) (all bool) {
	for s.cursor.at+1 < b.next() {
		switch s.show(b) {
		case socket.Queued:
			s.reading = true
			return false
		case socket.Refused:
			return false
		case socket.Written:
		}
	}
	return true
}

// catchUp reads what the session lacks from the database until it has all it
// knows of; then it is live. It pauses while the peer does not read: Drained
// calls it again.
func (s *session) catchUp(ctx context.Context) {
	for {
		after, lacks := s.lacks()
		if !lacks {
			return
		}
		b, err := s.side.read(ctx, after)
		if err == nil && (b.empty() || b.first != after+1) {
			err = errStreamHole
		}
		if err != nil {
			s.broken(ctx, err)
			return
		}
		s.mu.Lock()
		all := s.showPage(&b)
		s.mu.Unlock()
		if !all {
			return
		}
	}
}

// lacks returns after which number the session must read; when there is
// nothing to read it becomes live.
func (s *session) lacks() (after uint64, lacks bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.cursor.live || s.reading {
		return 0, false
	}
	if s.cursor.at >= s.cursor.target {
		s.cursor.live = true
		return 0, false
	}
	return s.cursor.at, true
}
