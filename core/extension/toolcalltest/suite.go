// Package toolcalltest is the conformance suite of extension.CallStore, and an
// in-memory fake that passes it.
package toolcalltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is an implementation under test.
type Fixture struct {
	Calls extension.CallStore
	Feed  event.Log // of the same storage
	// Workspace makes a workspace.
	Workspace func(tb testing.TB) identity.WorkspaceID
}

// calls is a fixture with a workspace and a clock.
type calls struct {
	*testing.T
	Fixture
	w   identity.WorkspaceID
	now time.Time
	n   int
}

// plenty is more than waits in any test.
const plenty = 100

// Run is what every store of uses of tools must keep.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*calls){
		"as it was stored": faithful, "once for a key": keys, "one of many beginners": oneBeginner, "what is not there": absent,
		"who waits for somebody": pending, "no more than may wait": bounded, "a change and its events": changes,
		"one change after the other": manyChanges, "what is due": due, "what is forgotten": forgotten,
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			test(&calls{T: t, Fixture: f, w: f.Workspace(t), now: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)})
		})
	}
}

func (c *calls) ok(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// call is a new call in a state, a second younger than the one before.
func (c *calls) call(state extension.CallState) extension.Call {
	c.n++
	c.now = c.now.Add(time.Second)
	return extension.Call{
		Workspace: c.w, ID: fmt.Sprintf("tci_%s_%03d", c.w, c.n), Key: fmt.Sprint("key ", c.n), Connection: "pin_1", Plugin: "acme/shop", Tool: "refund",
		Args: json.RawMessage(`{"order":"订单","cents":1}`), Caller: extension.Caller{Kind: extension.CallerBot, ID: "pin_bot", Name: "机器人", Plugin: "acme/bot"},
		State: state, CreatedAt: c.now, ExpiresAt: c.now.Add(time.Hour),
	}
}

// begin stores a call, which must be a new one.
func (c *calls) begin(x extension.Call, events ...event.Event) extension.Call {
	c.Helper()
	got, fresh, err := c.Calls.Begin(c.Context(), x, plenty, events...)
	if err != nil || !fresh {
		c.Fatalf("begun: %v, %v", fresh, err)
	}
	return got
}

func (c *calls) get(id string) extension.Call {
	c.Helper()
	got, err := c.Calls.Call(c.Context(), c.w, id)
	c.ok(err)
	return got
}

func (c *calls) same(what string, got, want extension.Call) {
	c.Helper()
	if !reflect.DeepEqual(got, want) {
		c.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// ids names calls.
func ids(all []extension.Call) string {
	var out strings.Builder
	for _, x := range all {
		out.WriteString(x.ID + " ")
	}
	return out.String()
}

func (c *calls) event(subject string) event.Event {
	return event.Event{ID: "chg_" + subject, Workspace: string(c.w), Type: extension.ApprovalChanged, Subject: subject, At: c.now}
}

// told counts the events of a subject.
func (c *calls) told(subject string) int {
	c.Helper()
	all, err := c.Feed.Since(c.Context(), string(c.w), 0, 1000)
	c.ok(err)
	n := 0
	for _, e := range all {
		if e.Type == extension.ApprovalChanged && e.Subject == subject {
			n++
		}
	}
	return n
}

// What was stored is given back, byte by byte.
func faithful(c *calls) {
	plain := c.call(extension.CallRunning)
	c.same("begun", c.begin(plain), plain)
	c.same("read", c.get(plain.ID), plain)
	full := c.call(extension.CallDone)
	full.Subject = extension.Subject{Conversation: "cnv_1", Ticket: "tkt_1", Contact: "con_1"}
	full.Args = json.RawMessage("{ \"b\": 1.50,\n\"a\": \"\\u0000'; DROP\" }")
	full.Attempts, full.LeaseUntil, full.DecidedBy, full.DecidedAt = 3, c.now.Add(time.Minute), "mem_1", c.now.Add(time.Second)
	full.Completed = extension.Result{Outcome: extension.Accepted, Code: "ok", Detail: "Done. 好", Output: json.RawMessage(`[1, "😀"]`)}
	c.begin(full)
	c.same("read", c.get(full.ID), full)
}

// A key stands for one call of its caller, whatever it is asked for with.
func keys(c *calls) {
	first := c.begin(c.call(extension.CallRunning))
	again := c.call(extension.CallPending)
	again.Key, again.Tool = first.Key, "another"
	got, fresh, err := c.Calls.Begin(c.Context(), again, plenty, c.event(again.ID))
	if err != nil || fresh || c.told(again.ID) != 0 {
		c.Errorf("again: %v, %v, told %d times", fresh, err, c.told(again.ID))
	}
	c.same("again", got, first)
	for what, change := range map[string]func(*extension.Call){
		"another kind of caller": func(x *extension.Call) { x.Caller.Kind = extension.CallerAgent },
		"another caller":         func(x *extension.Call) { x.Caller.ID = "pin_other" },
		"another workspace":      func(x *extension.Call) { x.Workspace = c.Workspace(c) },
	} {
		x := c.call(extension.CallRunning)
		x.Key = first.Key
		change(&x)
		if got, fresh, err := c.Calls.Begin(c.Context(), x, plenty); err != nil || !fresh || got.ID != x.ID {
			c.Errorf("%s: %v, %v", what, fresh, err)
		}
	}
}

func oneBeginner(c *calls) {
	all := make([]extension.Call, 20)
	for i := range all {
		all[i] = c.call(extension.CallRunning)
		all[i].Key = "the same"
	}
	var wg sync.WaitGroup
	var won atomic.Int64
	got := make([]string, len(all))
	for i, x := range all {
		wg.Go(func() {
			stored, fresh, err := c.Calls.Begin(c.Context(), x, plenty)
			if err != nil {
				c.Error(err)
			}
			if got[i] = stored.ID; fresh {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		c.Errorf("%d of one", won.Load())
	}
	for _, id := range got {
		if id != got[0] {
			c.Errorf("one is %s, another %s", id, got[0])
		}
	}
}

// What is not there, or another workspace's, is absent.
func absent(c *calls) {
	x := c.begin(c.call(extension.CallRunning))
	other := c.Workspace(c)
	untouched := func(*extension.Call) ([]event.Event, error) {
		c.Error("something was changed")
		return nil, nil
	}
	for w, id := range map[identity.WorkspaceID]string{c.w: "tci_none", other: x.ID} {
		if _, err := c.Calls.Call(c.Context(), w, id); !errs.Is(err, errs.NotFound) {
			c.Errorf("%s in %s: %v", id, w, err)
		}
		if _, err := c.Calls.Change(c.Context(), w, id, untouched); !errs.Is(err, errs.NotFound) {
			c.Errorf("a change of %s in %s: %v", id, w, err)
		}
	}
	if all, err := c.Calls.Pending(c.Context(), other); err != nil || len(all) != 0 {
		c.Errorf("another workspace has %v, %v", all, err)
	}
}

// Calls that wait for somebody are listed, the oldest first.
func pending(c *calls) {
	first, second := c.call(extension.CallPending), c.call(extension.CallPending)
	c.begin(second)
	c.begin(first, c.event(first.ID))
	c.begin(c.call(extension.CallRunning))
	theirs := c.call(extension.CallPending)
	theirs.Workspace = c.Workspace(c)
	c.begin(theirs)
	list := func() string {
		all, err := c.Calls.Pending(c.Context(), c.w)
		c.ok(err)
		return ids(all)
	}
	if got, want := list(), first.ID+" "+second.ID+" "; got != want {
		c.Errorf("waiting: %s, want %s", got, want)
	}
	if c.told(first.ID) != 1 {
		c.Errorf("told %d times", c.told(first.ID))
	}
	_, err := c.Calls.Change(c.Context(), c.w, first.ID, func(x *extension.Call) ([]event.Event, error) {
		x.State = extension.CallDenied
		return nil, nil
	})
	c.ok(err)
	if got := list(); got != second.ID+" " {
		c.Errorf("after a decision: %s", got)
	}
}

// Only so many may wait; what does not wait is not counted.
func bounded(c *calls) {
	c.begin(c.call(extension.CallRunning))
	first := c.begin(c.call(extension.CallPending))
	c.begin(c.call(extension.CallPending))
	one := c.call(extension.CallPending)
	_, fresh, err := c.Calls.Begin(c.Context(), one, 2, c.event(one.ID))
	if e := errs.As(err); fresh || !errs.Is(err, errs.Conflict) || e.Code != "approval.too_many" {
		c.Errorf("one too many: %v, %v", fresh, err)
	}
	if _, err := c.Calls.Call(c.Context(), c.w, one.ID); !errs.Is(err, errs.NotFound) || c.told(one.ID) != 0 {
		c.Errorf("it was stored, or told of: %v", err)
	}
	if got, fresh, err := c.Calls.Begin(c.Context(), first, 2); err != nil || fresh || got.ID != first.ID {
		c.Errorf("one that waits already: %v, %v", fresh, err)
	}
	running := c.call(extension.CallRunning)
	if _, fresh, err := c.Calls.Begin(c.Context(), running, 2); err != nil || !fresh {
		c.Errorf("one that need not wait: %v, %v", fresh, err)
	}
	theirs := c.call(extension.CallPending)
	theirs.Workspace = c.Workspace(c)
	if _, fresh, err := c.Calls.Begin(c.Context(), theirs, 1); err != nil || !fresh {
		c.Errorf("another workspace's: %v, %v", fresh, err)
	}
}

// A change is saved with its events, or neither is.
func changes(c *calls) {
	x := c.begin(c.call(extension.CallPending))
	want := x
	want.State, want.DecidedBy, want.DecidedAt, want.ExpiresAt = extension.CallFailed, "mem_1", c.now, c.now.Add(time.Minute)
	want.Attempts, want.LeaseUntil, want.Completed = 2, time.Time{}, extension.Result{Outcome: extension.Rejected, Code: "no", Detail: "No."}
	got, err := c.Calls.Change(c.Context(), c.w, x.ID, func(y *extension.Call) ([]event.Event, error) {
		c.same("to be changed", *y, x)
		*y = want
		return []event.Event{c.event(x.ID)}, nil
	})
	c.ok(err)
	c.same("changed", got, want)
	c.same("read", c.get(x.ID), want)
	if c.told(x.ID) != 1 {
		c.Errorf("told %d times", c.told(x.ID))
	}
	refused := errors.New("refused")
	_, err = c.Calls.Change(c.Context(), c.w, x.ID, func(y *extension.Call) ([]event.Event, error) {
		y.State = extension.CallDone
		return []event.Event{c.event(x.ID)}, refused
	})
	if !errors.Is(err, refused) || c.told(x.ID) != 1 {
		c.Errorf("a change that failed: %v, told %d times", err, c.told(x.ID))
	}
	c.same("after it", c.get(x.ID), want)
}

func manyChanges(c *calls) {
	x := c.begin(c.call(extension.CallRunning))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := c.Calls.Change(c.Context(), c.w, x.ID, func(y *extension.Call) ([]event.Event, error) {
				y.Attempts++
				return nil, nil
			})
			if err != nil {
				c.Error(err)
			}
		})
	}
	wg.Wait()
	if got := c.get(x.ID).Attempts; got != 20 {
		c.Errorf("%d of 20 changes are there", got)
	}
}

// What runs without a lease, or waits for too long, is due, of every workspace.
func due(c *calls) {
	at := c.now.Add(time.Hour)
	with := func(state extension.CallState, lease, expires time.Time) string {
		x := c.call(state)
		x.LeaseUntil, x.ExpiresAt = lease, expires
		return c.begin(x).ID
	}
	free := with(extension.CallRunning, time.Time{}, at.Add(time.Hour))
	lapsed := with(extension.CallRunning, at, at.Add(time.Hour))
	with(extension.CallRunning, at.Add(time.Millisecond), at.Add(-time.Hour))
	with(extension.CallPending, time.Time{}, at.Add(time.Millisecond))
	for _, over := range []extension.CallState{extension.CallDone, extension.CallFailed, extension.CallDenied, extension.CallExpired} {
		with(over, time.Time{}, at.Add(-time.Hour))
	}
	late := with(extension.CallPending, time.Time{}, at)
	theirs := c.call(extension.CallRunning)
	theirs.Workspace, theirs.LeaseUntil = c.Workspace(c), at.Add(-time.Minute)
	c.begin(theirs)
	for limit, want := range map[int]string{
		10: free + " " + theirs.ID + " " + lapsed + " " + late + " ",
		1:  free + " " + late + " ",
	} {
		all, err := c.Calls.Due(c.Context(), at, limit)
		if got := ids(all); err != nil || got != want {
			c.Errorf("due, %d of a sort: %s, %v, want %s", limit, got, err, want)
		}
	}
}

// What is over goes when its time has come; what is not over stays.
func forgotten(c *calls) {
	at := c.now.Add(time.Hour)
	with := func(state extension.CallState, expires time.Time) string {
		x := c.call(state)
		x.ExpiresAt = expires
		return c.begin(x).ID
	}
	stay := []string{
		with(extension.CallPending, at.Add(-time.Minute)), with(extension.CallRunning, at.Add(-time.Minute)), with(extension.CallDone, at.Add(time.Millisecond)),
	}
	with(extension.CallFailed, at.Add(-time.Second))
	with(extension.CallDenied, at)
	with(extension.CallExpired, at.Add(-time.Minute))
	last := with(extension.CallDone, at)
	for _, want := range []int{3, 1, 0} {
		if n, err := c.Calls.Forget(c.Context(), at, 3); err != nil || n != want {
			c.Errorf("%d were forgotten, %v, want %d", n, err, want)
		}
	}
	if _, err := c.Calls.Call(c.Context(), c.w, last); !errs.Is(err, errs.NotFound) {
		c.Errorf("it is still there: %v", err)
	}
	for _, id := range stay {
		c.get(id)
	}
}
