package instance

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Types of events. Their data is {"id", "state", "code", "since"}.
const (
	InboxHealthChanged      = "inbox.health_changed"
	ConnectionHealthChanged = "connection.health_changed"
)

// ConditionStore keeps conditions.
type ConditionStore interface {
	// Condition returns how an account fares; ConditionUnknown when nothing was
	// ever said of it.
	Condition(ctx context.Context, w identity.WorkspaceID, instance string) (Condition, error)
	// Conditions returns how all accounts of a workspace fare of which something
	// was said, by instance, without their turns.
	Conditions(ctx context.Context, w identity.WorkspaceID) (map[string]Condition, error)
	// ChangeCondition loads a condition, lets change work on it and saves it with
	// the events. Changes of one workspace come one after the other. errs.Absent
	// when there is no such inbox or connection.
	ChangeCondition(ctx context.Context, w identity.WorkspaceID, instance string, change func(*Condition) ([]event.Event, error)) (Condition, error)
	// NoticesDue returns at most limit conditions whose NoticeAt has come, over
	// all workspaces, the oldest first, without their turns.
	NoticesDue(ctx context.Context, now time.Time, limit int) ([]Condition, error)
	// CountConditions counts the accounts in use over all workspaces by state.
	CountConditions(ctx context.Context) (map[ConditionState]int, error)
}

// Rules of a Watch.
const (
	sameAgain  = time.Minute      // what was said before is looked at again so often
	noticeLook = 15 * time.Second // between two looks at what is to be told
	noticeMost = 100              // conditions told at a look
	watchRetry = 2 * time.Second  // after the database failed
)

// WatchDeps is what a Watch stands on.
type WatchDeps struct {
	Store ConditionStore
	// Tell tells administrators what a condition has become. It may come twice
	// for one NoticeAt, after a crash; an error makes it come again.
	Tell func(ctx context.Context, c Condition) error
	Now  func() time.Time
	Log  *slog.Logger
}

// Watch keeps how accounts fare, out of what their plugins say, and has
// administrators told: once when one is bad for long, and once when it is good
// again.
//
// Concurrency: safe for concurrent use. Run is one goroutine.
type Watch struct {
	WatchDeps
	ids  id.Source
	news chan struct{}

	mu      sync.Mutex
	waiting map[string]Report // by instance
	seen    map[string]Report // that were kept last
}

// NewWatch returns a Watch.
func NewWatch(d WatchDeps) *Watch {
	return &Watch{
		WatchDeps: d, ids: id.NewSource(d.Now), news: make(chan struct{}, 1),
		waiting: make(map[string]Report), seen: make(map[string]Report),
	}
}

// Report takes what was said of an account. It does not block: of what is said
// faster than it can be kept, the last counts.
func (w *Watch) Report(r Report) {
	r.At = w.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if last, ok := w.seen[r.Instance]; ok && last.Health == r.Health && last.Revision == r.Revision && r.At.Sub(last.At) < sameAgain {
		delete(w.waiting, r.Instance)
		return
	}
	w.waiting[r.Instance] = r
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// Run keeps reports and tells administrators until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	tick := time.NewTicker(noticeLook)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-w.news:
			err = w.keep(ctx)
		case <-tick.C:
			err = w.tell(ctx)
		}
		if err != nil && ctx.Err() == nil {
			w.Log.WarnContext(ctx, "how accounts fare could not be kept", "error", err)
			w.rest(ctx)
		}
	}
}

