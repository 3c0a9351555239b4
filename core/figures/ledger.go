package figures

import (
	"context"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// portion is how many events are read at once.
const portion = 1000

// ledgers are the days of the workspaces that somebody asked for. A day is read
// from the journal when it is first asked for, and from where it stands later:
// so what it says is always what its events say, on whichever server.
type ledgers struct {
	mu  sync.Mutex
	all map[identity.WorkspaceID]*ledger
}

// ledger is the day of one workspace.
type ledger struct {
	mu  sync.Mutex // held while the journal is read
	day *Day
}

func (l *ledgers) of(w identity.WorkspaceID) *ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[identity.WorkspaceID]*ledger{}
	}
	if l.all[w] == nil {
		l.all[w] = &ledger{}
	}
	return l.all[w]
}

// Forget drops what is known of a workspace that is no more.
func (s *Service) Forget(w identity.WorkspaceID) {
	s.ledgers.mu.Lock()
	defer s.ledgers.mu.Unlock()
	delete(s.ledgers.all, w)
}

// totals says how a workspace's day went, which began at a midnight.
func (s *Service) totals(ctx context.Context, w identity.WorkspaceID, since, now time.Time) (Totals, error) {
	l := s.ledgers.of(w)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.day == nil || !l.day.since.Equal(since) {
		day, err := Begin(ctx, s.Journal, w, since)
		if err != nil {
			return Totals{}, err
		}
		l.day = day
	}
	if err := l.day.Follow(ctx, s.Journal, w); err != nil {
		return Totals{}, err
	}
	return l.day.Totals(now), nil
}

// Begin returns a workspace's day as it began at a time: what was open then, and
// who was there. Its events are to be followed.
func Begin(ctx context.Context, j Journal, w identity.WorkspaceID, since time.Time) (*Day, error) {
	feed, err := j.Start(ctx, w, since)
	if err != nil {
		return nil, err
	}
	day := NewDay(since, feed)
	present, err := j.Present(ctx, w, since)
	if err != nil {
		return nil, err
	}
	for m, status := range present {
		day.Present(m, status)
	}
	err = j.Past(ctx, w, since, day.Recall)
	day.Sweep()
	return day, err
}

// Follow takes the events that the journal has and the day has not. After an
// error it may be called again.
func (d *Day) Follow(ctx context.Context, j Journal, w identity.WorkspaceID) error {
	for {
		events, err := j.After(ctx, w, d.feed, portion)
		if err != nil {
			return err
		}
		for _, e := range events {
			if !d.Knows(e) {
				if err := j.History(ctx, w, e.Subject, e.Seq, d.Recall); err != nil {
					return err
				}
			}
			d.Take(e)
		}
		d.Sweep()
		if len(events) < portion {
			return nil
		}
	}
}
