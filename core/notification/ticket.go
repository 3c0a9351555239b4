package notification

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// concernsTicket reports whether an event may make a notification about a ticket.
func concernsTicket(e event.Event) bool {
	switch ticket.ChangeType(e.Type) {
	case ticket.Created, ticket.Assigned, ticket.Commented, ticket.WentOverdue, ticket.Rated:
		return true
	default:
		return false
	}
}

// draftTicket returns what a change of a ticket means to whom. t has the
// assignee after it.
func draftTicket(e event.Event, ch ticket.Change, t ticket.Ticket) []Notification {
	d := drafted{base: Notification{
		Workspace: ch.Workspace, Source: e.ID, Feed: e.Feed, Ticket: &Ticket{ID: ch.Ticket, Number: t.Number, Title: t.Title},
		Text: preview(conversation.Message{Text: t.Title}), Actor: ch.Actor, At: ch.At,
	}}
	d.base.Actor.Role = ""
	switch ch.Type {
	case ticket.Created, ticket.Assigned:
		d.given(ch)
	case ticket.Commented:
		if ch.Comment != nil {
			d.commented(*ch.Comment, t)
		}
	case ticket.WentOverdue:
		d.base.Actor = identity.Actor{Kind: identity.ActorSystem}
		d.concerned(TicketOverdue, t)
	case ticket.Rated:
		d.rated(ch.Data, t.Assignee)
	default:
	}
	return d.list
}

// given tells whose a ticket became.
func (d *drafted) given(ch ticket.Change) {
	var data struct {
		To   identity.MemberID `json:"assignee_id"`
		From identity.MemberID `json:"from_id"`
	}
	if json.Unmarshal(ch.Data, &data) == nil && data.To != data.From {
		d.tell(TicketAssigned, data.To)
	}
}

// commented tells those whom a comment mentions, then whose ticket it is and
// who follows it.
func (d *drafted) commented(c ticket.Comment, t ticket.Ticket) {
	d.base.Seq = c.Seq
	d.base.Text = preview(conversation.Message{Text: c.Text, Attachments: c.Attachments})
	for _, called := range c.Mentions {
		d.tell(TicketMention, called.Member)
	}
	d.concerned(TicketComment, t)
}

// concerned tells whose ticket it is, and who follows it.
func (d *drafted) concerned(kind Kind, t ticket.Ticket) {
	d.tell(kind, t.Assignee)
	for _, f := range t.Followers {
		d.tell(kind, f)
	}
}

func preview(m conversation.Message) string {
	return strings.TrimSpace(conversation.PreviewOf(m).Text)
}

// withNotes makes one notification of a hand-over and the note that came with
// it, in the same transaction: the ticket was given to them, and that is what
// was said.
func withNotes(list []Notification) []Notification {
	out := make([]Notification, 0, len(list))
	for _, n := range list {
		given := -1
		if n.Kind == TicketComment {
			given = slices.IndexFunc(out, func(g Notification) bool {
				return g.Kind == TicketAssigned && g.Member == n.Member && g.Ticket.ID == n.Ticket.ID && g.At.Equal(n.At) && g.Actor == n.Actor
			})
		}
		if given < 0 {
			out = append(out, n)
			continue
		}
		out[given].Text, out[given].Seq = n.Text, n.Seq
	}
	return out
}
