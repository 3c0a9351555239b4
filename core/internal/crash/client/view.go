package client

import (
	"github.com/patchbay-im/patchbay/core/internal/crash/verdict"
	"github.com/patchbay-im/patchbay/core/internal/rig"
)

// view is what a console shows: fetched at some time, changed by events since.
type view map[string]*verdict.Shown

func rowOf(c rig.Conversation) verdict.Row {
	r := verdict.Row{
		Inbox: c.InboxID, Contact: c.Contact.ID, State: c.State, Responder: c.Responder, Assignee: c.AssigneeID,
		Snoozed: verdict.Millis(c.SnoozedUntil), Waiting: verdict.Millis(c.WaitingSince), Updated: verdict.Millis(&c.UpdatedAt),
		LastSeq: c.LastSeq, LastPublicSeq: c.LastPublicSeq, LastInboundSeq: c.LastInboundSeq,
	}
	if m := c.LastMessage; m != nil {
		r.LastText, r.LastSender, r.LastKind = m.Text, m.SenderKind, m.Kind
	}
	return r
}

func entryOf(c rig.Change) verdict.Entry {
	e := verdict.Entry{ID: c.ID, Type: c.Type}
	if m := c.Message; m != nil {
		e.Message, e.Text, e.Kind, e.Client, e.Sender = m.ID, m.Text, m.Kind, m.ClientMsgID, m.Sender.ID
		if c.Type != changeDelivery {
			e.Delivery = m.Delivery
		}
	}
	return e
}

const changeDelivery = "message.delivery"

// apply changes the view by an event of the feed, as docs/reference/live-protocol.md
// tells clients to. It reports what does not fit.
func (v view) apply(e rig.FeedEvent) (complaint string) {
	if e.Change == nil {
		return ""
	}
	if e.Conversation == nil {
		return "an event of a conversation comes without it"
	}
	shown := v[e.Conversation.ID]
	if shown == nil {
		shown = &verdict.Shown{}
		v[e.Conversation.ID] = shown
	}
	if e.Conversation.LastSeq >= shown.Row.LastSeq {
		shown.Row = rowOf(*e.Conversation)
	}
	settle(shown, e.Change)
	switch next := uint64(len(shown.Changes)) + 1; {
	case e.Change.Seq > next:
		return "a change of a conversation was skipped"
	case e.Change.Seq == next:
		shown.Changes = append(shown.Changes, entryOf(*e.Change))
	}
	if e.Conversation.LastSeq < e.Change.Seq {
		return "the conversation of an event is older than its change"
	}
	return ""
}

// settle tells the message of a delivery how far it came.
func settle(shown *verdict.Shown, c *rig.Change) {
	if c.Type != changeDelivery || c.Message == nil {
		return
	}
	for i := len(shown.Changes) - 1; i >= 0; i-- {
		if e := &shown.Changes[i]; e.Message == c.Message.ID && e.Type != changeDelivery {
			e.Delivery = c.Message.Delivery
			return
		}
	}
}
