package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/view"
)

// ruleDesk is the use cases of conversations and tickets over one storage.
func ruleDesk(t *testing.T, s *store.Store, w *conversationtest.World) (*conversation.Service, *ticket.Service) {
	t.Helper()
	c, now := s.Conversations(), time.Now
	plugins := &channeltest.Plugins{T: t, Installed: []channel.Type{{Plugin: w.Inbox.Plugin, Capabilities: channel.Capabilities{
		Content: []string{channel.ContentText, channel.ContentEnvelope}, Threads: channel.ThreadsReply,
	}}}}
	talks := conversation.NewService(conversation.Deps{
		Store: c, Reader: c, Marks: c, Visitors: c, Writing: c, Inboxes: s.Channels(), Contacts: s.Contacts(),
		Plugins: plugins, Teams: s.Teams(), Catalog: s.Catalog(), Now: now,
	})
	work := ticket.NewService(ticket.Deps{
		Store: s.Tickets(), Reader: s.Tickets(), Beside: s.Tickets().Beside, Conversations: talks, Contacts: s.Contacts(),
		Teams: s.Teams(), Labels: s.Catalog(), Now: now, Log: slog.New(slog.DiscardHandler),
	})
	talks.Tickets, talks.Targets = work, work
	return talks, work
}

// A mail that its server hands on again and again, at once, makes one
// conversation with one ticket; what is ignored is found and waits for nobody.
func TestARuleIsAppliedOnce(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { ruleOnce(t, lite(t).fresh(t)) })
	t.Run("postgres", func(t *testing.T) { ruleOnce(t, postgres(t).fresh(t)) })
}

