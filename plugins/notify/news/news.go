// Package news reads what the core tells of notifications, and of what makes
// them needless.
package news

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/sdk/hook"
)

// Item is one thing that one member is to be told. Its JSON is what is kept
// while it waits.
type Item struct {
	ID     string    `json:"id"`
	Kind   string    `json:"k"`
	At     time.Time `json:"at"`
	Due    time.Time `json:"due"` // not before
	Link   string    `json:"l,omitempty"`
	Member Member    `json:"m"`

	Subject string  `json:"s,omitempty"` // the conversation or the ticket
	Seq     uint64  `json:"q,omitempty"` // of the message in it
	Number  uint64  `json:"n,omitempty"` // of the ticket
	Title   string  `json:"t,omitempty"` // of the ticket
	Text    string  `json:"x,omitempty"` // what was written
	Who     string  `json:"w,omitempty"` // who wrote it
	Inbox   string  `json:"i,omitempty"`
	Team    string  `json:"g,omitempty"`
	Import  *Import `json:"im,omitempty"`
	Plugin  *Plugin `json:"p,omitempty"`
}

// Member is who is to be told.
type Member struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

// Import is how an import of contacts ended.
type Import struct {
	State   string `json:"state"`
	Created int    `json:"created"`
	Updated int    `json:"updated"`
	Refused int    `json:"refused"`
}

// Plugin is what became of a plugin.
type Plugin struct {
	Name    map[string]string `json:"name"`
	Version string            `json:"version"`
	State   string            `json:"state"`
}

// Fresh is a notification that was made, with what rules ask about.
type Fresh struct {
	Item
	Inbox, Team Named
	Priority    string // of the conversation or the ticket; "" = it is about neither
	Attended    bool   // it needs nobody any more
}

// Named is something by its id and its name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Types of events that the plugin asks for.
const (
	TypeCreated  = "notification.created"
	TypeRead     = "notification.read"
	typeMessage  = "message.created"
	typeAssigned = "conversation.assigned"
	typeResolved = "conversation.resolved"
	typeTicket   = "ticket.assigned"
	typeStatus   = "ticket.status"
	typeComment  = "ticket.commented"
	typeDeleted  = "conversation.deleted"
	typeErased   = "erasure.changed"
)

// told is the data of an event, as far as the plugin reads it.
type told struct {
	ID           string `json:"id"` // of what is no more
	Notification struct {
		ID             string                `json:"id"`
		Kind           string                `json:"kind"`
		At             time.Time             `json:"at"`
		Link           string                `json:"link"`
		Read           bool                  `json:"read"`
		IDs            []string              `json:"ids"`
		Member         Member                `json:"member"`
		ConversationID string                `json:"conversation_id"`
		Seq            uint64                `json:"seq"`
		Text           string                `json:"text"`
		Actor          struct{ Name string } `json:"actor"`
		Inbox          Named                 `json:"inbox"`
		Team           Named                 `json:"team"`
		Ticket         *struct {
			ID     string `json:"id"`
			Number uint64 `json:"number"`
			Title  string `json:"title"`
			Text   string `json:"text"`
		} `json:"ticket"`
		Import *Import `json:"import"`
		Plugin *Plugin `json:"plugin"`
	} `json:"notification"`
	Conversation struct {
		ID         string `json:"id"`
		State      string `json:"state"`
		Priority   string `json:"priority"`
		AssigneeID string `json:"assignee_id"`
	} `json:"conversation"`
	Ticket struct {
		ID       string `json:"id"`
		Status   string `json:"status"`
		Priority string `json:"priority"`
	} `json:"ticket"`
	Change struct {
		Message struct {
			Kind   string                `json:"kind"`
			Sender struct{ Kind string } `json:"sender"`
		} `json:"message"`
		Comment struct {
			Author struct{ Kind string } `json:"author"`
		} `json:"comment"`
		Data struct {
			Status     string `json:"status"`
			AssigneeID string `json:"assignee_id"`
		} `json:"data"`
	} `json:"change"`
}

