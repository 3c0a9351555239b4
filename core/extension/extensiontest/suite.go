package extensiontest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is a store with two workspaces.
type Fixture struct {
	State     extension.StateStore
	Claims    extension.ClaimStore
	Leases    extension.LeaseStore
	Schedules extension.ScheduleStore
	Workspace identity.WorkspaceID
	Other     identity.WorkspaceID
}

// world is a fixture with a clock.
type world struct {
	*testing.T
	Fixture
	memory *extension.Memory
	leases *extension.Leases
	mine   extension.Owner
	others []extension.Owner
	now    time.Time
}

// Run is what every store of instances' things must keep.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	tests := map[string]func(*world){
		"entries come and go": entriesLive, "compare and swap": swaps, "one of many writers": oneWriter, "versions outlive entries": versions,
		"entries expire": expiry, "lists in order": lists, "what is refused": refusals, "no more than there is room for": full,
		"a claim and its result": claimed, "one of many claimants": oneClaimant, "a claim lapses": lapses, "a claim is given up": abandons,
		"leases": leases, "leases of a dead process": deadHolder, "one of many holders": oneHolder,
		"schedules": schedules, "one of many runners": oneRunner, "a schedule is replaced under way": replaced,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, Fixture: open(t), now: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)}
			clock := func() time.Time { return w.now }
			w.memory, w.leases = extension.NewMemory(w.State, w.Claims, clock), extension.NewLeases(w.Leases, clock)
			w.mine = extension.Owner{Workspace: w.Workspace, Instance: "inb_1"}
			w.others = []extension.Owner{{Workspace: w.Workspace, Instance: "inb_2"}, {Workspace: w.Other, Instance: "inb_1"}}
			test(w)
		})
	}
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) put(key, value string, ifVersion *uint64) (*extension.Entry, bool) {
	w.Helper()
	e, stored, err := w.memory.Put(w.Context(), w.mine, extension.Put{Key: key, Value: []byte(value), IfVersion: ifVersion}, 0)
	w.ok(err)
	return e, stored
}

func (w *world) get(key string) string {
	w.Helper()
	e, err := w.memory.Get(w.Context(), w.mine, key)
	w.ok(err)
	if e == nil {
		return "none"
	}
	return string(e.Value)
}

func entriesLive(w *world) {
	if got := w.get("k"); got != "none" {
		w.Errorf("before: %q", got)
	}
	w.put("k", "one", nil)
	w.put("k", "two", nil)
	if got := w.get("k"); got != "two" {
		w.Errorf("after two puts: %q", got)
	}
	for _, o := range w.others {
		if e, err := w.memory.Get(w.Context(), o, "k"); e != nil || err != nil {
			w.Errorf("%v sees %v %v", o, e, err)
		}
	}
	raw := []byte{0, 0xff, '\n'}
	_, _, err := w.memory.Put(w.Context(), w.mine, extension.Put{Key: "客户/1", Value: raw}, 0)
	w.ok(err)
	if e, err := w.memory.Get(w.Context(), w.mine, "客户/1"); err != nil || !bytes.Equal(e.Value, raw) || !e.ExpiresAt.IsZero() {
		w.Errorf("bytes: %v %v", e, err)
	}
	for want := range 2 {
		gone, err := w.memory.Delete(w.Context(), w.mine, "k", nil)
		w.ok(err)
		if gone != (want == 0) {
			w.Errorf("deletion %d: %v", want, gone)
		}
	}
	if got := w.get("k"); got != "none" {
		w.Errorf("after: %q", got)
	}
}

