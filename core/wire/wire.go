// Package wire is the JSON shapes that the REST API and the live protocol
// share. They are views: made from domain values, never turned back into them.
// Keeping them in one place is what makes "fetch, then apply events" equal to
// "fetch later", whichever way a client got the object.
package wire

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Actor is who did something.
type Actor struct {
	Kind string `json:"kind" enum:"contact,agent,bot,system,plugin"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// ContactRef names a contact.
type ContactRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Preview is the last message as lists show it.
type Preview struct {
	Text           string    `json:"text" doc:"Of a message without text, the name of its first attachment."`
	SenderKind     string    `json:"sender_kind" enum:"contact,agent,bot,system,plugin"`
	Kind           string    `json:"kind" enum:"text,note"`
	AttachmentKind string    `json:"attachment_kind,omitempty" enum:"image,audio,video,file" doc:"Of the first attachment."`
	Recalled       bool      `json:"recalled,omitempty" doc:"Its sender took it back."`
	At             time.Time `json:"at"`
}

// Conversation is one customer in one inbox.
type Conversation struct {
	ID             string     `json:"id"`
	InboxID        string     `json:"inbox_id"`
	Contact        ContactRef `json:"contact"`
	Group          bool       `json:"group,omitempty" doc:"The customer is a group of the channel: its members all read what is sent."`
	State          string     `json:"state" enum:"open,snoozed,resolved"`
	Responder      string     `json:"responder,omitempty" enum:"bot,queue,agent" doc:"Who is expected to answer; absent when nobody is."`
	AssigneeID     string     `json:"assignee_id,omitempty"`
	AssigneeName   string     `json:"assignee_name,omitempty"`
	OfferedTo      string     `json:"offered_to,omitempty" doc:"Id of the member who may accept or reject it; absent when it is offered to nobody."`
	OfferUntil     *time.Time `json:"offer_until,omitempty" doc:"With offered_to: until then it rings. The offer stands until a conversation.offer_ended change."`
	SnoozedUntil   *time.Time `json:"snoozed_until,omitempty"`
	WaitingSince   *time.Time `json:"waiting_since,omitempty" doc:"When the customer's oldest unanswered message came."`
	LastSeq        uint64     `json:"last_seq"`
	LastPublicSeq  uint64     `json:"last_public_seq"`
	LastInboundSeq uint64     `json:"last_inbound_seq"`
	ContactReadSeq uint64     `json:"contact_read_seq" doc:"Seq of the last message that the customer is known to have seen."`
	LastMessage    *Preview   `json:"last_message,omitempty"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
	Organised
	Windows  []Window `json:"windows,omitempty" doc:"Of a channel that takes messages to the customer at times alone: they can be written to while one of these is open and has messages left. Absent: always."`
	Verified bool     `json:"verified,omitempty" doc:"Whether the site of the inbox vouched for who the customer is."`
	Rating   *Rating  `json:"rating,omitempty"`
	Unread   *bool    `json:"unread,omitempty" doc:"Whether the customer wrote something that you have not read; only in answers of the REST API."`
}

// Window is a time in which the channel takes messages to the customer.
type Window struct {
	On        string    `json:"on" doc:"What opened it: message, or a word of the channel's."`
	OpenedAt  time.Time `json:"opened_at"`
	ExpiresAt time.Time `json:"expires_at" doc:"It is closed from then on."`
	Quota     int       `json:"quota,omitempty" doc:"Messages that it takes; absent: any number."`
	Used      int       `json:"used"`
}

func windowsOf(all []conversation.Window) []Window {
	var out []Window
	for _, w := range all {
		out = append(out, Window{On: w.On, OpenedAt: Stamp(w.OpenedAt), ExpiresAt: Stamp(w.ExpiresAt), Quota: w.Quota, Used: w.Used})
	}
	return out
}

