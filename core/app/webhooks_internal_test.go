package app

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// held gives what it holds for the events that are asked about.
type held hydrated

func (h held) Hydrate(context.Context, identity.WorkspaceID, []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error) {
	return h.changes, h.conversations, nil
}

func (h held) HydrateTickets(context.Context, identity.WorkspaceID, []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error) {
	return h.work, h.tickets, nil
}

// TestWhatWebhooksAreTold renders events of conversations, of tickets and of
// other things: which inbox and which conversation decide about each, and what
// nobody outside is told.
func TestWhatWebhooksAreTold(t *testing.T) {
	comment := func(id string, public bool) ticket.Change {
		return ticket.Change{ID: ticket.ChangeID(id), Ticket: "tkt_1", Seq: 2, Type: ticket.Commented, Comment: &ticket.Comment{Public: public, Text: "secret?"}}
	}
	h := held{
		changes:       map[string]conversation.Change{"chg_talk": {ID: "chg_talk", Conversation: "cnv_1", Seq: 1, Type: conversation.Created}},
		conversations: map[conversation.ID]conversation.Conversation{"cnv_1": {ID: "cnv_1", Inbox: "inb_1"}},
		work: map[string]ticket.Change{
			"chg_public": comment("chg_public", true), "chg_internal": comment("chg_internal", false),
			"chg_hand": {ID: "chg_hand", Ticket: "tkt_2", Seq: 1, Type: ticket.Created},
			"chg_lost": {ID: "chg_lost", Ticket: "tkt_gone", Seq: 1, Type: ticket.Created},
		},
		tickets: map[ticket.ID]ticket.Ticket{"tkt_1": {ID: "tkt_1", Conversation: "cnv_1", Inbox: "inb_1"}, "tkt_2": {ID: "tkt_2"}},
	}
	events := []event.Event{
		{ID: "chg_talk", Seq: 1},
		{ID: "chg_public", Seq: 2},
		{ID: "chg_internal", Seq: 2},
		{ID: "chg_hand", Seq: 1},
		{ID: "chg_lost", Seq: 1},
		{ID: "chg_gone", Seq: 3},
		{ID: "chg_team", Type: "team.changed", Subject: "tea_1"},
		{ID: "chg_deleted", Type: conversation.Deleted, Subject: "cnv_9", Data: conversation.Farewell{Seq: 7, Held: identity.Holding{Assignee: "mem_1", Inbox: "inb_9"}}.Data()},
		{ID: "chg_erased", Type: erasure.Changed, Subject: "con_9"},
		{ID: "chg_unlinked", Type: erasure.Changed}, // tickets lost their conversation: windows ask anew
	}
	got, err := envelopes{h, h}.Render(t.Context(), "wsp_1", events)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]webhook.Envelope{
		"chg_talk":   {Narrowed: true, Conversation: "cnv_1", Inbox: "inb_1"},
		"chg_public": {Narrowed: true, Conversation: "cnv_1", Inbox: "inb_1"},
		"chg_hand":   {Narrowed: true},
		"chg_team":   {},

		"chg_deleted": {Narrowed: true, Gone: true, Inbox: "inb_9"},
		"chg_erased":  {},
	}
	if len(got) != len(want) {
		t.Errorf("%d events are told, want %d", len(got), len(want))
	}
	for id, w := range want {
		g, ok := got[id]
		var sent wire.Webhook
		if !ok || g.Narrowed != w.Narrowed || g.Conversation != w.Conversation || g.Inbox != w.Inbox || g.Gone != w.Gone || json.Unmarshal(g.Body, &sent) != nil || sent.ID != id {
			t.Errorf("%s is told as %+v: %s", id, g, g.Body)
		}
		if w.Gone && (sent.Data.ID != "cnv_9" || strings.Contains(string(g.Body), "mem_1")) {
			t.Errorf("a deleted conversation is told as %s", g.Body)
		}
	}
}
