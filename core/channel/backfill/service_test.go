package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/backfill"
	"github.com/patchbay-im/patchbay/core/channel/backfill/backfilltest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

const plugin channel.PluginID = "patchbay/post"

// office is an inbox, its channel and a service over them.
type office struct {
	channel.FarSide // of which a backfill needs one method

	*testing.T
	*backfill.Service
	store *backfilltest.Fake

	mu    sync.Mutex
	inbox channel.Inbox
	able  bool
	now   time.Time // zero = it is now
	steps []channel.BackfillStep

	// bring is the channel; a step's number, from 0.
	bring func(ctx context.Context, n int, step channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error)
}

func newOffice(t *testing.T) *office {
	o := &office{T: t, store: backfilltest.NewFake(), able: true, inbox: channel.Inbox{Workspace: "wsp_1", ID: "inb_1", Name: "Post", Plugin: plugin, Enabled: true}}
	o.Service = backfill.NewService(backfill.Deps{
		Store: o.store, Inboxes: o, Stored: o, FarSide: o, Now: o.clock, Log: slog.New(slog.DiscardHandler),
		Timing: backfill.Timing{Look: time.Millisecond, Beat: time.Millisecond, Lease: time.Minute, Pause: time.Millisecond, Most: time.Hour},
	})
	return o
}

// inBubble runs a test whose waiting takes no time.
func inBubble(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newOffice(t)) })
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.now.IsZero() {
		return o.now
	}
	return time.Now()
}

func (o *office) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// Get implements backfill.Inboxes.
func (o *office) Get(_ context.Context, scope identity.Scope, id channel.InboxID) (channel.Inbox, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if id != o.inbox.ID || scope.Workspace != o.inbox.Workspace {
		return channel.Inbox{}, errs.Absent()
	}
	return o.inbox, nil
}

// TypeOf implements backfill.Inboxes.
func (o *office) TypeOf(channel.PluginID) (channel.Type, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	t := channel.Type{Plugin: plugin}
	if o.able {
		t.Capabilities.Can = []string{channel.CanBackfill}
	}
	return t, true
}

// InboxesOf implements channel.Workspaces.
func (o *office) InboxesOf(context.Context, channel.PluginID) ([]channel.Inbox, error) {
	return nil, errors.New("nobody asks")
}

// Inbox implements channel.Workspaces.
func (o *office) Inbox(ctx context.Context, id channel.InboxID) (channel.Inbox, error) {
	return o.Get(ctx, identity.Scope{Workspace: "wsp_1"}, id)
}

// Backfill implements channel.FarSide.
func (o *office) Backfill(ctx context.Context, _ channel.Inbox, step channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
	o.mu.Lock()
	n, bring := len(o.steps), o.bring
	o.steps = append(o.steps, step)
	o.mu.Unlock()
	return bring(ctx, n, step, count)
}

func as(role identity.Role) identity.Scope {
	return identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "Wei", Role: role}}
}

func owner() identity.Scope { return as(identity.RoleOwner) }

func (o *office) start() backfill.Run {
	o.Helper()
	r, err := o.Start(o.Context(), owner(), "inb_1", o.clock().Add(-time.Hour))
	if err != nil {
		o.Fatal(err)
	}
	return r
}

// run runs the service until the test ends, or stop is called.
func (o *office) run(alone bool) (stop func()) {
	ctx, cancel := context.WithCancel(o.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); o.Service.Run(ctx, alone) }()
	stop = sync.OnceFunc(func() { cancel(); <-ended })
	o.Cleanup(stop)
	return stop
}

// until waits for a run to be as it should.
func (o *office) until(what string, ok func(backfill.Run) bool) backfill.Run {
	o.Helper()
	return o.untilIn("inb_1", what, ok)
}

// untilIn is until, for another inbox. Time is the bubble's.
func (o *office) untilIn(inbox channel.InboxID, what string, ok func(backfill.Run) bool) backfill.Run {
	o.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(time.Millisecond) {
		runs, err := o.Runs(o.Context(), owner(), inbox)
		if err != nil {
			o.Fatal(err)
		}
		if ok(runs[0]) {
			return runs[0]
		}
		if time.Now().After(end) {
			o.Fatalf("it never is %s: %+v", what, runs[0])
		}
	}
}

func (o *office) over() backfill.Run {
	o.Helper()
	return o.until("over", func(r backfill.Run) bool { return r.State != backfill.Running })
}

func item(id string) []channel.Inbound { return []channel.Inbound{{Inbox: "inb_1", External: id}} }

