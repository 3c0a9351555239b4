package conversation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/queue"
)

// waiting has a visitor wait in a queue that does something with who left.
func (d *desk) waiting(does queue.Left) (conversation.Visitor, conversation.ID) {
	d.Helper()
	id := queue.ID(d.IDs.New("que"))
	d.stream(id, queue.Plan{Left: does}, string(d.Live.ID))
	v := d.visitor()
	d.says(v, "where is my order?")
	c, err := d.service.VisitorConversation(d.Context(), v)
	d.OK(err)
	if c.Queue != id || !c.Waits() {
		d.Fatalf("does not wait: %+v", c)
	}
	d.attends(c.ID)
	return v, c.ID
}

// resolvedFor returns why a conversation was resolved, each time.
func (d *desk) resolvedFor(id conversation.ID) []string {
	d.Helper()
	var out []string
	for _, ch := range d.Timeline(id, 0) {
		if ch.Type != conversation.ResolvedChange {
			continue
		}
		var data struct{ Reason string }
		d.OK(json.Unmarshal(ch.Data, &data))
		out = append(out, data.Reason)
	}
	return out
}

func (d *desk) ended(id conversation.ID, want ...string) {
	d.Helper()
	got := d.resolvedFor(id)
	if len(got) != len(want) || len(want) > 0 && got[len(got)-1] != want[len(want)-1] {
		d.Fatalf("resolved for %q, want %q", got, want)
	}
}

func TestAQueueClosesWhatWasLeft(t *testing.T) {
	d := newDesk(t)
	v, id := d.waiting(queue.Left{Do: queue.LeftClose, After: time.Minute})
	d.pass(conversation.LeftAfter)
	d.leaves(id, 1)
	d.ended(id)
	d.pass(59 * time.Second)
	d.leaves(id, 1)
	d.ended(id)
	d.attends(id) // comes back
	d.pass(conversation.LeftAfter)
	d.leaves(id, 1)
	d.pass(59 * time.Second)
	d.leaves(id, 1)
	d.ended(id)
	d.pass(time.Second)
	d.leaves(id, 1)
	d.ended(id, conversation.ResolvedLeft)
	if c := d.Get(id); c.State != conversation.Resolved || c.Waits() || !c.WaitingSince.IsZero() {
		t.Fatalf("%+v", c)
	}
	d.pass(3 * time.Hour)
	d.leaves(id, 1)
	d.ended(id, conversation.ResolvedLeft)

	came := d.now()
	d.says(v, "I am back") // and waits anew
	if c := d.Get(id); !c.Waits() || !c.QueuedAt.Equal(came) {
		t.Fatalf("%+v", c)
	}
	d.attends(id)
	d.pass(conversation.LeftAfter)
	d.leaves(id, 2)
	d.pass(time.Minute)
	d.leaves(id, 2)
	d.ended(id, conversation.ResolvedLeft, conversation.ResolvedLeft)
}

func TestAQueueMakesATicketOfWhatWasLeft(t *testing.T) {
	d := newDesk(t)
	made := begunTickets{}
	d.service.Tickets = made
	_, id := d.waiting(queue.Left{Do: queue.LeftTicket})
	d.pass(conversation.LeftAfter)
	d.leaves(id, 1)
	d.ended(id, conversation.ResolvedTicket)
	d.pass(3 * time.Hour)
	d.leaves(id, 1)
	d.ended(id, conversation.ResolvedTicket)
	if made[id] == 0 {
		t.Fatal("no ticket was made")
	}
}

// What a queue does with who left is not done to whom somebody was found for, and
// not in one go after a time in which no server was there.
func TestWhatIsNotLeftForGoodStays(t *testing.T) {
	d := newDesk(t)
	_, id := d.waiting(queue.Left{Do: queue.LeftClose, After: time.Minute})
	d.pass(conversation.LeftAfter)
	d.leaves(id, 1)
	d.assign(id, d.agent.ID)
	d.pass(time.Hour)
	d.leaves(id, 1)
	d.ended(id)

	v := d.visitor()
	d.says(v, "hello")
	c, err := d.service.VisitorConversation(t.Context(), v)
	d.OK(err)
	d.attends(c.ID)
	d.pass(2 * time.Hour) // no server looks
	d.leaves(c.ID, 1)
	d.pass(conversation.LeftAfter)
	d.leaves(c.ID, 1)
	d.ended(c.ID)
	d.pass(time.Minute)
	d.leaves(c.ID, 1)
	d.ended(c.ID, conversation.ResolvedLeft)
}

// A queue that comes to do something does it to who left before, too, and one
// that does nothing any more leaves them.
func TestAQueueThatChangesItsMindAboutWhoLeft(t *testing.T) {
	d := newDesk(t)
	_, id := d.waiting(queue.Left{})
	d.pass(conversation.LeftAfter)
	d.leaves(id, 1)
	d.pass(2 * time.Hour)
	d.leaves(id, 1)
	d.ended(id)
	does := func(left queue.Left) {
		t.Helper()
		_, err := d.fake.Queues.Change(t.Context(), d.WS, d.Get(id).Queue, func(q *queue.Queue) error { q.Left = left; return nil })
		d.OK(err)
	}
	does(queue.Left{Do: queue.LeftClose, After: time.Hour})
	d.pass(time.Hour) // the look at which it is seen
	d.leaves(id, 1)
	does(queue.Left{})
	d.pass(2 * time.Hour)
	d.leaves(id, 1)
	d.ended(id)
	does(queue.Left{Do: queue.LeftClose})
	d.pass(time.Hour)
	d.leaves(id, 1)
	d.ended(id, conversation.ResolvedLeft)
}
