package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Rules of the pump.
const (
	pumpBatch = 500             // events read at once
	pumpPoll  = 5 * time.Second // look at least this often: what a lost wake-up costs
	pumpRetry = time.Second     // after the database or an observer failed
)

// pump reads the committed feed of every workspace and hands it to an
// observer, in order.
//
// Concurrency: one goroutine per workspace.
//
// Lifecycle: run returns when its context ends, after all its goroutines.
type pump struct {
	log      event.Log
	observer event.Observer
	count    func(int)
	logger   *slog.Logger
	// start returns the feed number after which a workspace is followed; nil =
	// the head at the start of the pump, and 0 for workspaces that come later.
	start func(ctx context.Context, w identity.WorkspaceID) (uint64, error)

	mu    sync.Mutex
	wakes map[string]chan struct{}
	ends  map[string]context.CancelFunc
	group sync.WaitGroup
}

func newPump(log event.Log, observer event.Observer, count func(int), logger *slog.Logger) *pump {
	return &pump{log: log, observer: observer, count: count, logger: logger, wakes: make(map[string]chan struct{}), ends: make(map[string]context.CancelFunc)}
}

// run follows the workspaces there are, each from its head on, and those that
// come later from their first event on.
func (p *pump) run(ctx context.Context, bus event.Bus, workspaces []string) error {
	for _, w := range workspaces {
		if p.start != nil {
			p.follow(ctx, w, 0)
			continue
		}
		head, err := p.log.Head(ctx, w)
		if err != nil {
			return err //nolint:wrapcheck // a port's error says where it comes from
		}
		p.follow(ctx, w, head)
	}
	cancel, err := bus.Subscribe(event.SubjectWake+"*", func(subject string, _ []byte) {
		p.wake(ctx, strings.TrimPrefix(subject, event.SubjectWake))
	})
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	<-ctx.Done()
	cancel()
	p.group.Wait()
	return nil
}

func (p *pump) wake(ctx context.Context, workspace string) {
	p.mu.Lock()
	w, ok := p.wakes[workspace]
	p.mu.Unlock()
	if !ok {
		p.follow(ctx, workspace, 0)
		return
	}
	select {
	case w <- struct{}{}:
	default: // it is awake already
	}
}

func (p *pump) follow(ctx context.Context, workspace string, after uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.wakes[workspace]; ok || ctx.Err() != nil {
		return
	}
	w := make(chan struct{}, 1)
	p.wakes[workspace] = w
	ctx, p.ends[workspace] = context.WithCancel(ctx)
	p.group.Go(func() { p.loop(ctx, workspace, after, w) })
}

// unfollow ends the goroutine of a workspace.
func (p *pump) unfollow(workspace string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if end := p.ends[workspace]; end != nil {
		end()
	}
	delete(p.ends, workspace)
	delete(p.wakes, workspace)
}

// followed lists the workspaces that are followed.
func (p *pump) followed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.wakes))
}

func (p *pump) loop(ctx context.Context, workspace string, after uint64, wake <-chan struct{}) {
	started := p.start == nil
	for ctx.Err() == nil {
		var err error
		if !started {
			after, err = p.start(ctx, identity.WorkspaceID(workspace))
			started = err == nil
		}
		if err == nil {
			after, err = p.drain(ctx, workspace, after)
		}
		wait := pumpPoll + rand.N(pumpPoll/4) //nolint:gosec // jitter, not a secret
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			p.logger.WarnContext(ctx, "the feed could not be handed on", "workspace", workspace, "after", after, "error", err)
			wait = pumpRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// drain hands on everything there is after a feed number and returns the last
// number that the observer has taken.
func (p *pump) drain(ctx context.Context, workspace string, after uint64) (uint64, error) {
	for {
		events, err := p.log.Since(ctx, workspace, after, pumpBatch)
		if err != nil || len(events) == 0 {
			return after, err //nolint:wrapcheck // a port's error says where it comes from
		}
		err = p.observer.Observe(ctx, events)
		if errors.Is(err, event.ErrErased) {
			continue
		}
		if err != nil {
			return after, err //nolint:wrapcheck // as above
		}
		after = events[len(events)-1].Feed
		p.count(len(events))
	}
}