func (w *Watch) rest(ctx context.Context) {
	timer := time.NewTimer(watchRetry)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// keep stores what waits. What cannot be stored now waits on.
func (w *Watch) keep(ctx context.Context) error {
	w.mu.Lock()
	all := w.waiting
	w.waiting = make(map[string]Report)
	w.mu.Unlock()
	var failed error
	for _, r := range all {
		err := w.take(ctx, r)
		w.mu.Lock()
		if _, newer := w.waiting[r.Instance]; err != nil && !newer {
			w.waiting[r.Instance] = r
		} else if err == nil {
			w.seen[r.Instance] = r
		}
		w.mu.Unlock()
		if err != nil {
			failed = err
		}
	}
	if failed != nil {
		select {
		case w.news <- struct{}{}:
		default:
		}
	}
	return failed
}

// take stores one report, if it changes anything.
func (w *Watch) take(ctx context.Context, r Report) error {
	now, err := w.Store.Condition(ctx, r.Workspace, r.Instance)
	if err != nil {
		return err
	}
	if now.After(r).same(now) {
		return nil
	}
	return w.change(ctx, r.Workspace, r.Instance, func(c Condition) Condition { return c.After(r) })
}

// same reports whether two conditions are one.
func (c Condition) same(x Condition) bool {
	return c.State == x.State && c.Code == x.Code && c.Detail == x.Detail && c.Revision == x.Revision &&
		c.Rejections == x.Rejections && c.RejectedAt.Equal(x.RejectedAt) && c.ResumedAt.Equal(x.ResumedAt) && c.Told == x.Told && c.NoticeAt.Equal(x.NoticeAt)
}

// change changes a condition, with the event if it turned. An account that is
// gone is none to care for.
func (w *Watch) change(ctx context.Context, workspace identity.WorkspaceID, instance string, next func(Condition) Condition) error {
	_, err := w.Store.ChangeCondition(ctx, workspace, instance, func(c *Condition) ([]event.Event, error) {
		was := *c
		*c = next(was)
		if c.State == was.State || was.Since.IsZero() && c.State == ConditionOK { // that a new account is well is no news
			return nil, nil
		}
		return []event.Event{w.turned(*c)}, nil
	})
	if errs.Is(err, errs.NotFound) {
		return nil
	}
	return err
}

// turned is the event of a condition that has another state than before.
func (w *Watch) turned(c Condition) event.Event {
	kind := InboxHealthChanged
	if !strings.HasPrefix(c.Instance, "inb_") {
		kind = ConnectionHealthChanged
	}
	data, _ := json.Marshal(struct { // texts and a time always marshal
		ID    string         `json:"id"`
		State ConditionState `json:"state"`
		Code  string         `json:"code,omitempty"`
		Since time.Time      `json:"since"`
	}{c.Instance, c.State, c.Code, c.Since.UTC().Truncate(time.Millisecond)})
	return event.Event{ID: w.ids.New("chg"), Workspace: string(c.Workspace), Type: kind, Subject: c.Instance, At: w.Now(), Data: data}
}

// Again forgets what was counted against an account, since somebody did
// something about it, and records that; nil = that is recorded already. What its plugin says next counts at once.
func (w *Watch) Again(ctx context.Context, workspace identity.WorkspaceID, instance string, record *event.Record) error {
	w.mu.Lock()
	delete(w.seen, instance)
	w.mu.Unlock()
	_, err := w.Store.ChangeCondition(ctx, workspace, instance, func(c *Condition) ([]event.Event, error) {
		was := c.State
		*c = c.Again(w.Now())
		e := w.turned(*c)
		if e.Audit = record; c.State == was {
			e.Type = "" // it is recorded, and no news
		}
		if e.Type == "" && record == nil {
			return nil, nil
		}
		return []event.Event{e}, nil
	})
	return err
}

// tell tells what is due.
func (w *Watch) tell(ctx context.Context) error {
	due, err := w.Store.NoticesDue(ctx, w.Now(), noticeMost)
	if err != nil {
		return err
	}
	for _, c := range due {
		if err := w.Tell(ctx, c); err != nil {
			return err
		}
		err := w.change(ctx, c.Workspace, c.Instance, func(x Condition) Condition {
			if x.Bad() != c.Bad() || !x.NoticeAt.Equal(c.NoticeAt) {
				return x // it has turned meanwhile, and has a notice of its own
			}
			return x.Noticed()
		})
		if err != nil {
			return err
		}
	}
	return nil
}
