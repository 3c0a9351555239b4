package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// day is today's figures, folded anew from what is stored.
func (f *streams) day(since time.Time) *figures.Day {
	f.Helper()
	d, err := figures.Begin(f.Context(), f.s.Figures(), f.ws, since)
	f.ok(err)
	f.ok(d.Follow(f.Context(), f.s.Figures(), f.ws))
	return d
}

// save saves a member's status and returns how many events that made.
func (f *streams) save(m identity.MemberID, status dispatch.Status, online bool) uint64 {
	f.Helper()
	head, err := f.s.Events().Head(f.Context(), string(f.ws))
	f.ok(err)
	f.ok(f.work.SaveAgent(f.Context(), f.ws, dispatch.AgentState{Member: m, Status: status, Online: online, Since: f.at}))
	now, err := f.s.Events().Head(f.Context(), string(f.ws))
	f.ok(err)
	return now - head
}

// Figures that are followed from any moment on are those that are folded anew;
// a change of somebody's effective status is an event, and nothing else of it is.
func TestFiguresFollowWhatIsStored(t *testing.T) {
	inStreams(t, func(f *streams) {
		since := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		followed := []*figures.Day{f.day(since)}
		step := func(fn func()) {
			fn()
			followed = append(followed, f.day(since))
			f.ok(followed[0].Follow(f.Context(), f.s.Figures(), f.ws))
		}
		m := f.able()
		for _, s := range []struct {
			status dispatch.Status
			online bool
			events uint64
		}{{"", true, 1}, {dispatch.Available, true, 0}, {dispatch.Away, true, 1}, {dispatch.Available, false, 1}, {dispatch.Away, false, 0}, {dispatch.Available, true, 1}} {
			step(func() {
				if n := f.save(m, s.status, s.online); n != s.events {
					f.Errorf("%+v made %d events", s, n)
				}
			})
		}
		var it, other dispatch.Item
		step(func() { f.queue("que_a", queue.Plan{}); it = f.waits("que_a", time.Minute) })
		step(func() { other = f.waits("", time.Minute) })
		step(func() { f.ok(f.claim(it, m)) })
		turn := func(who identity.MemberID) conversation.Turn {
			t := f.d.w.System()
			t.Actor = identity.Actor{Kind: identity.ActorMember, ID: string(who), Name: "name"}
			return t
		}
		step(func() { f.change(it, func(c *conversation.Conversation) { c.Resolve(turn(m)) }) })
		step(func() { f.change(it, func(c *conversation.Conversation) { c.Reopen(turn(m)) }) })
		step(func() { f.change(other, func(c *conversation.Conversation) { c.Resolve(f.d.w.System()) }) })

		now := f.at.AddDate(20, 0, 0)
		want := f.day(since).Totals(now)
		for i, d := range followed {
			f.ok(d.Follow(f.Context(), f.s.Figures(), f.ws))
			if got := d.Totals(now); !reflect.DeepEqual(got, want) {
				f.Errorf("followed from %d on\n%+v\nfolded anew\n%+v", i, got, want)
			}
		}
		if q := want.Queues["que_a"]; q.Arrived != 1 || q.Answered != 1 || q.Resolved != 1 {
			f.Errorf("the queue: %+v", q)
		}
		if a := want.Agents[m]; a.Given != 1 || a.Resolved != 1 || a.Available <= 0 || a.Busy <= 0 {
			f.Errorf("the member: %+v", a)
		}
		tomorrow := f.day(now).Totals(now.Add(time.Hour)) // a day in which nothing happened yet
		if a := tomorrow.Agents[m]; a.Given != 0 || a.Available != time.Hour || a.Busy != time.Hour || len(tomorrow.Queues) != 0 {
			f.Errorf("a day later: %+v", tomorrow)
		}
	})
}

// What traffic reads of a day: each conversation's own changes in order with the
// channel that it came by, who became what, and how often somebody waited.
func TestTrafficOfWhatIsStored(t *testing.T) {
	inStreams(t, func(f *streams) {
		m := f.able()
		f.save(m, dispatch.Available, true)
		f.queue("que_a", queue.Plan{})
		it, other := f.waits("que_a", time.Minute), f.waits("", time.Minute)
		f.ok(f.claim(it, m))
		turn := f.d.w.System()
		turn.Actor = identity.Actor{Kind: identity.ActorMember, ID: string(m), Name: "name"}
		f.change(it, func(c *conversation.Conversation) { c.Resolve(turn) })

		past, future := f.at.AddDate(-1, 0, 0), time.Now().AddDate(1, 0, 0)
		types := map[string][]string{}
		f.ok(f.s.Figures().Histories(f.Context(), f.ws, past, future, func(e figures.Event, c dispatch.Channel) error {
			types[e.Subject] = append(types[e.Subject], e.Type)
			if c != dispatch.Chat && c != dispatch.Message || e.At.IsZero() {
				f.Errorf("%+v came by %v", e, c)
			}
			return nil
		}))
		if got := types[it.ID]; len(types) != 2 || len(got) < 4 || got[len(got)-1] != string(conversation.ResolvedChange) || len(types[other.ID]) == 0 {
			f.Errorf("histories: %v", types)
		}
		f.ok(f.s.Figures().Histories(f.Context(), f.ws, past, past, func(e figures.Event, _ dispatch.Channel) error {
			f.Errorf("before anything came: %+v", e)
			return nil
		}))
		switches, err := f.s.Figures().Switches(f.Context(), f.ws, past)
		f.ok(err)
		if len(switches) != 1 || switches[0].Member != m || switches[0].From != dispatch.Offline || switches[0].To != dispatch.Available {
			f.Errorf("switches: %+v", switches)
		}
		waits, err := f.s.Figures().Waits(f.Context(), f.ws, past)
		f.ok(err)
		n := 0
		for at, count := range waits {
			if n += count; at.Minute()%15 != 0 || at.Second() != 0 {
				f.Errorf("a quarter begins at %v", at)
			}
		}
		if n != 2 {
			f.Errorf("waits: %v", waits)
		}
		if again, err := f.s.Figures().Switches(f.Context(), f.ws, future); err != nil || len(again) != 0 {
			f.Errorf("later: %+v, %v", again, err)
		}
	})
}
