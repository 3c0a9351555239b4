package realtime

import (
	"context"
	"errors"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

// Resuming.
const (
	resumeLimit = 2000      // a client further behind fetches everything again
	resumePage  = 100       // numbers read from the database at once
	resumeBytes = 512 << 10 // of them encoded at once
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
	case !s.cursor.live:
		s.cursor.target = max(s.cursor.target, b.next()-1)
	case b.first > s.cursor.at+1: // a hole: the database fills it
		s.cursor.live = false
		s.cursor.target = b.next() - 1
		s.put(s.catchUp)
	default: // what was seen is not shown again
		if s.show(b); s.rest != nil { // more at once than the peer takes
			s.cursor.live, s.cursor.target, s.reading = false, b.next()-1, true
		}
	}
}

// lag lets the session read from the database what was published up to a
// number, instead of showing it as it came.
func (s *session) lag(to uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if to <= s.cursor.at {
		return
	}
	s.cursor.target = max(s.cursor.target, to)
	if s.cursor.live {
		s.cursor.live = false
		s.put(s.catchUp)
	}
}

// show sends what of b comes after the cursor, as long as the peer takes it.
// What is left when frames are queued is kept as the rest. The session is locked.
func (s *session) show(b *batch) socket.Outcome {
	outcome := socket.Written
	for outcome == socket.Written && s.cursor.at+1 < b.next() {
		from := s.cursor.at + 1
		frames, last := b.cut(from)
		s.cursor.at = last
		s.g.o.Metrics.Sent(s.side.kind(), count(from, last))
		outcome = s.conn.Send(frames)
	}
	s.rest = nil
	if outcome == socket.Queued && s.cursor.at+1 < b.next() {
		s.rest = b
	}
	return outcome
}

// catchUp shows what the session lacks until it has all it knows of; then it
// is live. It pauses while the peer does not read: Drained calls it again.
func (s *session) catchUp(ctx context.Context) {
	for {
		b, after, lacks := s.lacks()
		if !lacks {
			return
		}
		if b == nil {
			read, err := s.side.read(ctx, after)
			if err == nil {
				err = s.found(&read, after)
			}
			if err != nil {
				s.broken(ctx, err)
				return
			}
			b = &read
		}
		s.mu.Lock()
		outcome := s.show(b)
		s.reading = outcome == socket.Queued
		s.mu.Unlock()
		if outcome != socket.Written {
			return
		}
	}
}

// lacks returns what the session must show next: the rest of what it has, or
// what it must read after a number. When there is nothing it becomes live.
func (s *session) lacks() (rest *batch, after uint64, lacks bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.cursor
	if s.closed || c.live || s.reading {
		return nil, 0, false
	}
	if s.rest == nil && c.at >= c.target && !c.doubt {
		c.live = true
		return nil, 0, false
	}
	if s.rest == nil { // whoever doubts from now on makes it read once more
		c.asked, c.doubt = c.target, false
	}
	return s.rest, c.at, true
}

// found takes what was read after a number. Nothing is an answer only if
// nothing was known to be there when the question was asked.
func (s *session) found(b *batch, after uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.cursor
	unknown := after >= c.asked
	switch {
	case b.empty() && unknown:
		return nil
	case b.empty() || b.first != after+1:
		return errStreamHole
	}
	c.target = max(c.target, b.next()-1)
	c.doubt = c.doubt || unknown // and there may be more
	return nil
}

// doubtful makes the session look into the database: events may have been
// committed that it was not told of.
func (s *session) doubtful() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursor.doubt = true
	if s.cursor.live {
		s.cursor.live = false
		s.put(s.catchUp)
	}
}
