package conversation_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// assign gives a conversation to a member, which must be possible.
func (d *desk) assign(id conversation.ID, m identity.MemberID) conversation.Conversation {
	d.Helper()
	c, err := d.service.Assign(d.Context(), as(d.Owner), id, m)
	d.OK(err)
	return c
}

// set changes a conversation's state, which must be possible.
func (d *desk) set(id conversation.ID, state conversation.State, until time.Time) conversation.Conversation {
	d.Helper()
	c, err := d.service.SetState(d.Context(), as(d.agent), id, state, until)
	d.OK(err)
	return c
}

func TestAssignAndRelease(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	got := d.assign(c.ID, d.agent.ID)
	if got.Assignee != d.agent.ID || got.AssigneeName != "Lin" || got.InQueue() || got.LastSeq != c.LastSeq+1 {
		t.Errorf("assigned: %+v", got)
	}
	if again := d.assign(c.ID, d.agent.ID); again.LastSeq != got.LastSeq {
		t.Error("assigning to whom it belongs made a change")
	}
	got = d.assign(c.ID, "")
	if !got.InQueue() || got.Assignee != "" || !got.QueuedAt.Equal(c.WaitingSince) {
		t.Errorf("released: %+v", got)
	}
	if again := d.assign(c.ID, ""); again.LastSeq != got.LastSeq {
		t.Error("releasing what waits made a change")
	}
	if want := []conversation.ChangeType{conversation.Assigned, conversation.Queued}; !slices.Equal(d.kinds(c.ID, c.LastSeq), want) {
		t.Errorf("changes %v", d.kinds(c.ID, c.LastSeq))
	}

	suspended := d.Member(d.WS, "gone@example.com", "Gone", 5)
	_, err := d.fake.Identities.ChangeMember(t.Context(), d.WS, suspended.ID, func(m *identity.Member) error {
		m.Suspended = true
		return nil
	})
	d.OK(err)
	_, err = d.service.Assign(t.Context(), as(d.Owner), c.ID, suspended.ID)
	d.refused(err, errs.Conflict, "member.suspended")
	_, err = d.service.Assign(t.Context(), as(d.Owner), c.ID, "mem_none")
	d.Fails(err, errs.NotFound)

	d.set(c.ID, conversation.Resolved, time.Time{})
	_, err = d.service.Assign(t.Context(), as(d.Owner), c.ID, d.agent.ID)
	d.refused(err, errs.Conflict, "conversation.resolved")
	_, err = d.service.Assign(t.Context(), as(d.Owner), c.ID, "")
	d.refused(err, errs.Conflict, "conversation.not_open")
}

// Who gives a waiting conversation to somebody who is away knows that: news of
// what the customer wrote before does not undo it.
func TestRequeueKeepsWhatAPersonGaveAfterwards(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	wrote := d.Get(c.ID).LastSeq
	d.assign(c.ID, d.agent.ID)
	d.OK(d.service.Requeue(t.Context(), d.WS, c.ID, d.agent.ID, wrote))
	if got := d.Get(c.ID); got.InQueue() || got.Assignee != d.agent.ID {
		t.Errorf("taken from who was given it: %+v", got)
	}
	d.Receive(d.Inbox, "ext", "m2", "one more")
	d.OK(d.service.Requeue(t.Context(), d.WS, c.ID, d.agent.ID, d.Get(c.ID).LastSeq))
	if got := d.Get(c.ID); !got.InQueue() {
		t.Errorf("the customer writes to nobody: %+v", got)
	}
}

func TestRequeueOnlyWhatALostAgentOwes(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	d.assign(c.ID, d.agent.ID)
	seq := d.Get(c.ID).LastSeq
	requeue := func(lost identity.MemberID) conversation.Conversation {
		d.OK(d.service.Requeue(t.Context(), d.WS, c.ID, lost, d.Get(c.ID).LastSeq))
		return d.Get(c.ID)
	}
	if got := requeue(d.Owner.ID); got.LastSeq != seq {
		t.Error("taken from one who was not lost")
	}
	got := requeue(d.agent.ID)
	if !got.InQueue() || got.Assignee != "" || !got.QueuedAt.Equal(c.WaitingSince) {
		t.Errorf("not back in its place: %+v", got)
	}
	if again := requeue(d.agent.ID); again.LastSeq != got.LastSeq {
		t.Error("requeued twice")
	}
	d.post(d.agent, c.ID, conversation.Text, "a1", "hi") // takes it and answers: nobody waits
	if got := requeue(d.agent.ID); got.InQueue() || got.Assignee != d.agent.ID {
		t.Error("taken although the customer does not wait")
	}
	d.Receive(d.Inbox, "ext", "m2", "one more")
	d.set(c.ID, conversation.Snoozed, d.now().Add(time.Hour))
	if got := requeue(d.agent.ID); got.State != conversation.Snoozed {
		t.Error("woken by the loss of its agent")
	}
	if err := d.service.Requeue(t.Context(), d.WS, "cnv_none", d.agent.ID, 1); !errs.Is(err, errs.NotFound) {
		t.Errorf("nothing was requeued: %v", err)
	}
}

