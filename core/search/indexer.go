package search

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Pace of the indexer.
const (
	scanStep   = 1000                   // documents of one step while what was there is read
	feedStep   = 1000                   // events of one step
	gather     = 300 * time.Millisecond // between a wake-up and the step, so that one step takes many messages
	idle       = 5 * time.Second        // look at least this often: what a lost wake-up costs
	retryAfter = 2 * time.Second
	ease       = 3 // rest after a step, in steps
)

// Indexer keeps an index up to date with the feed of every workspace.
//
// Concurrency: Run is one goroutine and does one step at a time. After a step
// it rests for three times as long as the step took: it never takes more than
// a quarter of a processor from those who write, and under full load it lags
// behind instead.
//
// Lifecycle: Run returns when its context ends. What a step did not finish is
// done again from the index's own position.
type Indexer struct {
	index  Index
	source Source
	all    func(ctx context.Context) ([]string, error)
	now    func() time.Time
	log    *slog.Logger

	steps sync.Mutex // held for a step, so that none is under way in Rebuild
	mu    sync.Mutex
	dirty map[identity.WorkspaceID]bool
	ring  chan struct{}
}

// NewIndexer returns an Indexer; all lists the workspaces there are.
func NewIndexer(index Index, source Source, all func(ctx context.Context) ([]string, error), now func() time.Time, log *slog.Logger) *Indexer {
	return &Indexer{index: index, source: source, all: all, now: now, log: log, dirty: make(map[identity.WorkspaceID]bool), ring: make(chan struct{}, 1)}
}

// Wake says that a workspace's feed grew. It does not block.
func (x *Indexer) Wake(workspace string) {
	x.mu.Lock()
	x.dirty[identity.WorkspaceID(workspace)] = true
	x.mu.Unlock()
	select {
	case x.ring <- struct{}{}:
	default: // it has been rung
	}
}

// Run follows all workspaces until ctx ends.
func (x *Indexer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		wait := idle
		if err := x.catchUp(ctx); err != nil && ctx.Err() == nil {
			x.log.WarnContext(ctx, "the search index could not be kept up to date and is tried again", slog.Any("error", err))
			wait = retryAfter
		}
		if x.rest(ctx, wait, x.ring) {
			x.rest(ctx, gather, nil)
		}
	}
}

// rest waits, and reports whether it was woken.
func (x *Indexer) rest(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
		return true
	}
	return false
}

func (x *Indexer) catchUp(ctx context.Context) error {
	lead, err := x.index.Lead(ctx)
	if err != nil || !lead {
		return x.cure(ctx, err)
	}
	var failed error
	for _, w := range x.take(ctx) {
		err := x.follow(ctx, w, ease)
		if err != nil && errs.As(err).Code == Corrupt {
			return x.cure(ctx, err)
		}
		if err != nil && failed == nil { // it is tried again after a rest; the others need not wait for it
			failed = fmt.Errorf("index workspace %s: %w", w, err)
		}
	}
	return failed
}

// take returns the workspaces to look at: those that woke us, or all.
func (x *Indexer) take(ctx context.Context) []identity.WorkspaceID {
	x.mu.Lock()
	var out []identity.WorkspaceID
	for w := range x.dirty {
		out = append(out, w)
	}
	clear(x.dirty)
	x.mu.Unlock()
	if out != nil {
		return out
	}
	names, err := x.all(ctx)
	if err != nil {
		x.log.WarnContext(ctx, "the workspaces to index could not be listed", slog.Any("error", err))
	}
	for _, n := range names {
		out = append(out, identity.WorkspaceID(n))
	}
	return out
}

// cure makes a broken index anew.
func (x *Indexer) cure(ctx context.Context, err error) error {
	if err == nil || errs.As(err).Code != Corrupt {
		return err
	}
	x.log.WarnContext(ctx, "the search index is damaged and is made anew", slog.Any("error", err))
	return x.index.Reset(ctx)
}

// CatchUp brings the index of one workspace up to its feed, without a rest.
func (x *Indexer) CatchUp(ctx context.Context, w identity.WorkspaceID) error {
	return x.follow(ctx, w, 0)
}

// follow does steps until there is nothing more to do, and rests after each
// for so many times as long.
func (x *Indexer) follow(ctx context.Context, w identity.WorkspaceID, rests int) error {
	for ctx.Err() == nil {
		began := x.now()
		more, err := x.step(ctx, w)
		if err != nil || !more {
			return err
		}
		x.rest(ctx, time.Duration(rests)*x.now().Sub(began), nil)
	}
	return ctx.Err()
}

// Rebuild forgets all that is in the index, which is then made anew from what
// there is now. A step that had read something older has ended before.
func (x *Indexer) Rebuild(ctx context.Context) error {
	x.steps.Lock()
	defer x.steps.Unlock()
	return x.index.Reset(ctx)
}

// Forget takes a workspace out of the index. If it is there still, it is read
// anew. A step that had read something older has ended before.
func (x *Indexer) Forget(ctx context.Context, w identity.WorkspaceID) error {
	x.steps.Lock()
	defer x.steps.Unlock()
	return x.index.Forget(ctx, w)
}

// step does one step and reports whether there may be more to do.
func (x *Indexer) step(ctx context.Context, w identity.WorkspaceID) (bool, error) {
	x.steps.Lock()
	defer x.steps.Unlock()
	pos, err := x.index.Position(ctx, w)
	if err != nil {
		return false, err
	}
	head, err := x.source.Head(ctx, w)
	if err != nil {
		return false, err
	}
	switch {
	case pos.Feed > head: // of another history
		return true, x.index.Reset(ctx)
	case !pos.Ready:
		return true, x.scan(ctx, w, pos, head)
	case pos.Feed == head:
		return false, nil
	}
	d, err := x.source.Since(ctx, w, pos.Feed, feedStep)
	if err != nil || d.Through <= pos.Feed {
		return false, err
	}
	pos.Feed = d.Through
	return d.Through < head, x.index.Apply(ctx, w, Batch{Put: d.Put, Remove: d.Remove, Position: pos})
}

// scan reads a part of what was there before. The feed is followed from where
// it stood at the first step: what changed since is put again.
func (x *Indexer) scan(ctx context.Context, w identity.WorkspaceID, pos Position, head uint64) error {
	if pos.Scan == "" {
		pos.Feed = head
	}
	found, next, err := x.source.Scan(ctx, w, pos.Scan, scanStep)
	if err != nil {
		return err
	}
	pos.Scan, pos.Ready = next, next == ""
	return x.index.Apply(ctx, w, Batch{Put: found, Position: pos})
}
