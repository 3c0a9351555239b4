package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ledgerOf is a feed and the place in it, in memory.
type ledgerOf struct {
	events []event.Event
	place  extension.FollowPlace
	known  bool
	skips  []extension.Skip
}

func (l *ledgerOf) Since(_ context.Context, _ string, after uint64, limit int) ([]event.Event, error) {
	var out []event.Event
	for _, e := range l.events {
		if e.Feed > after && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (l *ledgerOf) Head(context.Context, string) (uint64, error) { return uint64(len(l.events)), nil }

func (l *ledgerOf) Follow(_ context.Context, _ extension.Following, head uint64, _ string, _, _ time.Time) (extension.FollowPlace, bool, error) {
	if !l.known {
		l.place, l.known = extension.FollowPlace{Feed: head}, true
	}
	return l.place, true, nil
}

func (l *ledgerOf) Advance(_ context.Context, _ extension.Following, _ string, p extension.FollowPlace, _ time.Time, skipped ...extension.Skip) (bool, error) {
	l.place, l.skips = p, append(l.skips, skipped...)
	return true, nil
}

func (l *ledgerOf) Unfollow(context.Context, extension.Following, string) error { return nil }

func (l *ledgerOf) Unclaim(context.Context) error { return nil }

func (l *ledgerOf) Skipped(context.Context, identity.WorkspaceID, extension.ConnectionID, int) ([]extension.Skip, error) {
	return l.skips, nil
}

// listener is a hook that answers as says says.
type listener struct {
	says  func(items []item) ([]extension.Outcome, error)
	calls [][]string
	heard []string
}

// audience is one connection that is told of a feed of n events.
func audience(n int, says func(items []item) ([]extension.Outcome, error)) (*telling, *ledgerOf, *listener) {
	l, who := &ledgerOf{known: true}, &listener{says: says}
	for i := range n {
		l.events = append(l.events, event.Event{ID: fmt.Sprint("e", i+1), Workspace: "wsp_1", Feed: uint64(i + 1), Type: "message.created"})
	}
	f := &followers{log: l, places: l, now: time.Now, logger: slog.New(slog.DiscardHandler)}
	u := follow{
		use: extension.FollowForHooks, gaps: true,
		about: func(_ context.Context, _ extension.Connection, events []event.Event) ([]item, error) {
			var out []item
			for _, e := range events {
				out = append(out, item{event: e, told: extension.Event{ID: e.ID, Type: e.Type, Feed: e.Feed}})
			}
			return out, nil
		},
		tell: func(_ context.Context, _ extension.Connection, items []item) ([]extension.Outcome, error) {
			var ids []string
			for _, it := range items {
				ids = append(ids, it.told.ID)
			}
			who.calls = append(who.calls, ids)
			out, err := who.says(items)
			for i, o := range out {
				if o.Taken {
					heard := ids[i]
					if items[i].told.Type == extension.TypeGap {
						heard = string(items[i].told.Data)
					}
					who.heard = append(who.heard, heard)
				}
			}
			return out, err
		},
	}
	return &telling{followers: f, follow: u, key: extension.Following{Workspace: "wsp_1", Connection: "pin_1", Use: u.use}, claim: "c"}, l, who
}

func takes(items []item) ([]extension.Outcome, error) {
	return slices.Repeat([]extension.Outcome{{Taken: true}}, len(items)), nil
}

// steps lets time pass until there is nothing more to tell.
func steps(t *testing.T, a *telling, l *ledgerOf) (waited time.Duration) {
	t.Helper()
	for range 200 {
		waited += a.step(t.Context())
		if l.place.Feed == uint64(len(l.events)) && l.place.Gap.Reason == "" || l.place.Feed == uint64(len(l.events)) && a.place.Feed == l.place.Feed {
			return waited
		}
	}
	t.Fatalf("it is at %+v of %d", l.place, len(l.events))
	return 0
}

func numbers(from, to int) (out []string) {
	for n := from; n <= to; n++ {
		out = append(out, fmt.Sprint("e", n))
	}
	return out
}

func TestEventsAreToldInOrder(t *testing.T) {
	a, l, who := audience(100, takes)
	steps(t, a, l)
	if !slices.Equal(who.heard, numbers(1, 100)) || len(who.calls) != 4 {
		t.Errorf("%d calls: %v", len(who.calls), who.heard)
	}
}

// An event that fails over and over is skipped in the end, is kept in a list,
// and the hook is told that it missed something, before anything newer.
func TestAPoisonEvent(t *testing.T) {
	a, l, who := audience(40, func(items []item) ([]extension.Outcome, error) {
		var out []extension.Outcome
		for _, it := range items {
			if it.event.ID == "e5" {
				return append(out, extension.Outcome{Code: "busy", Detail: "Later."}), nil
			}
			out = append(out, extension.Outcome{Taken: true})
		}
		return out, nil
	})
	waited := steps(t, a, l)
	want := append(numbers(1, 4), `{"after":4,"reason":"failed","until":5}`)
	if want = append(want, numbers(6, 40)...); !slices.Equal(who.heard, want) {
		t.Errorf("heard %v", who.heard)
	}
	if len(l.skips) != 1 || l.skips[0].Event != "e5" || l.skips[0].Code != "busy" || l.skips[0].Use != extension.FollowForHooks {
		t.Errorf("skipped %+v", l.skips)
	}
	if waited < 10*time.Minute || waited > 30*time.Minute {
		t.Errorf("it held the others back for %v", waited)
	}
}

// An event at which the process dies is found out one by one, and skipped after
// the third time: before the plugin is put into quarantine.
func TestADeadlyEvent(t *testing.T) {
	deaths := 0
	a, l, who := audience(40, func(items []item) ([]extension.Outcome, error) {
		for _, it := range items {
			if it.event.ID == "e20" {
				deaths++
				return nil, errs.New(errs.Unavailable, "plugin.died", "It died.")
			}
		}
		return takes(items)
	})
	steps(t, a, l)
	want := append(numbers(1, 19), `{"after":19,"reason":"failed","until":20}`)
	if want = append(want, numbers(21, 40)...); !slices.Equal(who.heard, want) || deaths != 4 { // once among others, three times alone
		t.Errorf("it died %d times, heard %v", deaths, who.heard)
	}
	if len(l.skips) != 1 || l.skips[0].Code != "plugin.died" {
		t.Errorf("skipped %+v", l.skips)
	}
}

// What a hook refuses is dropped: it knows.
func TestARefusedEvent(t *testing.T) {
	a, l, who := audience(3, func(items []item) ([]extension.Outcome, error) {
		out, _ := takes(items)
		if i := slices.IndexFunc(items, func(it item) bool { return it.event.ID == "e2" }); i >= 0 {
			out[i] = extension.Outcome{Rejected: true, Code: "unknown_shop"}
		}
		return out, nil
	})
	steps(t, a, l)
	if !slices.Equal(who.heard, []string{"e1", "e3"}) || len(l.skips) != 1 || l.place.Gap.Reason != "" {
		t.Errorf("%v, %+v, %+v", who.heard, l.skips, l.place)
	}
}

// While the workspace does not allow it, nothing is kept for later; the hook is
// told that there was something.
func TestANotAllowedTime(t *testing.T) {
	allowed := false
	a, l, who := audience(10, func(items []item) ([]extension.Outcome, error) {
		if !allowed {
			return nil, errs.New(errs.Forbidden, "plugin.scope", "No.")
		}
		return takes(items)
	})
	steps(t, a, l)
	allowed = true
	l.events = append(l.events, event.Event{ID: "e11", Workspace: "wsp_1", Feed: 11})
	steps(t, a, l)
	if !slices.Equal(who.heard, []string{`{"after":0,"reason":"not_allowed","until":10}`, "e11"}) || len(l.skips) != 0 {
		t.Errorf("%v, %+v", who.heard, l.skips)
	}
}

// A plugin that is away, or slow, holds its own place and loses nothing.
func TestAHookThatIsAway(t *testing.T) {
	n := 0
	a, l, who := audience(50, func(items []item) ([]extension.Outcome, error) {
		switch n++; {
		case n < 30:
			return nil, errs.New(errs.Unavailable, "plugin.backoff", "It does not run.")
		case n%3 == 0: // takes a part
			out, err := takes(items)
			return out[:1], err
		}
		return takes(items)
	})
	steps(t, a, l)
	if !slices.Equal(who.heard, numbers(1, 50)) || len(l.skips) != 0 {
		t.Errorf("%v, %+v", who.heard, l.skips)
	}
}

// A hook that cannot take in that it missed something goes on without knowing.
func TestAGapThatFails(t *testing.T) {
	a, l, who := audience(2, func(items []item) ([]extension.Outcome, error) {
		if items[0].told.Type == extension.TypeGap || items[0].event.ID == "e1" {
			return []extension.Outcome{{Code: "no"}}, nil
		}
		return takes(items)
	})
	steps(t, a, l)
	if strings.Join(who.heard, " ") != "e2" || l.place.Gap.Reason != "" {
		t.Errorf("%v, %+v", who.heard, l.place)
	}
}

// A plugin that is told as often as its manifest allows is told later, in
// batches as before, and counts as no failure; what happens meanwhile is no
// reason to look sooner.
func TestAPluginThatIsToldEnough(t *testing.T) {
	refused := 0
	a, l, who := audience(40, func(items []item) ([]extension.Outcome, error) {
		if refused < 2*followDeath+followTries {
			refused++
			e := errs.New(errs.Unavailable, extension.CodeBusy, "It is told as often as its far side bears.")
			e.RetryAfter = 7 * time.Second
			return nil, e
		}
		return takes(items)
	})
	l.place.Gap = extension.Gap{After: 1, Until: 2, Reason: extension.GapFailed}
	if wait := a.step(t.Context()); wait != 7*time.Second || !a.resting {
		t.Errorf("it rests for %v (%v)", wait, a.resting)
	}
	steps(t, a, l)
	want := append([]string{`{"after":1,"reason":"failed","until":2}`}, numbers(1, 40)...)
	if !slices.Equal(who.heard, want) || len(l.skips) != 0 || a.place.Failures != 0 || a.resting {
		t.Errorf("heard %v, skipped %v, %+v", who.heard, l.skips, a.place)
	}
	if calls := who.calls[refused+1:]; len(calls) != 2 {
		t.Errorf("40 events in %d calls", len(calls))
	}
}