// Message is what somebody wrote.
type Message struct {
	ID             string    `json:"id"`
	ConversationID string    `json:"conversation_id"`
	ClientMsgID    string    `json:"client_msg_id"`
	Kind           string    `json:"kind" enum:"text,note"`
	Sender         Actor     `json:"sender"`
	Text           string    `json:"text" doc:"Without markup. May be empty beside attachments, a place, an envelope or what is unsupported."`
	CreatedAt      time.Time `json:"created_at"`
	Delivery       string    `json:"delivery,omitempty" enum:"pending,sent,delivered,read,failed,unknown" doc:"How far it came towards the customer; absent when there is nothing to deliver. unknown: it may have left, and a person must say (POST .../delivery)."`
	DeliveryError  string    `json:"delivery_error,omitempty"`

	Attachments   []Attachment  `json:"attachments,omitempty"`
	ReplyTo       *Quote        `json:"reply_to,omitempty"`
	Mentions      []Mention     `json:"mentions,omitempty" doc:"Colleagues whom a note calls."`
	GroupMentions []GroupMember `json:"group_mentions,omitempty" doc:"Members of the group whom the text names by @ and their name."`
	Altered       *Altered      `json:"altered,omitempty" doc:"What plugins made of the text before it was sent; absent when they left it as it was. The customer does not see it."`
	Carried
}

// Change is one entry of a conversation's history: the unit of timeline, feed and resume.
type Change struct {
	ID             string         `json:"id"`
	ConversationID string         `json:"conversation_id"`
	Seq            uint64         `json:"seq" doc:"1, 2, 3, ... per conversation, without a gap."`
	Type           string         `json:"type" enum:"conversation.created,message.created,note.created,message.edited,message.recalled,message.delivery,message.file,conversation.assigned,conversation.queued,conversation.offered,conversation.offer_ended,conversation.abandoned,conversation.resolved,conversation.reopened,conversation.snoozed,conversation.unsnoozed,conversation.identified,conversation.offline,conversation.event,rating.requested,rating.given,conversation.read_by_contact,scheduled.created,scheduled.changed,scheduled.cancelled,scheduled.sent,scheduled.failed,conversation.labeled,conversation.attributes,conversation.priority,conversation.participants,conversation.team,conversation.merged,conversation.absorbed,conversation.unmerged,conversation.bot,finding.created,finding.dismissed"`
	At             time.Time      `json:"at"`
	Actor          Actor          `json:"actor"`
	Message        *Message       `json:"message,omitempty"`
	Data           map[string]any `json:"data,omitempty"`
}

// FeedEvent is one entry of a workspace's feed.
type FeedEvent struct {
	Feed         uint64         `json:"feed" doc:"1, 2, 3, ... per workspace, without a gap."`
	Type         string         `json:"type" enum:"conversation.created,message.created,note.created,message.edited,message.recalled,message.delivery,message.file,conversation.assigned,conversation.queued,conversation.offered,conversation.offer_ended,conversation.abandoned,conversation.resolved,conversation.reopened,conversation.snoozed,conversation.unsnoozed,conversation.identified,conversation.offline,conversation.event,rating.requested,rating.given,conversation.read_by_contact,scheduled.created,scheduled.changed,scheduled.cancelled,scheduled.sent,scheduled.failed,conversation.labeled,conversation.attributes,conversation.priority,conversation.participants,conversation.team,conversation.merged,conversation.absorbed,conversation.unmerged,conversation.bot,finding.created,finding.dismissed,member.changed,invitation.changed,workspace.changed,inbox.changed,inbox.health_changed,team.changed,queue.changed,skill.changed,calendar.changed,policy.changed,label.changed,attribute.changed,canned.changed,view.changed,contact.changed,erasure.changed,organisation.changed,role.changed,import.changed,webhook.changed,connection.changed,connection.health_changed,grant.changed,approval.changed,ticket_type.changed,ticket.created,ticket.commented,ticket.status,ticket.assigned,ticket.edited,ticket.followers,ticket.linked,ticket.unlinked,ticket.labeled,ticket.merged,ticket.absorbed,ticket.unmerged,ticket.rated,ticket.overdue,conversation.gone,ticket.gone,skip" doc:"conversation.gone, ticket.gone: it left the member's reach (data {id, seq}). skip: an event that is not for the member; only its number is told."`
	At           time.Time      `json:"at"`
	Change       *Change        `json:"change,omitempty"`
	Conversation *Conversation  `json:"conversation,omitempty" doc:"The conversation as it is now, which is at least as new as the change."`
	TicketChange *TicketChange  `json:"ticket_change,omitempty"`
	Ticket       *Ticket        `json:"ticket,omitempty" doc:"The ticket as it is now, which is at least as new as the change."`
	Data         map[string]any `json:"data,omitempty"`
}

