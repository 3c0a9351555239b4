package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Rules of what tells plugins what happens.
const (
	followLook  = 5 * time.Second  // new connections are found this often at the latest
	followPoll  = 5 * time.Second  // what a lost wake-up costs
	followClaim = 30 * time.Second // how long a following stays with a node that died
	followMost  = time.Minute      // between attempts
	followTries = 20               // failures at one event; then it is skipped
	followDeath = 7                // failures that the end of its process at one event counts for: the third skips it
	followLag   = 200              // events of no concern that are looked at again after a crash
)

// item is an event that a connection is told.
type item struct {
	event   event.Event
	message extension.Message // as analyzers are shown it
	told    extension.Event   // as hooks are told
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
	// gaps: it is told of what it missed.
	gaps bool
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

	looks chan struct{} // connections have changed

	mu    sync.Mutex
	all   map[extension.Following]*followed
	group sync.WaitGroup
}

// see takes committed events: a connection that is new is told from then on.
func (f *followers) see(events []event.Event) {
	for _, e := range events {
		if e.Type == extension.ConnectionChanged {
			select {
			case f.looks <- struct{}{}:
			default:
			}
			return
		}
	}
}

// follows reports whether a connection of a workspace is told events of a type.
func (f *followers) follows(w identity.WorkspaceID, ask func(extension.PluginID) []string, typ string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, one := range f.all {
		if k.Workspace == w && k.Use == extension.FollowForHooks && slices.Contains(ask(one.plugin), typ) {
			return true
		}
	}
	return false
}

// followed is one connection that is followed for.
type followed struct {
	plugin extension.PluginID
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
		case <-f.looks:
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
		one := &followed{plugin: c.Plugin, wake: make(chan struct{}, 1), cancel: cancel}
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
		if t.place.Failures > 0 || t.resting { // a backoff is not cut short by what happens
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
