package store_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// What a queue makes of who left is made once, however many servers look, and
// whole or not at all.
func TestWhoLeftBecomesOneTicket(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { leftOnce(t, lite(t).fresh(t)) })
	t.Run("postgres", func(t *testing.T) { leftOnce(t, postgres(t).fresh(t)) })
}

func leftOnce(t *testing.T, s *store.Store) {
	w := conversationtest.NewWorld(t, fixture(s))
	talks, work := ruleDesk(t, s, w)
	var mu sync.Mutex
	at := time.Now().UTC().Truncate(time.Millisecond)
	pass := func(by time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(by)
	}
	talks.Queues = s.Queues()
	talks.Plugins = &channeltest.Plugins{T: t, Installed: []channel.Type{{Plugin: w.Live.Plugin, Live: true}}}
	talks.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return at
	}
	of := w.Team(w.WS, "sales")
	w.OK(s.Queues().Create(t.Context(), queue.Queue{
		Workspace: w.WS, ID: "que_a", Name: "A", Team: of, Inboxes: []string{string(w.Live.ID)}, CreatedAt: at, UpdatedAt: at,
		Plan: queue.Plan{Left: queue.Left{Do: queue.LeftTicket, After: time.Minute}},
	}))
	v := conversation.Visitor{Workspace: w.WS, ID: "vis_gone", Inbox: w.Live.ID, TokenHash: "gone", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	w.OK(s.Conversations().CreateVisitor(t.Context(), v))
	for id, text := range []string{"hello", "My parcel is broken", "anybody?"} {
		_, err := talks.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: strconv.Itoa(id), Text: text})
		w.OK(err)
	}
	c, err := talks.VisitorConversation(t.Context(), v)
	w.OK(err)
	w.OK(talks.VisitorsAttend(t.Context(), w.WS, []conversation.ID{c.ID}))

	look := func() {
		t.Helper()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if _, err := talks.NoteLeft(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	tickets := func() []ticket.Ticket {
		t.Helper()
		found, err := s.Tickets().Find(t.Context(), w.WS, ticket.Query{Sort: ticket.ByCreation, Reach: ownerReach(w)}, page.Request{Limit: 50})
		w.OK(err)
		return found.Items
	}
	pass(conversation.LeftAfter)
	look()
	pass(time.Minute)
	talks.Tickets = failing{}
	if _, err := talks.NoteLeft(t.Context()); err == nil {
		t.Fatal("a failure was swallowed")
	}
	if got := w.Get(c.ID); !got.Waits() || len(tickets()) != 0 {
		t.Fatalf("half of it was done: %+v", got)
	}
	talks.Tickets = work
	look()
	pass(2 * time.Hour)
	look()
	made, got := tickets(), w.Get(c.ID)
	if len(made) != 1 || made[0].Conversation != c.ID || made[0].Team != of || made[0].Contact != got.Contact || made[0].Title != "My parcel is broken" {
		t.Fatalf("made %+v", made)
	}
	if got.State != conversation.Resolved || got.Waits() {
		t.Fatalf("%+v", got)
	}
	left := 0
	for _, ch := range w.Timeline(c.ID, 0) {
		if ch.Type == conversation.Abandoned {
			left++
		}
	}
	if left != 1 {
		t.Fatalf("left %d times", left)
	}

	// Who comes back and leaves again has a ticket already.
	_, err = talks.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: "again", Text: "And now?"})
	w.OK(err)
	w.OK(talks.VisitorsAttend(t.Context(), w.WS, []conversation.ID{c.ID}))
	pass(conversation.LeftAfter)
	look()
	pass(time.Minute)
	look()
	if made = tickets(); len(made) != 1 || w.Get(c.ID).State != conversation.Resolved {
		t.Fatalf("made %+v", made)
	}
}

// Who would rather be called back has one ticket, whatever they ask.
func TestACallbackIsOneTicket(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { calledBack(t, lite(t).fresh(t)) })
	t.Run("postgres", func(t *testing.T) { calledBack(t, postgres(t).fresh(t)) })
}

func calledBack(t *testing.T, s *store.Store) {
	w := conversationtest.NewWorld(t, fixture(s))
	talks, _ := ruleDesk(t, s, w)
	talks.Queues, talks.Plugins = s.Queues(), &channeltest.Plugins{T: t, Installed: []channel.Type{{Plugin: w.Live.Plugin, Live: true}}}
	of, at := w.Team(w.WS, "sales"), time.Now().UTC().Truncate(time.Millisecond)
	w.OK(s.Queues().Create(t.Context(), queue.Queue{
		Workspace: w.WS, ID: "que_a", Name: "A", Team: of, Inboxes: []string{string(w.Live.ID)}, CreatedAt: at, UpdatedAt: at,
		Plan: queue.Plan{Callback: queue.Callbacks{Offered: queue.OfferedAlways, Ask: queue.ReachEither}},
	}))
	v := conversation.Visitor{Workspace: w.WS, ID: "vis_call", Inbox: w.Live.ID, TokenHash: "call", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}
	w.OK(s.Conversations().CreateVisitor(t.Context(), v))
	says := func(id, text string) {
		t.Helper()
		_, err := talks.VisitorSend(t.Context(), v, conversation.VisitorPost{ClientID: id, Text: text})
		w.OK(err)
	}
	says("1", "My parcel is broken")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			n, err := talks.VisitorCallback(t.Context(), v, conversation.Callback{ClientID: "c", Phone: "+49 30 123456", When: "at noon"})
			if err != nil || n.Ticket != "T-1" {
				t.Errorf("%+v, %v", n, err)
			}
		})
	}
	all.Wait()
	says("2", "And the other one, too")
	n, err := talks.VisitorCallback(t.Context(), v, conversation.Callback{ClientID: "d", Email: "mara@example.com"})
	w.OK(err)
	if n.Ticket != "T-1" || !n.Before {
		t.Fatalf("noted %+v", n)
	}
	found, err := s.Tickets().Find(t.Context(), w.WS, ticket.Query{Sort: ticket.ByCreation, Reach: ownerReach(w)}, page.Request{Limit: 50})
	w.OK(err)
	if len(found.Items) != 1 {
		t.Fatalf("%d tickets", len(found.Items))
	}
	made := found.Items[0]
	c, err := talks.VisitorConversation(t.Context(), v)
	w.OK(err)
	if made.Title != "Call back · My parcel is broken" || !strings.Contains(made.Description, "+49") || !strings.Contains(made.Description, "When: at noon") || made.Team != of || made.Conversation != c.ID || made.Comments != 1 {
		t.Fatalf("made %+v", made)
	}
	if c.State != conversation.Resolved || c.Waits() {
		t.Fatalf("%+v", c)
	}
}

func ownerReach(w *conversationtest.World) identity.Reach {
	return identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: w.Owner.Role}}.Reach()
}
