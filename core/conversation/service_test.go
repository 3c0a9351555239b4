package conversation_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// useCase is a use case of members, on one conversation.
type useCase struct {
	name string
	run  func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, member identity.MemberID) error
}

func useCases() []useCase {
	return []useCase{
		{"post", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.Post(ctx, scope, conversation.Post{Conversation: id, ClientID: "x", Kind: conversation.Text, Text: "hi"})
			return err
		}},
		{"note", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.Post(ctx, scope, conversation.Post{Conversation: id, ClientID: "n", Kind: conversation.Note, Text: "hi"})
			return err
		}},
		{"assign", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, m identity.MemberID) error {
			_, err := s.Assign(ctx, scope, id, m)
			return err
		}},
		{"release", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.Assign(ctx, scope, id, "")
			return err
		}},
		{"state", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.SetState(ctx, scope, id, conversation.Resolved, time.Time{})
			return err
		}},
		{"get", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.Get(ctx, scope, id)
			return err
		}},
		{"timeline", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, _, err := s.Timeline(ctx, scope, id, conversation.Range{})
			return err
		}},
		{"labels", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.SetLabels(ctx, scope, id, nil)
			return err
		}},
		{"attributes", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.SetAttributes(ctx, scope, id, nil)
			return err
		}},
		{"priority", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.SetPriority(ctx, scope, id, conversation.High)
			return err
		}},
		{"participants", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.SetParticipants(ctx, scope, id, nil)
			return err
		}},
		{"mark read", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			return s.MarkRead(ctx, scope, id, 1)
		}},
	}
}

func TestNobodyActsWithoutThePermission(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	stranger := as(d.agent)
	stranger.Actor.Role = "guest"
	customer := identity.Scope{Workspace: d.WS, Actor: identity.Actor{Kind: identity.ActorContact, ID: string(c.Contact), Role: identity.RoleOwner}}
	cases := append(useCases(),
		useCase{"list", func(ctx context.Context, s *conversation.Service, scope identity.Scope, _ conversation.ID, _ identity.MemberID) error {
			_, err := s.List(ctx, scope, conversation.Filter{}, page.Request{})
			return err
		}},
		useCase{"read marks", func(ctx context.Context, s *conversation.Service, scope identity.Scope, id conversation.ID, _ identity.MemberID) error {
			_, err := s.Read(ctx, scope, []conversation.ID{id})
			return err
		}})
	for _, u := range cases {
		for _, scope := range []identity.Scope{stranger, customer, d.plugin(), {Workspace: d.WS}} {
			t.Run(u.name+" by "+string(scope.Actor.Kind)+" "+string(scope.Actor.Role), func(t *testing.T) {
				if err := u.run(t.Context(), d.service, scope, c.ID, d.agent.ID); !errs.Is(err, errs.Forbidden) {
					t.Errorf("got %v, want forbidden", err)
				}
			})
		}
		if err := u.run(t.Context(), d.service, as(d.agent), c.ID, d.agent.ID); err != nil {
			t.Errorf("%s by an agent: %v", u.name, err) // else the cases above prove nothing
		}
		c = d.Receive(d.Inbox, "ext", u.name, "hello again") // reopens it for the next
	}
}

