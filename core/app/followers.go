package app

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
)

// Rules of what tells plugins what happens.
const (
	followLook  = 5 * time.Second  // new connections are found this often at the latest
	followPoll  = 5 * time.Second  // what a lost wake-up costs
	followClaim = 30 * time.Second // how long a following stays with a node that died
	followMost  = time.Minute      // between attempts
	followTries = 20               // failures at one event; then it is skipped
	followLag   = 200              // events of no concern that are looked at again after a crash
)

// item is an event that a connection is told.
type item struct {
	event   event.Event
	message extension.Message // as analyzers are shown it
}

// follow is what connections of one kind are told, and what comes of it.
type follow struct {
	use extension.FollowUse
	// wants reports whether a plugin is told anything at all.
	wants func(p extension.PluginID) bool
	// about picks what a connection is told of a batch, in order.
	about func(ctx context.Context, c extension.Connection, events []event.Event) ([]item, error)
	// tell tells it, and returns an outcome for each that was answered.
	tell func(ctx context.Context, c extension.Connection, items []item) ([]extension.Outcome, error)
}

// followers tell connections what happens, each at least once, in order, from
// where it left off. A connection that is new starts with what comes.
//
// Concurrency: a goroutine for each connection and use.
//
// Lifecycle: run returns when its context ends, with no goroutine left.
type followers struct {
	log         event.Log
	places      extension.Followings
	connections extension.Connections
	plugins     func() []extension.Plugin
	uses        []follow
	now         func() time.Time
	ids         id.Source
	logger      *slog.Logger

	mu    sync.Mutex
	all   map[extension.Following]*followed
	group sync.WaitGroup
}

// followed is one connection that is followed for.
type followed struct {
	wake   chan struct{}
	cancel context.CancelFunc
}