func TestSetState(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	later := d.now().Add(time.Hour)
	if got := d.set(c.ID, conversation.Open, time.Time{}); got.LastSeq != c.LastSeq {
		t.Error("opening what is open made a change")
	}
	if got := d.set(c.ID, conversation.Snoozed, later); got.State != conversation.Snoozed || !got.SnoozedUntil.Equal(later) || got.InQueue() {
		t.Errorf("snoozed: %+v", got)
	}
	if odd := d.set(c.ID, conversation.Snoozed, later.Add(123_456_789)); !odd.SnoozedUntil.Equal(later.Add(123 * time.Millisecond)) {
		t.Errorf("snoozed until %v", odd.SnoozedUntil)
	} else if ch := d.Timeline(c.ID, odd.LastSeq-1)[0]; string(ch.Data) != `{"until":"`+odd.SnoozedUntil.Format(time.RFC3339Nano)+`"}` {
		t.Errorf("the change says %s, the row %v", ch.Data, odd.SnoozedUntil)
	}
	if got := d.set(c.ID, conversation.Open, time.Time{}); !got.InQueue() || !got.SnoozedUntil.IsZero() || !got.QueuedAt.Equal(c.WaitingSince) {
		t.Errorf("woken: %+v", got)
	}
	resolved := d.set(c.ID, conversation.Resolved, time.Time{})
	if resolved.State != conversation.Resolved || !resolved.WaitingSince.IsZero() {
		t.Errorf("resolved: %+v", resolved)
	}
	if got := d.set(c.ID, conversation.Resolved, time.Time{}); got.LastSeq != resolved.LastSeq {
		t.Error("resolving what is resolved made a change")
	}
	_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Snoozed, later)
	d.refused(err, errs.Conflict, "conversation.resolved")
	if got := d.set(c.ID, conversation.Open, time.Time{}); got.State != conversation.Open || got.Assignee != d.agent.ID {
		t.Errorf("who reopens takes it: %+v", got)
	}
	for _, until := range []time.Time{{}, d.now(), d.now().Add(-time.Second)} {
		_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Snoozed, until)
		d.refused(err, errs.Invalid, "conversation.snooze_past")
	}
	for _, state := range []conversation.State{"", "closed"} {
		_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, state, later)
		d.refused(err, errs.Invalid, "conversation.state")
	}
}

func TestWakeDue(t *testing.T) {
	d := newDesk(t)
	snooze := func(external string, after time.Duration) conversation.ID {
		c := d.Receive(d.Inbox, external, "m1", "hello")
		d.set(c.ID, conversation.Snoozed, d.now().Add(after))
		return c.ID
	}
	due, later, early := snooze("due", time.Hour), snooze("later", 3*time.Hour), snooze("early", time.Hour)
	d.post(d.agent, early, conversation.Text, "a1", "I will be back")
	wake := func(want int) {
		t.Helper()
		if n, err := d.service.WakeDue(t.Context()); n != want || err != nil {
			t.Errorf("woke %d, %v; want %d", n, err, want)
		}
	}
	d.pass(time.Hour - time.Second)
	wake(0)
	d.Receive(d.Inbox, "early", "m2", "hello?") // wakes it before its time
	d.pass(time.Second)
	wake(1)
	if c := d.Get(due); !c.InQueue() || !c.SnoozedUntil.IsZero() {
		t.Errorf("the due one: %+v", c)
	}
	if c := d.Get(early); c.Assignee != d.agent.ID || c.State != conversation.Open {
		t.Errorf("the one that woke early: %+v", c)
	}
	if c := d.Get(later); c.State != conversation.Snoozed {
		t.Errorf("the later one: %+v", c)
	}
	seq := d.Get(due).LastSeq
	wake(0)
	if d.Get(due).LastSeq != seq {
		t.Error("woken twice")
	}
}

func TestOneThatCannotWakeDoesNotHoldUpTheOthers(t *testing.T) {
	d := newDesk(t)
	var ids []conversation.ID
	for _, external := range []string{"a", "b", "c"} {
		c := d.Receive(d.Inbox, external, "m1", "hello")
		d.set(c.ID, conversation.Snoozed, d.now().Add(time.Duration(len(ids)+1)*time.Minute))
		ids = append(ids, c.ID)
	}
	d.pass(time.Hour)
	broken := errors.New("a row nobody can read")
	d.store.load = func(id conversation.ID) error {
		if id == ids[0] {
			return broken
		}
		return nil
	}
	if n, err := d.service.WakeDue(t.Context()); n != 2 || !errors.Is(err, broken) {
		t.Errorf("woke %d, %v", n, err)
	}
	for i, id := range ids {
		if got := d.Get(id).State; (got == conversation.Open) != (i > 0) {
			t.Errorf("conversation %d is %s", i, got)
		}
	}
	// A store that is down is not asked a hundred times.
	asked := 0
	d.store.before = func() error { asked++; return errStoreDown() }
	for _, id := range ids[1:] {
		d.Change(id, func(c *conversation.Conversation) error { return c.Snooze(d.System(), d.now()) })
	}
	if n, err := d.service.WakeDue(t.Context()); n != 0 || !errs.Is(err, errs.Unavailable) || asked != 1 {
		t.Errorf("woke %d, %v, asked %d times", n, err, asked)
	}
}