// Read is what an event means: a notification, something that was attended to,
// or neither.
func Read(e hook.Event) (*Fresh, *Attended) {
	var t told
	if len(e.Data) == 0 || json.Unmarshal(e.Data, &t) != nil {
		return nil, nil // of a shape that is not known: it concerns nobody
	}
	switch e.Type {
	case typeErased:
		return nil, &Attended{Forget: true}
	case typeDeleted:
		return nil, &Attended{Subject: t.ID, Gone: true}
	case TypeCreated:
		return t.fresh(e), nil
	case TypeRead:
		n := t.Notification
		return nil, &Attended{Member: n.Member.ID, IDs: n.IDs}
	default:
		return nil, t.attended(e.Type)
	}
}

func (t told) fresh(e hook.Event) *Fresh {
	n := t.Notification
	if n.ID == "" || n.Kind == "" {
		return nil
	}
	out := Fresh{
		Item: Item{
			ID: n.ID, Kind: n.Kind, At: n.At, Link: n.Link, Member: n.Member, Subject: n.ConversationID, Seq: n.Seq, Text: n.Text, Who: n.Actor.Name,
			Inbox: n.Inbox.Name, Team: n.Team.Name, Import: n.Import, Plugin: n.Plugin,
		},
		Inbox: n.Inbox, Team: n.Team, Priority: t.Conversation.Priority, Attended: n.Read,
	}
	if out.At.IsZero() {
		out.At = e.At
	}
	if n.Ticket != nil {
		out.Subject, out.Number, out.Title, out.Text = n.Ticket.ID, n.Ticket.Number, n.Ticket.Title, n.Ticket.Text
		out.Priority = t.Ticket.Priority
	}
	if out.Priority == "" && out.Subject != "" {
		out.Priority = "normal"
	}
	if n.Kind == "unattended" && (t.Conversation.AssigneeID != "" || t.Conversation.State == "resolved") {
		out.Attended = true
	}
	return &out
}

// Attended says what needs nobody any more: what a member has read, or what
// waits about a subject.
type Attended struct {
	Subject string
	Gone    bool     // the subject is no more
	Forget  bool     // somebody is to be forgotten: what was written, and by whom, is not told
	Member  string   // who read it
	IDs     []string // of what the member read; none = all
}

func (t told) attended(typ string) *Attended {
	const agent = "agent"
	subject := ""
	switch {
	case typ == typeMessage && t.Change.Message.Sender.Kind == agent,
		typ == typeAssigned && t.Change.Data.AssigneeID != "",
		typ == typeResolved:
		subject = t.Conversation.ID
	case typ == typeComment && t.Change.Comment.Author.Kind == agent,
		typ == typeTicket && t.Change.Data.AssigneeID != "",
		typ == typeStatus && (t.Change.Data.Status == "solved" || t.Change.Data.Status == "closed"):
		subject = t.Ticket.ID
	}
	if subject == "" {
		return nil
	}
	return &Attended{Subject: subject}
}

// settled are the kinds that are over once anybody attended to the subject.
// What calls for one member in person is not.
func settled(kind string) bool {
	return slices.Contains([]string{"unattended", "assigned", "reply", "participant_reply", "ticket_assigned", "ticket_comment", "ticket_overdue"}, kind)
}

// Covers reports whether an item needs nobody any more.
func (a Attended) Covers(i Item) bool {
	if a.Member != "" {
		return i.Member.ID == a.Member && (len(a.IDs) == 0 || slices.Contains(a.IDs, i.ID))
	}
	return a.Subject != "" && i.Subject == a.Subject && (a.Gone || settled(i.Kind))
}

// Forgotten is an item without what was written, and by whom. Whose words they
// are is not known, so it is done to all that wait when a person is erased.
func (i Item) Forgotten() Item {
	i.Text, i.Title, i.Who = "", "", ""
	return i
}