// run follows until ctx ends.
func (f *followers) run(ctx context.Context, bus event.Bus) error {
	cancel, err := bus.Subscribe(event.SubjectWake+"*", func(subject string, _ []byte) { f.wake(strings.TrimPrefix(subject, event.SubjectWake)) })
	if err != nil {
		return err //nolint:wrapcheck // a port's error says where it comes from
	}
	defer cancel()
	defer f.group.Wait()
	tick := time.NewTicker(followLook)
	defer tick.Stop()
	for {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.logger.WarnContext(ctx, "connections that are told of events could not be looked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// wake lets the connections of a workspace look.
func (f *followers) wake(workspace string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, one := range f.all {
		if string(k.Workspace) == workspace {
			select {
			case one.wake <- struct{}{}:
			default:
			}
		}
	}
}

// wanted returns the connections that are told, by what of them.
func (f *followers) wanted(ctx context.Context) (map[extension.Following]extension.Connection, error) {
	want := make(map[extension.Following]extension.Connection)
	for _, p := range f.plugins() {
		for _, u := range f.uses {
			if !u.wants(p.ID) {
				continue
			}
			connections, err := f.connections.ConnectionsOf(ctx, p.ID)
			if err != nil {
				return nil, err //nolint:wrapcheck // a port's error says where it comes from
			}
			for _, c := range connections {
				want[extension.Following{Workspace: c.Workspace, Connection: c.ID, Use: u.use}] = c
			}
		}
	}
	return want, nil
}

// look starts what is new and ends what is gone.
func (f *followers) look(ctx context.Context) error {
	want, err := f.wanted(ctx)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, one := range f.all {
		if _, ok := want[k]; !ok {
			one.cancel()
			delete(f.all, k)
		}
	}
	for k, c := range want {
		if f.all[k] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		one := &followed{wake: make(chan struct{}, 1), cancel: cancel}
		f.all[k] = one
		for _, u := range f.uses {
			if u.use == k.Use {
				f.group.Go(func() {
					f.loop(ctx, &telling{followers: f, follow: u, key: k, of: c, claim: f.ids.New("clm")}, one.wake)
				})
			}
		}
	}
	return nil
}

// loop tells one connection until ctx ends.
func (f *followers) loop(ctx context.Context, t *telling, wake <-chan struct{}) {
	for ctx.Err() == nil {
		wait := t.step(ctx)
		timer := time.NewTimer(wait)
		woken := wake
		if t.place.Failures > 0 { // a backoff is not cut short by what happens
			woken = nil
		}
		select {
		case <-ctx.Done():
		case <-woken:
		case <-timer.C:
		}
		timer.Stop()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), botSettle)
	defer cancel()
	if err := f.places.Unfollow(ctx, t.key, t.claim); err != nil {
		f.logger.WarnContext(ctx, "a plugin's place in the feed could not be given back: it is free in half a minute", "connection", string(t.key.Connection), "error", err)
	}
}

// telling is one connection that is told.
type telling struct {
	*followers
	follow
	key   extension.Following
	of    extension.Connection
	claim string
	held  bool
	place extension.FollowPlace
	kept  uint64 // the feed number that is stored
	until time.Time
}

// step tells what there is and returns how long to wait at most before the next.
func (t *telling) step(ctx context.Context) time.Duration {
	err := t.hold(ctx)
	if err == nil && !t.held {
		return followPoll
	}
	var wait time.Duration
	if err == nil {
		wait, err = t.drain(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			t.logger.WarnContext(ctx, "a plugin could not be told what happened", "connection", string(t.key.Connection), "use", string(t.use), "error", err)
		}
		t.held = false
		return pumpRetry
	}
	return wait
}

// hold claims the place, or keeps the claim.
func (t *telling) hold(ctx context.Context) error {
	if t.held && t.until.Sub(t.now()) > followClaim/2 {
		return nil
	}
	head := uint64(0)
	if !t.held {
		var err error
		if head, err = t.log.Head(ctx, string(t.key.Workspace)); err != nil {
			return err //nolint:wrapcheck // a port's error says where it comes from
		}
	}
	until := t.now().Add(followClaim)
	place, ok, err := t.places.Follow(ctx, t.key, head, t.claim, t.now(), until)
	if err != nil {
		return err //nolint:wrapcheck // as above
	}
	if !t.held || !ok {
		t.place, t.kept = place, place.Feed
	}
	t.held, t.until = ok, until
	return nil
}

// drain tells everything there is.
func (t *telling) drain(ctx context.Context) (time.Duration, error) {
	for {
		events, err := t.log.Since(ctx, string(t.key.Workspace), t.place.Feed, pumpBatch)
		if err != nil {
			return 0, err //nolint:wrapcheck // as above
		}
		if len(events) == 0 {
			return followPoll, nil
		}
		items, err := t.about(ctx, t.of, events)
		if err != nil {
			return 0, err
		}
		if wait, err := t.all(ctx, items); err != nil || wait > 0 {
			return wait, err
		}
		t.place.Feed = events[len(events)-1].Feed
		if t.place.Feed-t.kept >= followLag {
			if err := t.keep(ctx); err != nil {
				return 0, err
			}
		}
	}
}

// all tells items, batch by batch, and returns early when it has to wait.
func (t *telling) all(ctx context.Context, items []item) (time.Duration, error) {
	for len(items) > 0 {
		n := min(len(items), extension.MaxTold)
		if t.place.Failures > 0 { // one of them may be the cause
			n = 1
		}
		done, wait, err := t.batch(ctx, items[:n])
		if err != nil || wait > 0 {
			return wait, err
		}
		items = items[done:]
	}
	return 0, nil
}

// batch tells some, and keeps how far that came. With wait nothing more is to be
// told until it has passed.
func (t *telling) batch(ctx context.Context, items []item) (done int, wait time.Duration, err error) {
	outcomes, err := t.tell(ctx, t.of, items)
	if errs.Is(err, errs.Forbidden) { // the workspace does not allow it: it is not kept for later
		t.place.Feed = items[len(items)-1].event.Feed
		return len(items), 0, t.keep(ctx)
	}
	if err != nil {
		if ctx.Err() != nil {
			return 0, 0, ctx.Err()
		}
		if code := errs.As(err).Code; code != "plugin.no_answer" && code != "plugin.refused" {
			return 0, max(errs.As(err).RetryAfter, pumpRetry), nil // it is away: no fault of the event
		}
		outcomes = []extension.Outcome{{Code: errs.As(err).Code, Detail: errs.As(err).Message}}
	}
	var skipped []extension.Skip
	for i, o := range outcomes {
		e := items[i].event
		if !o.Taken && !o.Rejected {
			if t.place.Failures++; t.place.Failures < followTries {
				t.place.Detail = o.Detail
				return done, max(o.After, min(time.Second<<min(t.place.Failures-1, 6), followMost)), t.keep(ctx, skipped...)
			}
		}
		if !o.Taken {
			skipped = append(skipped, extension.Skip{Feed: e.Feed, Event: e.ID, Type: e.Type, Code: o.Code, Detail: o.Detail, At: t.now()})
			t.logger.WarnContext(ctx, "a plugin is not told of an event any more", "connection", string(t.key.Connection), "event", e.ID, "type", e.Type, "code", o.Code)
		}
		t.place = extension.FollowPlace{Feed: e.Feed}
		done++
	}
	if done == 0 {
		return 0, pumpRetry, nil // it answered nothing
	}
	return done, 0, t.keep(ctx, skipped...)
}

// keep stores the place.
func (t *telling) keep(ctx context.Context, skipped ...extension.Skip) error {
	until := t.now().Add(followClaim)
	ok, err := t.places.Advance(ctx, t.key, t.claim, t.place, until, skipped...)
	if err == nil && !ok {
		err = errors.New("another node tells the plugin now")
	}
	if err != nil {
		return err
	}
	t.kept, t.until = t.place.Feed, until
	return nil
}
