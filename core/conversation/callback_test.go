package conversation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/queue"
)

// line has a visitor wait in a queue with a plan.
func (d *desk) line(p queue.Plan) (conversation.Visitor, conversation.ID) {
	d.Helper()
	d.stream("que_line", p, string(d.Live.ID))
	v := d.visitor()
	d.says(v, "where is my order?")
	c, err := d.service.VisitorConversation(d.Context(), v)
	d.OK(err)
	return v, c.ID
}

func TestAVisitorLeavesTheQueue(t *testing.T) {
	d := newDesk(t)
	other := d.visitor()
	d.refused(d.service.VisitorLeaves(t.Context(), other), errs.Conflict, conversation.CodeNotWaiting)
	v, id := d.line(queue.Plan{})
	d.attends(id)
	for range 2 {
		d.OK(d.service.VisitorLeaves(t.Context(), v))
	}
	d.ended(id, conversation.ResolvedLeft)
	d.pass(time.Hour)
	d.leaves(id, 1) // and is found to have left no more
	d.says(v, "I am back")
	d.assign(id, d.agent.ID)
	d.refused(d.service.VisitorLeaves(t.Context(), v), errs.Conflict, conversation.CodeNotWaiting)
	d.refused(d.service.VisitorLeaves(t.Context(), other), errs.Conflict, conversation.CodeNotWaiting)
}

// Who was found to have left, came back, and leaves, left this wait once.
func TestOneWaitIsLeftOnce(t *testing.T) {
	d := newDesk(t)
	v, id := d.line(queue.Plan{})
	d.attends(id)
	d.pass(conversation.LeftAfter)
	d.leaves(id, 1)
	d.attends(id)
	d.OK(d.service.VisitorLeaves(t.Context(), v))
	d.leaves(id, 1)
	d.ended(id, conversation.ResolvedLeft)
}

func TestAVisitorIsCalledBack(t *testing.T) {
	d := newDesk(t)
	made := begunTickets{}
	d.service.Tickets = made
	v, id := d.line(queue.Plan{Callback: queue.Callbacks{Offered: queue.OfferedAlways}})
	d.attends(id)
	wish := conversation.Callback{ClientID: "one", Phone: "+49 30 123456", When: " in the morning ", Note: "about the order"}
	for range 2 { // its answer was lost
		n, err := d.service.VisitorCallback(t.Context(), v, wish)
		d.OK(err)
		if n.Ticket != "T-1" || made[id] != 1 {
			t.Fatalf("noted %+v, %d tickets", n, made[id])
		}
	}
	d.ended(id, conversation.ResolvedCallback)
	said := d.automatic(id)
	if len(said) != 1 || !strings.Contains(said[0].Text, "+49") || !strings.Contains(said[0].Text, "(in the morning)") {
		t.Fatalf("told %+v", said)
	}
	got, _, err := d.fake.Contacts.Get(t.Context(), d.WS, d.Get(id).Contact)
	d.OK(err)
	if phone, _ := contact.Phone(wish.Phone); got.Phone != phone {
		t.Fatalf("the contact has the number %q", got.Phone)
	}
	d.leaves(id, 0)
	wish.ClientID = "two"
	_, err = d.service.VisitorCallback(t.Context(), v, wish)
	d.refused(err, errs.Conflict, conversation.CodeNotWaiting)
	d.says(v, "再问一下") // waits anew, and is told in their language
	n, err := d.service.VisitorCallback(t.Context(), v, wish)
	d.OK(err)
	if said = d.automatic(id); !n.Before || !strings.HasPrefix(said[1].Text, "已收到您的回访请求") {
		t.Fatalf("noted %+v, told %q", n, said[1].Text)
	}
}

func TestWhatACallbackMayNotSay(t *testing.T) {
	d := newDesk(t)
	d.service.Tickets = begunTickets{}
	v, id := d.line(queue.Plan{})
	_, err := d.service.VisitorCallback(t.Context(), v, conversation.Callback{ClientID: "one", Phone: "+49 30 123456"})
	d.refused(err, errs.Forbidden, conversation.CodeCallbackOff)
	for ask, wrong := range map[queue.Reach]map[string]conversation.Callback{
		queue.ReachPhone: {
			"/phone": {Email: "a@example.com"}, "/when": {Phone: "+49 30 123456", When: strings.Repeat("x", 201)},
			"/note": {Phone: "+49 30 123456", Note: strings.Repeat("x", 2001)}, "/email": {Phone: "+49 30 123456", Email: "nobody"},
		},
		queue.ReachEmail:  {"/email": {Phone: "+49 30 123456"}},
		queue.ReachEither: {"/phone": {}},
	} {
		_, err := d.fake.Queues.Change(t.Context(), d.WS, "que_line", func(q *queue.Queue) error {
			q.Callback = queue.Callbacks{Offered: queue.OfferedClosed, Ask: ask}
			return nil
		})
		d.OK(err)
		for pointer, wish := range wrong {
			wish.ClientID = "x"
			_, err := d.service.VisitorCallback(t.Context(), v, wish)
			d.refused(err, errs.Invalid, "form.invalid")
			if fields := errs.As(err).Fields; !slices.ContainsFunc(fields, func(f errs.Field) bool { return f.Pointer == pointer }) {
				t.Errorf("%s, %s: %+v", ask, pointer, fields)
			}
		}
	}
	d.ended(id)
}

func TestWhenACallbackIsOffered(t *testing.T) {
	d := newDesk(t)
	d.service.Tickets = begunTickets{}
	v, _ := d.line(queue.Plan{})
	here, long := queue.Expected{Available: true, Wait: time.Minute}, queue.Expected{Available: true, Wait: 10 * time.Minute}
	for _, c := range []struct {
		when  queue.Offered
		known queue.Expected
		want  bool
	}{
		{queue.OfferedNever, long, false},
		{queue.OfferedAlways, here, true},
		{queue.OfferedClosed, long, false},
		{queue.OfferedClosed, queue.Expected{Closed: true}, true},
		{queue.OfferedWait, here, false},
		{queue.OfferedWait, queue.Expected{Available: true}, false},
		{queue.OfferedWait, long, true},
		{queue.OfferedWait, queue.Expected{}, true},
	} {
		if got := (queue.Callbacks{Offered: c.when, Wait: 5 * time.Minute}).Offers(c.known); got != c.want {
			t.Errorf("%s with %+v: %v", c.when, c.known, got)
		}
	}
	for _, when := range []queue.Offered{queue.OfferedNever, queue.OfferedAlways} {
		_, err := d.fake.Queues.Change(t.Context(), d.WS, "que_line", func(q *queue.Queue) error { q.Callback.Offered = when; return nil })
		d.OK(err)
		got, err := d.service.VisitorWaiting(t.Context(), v)
		d.OK(err)
		if !got.Waits || (got.Callback == queue.ReachPhone) != (when == queue.OfferedAlways) {
			t.Errorf("%s: %+v", when, got)
		}
	}
	if got, err := d.service.VisitorWaiting(t.Context(), d.visitor()); err != nil || got.Waits {
		t.Errorf("who does not wait: %+v, %v", got, err)
	}
}