func swaps(w *world) {
	none := uint64(0)
	first, stored := w.put("k", "one", &none)
	if !stored || first.Version == 0 {
		w.Fatalf("the first: %+v %v", first, stored)
	}
	if there, stored := w.put("k", "x", &none); stored || string(there.Value) != "one" {
		w.Errorf("a second first: %+v %v", there, stored)
	}
	second, stored := w.put("k", "two", &first.Version)
	if !stored || second.Version <= first.Version {
		w.Errorf("the second: %+v %v", second, stored)
	}
	if there, stored := w.put("k", "x", &first.Version); stored || there.Version != second.Version {
		w.Errorf("an old version: %+v %v", there, stored)
	}
	if there, stored := w.put("absent", "x", &first.Version); stored || there != nil {
		w.Errorf("a version of nothing: %+v %v", there, stored)
	}
	if gone, err := w.memory.Delete(w.Context(), w.mine, "k", &first.Version); gone || err != nil {
		w.Errorf("delete an old version: %v %v", gone, err)
	}
	if gone, err := w.memory.Delete(w.Context(), w.mine, "k", &second.Version); !gone || err != nil {
		w.Errorf("delete: %v %v", gone, err)
	}
}

const crowd = 12

// together runs fn as often as there are asking, and returns how many won.
func together(fn func(i int) bool) int64 {
	var won atomic.Int64
	var wait sync.WaitGroup
	for i := range crowd {
		wait.Go(func() {
			if fn(i) {
				won.Add(1)
			}
		})
	}
	wait.Wait()
	return won.Load()
}

func oneWriter(w *world) {
	e, _ := w.put("k", "start", nil)
	for name, version := range map[string]uint64{"k": e.Version, "new": 0} {
		won := together(func(i int) bool {
			_, stored, err := w.memory.Put(w.Context(), w.mine, extension.Put{Key: name, Value: fmt.Append(nil, i), IfVersion: &version}, 0)
			if err != nil {
				w.Error(err)
			}
			return stored
		})
		if won != 1 {
			w.Errorf("%s: %d of %d writers won", name, won, crowd)
		}
	}
}

func versions(w *world) {
	first, _ := w.put("k", "one", nil)
	_, err := w.memory.Delete(w.Context(), w.mine, "k", nil)
	w.ok(err)
	w.now = w.now.Add(time.Millisecond)
	again, _ := w.put("k", "one", nil)
	if again.Version <= first.Version {
		w.Errorf("version %d, then deleted, then %d", first.Version, again.Version)
	}
	if _, stored := w.put("k", "x", &first.Version); stored {
		w.Error("who saw the deleted entry overwrote the new one")
	}
}

func expiry(w *world) {
	put := func(key string) {
		_, _, err := w.memory.Put(w.Context(), w.mine, extension.Put{Key: key, Value: []byte("v")}, time.Minute)
		w.ok(err)
	}
	put("k")
	put("l")
	w.now = w.now.Add(time.Minute - time.Millisecond)
	if got := w.get("k"); got != "v" {
		w.Errorf("within its time: %q", got)
	}
	w.now = w.now.Add(time.Millisecond)
	if got := w.get("k"); got != "none" {
		w.Errorf("after its time: %q", got)
	}
	if found, _, err := w.memory.List(w.Context(), w.mine, extension.StateRange{}); len(found) > 0 || err != nil {
		w.Errorf("listed: %v %v", found, err)
	}
	if gone, err := w.memory.Delete(w.Context(), w.mine, "k", nil); gone || err != nil {
		w.Errorf("deleted: %v %v", gone, err)
	}
	none := uint64(0)
	if _, stored := w.put("k", "new", &none); !stored || w.get("k") != "new" {
		w.Error("what expired is in the way")
	}
	put("l")
	if got := w.get("l"); got != "v" {
		w.Errorf("put again: %q", got)
	}
}

