package figures_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// tape is a Journal of events that a test made up.
type tape struct {
	events []figures.Event
	until  int // how many have happened
}

func (p *tape) Start(_ context.Context, _ identity.WorkspaceID, since time.Time) (uint64, error) {
	for i, e := range p.events[:p.until] {
		if !e.At.Before(since.Add(-5 * time.Minute)) {
			return uint64(i), nil
		}
	}
	return uint64(p.until), nil
}

func (p *tape) After(_ context.Context, _ identity.WorkspaceID, feed uint64, limit int) ([]figures.Event, error) {
	rest := p.events[min(feed, uint64(p.until)):p.until]
	return rest[:min(limit, len(rest))], nil
}

func (p *tape) Past(_ context.Context, _ identity.WorkspaceID, before time.Time, fn func(figures.Event)) error {
	for _, e := range p.events[:p.until] {
		if e.Seq > 0 && e.At.Before(before) {
			fn(e)
		}
	}
	return nil
}

func (p *tape) History(_ context.Context, _ identity.WorkspaceID, id string, before uint64, fn func(figures.Event)) error {
	for _, e := range p.events[:p.until] {
		if e.Subject == id && e.Seq < before {
			fn(e)
		}
	}
	return nil
}

func (p *tape) Present(_ context.Context, _ identity.WorkspaceID, since time.Time) (map[identity.MemberID]dispatch.Status, error) {
	out := map[identity.MemberID]dispatch.Status{}
	for _, e := range p.events[:p.until] {
		if e.Type != dispatch.PresenceSwitched {
			continue
		}
		var said dispatch.PresenceData
		if err := json.Unmarshal(e.Data, &said); err != nil {
			return nil, err
		}
		delete(out, identity.MemberID(e.Subject))
		if e.At.Before(since) {
			out[identity.MemberID(e.Subject)] = said.Status
		}
	}
	return out, nil
}

// add appends an event to the tape.
func (p *tape) add(typ conversation.ChangeType, subject string, at time.Time, actor identity.ActorKind, who string, data any) {
	e := figures.Event{Feed: uint64(len(p.events)) + 1, Type: string(typ), Subject: subject, At: at, Actor: actor, ActorID: who}
	if typ != dispatch.PresenceSwitched {
		for _, before := range p.events {
			if before.Subject == subject {
				e.Seq = before.Seq
			}
		}
		e.Seq++
	}
	if data != nil {
		e.Data, _ = json.Marshal(data)
	}
	p.events = append(p.events, e)
	p.until = len(p.events)
}

// today is the midnight of the tests.
var today = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// day is what a tape says, folded from its beginning.
func day(t interface {
	Fatal(args ...any)
}, p *tape,
) *figures.Day {
	d, err := figures.Begin(context.Background(), p, "wsp_1", today)
	if err == nil {
		err = d.Follow(context.Background(), p, "wsp_1")
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// totals are those of a day, without what is nothing.
func totals(d *figures.Day, now time.Time) figures.Totals {
	out := d.Totals(now)
	maps.DeleteFunc(out.Queues, func(_ queue.ID, q figures.QueueDay) bool { return reflect.ValueOf(q).IsZero() })
	maps.DeleteFunc(out.Agents, func(_ identity.MemberID, a figures.AgentTotals) bool { return reflect.ValueOf(a).IsZero() })
	return out
}

// randomTape is anything that conversations and members could do, and much that
// they could not.
func randomTape(t *rapid.T) *tape {
	p := &tape{}
	types := []conversation.ChangeType{
		conversation.MessageCreated, conversation.MessageCreated, conversation.Assigned, conversation.Assigned, conversation.Queued, conversation.OfferEnded,
		conversation.BotEngaged, conversation.ResolvedChange, conversation.ResolvedChange, conversation.Reopened, conversation.SnoozedChange, conversation.Unsnoozed,
		conversation.TeamChanged, conversation.Merged, conversation.Unmerged, figures.Abandoned, conversation.Labeled, dispatch.PresenceSwitched,
	}
	members, queues := []string{"mem_1", "mem_2"}, []string{"", "que_1", "que_2"}
	actors := []identity.ActorKind{identity.ActorContact, identity.ActorMember, identity.ActorSystem}
	status := map[string]dispatch.Status{"mem_1": dispatch.Offline, "mem_2": dispatch.Offline}
	at := today.Add(-time.Hour)
	for range rapid.IntRange(0, 80).Draw(t, "events") {
		at = at.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
		when := at.Add(-time.Duration(rapid.IntRange(0, 2).Draw(t, "late")) * time.Second)
		typ, m := rapid.SampledFrom(types).Draw(t, "type"), rapid.SampledFrom(members).Draw(t, "member")
		if typ == dispatch.PresenceSwitched {
			to := rapid.SampledFrom([]dispatch.Status{dispatch.Available, dispatch.Away, dispatch.Offline}).Draw(t, "status")
			p.add(typ, m, when, "", "", dispatch.PresenceData{Status: to, From: status[m]})
			status[m] = to
			continue
		}
		p.add(typ, fmt.Sprintf("cnv_%d", rapid.IntRange(1, 4).Draw(t, "conversation")), when, rapid.SampledFrom(actors).Draw(t, "actor"), m, map[string]any{
			"assignee_id": m, "member_id": m, "queue_id": rapid.SampledFrom(queues).Draw(t, "queue"),
			"reason": rapid.SampledFrom([]string{conversation.OfferUnanswered, conversation.OfferRejected}).Draw(t, "reason"),
			"by":     rapid.SampledFrom([]string{"contact", "agent"}).Draw(t, "by"), "state": "open",
		})
	}
	return p
}

// TestLiveIsRecomputed: a day that was begun at any moment and followed in any
// portions, some of which came twice, says what the same day says that is folded
// anew from all its events.
func TestLiveIsRecomputed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := randomTape(t)
		all := len(p.events)
		now := today.Add(12 * time.Hour)
		p.until = rapid.IntRange(0, all).Draw(t, "begun")
		live := day(t, p)
		for p.until < all {
			p.until = rapid.IntRange(p.until+1, all).Draw(t, "cut")
			if err := live.Follow(context.Background(), p, "wsp_1"); err != nil {
				t.Fatal(err)
			}
			for _, e := range p.events[:p.until] {
				live.Take(e)
			}
		}
		if got, want := totals(live, now), totals(day(t, p), now); !reflect.DeepEqual(got, want) {
			t.Errorf("live       %+v\nrecomputed %+v", got, want)
		}
	})
}