func became(outcome channel.Outcome, code string) []channel.Result {
	return []channel.Result{{Outcome: outcome, Code: code, Detail: "because of " + code}}
}

func TestStart(t *testing.T) {
	o := newOffice(t)
	r := o.start()
	if r.State != backfill.Running || r.Actor.Name != "Wei" || r.Holder != "" {
		t.Errorf("began as %+v", r)
	}
	events := o.store.Events()
	if len(events) != 1 || events[0].Audit == nil || events[0].Audit.Action != backfill.Started || events[0].Type != "" {
		t.Fatalf("recorded %+v", events)
	}
	now := o.clock()
	for name, c := range map[string]struct {
		before func()
		scope  identity.Scope
		inbox  channel.InboxID
		since  time.Time
		code   string
	}{
		"one runs":         {inbox: "inb_1", since: now.Add(-time.Hour), code: "backfill.under_way"},
		"the future":       {inbox: "inb_1", since: now.Add(time.Hour), code: "backfill.since"},
		"too old":          {inbox: "inb_1", since: now.Add(-91 * 24 * time.Hour), code: "backfill.since"},
		"no time":          {inbox: "inb_1", code: "backfill.since"},
		"not there":        {inbox: "inb_2", since: now, code: "not_found"},
		"may not":          {scope: as(identity.RoleAgent), inbox: "inb_1", since: now, code: "forbidden"},
		"switched off":     {before: func() { o.inbox.Enabled = false }, inbox: "inb_1", since: now, code: "inbox.disabled"},
		"a channel cannot": {before: func() { o.able = false }, inbox: "inb_1", since: now, code: "backfill.unable"},
	} {
		o.set(func() { o.inbox.Enabled, o.able = true, true })
		if c.before != nil {
			o.set(c.before)
		}
		if c.scope.Workspace == "" {
			c.scope = owner()
		}
		_, err := o.Start(t.Context(), c.scope, c.inbox, c.since)
		if errs.As(err).Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if c.code == "backfill.since" && (len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Pointer != "/since") {
			t.Errorf("%s points to %+v", name, errs.As(err).Fields)
		}
	}
	if _, err := o.Runs(t.Context(), as(identity.RoleAgent), "inb_1"); !errs.Is(err, errs.Forbidden) {
		t.Errorf("who may not manage inboxes sees %v", err)
	}
}

// Steps follow each other, one that could not be done is asked for again, and
// what comes twice counts once.
func TestSteps(t *testing.T) {
	inBubble(t, func(t *testing.T, o *office) {
		o.bring = func(_ context.Context, n int, _ channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
			switch n {
			case 0:
				count(item("a"), became(channel.OutcomeAccepted, ""))
				count(item("b"), became(channel.OutcomeDuplicate, ""))
				return channel.BackfillAnswer{Found: 3, Next: "2"}, nil
			case 1: // the process dies
				count(item("c"), became(channel.OutcomeAccepted, ""))
				count(item("d"), became(channel.OutcomeRejected, "sender"))
				count(item("e"), became(channel.OutcomeRetry, "busy"))
				return channel.BackfillAnswer{}, errs.New(errs.Unavailable, "plugin.died", "It died.")
			case 2:
				count(item("c"), became(channel.OutcomeDuplicate, ""))
				count(item("d"), became(channel.OutcomeRejected, "sender"))
				count(item("e"), became(channel.OutcomeAccepted, ""))
				count(item("f"), became(channel.OutcomeRejected, "sender"))
				count(item("g"), became(channel.OutcomeRejected, "empty"))
				return channel.BackfillAnswer{Found: 5, Next: "3"}, nil
			default:
				count(item("g"), became(channel.OutcomeAccepted, ""))
				return channel.BackfillAnswer{}, nil
			}
		}
		r := o.start()
		o.run(true)
		got := o.over()
		want := backfill.Counts{Found: 8, New: 4, Known: 1, Refused: 2}
		if got.State != backfill.Done || got.Counts != want || got.FinishedAt.IsZero() || got.Code != "" {
			t.Errorf("it came to %+v", got)
		}
		if len(got.Refusals) == 0 || got.Refusals[0] != (backfill.Refusal{Code: "sender", Detail: "because of sender", Count: 2}) {
			t.Errorf("refused for %+v", got.Refusals)
		}
		var after []string
		for _, s := range o.steps {
			after = append(after, s.After)
			if s.Run != string(r.ID) || !s.Since.Equal(r.Since) {
				t.Errorf("asked for %+v", s)
			}
		}
		if !slices.Equal(after, []string{"", "2", "2", "3"}) {
			t.Errorf("went on at %q", after)
		}
		o.start() // another one may begin
	})
}