func lists(w *world) {
	for _, key := range []string{"a", "b/2", "b/1", "b0", "b/\U0010FFFF", "客", "客户"} {
		w.put(key, key, nil)
	}
	keys := func(r extension.StateRange) string {
		w.Helper()
		found, more, err := w.memory.List(w.Context(), w.mine, r)
		w.ok(err)
		var out []string
		for _, e := range found {
			out = append(out, e.Key)
		}
		return fmt.Sprint(strings.Join(out, " "), " ", more)
	}
	for _, tt := range []struct {
		r    extension.StateRange
		want string
	}{
		{extension.StateRange{}, "a b/1 b/2 b/\U0010FFFF b0 客 客户 false"},
		{extension.StateRange{Prefix: "b/"}, "b/1 b/2 b/\U0010FFFF false"},
		{extension.StateRange{Prefix: "b/", After: "b/1", Limit: 1}, "b/2 true"},
		{extension.StateRange{Prefix: "b/\U0010FFFF"}, "b/\U0010FFFF false"},
		{extension.StateRange{Prefix: "客"}, "客 客户 false"},
		{extension.StateRange{Prefix: "B"}, " false"},
		{extension.StateRange{After: "b0", Limit: 2}, "客 客户 false"},
	} {
		if got := keys(tt.r); got != tt.want {
			w.Errorf("%+v: %q, want %q", tt.r, got, tt.want)
		}
	}
	if found, _, err := w.memory.List(w.Context(), w.others[0], extension.StateRange{}); len(found) > 0 || err != nil {
		w.Errorf("another's: %v %v", found, err)
	}
}

func refusals(w *world) {
	ctx := w.Context()
	long := strings.Repeat("k", extension.MaxOwnName+1)
	big := make([]byte, extension.MaxStateValue+1)
	put := func(p extension.Put, ttl time.Duration) error {
		_, _, err := w.memory.Put(ctx, w.mine, p, ttl)
		return err
	}
	claim := func(key string, within time.Duration) error {
		_, err := w.memory.Claim(ctx, w.mine, key, within)
		return err
	}
	complete := func(token string, result []byte, keep time.Duration) error {
		_, err := w.memory.Complete(ctx, w.mine, "k", token, result, keep)
		return err
	}
	acquire := func(name string, ttl time.Duration) error {
		_, err := w.leases.Acquire(ctx, w.mine, name, "h", ttl)
		return err
	}
	for name, err := range map[string]error{
		"no key": put(extension.Put{}, 0), "a long key": put(extension.Put{Key: long}, 0), "a key with NUL": put(extension.Put{Key: "a\x00b"}, 0),
		"a key that is no text": put(extension.Put{Key: "\xff"}, 0), "a large value": put(extension.Put{Key: "k", Value: big}, 0),
		"a time that has gone": put(extension.Put{Key: "k"}, -time.Second), "a claim for no time": claim("k", time.Millisecond),
		"a claim for long": claim("k", time.Hour), "a claim of nothing": claim("", 0), "no token": complete("", nil, 0),
		"a large result": complete("t", big, 0), "a long memory": complete("t", nil, 31*24*time.Hour),
		"a short lease": acquire("n", time.Second), "a long lease": acquire("n", 11*time.Minute), "a lease on nothing": acquire("", time.Minute),
	} {
		if !errs.Is(err, errs.Invalid) || len(errs.As(err).Fields) != 1 {
			w.Errorf("%s: %v", name, err)
		}
	}
	w.ok(put(extension.Put{Key: long[1:], Value: big[1:]}, 0))
}

func full(w *world) {
	var wait sync.WaitGroup
	const hands = 50 // commits are shared
	for hand := range hands {
		wait.Go(func() {
			for i := hand; i < extension.MaxStateKeys; i += hands {
				if _, _, err := w.State.Put(w.Context(), w.mine, extension.Put{Key: fmt.Sprintf("k%05d", i)}, w.now); err != nil {
					w.Error(err)
				}
			}
		})
	}
	wait.Wait()
	_, _, err := w.State.Put(w.Context(), w.mine, extension.Put{Key: "more"}, w.now)
	if !errs.Is(err, errs.Conflict) || errs.As(err).Code != "plugin.full" || w.get("more") != "none" {
		w.Errorf("one more: %v", err)
	}
	if _, stored := w.put("k00001", "changed", nil); !stored {
		w.Error("what is there cannot be changed")
	}
	_, _, err = w.State.Put(w.Context(), w.others[0], extension.Put{Key: "k"}, w.now)
	w.ok(err)
	_, err = w.memory.Delete(w.Context(), w.mine, "k00001", nil)
	w.ok(err)
	if _, stored := w.put("more", "v", nil); !stored {
		w.Error("there is no room after a deletion")
	}
}