// TestADay: what each figure is of a day that a person can follow.
func TestADay(t *testing.T) {
	p := &tape{}
	at := func(minutes int) time.Time { return today.Add(time.Duration(minutes) * time.Minute) }
	customer, member, system := identity.ActorContact, identity.ActorMember, identity.ActorSystem
	present := func(minutes int, from, to dispatch.Status) {
		p.add(dispatch.PresenceSwitched, "mem_1", at(minutes), "", "", dispatch.PresenceData{Status: to, From: from})
	}
	// Yesterday: one is given to the member, who has it until 10 past midnight.
	p.add(conversation.Created, "cnv_0", at(-60), customer, "", nil)
	p.add(conversation.Queued, "cnv_0", at(-60), customer, "", map[string]string{"reason": "new"})
	p.add(conversation.Assigned, "cnv_0", at(-30), system, "", map[string]string{"assignee_id": "mem_1"})
	present(-30, dispatch.Offline, dispatch.Available)
	p.add(conversation.ResolvedChange, "cnv_0", at(10), member, "mem_1", nil)

	// One arrives, is routed at once, rings in vain, is given, answered, asleep, resolved.
	p.add(conversation.Created, "cnv_1", at(20), customer, "", nil)
	p.add(conversation.MessageCreated, "cnv_1", at(20), customer, "", nil)
	p.add(conversation.Queued, "cnv_1", at(20), customer, "", map[string]string{"reason": "new"})
	p.add(conversation.TeamChanged, "cnv_1", at(20), system, "", map[string]string{"queue_id": "que_1"})
	p.add(conversation.OfferEnded, "cnv_1", at(21), system, "", map[string]string{"member_id": "mem_1", "reason": "unanswered"})
	p.add(conversation.Assigned, "cnv_1", at(22), system, "", map[string]string{"assignee_id": "mem_1"})
	p.add(conversation.MessageCreated, "cnv_1", at(24), member, "mem_1", nil)
	p.add(conversation.SnoozedChange, "cnv_1", at(30), member, "mem_1", nil)
	p.add(conversation.Unsnoozed, "cnv_1", at(50), system, "", nil)
	p.add(conversation.ResolvedChange, "cnv_1", at(52), member, "mem_1", nil)

	// One leaves; one is answered by its bot, which is no answer of a person.
	p.add(conversation.Created, "cnv_2", at(40), customer, "", nil)
	p.add(conversation.Queued, "cnv_2", at(40), customer, "", map[string]string{"reason": "new"})
	p.add(figures.Abandoned, "cnv_2", at(45), system, "", map[string]string{"queue_id": ""})
	p.add(conversation.ResolvedChange, "cnv_2", at(45), system, "", nil)
	present(60, dispatch.Available, dispatch.Away)

	got := totals(day(t, p), at(90))
	q := got.Queues["que_1"]
	if q.Arrived != 1 || q.Answered != 1 || q.Resolved != 1 || q.Abandoned != 0 {
		t.Errorf("the queue: %+v", q)
	}
	for what, d := range map[string]struct{ got, want time.Duration }{
		"wait": {q.Wait.Sum, 2 * time.Minute}, "first response": {q.FirstResponse.Sum, 4 * time.Minute}, "handle": {q.Handle.Sum, 10 * time.Minute},
	} {
		if d.got != d.want {
			t.Errorf("%s: %v, want %v", what, d.got, d.want)
		}
	}
	if n := got.Queues[""]; n.Arrived != 1 || n.Abandoned != 1 || n.Resolved != 1 || n.Answered != 0 { // resolved is yesterday's
		t.Errorf("in no queue: %+v", n)
	}
	a := got.Agents["mem_1"]
	if a.Given != 1 || a.Resolved != 2 || a.Missed != 1 || a.FirstResponse.Sum != 2*time.Minute || a.Handle.Sum != 50*time.Minute {
		t.Errorf("the member: %+v", a)
	}
	if a.Available != time.Hour || a.Busy != 20*time.Minute { // to 10, 22 to 30, 50 to 52
		t.Errorf("available %v, busy %v", a.Available, a.Busy)
	}
}

// TestCountsNothingElse: of the types of events, these alone move a figure.
func TestCountsNothingElse(t *testing.T) {
	for _, typ := range []conversation.ChangeType{conversation.NoteCreated, conversation.Labeled, conversation.Offered, "ticket.created"} {
		if figures.Counts(string(typ)) {
			t.Errorf("%s counts", typ)
		}
	}
	if !figures.Counts(dispatch.PresenceSwitched) {
		t.Error("presence does not count")
	}
}
