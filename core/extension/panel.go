package extension

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Slot is a place in the console where plugins show something.
type Slot string

// The slots.
const (
	SlotSettings     Slot = "settings.page"
	SlotConversation Slot = "conversation.sidebar"
	SlotTicket       Slot = "ticket.sidebar"
	SlotComposer     Slot = "composer.action"
	SlotReport       Slot = "report.page"
	SlotNavigation   Slot = "navigation"
)

// Slots lists them.
func Slots() []Slot {
	return []Slot{SlotSettings, SlotConversation, SlotTicket, SlotComposer, SlotReport, SlotNavigation}
}

// need is what somebody must be allowed to see what is in the slot.
func (s Slot) need() identity.Permission {
	switch s {
	case SlotTicket:
		return identity.TicketRead
	case SlotSettings:
		return identity.PluginManage
	case SlotReport:
		return identity.RatingReadAll
	default:
		return identity.ConversationRead
	}
}

// write is what somebody must be allowed to change what the slot is about.
func (s Slot) write() identity.Permission {
	switch s {
	case SlotTicket:
		return identity.TicketWrite
	case SlotSettings:
		return identity.PluginManage
	default:
		return identity.ConversationReply
	}
}

// fits refuses a subject that the slot is not about.
func (s Slot) fits(of Subject) error {
	var bad errs.Refusals
	want := func(pointer, id string, needed bool) {
		switch {
		case needed && id == "":
			bad.Refuse(pointer, "required", "The panel is about one: name it.")
		case !needed && id != "":
			bad.Refuse(pointer, "unexpected", "The panel is not about one.")
		}
	}
	want("/conversation_id", of.Conversation, s == SlotConversation || s == SlotComposer)
	want("/ticket_id", of.Ticket, s == SlotTicket)
	return bad.Refused("panel.subject", "The panel's place is about something else.")
}

// Panel is something that a plugin shows in the console, as its manifest says.
type Panel struct {
	Plugin PluginID
	Name   string
	Slot   Slot
	Title  map[string]string // by locale; "en" is always there
	Page   string            // a file of the plugin's ui folder; "" = a card
}

// PanelView is a panel as somebody looks at it: what the plugin is told.
type PanelView struct {
	Panel      string
	Slot       Slot
	Subject    Subject
	Member     identity.MemberID
	MemberName string // "" = the plugin may not know
	Locale     string // BCP 47
	Theme      string // light or dark
	May        []string
}

// Card is what a panel shows.
type Card struct {
	JSON  json.RawMessage // nil = nothing to show
	Fresh time.Duration   // it may be shown so long without asking again
}

// PanelAction is a press of a button on a card.
type PanelAction struct {
	ID     string // of this press, the same on every attempt
	Action string
	Data   json.RawMessage // an object: the action's data and the card's inputs
}

// Pressed is what a press led to.
type Pressed struct {
	Card       json.RawMessage // as it is now; nil = it stays as it is
	Message    string          // for whoever pressed; "" = none
	Failed     bool            // the message tells of a failure
	InsertText string          // for the composer; "" = none
}

// Panels is the port to what plugins show. Answers were checked at the edge.
// Without a process the calls fail with errs.Unavailable, which says when to
// try again.
type Panels interface {
	// Panels lists the panels of the installed plugins, by plugin and as the
	// manifests order them.
	Panels() []Panel
	Render(ctx context.Context, c Connection, v PanelView) (Card, error)
	Act(ctx context.Context, c Connection, v PanelView, a PanelAction) (Pressed, error)
	// Call brings what a page asks to its plugin, and the plugin's value back.
	Call(ctx context.Context, c Connection, v PanelView, method string, params json.RawMessage) (json.RawMessage, error)
}