func (w *world) claim(key string) extension.Claim {
	w.Helper()
	c, err := w.memory.Claim(w.Context(), w.mine, key, time.Minute)
	w.ok(err)
	return c
}

func (w *world) complete(key, token, result string) bool {
	w.Helper()
	done, err := w.memory.Complete(w.Context(), w.mine, key, token, []byte(result), time.Hour)
	w.ok(err)
	return done
}

func claimed(w *world) {
	c := w.claim("k")
	if c.State != extension.ClaimGranted || c.Token == "" || !c.Until.Equal(w.now.Add(time.Minute)) {
		w.Fatalf("the first: %+v", c)
	}
	if second := w.claim("k"); second.State != extension.ClaimHeld || second.Token != "" || !second.Until.Equal(c.Until) {
		w.Errorf("the second: %+v", second)
	}
	if other, err := w.memory.Claim(w.Context(), w.others[0], "k", 0); err != nil || other.State != extension.ClaimGranted {
		w.Errorf("another's: %+v %v", other, err)
	}
	if w.complete("k", "forged", "x") {
		w.Error("a token that is none completed it")
	}
	for range 2 {
		if !w.complete("k", c.Token, "sent as 17") {
			w.Error("it was not completed")
		}
	}
	if later := w.claim("k"); later.State != extension.ClaimDone || string(later.Result) != "sent as 17" {
		w.Errorf("later: %+v", later)
	}
	w.now = w.now.Add(time.Hour)
	if again := w.claim("k"); again.State != extension.ClaimGranted {
		w.Errorf("when it is forgotten: %+v", again)
	}
}

func oneClaimant(w *world) {
	w.claim("lapsed")
	w.now = w.now.Add(time.Minute)
	for _, key := range []string{"new", "lapsed"} {
		won := together(func(int) bool {
			c, err := w.memory.Claim(w.Context(), w.mine, key, 0)
			if err != nil {
				w.Error(err)
			}
			return c.State == extension.ClaimGranted || c.State == extension.ClaimLapsed
		})
		if won != 1 {
			w.Errorf("%s: %d of %d have the claim", key, won, crowd)
		}
	}
}

func lapses(w *world) {
	first := w.claim("k")
	w.now = w.now.Add(time.Minute)
	second := w.claim("k")
	if second.State != extension.ClaimLapsed || second.Token == first.Token {
		w.Fatalf("after a lapse: %+v", second)
	}
	if w.complete("k", first.Token, "late") {
		w.Error("who was late completed what is another's")
	}
	w.ok(w.memory.Abandon(w.Context(), w.mine, "k", first.Token))
	if c := w.claim("k"); c.State != extension.ClaimHeld {
		w.Errorf("who was late gave away what is another's: %+v", c)
	}
	w.ok(w.memory.Abandon(w.Context(), w.mine, "k", second.Token))
	if third := w.claim("k"); third.State != extension.ClaimLapsed {
		w.Errorf("the lapse is forgotten: %+v", third)
	}
	slow := w.claim("slow")
	w.now = w.now.Add(2 * time.Minute)
	if !w.complete("slow", slow.Token, "in the end") {
		w.Error("who was late and alone may not complete")
	}
}

func abandons(w *world) {
	c := w.claim("k")
	w.ok(w.memory.Abandon(w.Context(), w.mine, "k", c.Token))
	again := w.claim("k")
	if again.State != extension.ClaimGranted {
		w.Errorf("after it was given up: %+v", again)
	}
	w.complete("k", again.Token, "done")
	w.ok(w.memory.Abandon(w.Context(), w.mine, "k", again.Token))
	if c := w.claim("k"); c.State != extension.ClaimDone {
		w.Errorf("what is done was given up: %+v", c)
	}
}
