package wire

import (
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/ticket"
)

// Ticket is one piece of work.
type Ticket struct {
	ID             string         `json:"id"`
	Number         uint64         `json:"number" doc:"1, 2, 3, ... per workspace, for people to say: T-1."`
	TypeID         string         `json:"type_id"`
	Title          string         `json:"title"`
	Description    string         `json:"description"`
	Status         string         `json:"status" enum:"new,open,pending,solved,closed"`
	Priority       string         `json:"priority" enum:"low,normal,high,urgent"`
	ContactID      string         `json:"contact_id,omitempty"`
	ContactName    string         `json:"contact_name"`
	OrganisationID string         `json:"organisation_id,omitempty" doc:"Of the contact."`
	ConversationID string         `json:"conversation_id,omitempty" doc:"Where it came from."`
	InboxID        string         `json:"inbox_id,omitempty"`
	AssigneeID     string         `json:"assignee_id,omitempty"`
	AssigneeName   string         `json:"assignee_name,omitempty"`
	TeamID         string         `json:"team_id,omitempty"`
	FollowerIDs    []string       `json:"follower_ids" nullable:"false"`
	DueAt          *time.Time     `json:"due_at,omitempty"`
	Fields         map[string]any `json:"fields" doc:"Custom fields by key: text, number or boolean."`
	Links          []TicketLink   `json:"links" nullable:"false"`
	Labels         []string       `json:"labels" nullable:"false" doc:"Ids of labels, in order."`
	MergedInto     string         `json:"merged_into,omitempty" doc:"The ticket that goes on with this one; a merged ticket is in no list."`
	CreatedBy      Actor          `json:"created_by"`
	CreatedAt      time.Time      `json:"created_at"`
	WaitingSince   *time.Time     `json:"waiting_since,omitempty" doc:"Since when there is work to do on it and nobody has it."`
	UpdatedAt      time.Time      `json:"updated_at"`
	SolvedAt       *time.Time     `json:"solved_at,omitempty"`
	ClosedAt       *time.Time     `json:"closed_at,omitempty"`
	LastSeq        uint64         `json:"last_seq"`
	Comments       int            `json:"comments" doc:"How many there are, internal ones too."`
	Rating         *TicketRating  `json:"rating,omitempty"`
}

// TicketLink is a link to another ticket.
type TicketLink struct {
	ID       string `json:"id"`
	Kind     string `json:"kind" enum:"relates,blocks,blocked_by,duplicates,duplicated_by,parent,child" doc:"How this ticket stands to the other: parent says that the other one is."`
	TicketID string `json:"ticket_id"`
	Number   uint64 `json:"number"`
	Title    string `json:"title"`
	Status   string `json:"status" enum:"new,open,pending,solved,closed"`
}

// TicketRating is what the customer thought of the work.
type TicketRating struct {
	Score   int       `json:"score" minimum:"1" maximum:"5"`
	Comment string    `json:"comment,omitempty"`
	At      time.Time `json:"at"`
}

// TicketComment is what somebody wrote on a ticket.
type TicketComment struct {
	ID          string       `json:"id"`
	TicketID    string       `json:"ticket_id"`
	ClientID    string       `json:"client_id"`
	Public      bool         `json:"public" doc:"Whether the customer may read it."`
	Author      Actor        `json:"author"`
	Text        string       `json:"text" doc:"May be empty beside attachments."`
	CreatedAt   time.Time    `json:"created_at"`
	Attachments []Attachment `json:"attachments,omitempty"`
	Mentions    []Mention    `json:"mentions,omitempty" doc:"Colleagues whom an internal comment calls."`
}

// TicketChange is one entry of a ticket's history: the unit of timeline, feed and resume.
type TicketChange struct {
	ID       string         `json:"id"`
	TicketID string         `json:"ticket_id"`
	Seq      uint64         `json:"seq" doc:"1, 2, 3, ... per ticket, without a gap."`
	Public   bool           `json:"public" doc:"Whether the customer may know of it."`
	Type     string         `json:"type" enum:"ticket.created,ticket.commented,ticket.status,ticket.assigned,ticket.edited,ticket.followers,ticket.linked,ticket.unlinked,ticket.labeled,ticket.merged,ticket.absorbed,ticket.unmerged,ticket.rated,ticket.overdue"`
	At       time.Time      `json:"at"`
	Actor    Actor          `json:"actor"`
	Comment  *TicketComment `json:"comment,omitempty"`
	Data     map[string]any `json:"data,omitempty"`
}

// TicketOf returns the view of a ticket.
func TicketOf(t ticket.Ticket) Ticket {
	out := Ticket{
		ID: string(t.ID), Number: t.Number, TypeID: string(t.Type), Title: t.Title, Description: t.Description,
		Status: string(t.Status), Priority: string(t.Priority),
		ContactID: string(t.Contact), ContactName: t.ContactName, OrganisationID: string(t.Organisation),
		ConversationID: string(t.Conversation), InboxID: string(t.Inbox),
		AssigneeID: string(t.Assignee), AssigneeName: t.AssigneeName, TeamID: string(t.Team),
		FollowerIDs: textsOf(t.Followers), DueAt: stampOrNil(t.DueAt), Fields: maps.Clone(t.Fields),
		Links: make([]TicketLink, len(t.Links)), Labels: textsOf(t.Labels), MergedInto: string(t.MergedInto),
		CreatedBy: actorOf(t.CreatedBy), CreatedAt: Stamp(t.CreatedAt), UpdatedAt: Stamp(t.UpdatedAt),
		SolvedAt: stampOrNil(t.SolvedAt), ClosedAt: stampOrNil(t.ClosedAt), LastSeq: t.LastSeq, Comments: t.Comments,
	}
	if t.Waits() {
		out.WaitingSince = stampOrNil(t.WaitingSince)
	}
	if out.Fields == nil {
		out.Fields = map[string]any{}
	}
	for i, l := range t.Links {
		out.Links[i] = TicketLink{ID: string(l.ID), Kind: string(l.Kind), TicketID: string(l.Ticket), Number: l.Number, Title: l.Title, Status: string(l.Status)}
	}
	if r := t.Rating; r != nil {
		out.Rating = &TicketRating{Score: r.Score, Comment: r.Comment, At: Stamp(r.At)}
	}
	return out
}

// TicketChangeOf returns a member's view of a change.
func TicketChangeOf(c ticket.Change) TicketChange {
	out := TicketChange{
		ID: string(c.ID), TicketID: string(c.Ticket), Seq: c.Seq, Public: c.PublicSeq > 0, Type: string(c.Type),
		At: Stamp(c.At), Actor: actorOf(c.Actor), Data: object(c.Data),
	}
	if m := c.Comment; m != nil {
		out.Comment = &TicketComment{
			ID: string(m.ID), TicketID: string(m.Ticket), ClientID: m.ClientID, Public: m.Public, Author: actorOf(m.Author),
			Text: m.Text, CreatedAt: Stamp(m.CreatedAt), Attachments: AttachmentsOf(m.Attachments),
		}
		for _, who := range m.Mentions {
			out.Comment.Mentions = append(out.Comment.Mentions, Mention{MemberID: string(who.Member), Name: who.Name})
		}
	}
	return out
}

// WithTicket returns the view of a feed entry that is about a ticket; change and
// t are nil when it is not.
func (e FeedEvent) WithTicket(change *ticket.Change, t *ticket.Ticket) FeedEvent {
	if change != nil {
		c := TicketChangeOf(*change)
		e.TicketChange, e.Data = &c, nil
	}
	if t != nil {
		v := TicketOf(*t)
		e.Ticket = &v
	}
	return e
}
