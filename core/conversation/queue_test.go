package conversation_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// queue makes a queue that a team serves, for inboxes.
func (d *desk) queue(id queue.ID, of team.ID, inboxes ...string) {
	d.Helper()
	d.OK(d.fake.Queues.Create(d.Context(), queue.Queue{Workspace: d.WS, ID: id, Name: string(id), Team: of, Inboxes: inboxes, CreatedAt: d.Tick(), UpdatedAt: d.Tick()}))
}

// An inbox's queue goes before its team.
func TestNewConversationsWaitInTheQueueOfTheirInbox(t *testing.T) {
	d := newDesk(t)
	sales, vip := d.Team(d.WS, "sales"), d.Team(d.WS, "vip")
	_, err := d.F.Teams.Change(t.Context(), d.WS, sales, func(x *team.Team) error { x.Inboxes = []string{string(d.Inbox.ID)}; return nil })
	d.OK(err)
	d.queue("que_vip", vip, string(d.Inbox.ID))
	d.writes("u1", "m1", "hello")
	c := d.chatOf("u1")
	if c.Queue != "que_vip" || c.Team != vip || !c.InQueue() {
		t.Fatalf("%+v", c)
	}
}

func TestTransferToAQueue(t *testing.T) {
	d := newDesk(t)
	sales, vip := d.Team(d.WS, "sales"), d.Team(d.WS, "vip")
	d.queue("que_vip", vip)
	c := d.Receive(d.Inbox, "ext", "", "hello")
	send := func(to conversation.Destination) (conversation.Conversation, error) {
		return d.service.Transfer(t.Context(), as(d.Owner), c.ID, to)
	}
	in, out, none := queue.ID("que_vip"), queue.ID(""), queue.ID("que_none")
	got, err := send(conversation.Destination{Queue: &in})
	if err != nil || got.Queue != in || got.Team != vip || !got.InQueue() || !got.QueuedAt.Equal(c.QueuedAt) {
		t.Fatalf("into a queue: %+v, %v", got, err)
	}
	got, err = send(conversation.Destination{Member: &d.agent.ID})
	if err != nil || got.Queue != in || got.Assignee != d.agent.ID {
		t.Fatalf("to a member: %+v, %v", got, err)
	}
	got, err = send(conversation.Destination{Queue: &out})
	if err != nil || got.Queue != "" || got.Team != vip || !got.InQueue() {
		t.Fatalf("out of its queue: %+v, %v", got, err)
	}
	_, err = send(conversation.Destination{Queue: &in})
	d.OK(err)
	got, err = send(conversation.Destination{Team: &vip})
	if err != nil || got.Queue != in {
		t.Fatalf("to the team that it has: %+v, %v", got, err)
	}
	got, err = send(conversation.Destination{Team: &sales})
	if err != nil || got.Queue != "" || got.Team != sales {
		t.Fatalf("to another team: %+v, %v", got, err)
	}
	_, err = send(conversation.Destination{Queue: &in, Team: &vip})
	d.refused(err, errs.Invalid, "conversation.assign")
	_, err = send(conversation.Destination{Queue: &none})
	d.refused(err, errs.NotFound, "not_found")
	done, err := d.service.Bulk(t.Context(), as(d.Owner), conversation.Bulk{IDs: []conversation.ID{c.ID}, Action: conversation.BulkAssign, To: conversation.Destination{Queue: &in}})
	if err != nil || done[0].Err != nil || d.Get(c.ID).Queue != in {
		t.Fatal(done, err)
	}
}

// Whatever waits in a queue that is deleted goes on waiting for its team.
func TestADeletedQueueIsSwept(t *testing.T) {
	d := newDesk(t)
	vip := d.Team(d.WS, "vip")
	d.queue("que_vip", vip)
	c := d.Receive(d.Inbox, "ext", "", "hello")
	d.Change(c.ID, func(c *conversation.Conversation) error { c.Enter(d.System(), "que_vip", vip); return nil })
	d.OK(d.fake.Queues.Delete(t.Context(), d.WS, "que_vip", time.Now()))
	if n, err := d.service.Sweep(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	now := d.Get(c.ID)
	gone, err := d.fake.Queues.Deleted(t.Context(), 10)
	if err != nil || now.Queue != "" || now.Team != vip || !now.QueuedAt.Equal(c.QueuedAt) || len(gone) > 0 {
		t.Fatalf("%+v, %v, %v", now, gone, err)
	}
}

func TestWhoAnsweredLast(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "", "hello")
	d.post(d.agent, c.ID, conversation.Text, "c1", "hi")
	d.post(d.Owner, c.ID, conversation.Note, "c2", "a note is no answer")
	if got := d.Get(c.ID); got.AnsweredBy != d.agent.ID {
		t.Fatalf("%+v", got)
	}
}
