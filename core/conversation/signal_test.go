package conversation_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
)

// shown is a far side that is shown things: each waits to be looked at.
type shown struct {
	asked     chan showing
	now, most atomic.Int64 // under way
}

type showing struct {
	channel.Signal
	inbox channel.InboxID
	over  <-chan struct{} // closed when it is to end
	until time.Time
	done  chan struct{} // closed lets it go
}

func (s *shown) Signal(ctx context.Context, inbox channel.Inbox, g channel.Signal) error {
	until, _ := ctx.Deadline()
	one := showing{g, inbox.ID, ctx.Done(), until, make(chan struct{})}
	s.most.Store(max(s.most.Load(), s.now.Add(1)))
	defer s.now.Add(-1)
	s.asked <- one
	select {
	case <-one.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// next is what is shown next.
func (s *shown) next(t *testing.T) showing {
	t.Helper()
	select {
	case one := <-s.asked:
		return one
	case <-time.After(time.Minute):
		t.Fatal("nothing is shown")
		return showing{}
	}
}

// only checks that nothing is shown before what is shown to somebody.
func (s *shown) only(t *testing.T, want string, then func()) {
	t.Helper()
	then()
	one := s.next(t)
	close(one.done)
	if one.Recipient != want {
		t.Errorf("shown is %+v, want only to %s", one.Signal, want)
	}
}

func newShown(d *desk, can ...string) *shown {
	d.plugins.Installed = []channel.Type{{Plugin: d.Inbox.Plugin, Capabilities: channel.Capabilities{
		Can: can, Windows: []channel.Window{{On: channel.TriggerMessage, Quota: 9, For: time.Hour}},
	}}}
	s := &shown{asked: make(chan showing, 64)}
	d.service.Signals = s
	return s
}

func TestAMemberTypes(t *testing.T) {
	d := newDesk(t)
	far := newShown(d, channel.CanTyping)
	anna, bob := d.where(item(d.Inbox, "m1", "anna", "hello")), d.where(item(d.Inbox, "m2", "bob", "hello"))
	for range 5 {
		d.service.MemberTypes(d.Context(), d.WS, anna.ID)
	}
	one := far.next(t)
	if one.Kind != channel.SignalTyping || one.Recipient != "anna" || one.Conversation != string(anna.ID) || one.inbox != d.Inbox.ID {
		t.Errorf("shown is %+v", one.Signal)
	}
	if one.until.IsZero() || time.Until(one.until) > time.Minute {
		t.Error("it may take for ever")
	}
	// It is under way: no second one beside it, however long it takes.
	d.pass(conversation.SignalEvery)
	far.only(t, "bob", func() {
		d.service.MemberTypes(d.Context(), d.WS, anna.ID)
		d.service.MemberTypes(d.Context(), d.WS, bob.ID)
	})
	// The message is there: nobody is to see that it is being written.
	d.post(d.agent, anna.ID, conversation.Text, "a1", "hello Anna")
	select {
	case <-one.over:
	case <-time.After(time.Minute):
		t.Fatal("it goes on beside the message")
	}
	d.pass(conversation.SignalEvery)
	_, err := d.service.SetState(t.Context(), as(d.agent), anna.ID, conversation.Resolved, time.Time{})
	d.OK(err)
	far.only(t, "bob", func() {
		d.service.MemberTypes(d.Context(), d.WS, anna.ID)  // it is resolved
		d.service.MemberTypes(d.Context(), d.WS, "cnv_no") // there is none
		d.service.MemberTypes(d.Context(), "wsp_no", bob.ID)
		d.pass(conversation.SignalEvery)
		eventually(t, func() bool { d.service.MemberTypes(d.Context(), d.WS, bob.ID); return len(far.asked) > 0 })
	})
	d.pass(2 * time.Hour) // nothing can be written to anybody
	eve := d.where(item(d.Inbox, "m3", "eve", "hello"))
	far.only(t, "eve", func() {
		d.service.MemberTypes(d.Context(), d.WS, bob.ID)
		d.service.MemberTypes(d.Context(), d.WS, eve.ID)
	})
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(end) {
			t.Fatal("it does not come to that")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAPluginThatIsSlowPilesUpNothing(t *testing.T) {
	d := newDesk(t)
	far := newShown(d, channel.CanTyping)
	var first []showing
	for i := range 4 {
		c := d.where(item(d.Inbox, fmt.Sprint("m", i), fmt.Sprint("person", i), "hello"))
		d.service.MemberTypes(d.Context(), d.WS, c.ID)
		first = append(first, far.next(t)) // and stays unanswered
	}
	for i := range 40 {
		c := d.where(item(d.Inbox, fmt.Sprint("n", i), fmt.Sprint("more", i), "hello"))
		d.service.MemberTypes(d.Context(), d.WS, c.ID)
	}
	for _, one := range first {
		close(one.done)
	}
	last := d.where(item(d.Inbox, "last", "last", "hello"))
	eventually(t, func() bool { // once there is room
		d.pass(conversation.SignalEvery)
		d.service.MemberTypes(d.Context(), d.WS, last.ID)
		select {
		case one := <-far.asked:
			close(one.done)
			return one.Recipient == "last"
		default:
			return false
		}
	})
	if most := far.most.Load(); most > 4 {
		t.Errorf("%d were under way at once", most)
	}
}

func TestMembersRead(t *testing.T) {
	d := newDesk(t)
	far := newShown(d, channel.CanRead)
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	d.where(item(d.Inbox, "m2", "anna", "are you there?"))
	now := d.Get(c.ID)
	mark := func(by uint64) { d.OK(d.service.MarkRead(t.Context(), as(d.agent), c.ID, by)) }
	mark(now.LastSeq)
	one := far.next(t)
	close(one.done)
	if one.Kind != channel.SignalRead || one.Target != "m2" || one.Recipient != "anna" {
		t.Errorf("shown is %+v", one.Signal)
	}
	d.post(d.agent, c.ID, conversation.Text, "a1", "yes")
	mark(d.Get(c.ID).LastSeq) // our own: nothing of theirs
	mark(1)
	d.service.MemberTypes(d.Context(), d.WS, c.ID) // it cannot show that
	d.where(item(d.Inbox, "m3", "anna", "good"))
	mark(d.Get(c.ID).LastSeq)
	one = far.next(t)
	close(one.done)
	if one.Target != "m3" || len(far.asked) != 0 {
		t.Errorf("shown is %+v", one.Signal)
	}
}

func TestAChannelIsNeverAskedForWhatItCannot(t *testing.T) {
	d := newDesk(t)
	far := newShown(d, channel.CanTyping)
	c := d.where(item(d.Inbox, "m1", "anna", "hello"))
	d.OK(d.service.MarkRead(t.Context(), as(d.agent), c.ID, c.LastSeq))
	bob := d.where(item(d.Inbox, "m2", "bob", "hello"))
	far.only(t, "bob", func() { d.service.MemberTypes(d.Context(), d.WS, bob.ID) })
	if len(far.asked) != 0 {
		t.Errorf("shown is %+v", (<-far.asked).Signal)
	}
}