func ruleOnce(t *testing.T, s *store.Store) {
	w := conversationtest.NewWorld(t, fixture(s))
	talks, work := ruleDesk(t, s, w)
	sales, vip := w.Team(w.WS, "sales"), w.Label(w.WS, "VIP")
	rule := func(id, when string, then channel.Effects) channel.Rule {
		tree, err := filter.Parse([]byte(when), channel.AllRuleFields())
		w.OK(err)
		return channel.Rule{ID: id, Name: id, Enabled: true, When: tree, Then: then}
	}
	_, err := s.Channels().UpdateInbox(t.Context(), w.WS, w.Inbox.ID, func(in *channel.Inbox) ([]event.Event, error) {
		in.Rules = channel.Rules{Revision: 1, List: []channel.Rule{
			rule("rul_news", `{"field":"automatic","op":"is","value":true}`, channel.Effects{Ignore: true}),
			rule("rul_work", `{"field":"subject","op":"contains","value":"broken"}`, channel.Effects{
				Team: string(sales), Priority: "high", Labels: []string{string(vip)}, Ticket: true,
			}),
		}}
		return nil, nil
	})
	w.OK(err)

	mail := func(n int, subject string, automatic bool) channel.Inbound {
		from := fmt.Sprintf("%d@example.com", n)
		return channel.Inbound{
			Inbox: w.Inbox.ID, External: fmt.Sprintf("<%d>", n), Sender: channel.Person{External: from, Email: from}, Automatic: automatic,
			Content: channel.Content{Text: "It does not work.", Envelope: &channel.Envelope{Subject: subject, From: channel.Party{Address: from}}},
			Trust:   channel.Trust{Verdict: channel.Verified},
		}
	}
	const mails, couriers = 8, 6
	scope := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(w.Inbox.Plugin)}}
	var all sync.WaitGroup
	for range couriers {
		all.Go(func() {
			for n := range mails {
				_, err := talks.Receive(t.Context(), scope, []channel.Inbound{mail(n, "The lamp is broken", false)})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()

	owner := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: w.Owner.Role}}
	made, err := s.Tickets().Find(t.Context(), w.WS, ticket.Query{Sort: ticket.ByCreation, Reach: owner.Reach()}, page.Request{Limit: 50})
	w.OK(err)
	if len(made.Items) != mails {
		t.Fatalf("%d mails made %d tickets", mails, len(made.Items))
	}
	for _, k := range made.Items {
		c := w.Get(k.Conversation)
		if k.Team != sales || k.Priority != ticket.High || len(k.Labels) != 1 || k.Title != "The lamp is broken" || k.Source == "" || k.Contact != c.Contact {
			t.Errorf("made %+v", k)
		}
		if c.Team != sales || c.Priority != conversation.High || len(c.Labels) != 1 || !c.InQueue() {
			t.Errorf("of %+v", c)
		}
	}

	_, err = talks.Receive(t.Context(), scope, []channel.Inbound{mail(100, "News", true)})
	w.OK(err)
	found := ignored(t, s, w)
	if len(found) != 1 || found[0].State != conversation.Resolved || !found[0].Ignored {
		t.Fatalf("filed are %+v", found)
	}

	// A ticket that cannot be made takes the conversation with it, and both come
	// when it can.
	talks.Tickets = failing{}
	if _, err = talks.Receive(t.Context(), scope, []channel.Inbound{mail(101, "broken, too", false)}); err == nil {
		t.Fatal("a failure was swallowed")
	}
	talks.Tickets = work
	r, err := talks.Receive(t.Context(), scope, []channel.Inbound{mail(101, "broken, too", false)})
	w.OK(err)
	if r[0].Outcome != channel.OutcomeAccepted {
		t.Errorf("again: %+v", r)
	}

	// What the rule points at goes; the rest is done.
	w.OK(s.Catalog().DeleteLabel(t.Context(), w.WS, vip, w.Tick()))
	_, err = talks.Receive(t.Context(), scope, []channel.Inbound{mail(102, "broken again", false)})
	w.OK(err)
	made, err = s.Tickets().Find(t.Context(), w.WS, ticket.Query{Sort: ticket.ByCreation, Reach: owner.Reach()}, page.Request{Limit: 50})
	w.OK(err)
	if len(made.Items) != mails+2 || made.Items[0].Labels != nil || made.Items[0].Team != sales {
		t.Errorf("%d tickets, the last %+v", len(made.Items), made.Items[0])
	}
	var said struct {
		Rule struct {
			Skipped []any `json:"skipped"`
		} `json:"rule"`
	}
	w.OK(json.Unmarshal(w.Timeline(made.Items[0].Conversation, 0)[0].Data, &said))
	if len(said.Rule.Skipped) != 1 {
		t.Errorf("skipped: %+v", said)
	}
}

// ignored lists what is filed, as a list of it does.
func ignored(t *testing.T, s *store.Store, w *conversationtest.World) []conversation.Conversation {
	t.Helper()
	tree, err := filter.Parse([]byte(`{"field":"ignored","op":"is","value":true}`), view.Fields(nil))
	w.OK(err)
	everything := identity.Scope{Workspace: w.WS, Actor: identity.Actor{Kind: identity.ActorMember, ID: string(w.Owner.ID), Role: w.Owner.Role}}.Reach()
	found, err := s.Conversations().Find(t.Context(), w.WS, view.Query{Where: tree.Plan(filter.Env{}), Reach: everything, Sort: view.UpdatedDesc}, page.Request{Limit: 50})
	w.OK(err)
	return found.Items
}

// failing makes no ticket.
type failing struct{}

func (failing) Unserved(context.Context, conversation.Tx, conversation.Turn, conversation.Conversation, []conversation.Message) error {
	return errs.New(errs.Unavailable, "test.down", "No tickets now.")
}

func (failing) Callback(context.Context, conversation.Tx, conversation.Turn, conversation.Conversation, *conversation.CallbackWish) (conversation.Noted, error) {
	return conversation.Noted{}, errs.New(errs.Unavailable, "test.down", "No tickets now.")
}

func (failing) Begin(context.Context, conversation.Tx, conversation.Turn, conversation.Conversation, conversation.Message, string) error {
	return errs.New(errs.Unavailable, "test.down", "No tickets now.")
}
