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

var errStreamHole = errors.New("realtime: the stream has a hole that the database cannot fill")

// begin lets the session follow its stream after the number at; up to target
// something is known to exist, and first is the part of it that was read already.
func (s *session) begin(ctx context.Context, at, target uint64, first batch) {
	s.mu.Lock()
	s.cursor.at = at
	s.cursor.target = max(s.cursor.target, target)
	s.reading = s.show(&first) == socket.Queued
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
		if s.show(b) == socket.Queued && s.cursor.at+1 < b.next() { // more at once than the peer takes
			s.cursor.live, s.cursor.target, s.reading = false, b.next()-1, true
		}
	}
}

// show sends what of b comes after the cursor, as long as the peer takes it:
// when frames are queued or refused it stops. The session is locked.
func (s *session) show(b *batch) socket.Outcome {
	outcome := socket.Written
	for outcome == socket.Written && s.cursor.at+1 < b.next() {
		from := s.cursor.at + 1
		frames, last := b.cut(from)
		s.cursor.at = last
		s.g.o.Metrics.Sent(s.side.kind(), count(from, last))
		outcome = s.conn.Send(frames)
	}
	return outcome
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
		outcome := s.show(&b)
		s.reading = outcome == socket.Queued
		s.mu.Unlock()
		if outcome != socket.Written {
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