// Stamp is a time as the protocol carries it: UTC, whole milliseconds.
func Stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func stampOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	s := Stamp(t)
	return &s
}

func actorOf(a identity.Actor) Actor {
	return Actor{Kind: string(a.Kind), ID: a.ID, Name: a.Name}
}

// ConversationOf returns the view of a conversation.
func ConversationOf(c conversation.Conversation) Conversation {
	out := Conversation{
		ID: string(c.ID), InboxID: string(c.Inbox), Contact: ContactRef{ID: string(c.Contact), Name: c.ContactName}, Group: c.Group,
		State: string(c.State), Responder: string(c.Responder),
		AssigneeID: string(c.Assignee), AssigneeName: c.AssigneeName, OfferedTo: string(c.OfferedTo), OfferUntil: stampOrNil(c.OfferUntil),
		SnoozedUntil: stampOrNil(c.SnoozedUntil), WaitingSince: stampOrNil(c.WaitingSince),
		LastSeq: c.LastSeq, LastPublicSeq: c.LastPublicSeq, LastInboundSeq: c.LastInboundSeq,
		ContactReadSeq: c.ContactReadSeq,
		CreatedAt:      Stamp(c.CreatedAt), UpdatedAt: Stamp(c.UpdatedAt),
		Organised: organisedOf(c.Organised),
		Verified:  c.Verified(), Rating: ratingOf(c.Rated), Windows: windowsOf(c.Windows),
	}
	if !c.Last.At.IsZero() {
		out.LastMessage = &Preview{
			Text: c.Last.Text, SenderKind: string(c.Last.Sender), Kind: string(c.Last.Kind), At: Stamp(c.Last.At),
			AttachmentKind: string(c.Last.Attachment), Recalled: c.Last.Recalled,
		}
	}
	return out
}

// MessageOf returns the view of a message.
func MessageOf(m conversation.Message) Message {
	return Message{
		ID: string(m.ID), ConversationID: string(m.Conversation), ClientMsgID: m.ClientID, Kind: string(m.Kind),
		Sender: actorOf(m.Sender), Text: m.Text, CreatedAt: Stamp(m.CreatedAt),
		Delivery: string(m.Delivery), DeliveryError: m.DeliveryError,
		Attachments: AttachmentsOf(m.Attachments), ReplyTo: QuoteOf(m.ReplyTo), Mentions: mentionsOf(m.Mentions), GroupMentions: GroupMembersOf(m.GroupMentions), Altered: alteredOf(m.Altered),
		Carried: carriedOf(m.Carried),
	}
}

// ChangeOf returns a member's view of a change.
func ChangeOf(c conversation.Change) Change {
	out := Change{
		ID: string(c.ID), ConversationID: string(c.Conversation), Seq: c.Seq, Type: string(c.Type),
		At: Stamp(c.At), Actor: actorOf(c.Actor), Data: object(c.Data),
	}
	if c.Message != nil {
		m := MessageOf(*c.Message)
		out.Message = &m
	}
	return out
}

// FeedEventOf returns the view of a feed entry; change and conv are those it
// is about, nil when it is not about a conversation.
func FeedEventOf(e event.Event, change *conversation.Change, conv *conversation.Conversation) FeedEvent {
	out := FeedEvent{Feed: e.Feed, Type: e.Type, At: Stamp(e.At)}
	if change != nil {
		c := ChangeOf(*change)
		out.Change = &c
	} else {
		out.Data = object(e.Data)
	}
	if conv != nil {
		c := ConversationOf(*conv)
		out.Conversation = &c
	}
	return out
}

func object(raw []byte) map[string]any {
	if len(raw) == 0 {
		return nil
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil { // we wrote it; a foreign row shows as no data
		return nil
	}
	return m
}