func TestForeignAndAbsentAreTheSame(t *testing.T) {
	d := newDesk(t)
	mine := d.Receive(d.Inbox, "ext", "m1", "hello")
	ws, other := d.Workspace("other@example.com")
	theirs := d.Receive(d.NewInbox(ws, false), "ext", "m1", "hello")
	for _, u := range useCases() {
		absent := u.run(t.Context(), d.service, as(d.agent), "cnv_none", d.agent.ID)
		foreign := u.run(t.Context(), d.service, as(d.agent), theirs.ID, d.agent.ID)
		if !errs.Is(absent, errs.NotFound) || foreign == nil || absent.Error() != foreign.Error() {
			t.Errorf("%s: absent gives %v, foreign gives %v", u.name, absent, foreign)
		}
	}
	if _, err := d.service.Assign(t.Context(), as(d.agent), mine.ID, other.ID); !errs.Is(err, errs.NotFound) {
		t.Errorf("assigned to somebody of another workspace: %v", err)
	}
	if n := len(d.Timeline(mine.ID, mine.LastSeq)); n != 0 {
		t.Errorf("%d changes came of it", n)
	}
	list, err := d.service.List(t.Context(), as(d.agent), conversation.Filter{}, page.Request{})
	d.OK(err)
	if len(list.Items) != 1 || list.Items[0].ID != mine.ID {
		t.Errorf("the list shows %+v", list.Items)
	}
	list, err = d.service.List(t.Context(), as(d.agent), conversation.Filter{Contact: theirs.Contact}, page.Request{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("a foreign contact finds %+v, %v", list.Items, err)
	}
}

func TestPostIsIdempotent(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	first := d.post(d.agent, c.ID, conversation.Text, "a1", "answer")
	if first.Replayed || first.Change.Message == nil || first.Change.Message.Text != "answer" {
		t.Fatalf("the first: %+v", first)
	}
	d.pass(time.Minute)
	again := d.post(d.agent, c.ID, conversation.Text, "a1", "answer")
	if !again.Replayed {
		t.Error("the second does not say that it is one")
	}
	conversationtest.Same(d.World, again.Change, first.Change)

	for _, p := range []conversation.Post{
		{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "another"},
		{Conversation: c.ID, ClientID: "a1", Kind: conversation.Note, Text: "answer"},
	} {
		_, err := d.service.Post(t.Context(), as(d.agent), p)
		d.refused(err, errs.Invalid, "message.client_id_reused")
		if f := errs.As(err).Fields; len(f) != 1 || f[0].Pointer != "/client_msg_id" {
			t.Errorf("fields %+v", f)
		}
	}
	if other := d.post(d.Owner, c.ID, conversation.Text, "a1", "mine"); other.Replayed {
		t.Error("a colleague's id collides with the agent's")
	}
	elsewhere := d.Receive(d.Inbox, "ext2", "m1", "hello")
	if p := d.post(d.agent, elsewhere.ID, conversation.Text, "a1", "answer"); p.Replayed {
		t.Error("the id collides with one of another conversation")
	}
	// What was accepted stays accepted, whatever became of the conversation.
	_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Resolved, time.Time{})
	d.OK(err)
	if p := d.post(d.agent, c.ID, conversation.Text, "a1", "answer"); !p.Replayed || p.Change.Seq != first.Change.Seq {
		t.Errorf("after it was resolved: %+v", p)
	}
	if got := d.texts(c.ID); !slices.Equal(got, []string{"hello", "answer", "mine"}) {
		t.Errorf("the conversation holds %q", got)
	}
}

func TestPostAfterALostAnswer(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	d.store.after = errStoreDown
	p := conversation.Post{Conversation: c.ID, ClientID: "a1", Kind: conversation.Text, Text: "answer"}
	if _, err := d.service.Post(t.Context(), as(d.agent), p); !errs.Is(err, errs.Unavailable) {
		t.Fatalf("the commit's answer was lost: %v", err)
	}
	d.store.after = nil
	if got, err := d.service.Post(t.Context(), as(d.agent), p); err != nil || !got.Replayed {
		t.Errorf("the repeat: %+v, %v", got, err)
	}
	if got := d.texts(c.ID); !slices.Equal(got, []string{"hello", "answer"}) {
		t.Errorf("the conversation holds %q", got)
	}
}

func TestNotesStayInTheHouse(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	note := d.post(d.agent, c.ID, conversation.Note, "n1", "a rude one")
	if note.Change.PublicSeq != 0 || note.Change.Type != conversation.NoteCreated || note.Change.Message.Delivery != "" {
		t.Errorf("the note: %+v", note.Change)
	}
	after := d.Get(c.ID)
	if !after.InQueue() || after.Assignee != "" || after.LastPublicSeq != c.LastPublicSeq || !after.WaitingSince.Equal(c.WaitingSince) {
		t.Errorf("a note answered the customer: %+v", after)
	}
	_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Resolved, time.Time{})
	d.OK(err)
	d.post(d.agent, c.ID, conversation.Note, "n2", "done")
	if got := d.Get(c.ID); got.State != conversation.Resolved {
		t.Errorf("a note reopened it: %s", got.State)
	}
	if n := len(d.fake.Outbound()); n != 0 {
		t.Errorf("%d notes are about to leave", n)
	}
}