// A run that cannot be done says why.
func TestFailure(t *testing.T) {
	for name, c := range map[string]struct {
		answer channel.BackfillAnswer
		err    error
		off    bool
		code   string
		asked  int
	}{
		"refused":       {err: errs.New(errs.Invalid, "plugin.refused", "No."), code: "plugin.refused", asked: 1},
		"never there":   {err: errs.New(errs.Unavailable, "plugin.no_answer", "Not there."), code: "plugin.no_answer", asked: 6},
		"stays":         {answer: channel.BackfillAnswer{Next: "x"}, code: "plugin.bad_answer", asked: 2},
		"our own fault": {err: errors.New("oops"), code: "backfill.failed", asked: 1},
		"switched off":  {off: true, code: "inbox.disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, o *office) {
				o.bring = func(_ context.Context, n int, _ channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
					count(item(strconv.Itoa(n)), became(channel.OutcomeAccepted, ""))
					return c.answer, c.err
				}
				o.start()
				o.set(func() { o.inbox.Enabled = !c.off })
				o.run(true)
				got := o.over()
				if got.State != backfill.Failed || got.Code != c.code || got.Detail == "" || got.New != c.asked || len(o.steps) != c.asked {
					t.Errorf("it came to %+v after %d steps", got, len(o.steps))
				}
			})
		})
	}
}

// What came is seen while it comes, and a server that stops says that it
// interrupted the run.
func TestInterrupted(t *testing.T) {
	inBubble(t, func(t *testing.T, o *office) {
		o.bring = func(ctx context.Context, _ int, _ channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
			count(item("a"), became(channel.OutcomeAccepted, ""))
			<-ctx.Done()
			return channel.BackfillAnswer{}, ctx.Err()
		}
		o.start()
		stop := o.run(true)
		if seen := o.until("seen", func(r backfill.Run) bool { return r.New == 1 }); seen.State != backfill.Running || seen.Holder == "" || seen.Found != 1 {
			t.Errorf("while it runs it is %+v", seen)
		}
		stop()
		if got := o.over(); got.State != backfill.Interrupted || got.New != 1 || got.FinishedAt.IsZero() {
			t.Errorf("it came to %+v", got)
		}
	})
}

