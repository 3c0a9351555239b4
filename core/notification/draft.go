package notification

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// concerns reports whether an event may make a notification.
func concerns(e event.Event) bool {
	switch conversation.ChangeType(e.Type) {
	case conversation.MessageCreated, conversation.NoteCreated, conversation.MessageEdited, conversation.MessageRecalled,
		conversation.Assigned, conversation.Queued,
		conversation.ScheduledFailed, conversation.RatingGiven:
		return true
	default:
		return e.Type == importing.Changed || concernsTicket(e)
	}
}

// drafted are the notifications of one event, at most one for a member: the
// first of them counts.
type drafted struct {
	base Notification
	list []Notification
}

// tell adds a member, unless they did it themselves or are told already.
func (d *drafted) tell(kind Kind, member identity.MemberID) {
	self := d.base.Actor.Kind == identity.ActorMember && d.base.Actor.ID == string(member)
	told := slices.ContainsFunc(d.list, func(n Notification) bool { return n.Member == member })
	if member == "" || self || told {
		return
	}
	n := d.base
	n.Kind, n.Member = kind, member
	d.list = append(d.list, n)
}

// handOver is the data of changes that give a conversation to somebody else.
type handOver struct {
	To     identity.MemberID `json:"assignee_id"`
	From   identity.MemberID `json:"from_id"`
	Reason string            `json:"reason"`
	Text   string            `json:"text"` // why a supervisor took it over
}

func handOverOf(ch conversation.Change) (handOver, bool) {
	var data handOver
	if ch.Type != conversation.Assigned && ch.Type != conversation.Queued {
		return data, false
	}
	return data, len(ch.Data) == 0 || json.Unmarshal(ch.Data, &data) == nil
}

// found is what events are about: what each changed, and what of that is now.
type found struct {
	changes       map[string]conversation.Change
	conversations map[conversation.ID]conversation.Conversation
	work          map[string]ticket.Change
	tickets       map[ticket.ID]ticket.Ticket
}

// draftAll returns what events mean to whom, in their order. Conversations and
// tickets are as they are now; who had one at an earlier event of the batch
// follows from the hand-overs after it. Beyond the batch, and as to who follows
// it, those who do now are told.
func draftAll(events []event.Event, f found) []Notification {
	parts := make([][]Notification, 0, len(events))
	for _, e := range slices.Backward(events) {
		if e.Type == importing.Changed {
			parts = append(parts, imported(e))
			continue
		}
		if ch, ok := f.work[e.ID]; ok {
			t := f.tickets[ch.Ticket]
			parts = append(parts, draftTicket(e, ch, t))
			t.Assignee = ch.HeldBefore(t.Holding()).Assignee
			f.tickets[ch.Ticket] = t
			continue
		}
		ch, ok := f.changes[e.ID]
		if !ok {
			continue
		}
		c := f.conversations[ch.Conversation]
		parts = append(parts, draft(e, ch, c))
		if data, ok := handOverOf(ch); ok {
			c.Assignee = data.From
			f.conversations[ch.Conversation] = c
		}
	}
	slices.Reverse(parts)
	return withNotes(slices.Concat(parts...))
}

// imported returns what the progress of an import means to whom began it:
// something once it is over.
func imported(e event.Event) []Notification {
	var p importing.Progress
	if json.Unmarshal(e.Data, &p) != nil || (p.State != importing.Done && p.State != importing.Failed) {
		return nil
	}
	d := drafted{base: Notification{
		Workspace: identity.WorkspaceID(e.Workspace), Source: e.ID, Feed: e.Feed, At: e.At, Actor: identity.Actor{Kind: identity.ActorSystem},
		Import: &Import{
			ID: string(p.ID), Failed: p.State == importing.Failed, Created: p.Created, Updated: p.Updated, Skipped: p.Skipped, Refused: p.Failed,
		},
	}}
	d.tell(ImportDone, p.CreatedBy)
	return d.list
}

// draft returns what a change means to whom. c has the assignee after it.
func draft(e event.Event, ch conversation.Change, c conversation.Conversation) []Notification {
	d := drafted{base: Notification{
		Workspace: ch.Workspace, Source: e.ID, Feed: e.Feed, Conversation: ch.Conversation,
		Text: c.Last.Text, Actor: ch.Actor, At: ch.At,
	}}
	d.base.Actor.Role = ""
	switch ch.Type {
	case conversation.Assigned:
		if data, ok := handOverOf(ch); ok {
			d.tell(Assigned, data.To)
			if data.Reason == conversation.AssignedTakenOver {
				d.base.Text = conversation.PreviewOf(conversation.Message{Text: data.Text}).Text
				d.tell(TakenOver, data.From)
			}
		}
	case conversation.MessageCreated, conversation.NoteCreated:
		if ch.Message != nil && ch.Message.RecalledAt.IsZero() {
			d.base.Seq = ch.Seq
			d.written(*ch.Message, c)
		}
	case conversation.ScheduledFailed:
		d.failed(ch)
	case conversation.RatingGiven:
		d.rated(ch.Data, c.Assignee)
	default:
	}
	return d.list
}

// failed tells the author of a scheduled message that was not sent.
func (d *drafted) failed(ch conversation.Change) {
	var data struct {
		Author identity.MemberID `json:"author_id"`
		Text   string            `json:"text"`
	}
	if json.Unmarshal(ch.Data, &data) != nil {
		return
	}
	d.base.Text = data.Text
	d.base.Actor = identity.Actor{Kind: identity.ActorSystem} // whoever it was sent for, it is news to them
	d.tell(ScheduledFailed, data.Author)
}

// rated tells whose conversation or ticket it is what the customer thinks of it.
func (d *drafted) rated(raw json.RawMessage, whose identity.MemberID) {
	var data struct {
		Score   int    `json:"score"`
		Comment string `json:"comment"`
	}
	if json.Unmarshal(raw, &data) != nil {
		return
	}
	said := conversation.PreviewOf(conversation.Message{Text: data.Comment}).Text
	d.base.Text = strings.TrimSpace(fmt.Sprintf("%d/%d %s", data.Score, conversation.MaxScore, said))
	d.tell(Rating, whose)
}

// written tells of a message or a note: those it mentions, whose conversation
// it is, and those who follow it. What a backfill brought is told to nobody.
func (d *drafted) written(m conversation.Message, c conversation.Conversation) {
	if !m.WrittenAt.IsZero() { // a backfill may bring hundreds
		return
	}
	d.base.Text = preview(m)
	for _, called := range m.Mentions {
		d.tell(Mention, called.Member)
	}
	if m.Sender.Kind == identity.ActorContact {
		d.tell(Reply, c.Assignee)
	}
	for _, p := range c.Participants {
		if p != c.Assignee {
			d.tell(ParticipantReply, p)
		}
	}
}
