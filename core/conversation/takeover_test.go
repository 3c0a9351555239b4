package conversation_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// takeOver takes a conversation over from a member.
func (d *desk) takeOver(by identity.Member, id conversation.ID, from identity.MemberID, why string) (conversation.Conversation, error) {
	return d.service.TakeOver(d.Context(), as(by), id, conversation.TakingOver{From: from, Why: why})
}

// dataOf is the data of a conversation's last change, which has a type.
func (d *desk) dataOf(id conversation.ID, typ conversation.ChangeType) map[string]any {
	d.Helper()
	all := d.Timeline(id, 0)
	last := all[len(all)-1]
	var out map[string]any
	if last.Type != typ || json.Unmarshal(last.Data, &out) != nil {
		d.Fatalf("the last change is %s %s", last.Type, last.Data)
	}
	return out
}

func TestTakeOver(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Live, "vis_x", "m1", "hello")
	d.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), d.agent.ID, "Lin", "dispatch") })
	_, err := d.takeOver(d.agent, c.ID, "", "mine")
	d.refused(err, errs.Forbidden, "forbidden")
	for _, why := range []string{"", " \n\t", strings.Repeat("长", conversation.MaxTakeOverReason+1)} {
		_, err = d.takeOver(d.Owner, c.ID, d.agent.ID, why)
		d.refused(err, errs.Invalid, "conversation.take_over_reason")
	}
	_, err = d.takeOver(d.Owner, c.ID, "", "nobody has it, I think")
	d.refused(err, errs.Conflict, "conversation.held")
	if f := errs.As(err).Fields; len(f) != 1 || f[0].Detail != string(d.agent.ID) || !strings.HasPrefix(errs.As(err).Message, "Lin has") {
		t.Fatalf("%v: %+v", err, f)
	}
	got, err := d.takeOver(d.Owner, c.ID, d.agent.ID, "  The customer\n asked for me. ")
	if err != nil || got.Assignee != d.Owner.ID || got.Responder != conversation.ResponderAgent || got.Load() != (conversation.Load{Member: d.Owner.ID, Weight: 1}) {
		t.Fatalf("%+v, %v", got, err)
	}
	said := d.dataOf(c.ID, conversation.Assigned)
	if said["reason"] != "taken_over" || said["text"] != "The customer asked for me." || said["by"] != "member" || said["from_id"] != string(d.agent.ID) {
		t.Fatalf("%v", said)
	}
	again, err := d.takeOver(d.Owner, c.ID, d.agent.ID, "sent again")
	if err != nil || again.LastSeq != got.LastSeq {
		t.Fatalf("again: %+v, %v", again, err)
	}
	// What the agent was about to say is said, and takes nothing back.
	d.post(d.agent, c.ID, conversation.Text, "a1", "I was writing this")
	if now := d.Get(c.ID); now.Assignee != d.Owner.ID || !slices.Contains(d.texts(c.ID), "I was writing this") {
		t.Fatalf("%+v", now)
	}
	d.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(d.System()); return nil })
	_, err = d.takeOver(d.Owner, c.ID, d.Owner.ID, "late")
	d.refused(err, errs.Conflict, "conversation.resolved")
}

