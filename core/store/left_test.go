package store_test

import (
	"strconv"
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
	owner := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: w.Owner.Role}}
	tickets := func() []ticket.Ticket {
		t.Helper()
		found, err := s.Tickets().Find(t.Context(), w.WS, ticket.Query{Sort: ticket.ByCreation, Reach: owner.Reach()}, page.Request{Limit: 50})
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