// What a server left behind that died is given up: at once by the only server
// there is, after its lease by others, who leave alone what is renewed.
func TestLeftBehind(t *testing.T) {
	for _, alone := range []bool{true, false} {
		t.Run(fmt.Sprint("alone ", alone), func(t *testing.T) {
			inBubble(t, func(t *testing.T, o *office) {
				o.set(func() { o.now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) })
				o.bring = func(context.Context, int, channel.BackfillStep, func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
					return channel.BackfillAnswer{}, nil
				}
				r := o.start()
				_, err := o.store.Change(t.Context(), r.Workspace, r.ID, func(r *backfill.Run) error {
					r.Holder, r.Until, r.New = "clm_dead", o.clock().Add(time.Minute), 3
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				o.run(alone)
				if !alone {
					// A second run of another inbox shows that the service has looked.
					o.set(func() { o.inbox.ID = "inb_2" })
					if _, err := o.Start(t.Context(), owner(), "inb_2", o.clock()); err != nil {
						t.Fatal(err)
					}
					o.untilIn("inb_2", "over", func(r backfill.Run) bool { return r.State == backfill.Done })
					o.set(func() { o.inbox.ID = "inb_1" })
					if now := o.until("there", func(backfill.Run) bool { return true }); now.State != backfill.Running {
						t.Errorf("before its lease is over it is %+v", now)
					}
					o.set(func() { o.now = o.now.Add(2 * time.Minute) })
				}
				if got := o.over(); got.State != backfill.Interrupted || got.New != 3 || got.FinishedAt.IsZero() {
					t.Errorf("it came to %+v", got)
				}
				o.set(func() { o.now = o.now.Add(time.Second) })
				o.start() // and again
				if got := o.until("done", func(r backfill.Run) bool { return r.State == backfill.Done }); got.ID == r.ID {
					t.Error("the old run went on")
				}
			})
		})
	}
}

// A run that was taken from its holder is brought no further, and its end is not
// overwritten.
func TestLost(t *testing.T) {
	inBubble(t, func(t *testing.T, o *office) {
		o.bring = func(ctx context.Context, _ int, _ channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
			for n := 0; ctx.Err() == nil; n++ { // the beat finds that it is lost
				count(item(strconv.Itoa(n)), became(channel.OutcomeAccepted, ""))
				time.Sleep(time.Millisecond)
			}
			return channel.BackfillAnswer{}, ctx.Err()
		}
		r := o.start()
		stop := o.run(true)
		o.until("begun", func(r backfill.Run) bool { return r.New > 0 })
		_, err := o.store.Change(t.Context(), r.Workspace, r.ID, func(r *backfill.Run) error { r.State = backfill.Interrupted; return nil })
		if err != nil {
			t.Fatal(err)
		}
		lost := o.over()
		stop()
		if got := o.over(); got.State != backfill.Interrupted || got.New != lost.New {
			t.Errorf("it was %+v and is %+v", lost, got)
		}
	})
}

// A run that somebody stops ends at once, with what it had brought, and another
// may begin; who stops nothing is told so.
func TestStop(t *testing.T) {
	inBubble(t, func(t *testing.T, o *office) {
		if _, err := o.Stop(t.Context(), owner(), "inb_1"); errs.As(err).Code != "backfill.not_running" || !errs.Is(err, errs.Conflict) {
			t.Errorf("nothing runs: %v", err)
		}
		begun := make(chan struct{}, 1)
		o.bring = func(ctx context.Context, _ int, _ channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
			count(item("a"), became(channel.OutcomeAccepted, ""))
			begun <- struct{}{}
			<-ctx.Done()
			count(item("b"), became(channel.OutcomeAccepted, "")) // was on its way
			return channel.BackfillAnswer{}, ctx.Err()
		}
		r := o.start()
		o.run(true)
		<-begun
		if _, err := o.Stop(t.Context(), as(identity.RoleAgent), "inb_1"); !errs.Is(err, errs.Forbidden) {
			t.Errorf("who may not manage inboxes: %v", err)
		}
		before := time.Now()
		got, err := o.Stop(t.Context(), owner(), "inb_1")
		if err != nil || got.ID != r.ID || got.State != backfill.Stopped || got.FinishedAt.IsZero() {
			t.Fatalf("stopped is %+v, %v", got, err)
		}
		events := o.store.Events()
		if last := events[len(events)-1]; len(events) != 2 || last.Audit == nil || last.Audit.Action != backfill.Ended || last.Type != "" {
			t.Errorf("recorded %+v", events)
		}
		synctest.Wait()
		if end := o.over(); end.State != backfill.Stopped || end.New != 2 || end.Code != "" || time.Since(before) > time.Second {
			t.Errorf("it came to %+v", end)
		}
		time.Sleep(time.Second) // the newest is the first of the list
		o.start()
		<-begun
		if again := o.until("another", func(r backfill.Run) bool { return r.Holder != "" }); again.ID == r.ID || again.State != backfill.Running {
			t.Errorf("after it runs %+v", again)
		}
	})
}

// One that nobody has begun, and one that another server works on, end too.
func TestStopElsewhere(t *testing.T) {
	inBubble(t, func(t *testing.T, o *office) {
		o.bring = func(ctx context.Context, _ int, _ channel.BackfillStep, count func([]channel.Inbound, []channel.Result)) (channel.BackfillAnswer, error) {
			count(item("a"), became(channel.OutcomeAccepted, ""))
			<-ctx.Done()
			return channel.BackfillAnswer{}, ctx.Err()
		}
		here := backfill.NewService(o.Deps) // works on nothing
		o.start()
		if r, err := here.Stop(t.Context(), owner(), "inb_1"); err != nil || r.State != backfill.Stopped || r.Holder != "" {
			t.Errorf("one that waited is %+v, %v", r, err)
		}
		time.Sleep(time.Second) // the newest is the first of the list
		r := o.start()
		stop := o.run(false)
		o.until("at work", func(r backfill.Run) bool { return r.New == 1 })
		before := time.Now()
		if _, err := here.Stop(t.Context(), owner(), "inb_1"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		o.start()
		next := o.until("begun", func(r backfill.Run) bool { return r.Holder != "" })
		stop() // waits for what it works on
		if took := time.Since(before); next.ID == r.ID || took > o.Timing.Lease {
			t.Errorf("%+v after %s", next, took)
		}
		if got := o.over(); got.State != backfill.Interrupted {
			t.Errorf("the next one came to %+v", got)
		}
	})
}