// Whoever, or whatever, has it: it becomes the supervisor's.
func TestTakeOverFromAnybody(t *testing.T) {
	for name, c := range map[string]struct {
		as    func(d *desk, c *conversation.Conversation) error
		state conversation.State
		types []conversation.ChangeType
	}{
		"what waits": {func(*desk, *conversation.Conversation) error { return nil }, conversation.Open, []conversation.ChangeType{conversation.Assigned}},
		"what is offered": {func(d *desk, c *conversation.Conversation) error {
			return c.Offer(d.System(), d.agent.ID, "Lin", d.Tick().Add(20*time.Second))
		}, conversation.Open, []conversation.ChangeType{conversation.Offered, conversation.OfferEnded, conversation.Assigned}},
		"what sleeps": {func(d *desk, c *conversation.Conversation) error {
			return errors.Join(c.Assign(d.System(), d.agent.ID, "Lin", "member"), c.Snooze(d.System(), d.Tick().Add(time.Hour)))
		}, conversation.Snoozed, []conversation.ChangeType{conversation.Assigned, conversation.SnoozedChange, conversation.Assigned}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			before := d.Receive(d.Inbox, "ext", "m1", "hello")
			d.Change(before.ID, func(x *conversation.Conversation) error { return c.as(d, x) })
			got, err := d.takeOver(d.Owner, before.ID, d.Get(before.ID).Assignee, "urgent")
			if err != nil || got.Assignee != d.Owner.ID || got.State != c.state || got.OfferedTo != "" || !got.QueuedAt.IsZero() {
				t.Fatalf("%+v, %v", got, err)
			}
			if kinds := d.kinds(before.ID, before.LastSeq); !slices.Equal(kinds, c.types) {
				t.Fatalf("%v", kinds)
			}
		})
	}
}

// Of two supervisors who take over from the same agent at once one has it, and
// the other is told who.
func TestTwoTakeOverAtOnce(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Live, "vis_x", "m1", "hello")
	d.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), d.agent.ID, "Lin", "dispatch") })
	second := d.Member(d.WS, "second@example.com", "Second", 5)
	second.Role = identity.RoleSupervisor
	var wg sync.WaitGroup
	failed := make([]error, 2)
	for i, who := range []identity.Member{d.Owner, second} {
		wg.Go(func() { _, failed[i] = d.takeOver(who, c.ID, d.agent.ID, "mine") })
	}
	wg.Wait()
	winner, loser := d.Owner, failed[1]
	if failed[0] != nil {
		winner, loser = second, failed[0]
	}
	d.refused(loser, errs.Conflict, "conversation.held")
	if now := d.Get(c.ID); now.Assignee != winner.ID || errs.As(loser).Fields[0].Detail != string(winner.ID) {
		t.Fatalf("%s has it, and %v", now.Assignee, loser)
	}
}

// Who joins answers beside whoever has the conversation.
func TestJoin(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Live, "vis_x", "m1", "hello")
	join := func(by identity.Member) (conversation.Conversation, error) {
		return d.service.Join(t.Context(), as(by), c.ID)
	}
	_, err := join(d.Owner)
	d.refused(err, errs.Conflict, "conversation.nobody_to_join")
	d.Change(c.ID, func(c *conversation.Conversation) error { return c.Assign(d.System(), d.agent.ID, "Lin", "dispatch") })
	_, err = join(d.agent)
	d.refused(err, errs.Forbidden, "forbidden")
	got, err := join(d.Owner)
	if err != nil || got.Assignee != d.agent.ID || !slices.Equal(got.Participants, []identity.MemberID{d.Owner.ID}) {
		t.Fatalf("%+v, %v", got, err)
	}
	if said := d.dataOf(c.ID, conversation.ParticipantsChanged); said["as"] != "join" {
		t.Fatalf("%v", said)
	}
	if again, err := join(d.Owner); err != nil || again.LastSeq != got.LastSeq {
		t.Fatalf("again: %+v, %v", again, err)
	}
	d.post(d.Owner, c.ID, conversation.Text, "a1", "may I help?")
	if now := d.Get(c.ID); now.Assignee != d.agent.ID || now.Load().Member != d.agent.ID {
		t.Fatalf("%+v", now)
	}
	for range 2 {
		got, err = d.service.Leave(t.Context(), as(d.Owner), c.ID)
		if err != nil || len(got.Participants) != 0 || got.Assignee != d.agent.ID {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if said := d.dataOf(c.ID, conversation.ParticipantsChanged); said["as"] != "join" {
		t.Fatalf("%v", said)
	}
	d.Change(c.ID, func(c *conversation.Conversation) error { c.Resolve(d.System()); return nil })
	_, err = join(d.Owner)
	d.refused(err, errs.Conflict, "conversation.resolved")
}
