package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Elsewhere is the data of the events by which plugins tell members elsewhere
// what concerns them: a notification with its conversation or its ticket as
// they are now, or what a member has read.
type Elsewhere struct {
	Notification ElsewhereNews `json:"notification"`
	Conversation *Conversation `json:"conversation,omitempty"`
	Ticket       *Ticket       `json:"ticket,omitempty"`
}

// ElsewhereNews is one notification, or those that a member has read.
type ElsewhereNews struct {
	ID     string          `json:"id,omitempty"`
	Kind   string          `json:"kind,omitempty"`
	At     *time.Time      `json:"at,omitempty"`
	Link   string          `json:"link,omitempty"` // to what it is about, in the console
	Member ElsewhereMember `json:"member"`
	Read   bool            `json:"read,omitempty"` // by the member, meanwhile
	IDs    []string        `json:"ids,omitempty"`  // of what was read; absent: all

	ConversationID string              `json:"conversation_id,omitempty"`
	Seq            uint64              `json:"seq,omitempty"`
	Text           string              `json:"text,omitempty"` // what was written, of what is no ticket
	Actor          *Actor              `json:"actor,omitempty"`
	Inbox          *Named              `json:"inbox,omitempty"`
	Team           *Named              `json:"team,omitempty"`
	Ticket         *ElsewhereTicket    `json:"ticket,omitempty"`
	Import         *NotificationImport `json:"import,omitempty"`
	Plugin         *NotificationPlugin `json:"plugin,omitempty"`
}

// ElsewhereMember is who is to be told.
type ElsewhereMember struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// ElsewhereTicket names a ticket, and says what was written about it.
type ElsewhereTicket struct {
	ID     string `json:"id"`
	Number uint64 `json:"number"`
	Title  string `json:"title"`
	Text   string `json:"text,omitempty"`
}

// Named is something by its id and its name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// About is what a notification is about, as it is now.
type About struct {
	Member       identity.Member
	Conversation *conversation.Conversation
	Ticket       *ticket.Ticket
	Inbox, Team  *Named
	Link         string
}

// ElsewhereOf returns the view of a notification for plugins.
func ElsewhereOf(n notification.Notification, about About) Elsewhere {
	view := NotificationOf(n)
	news := ElsewhereNews{
		ID: view.ID, Kind: view.Kind, At: &view.At, Link: about.Link, Read: view.ReadAt != nil,
		Member:         ElsewhereMember{ID: string(n.Member), Name: about.Member.Name, Email: about.Member.Email},
		ConversationID: view.ConversationID, Seq: view.Seq, Text: view.Text, Actor: view.Actor,
		Inbox: about.Inbox, Team: about.Team, Import: view.Import, Plugin: view.Plugin,
	}
	if view.Ticket != nil {
		news.Ticket, news.Text = &ElsewhereTicket{ID: view.Ticket.ID, Number: view.Ticket.Number, Title: view.Ticket.Title, Text: view.Text}, ""
	}
	out := Elsewhere{Notification: news}
	if about.Conversation != nil {
		c := ConversationOf(*about.Conversation)
		out.Conversation = &c
	}
	if about.Ticket != nil {
		t := TicketOf(*about.Ticket)
		out.Ticket = &t
	}
	return out
}

// ReadElsewhere returns the view of what a member has read, for plugins.
func ReadElsewhere(d notification.ReadData) Elsewhere {
	out := Elsewhere{Notification: ElsewhereNews{Member: ElsewhereMember{ID: string(d.Member)}}}
	for _, id := range d.IDs {
		out.Notification.IDs = append(out.Notification.IDs, string(id))
	}
	return out
}