func TestWhoAnswersTakesOverAndTheAnswerLeaves(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	p := d.post(d.agent, c.ID, conversation.Text, "a1", "hi")
	if p.Change.Message.Delivery != conversation.DeliveryPending || len(d.fake.Outbound()) != 1 {
		t.Errorf("delivery %q, %d to deliver", p.Change.Message.Delivery, len(d.fake.Outbound()))
	}
	if got := d.Get(c.ID); got.Assignee != d.agent.ID || got.InQueue() {
		t.Errorf("assignee %q, queue %v", got.Assignee, got.InQueue())
	}
	_, err := d.service.SetState(t.Context(), as(d.agent), c.ID, conversation.Resolved, time.Time{})
	d.OK(err)
	_, err = d.service.Post(t.Context(), as(d.agent), conversation.Post{Conversation: c.ID, ClientID: "a2", Kind: conversation.Text, Text: "more"})
	d.refused(err, errs.Conflict, "conversation.resolved")
}

func TestMarkRead(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Inbox, "ext", "m1", "hello")
	read := func(m identity.Member) uint64 {
		got, err := d.service.Read(t.Context(), as(m), []conversation.ID{c.ID})
		d.OK(err)
		return got[c.ID]
	}
	for _, step := range []struct{ mark, want uint64 }{
		{0, 0}, {1, 1}, {2, 2}, {1, 2}, {math.MaxUint64, c.LastSeq},
	} {
		d.OK(d.service.MarkRead(t.Context(), as(d.agent), c.ID, step.mark))
		if got := read(d.agent); got != step.want {
			t.Errorf("after marking %d: %d, want %d", step.mark, got, step.want)
		}
	}
	if got := read(d.Owner); got != 0 {
		t.Errorf("a colleague has read %d", got)
	}
	// Marks beyond the end would hide what comes later.
	c = d.Receive(d.Inbox, "ext", "m2", "still there?")
	if got := read(d.agent); got >= c.LastInboundSeq {
		t.Errorf("a message that came after the mark counts as read: %d", got)
	}
	if got, err := d.service.Read(t.Context(), identity.SystemScope(d.WS), []conversation.ID{c.ID}); err != nil || got != nil {
		t.Errorf("nobody's marks: %v, %v", got, err)
	}
}

func TestTimelineIsTheMembersView(t *testing.T) {
	d := newDesk(t)
	c := d.Receive(d.Live, "ext", "m1", "hello")
	d.post(d.agent, c.ID, conversation.Note, "n1", "private")
	got, now, err := d.service.Timeline(t.Context(), as(d.agent), c.ID, conversation.Range{Public: true, Limit: 100})
	d.OK(err)
	if len(got) != int(now.LastSeq) || got[len(got)-1].Type != conversation.NoteCreated {
		t.Errorf("%d of %d changes: %v", len(got), now.LastSeq, types(got))
	}
}

func TestListFilters(t *testing.T) {
	d := newDesk(t)
	waiting := d.Receive(d.Inbox, "ext", "m1", "hello")
	taken := d.Receive(d.Live, "vis", "m1", "hello")
	d.post(d.agent, taken.ID, conversation.Text, "a1", "hi")
	for name, tt := range map[string]struct {
		f    conversation.Filter
		want conversation.ID
	}{
		"mine":       {conversation.Filter{Assignee: d.agent.ID}, taken.ID},
		"unassigned": {conversation.Filter{Unassigned: true}, waiting.ID},
		"inbox":      {conversation.Filter{Inbox: d.Live.ID}, taken.ID},
	} {
		got, err := d.service.List(t.Context(), as(d.agent), tt.f, page.Request{})
		if err != nil || len(got.Items) != 1 || got.Items[0].ID != tt.want {
			t.Errorf("%s: %+v, %v", name, got.Items, err)
		}
	}
}
