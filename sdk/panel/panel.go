// Package panel is the ability to show something in the console: a card, which
// the console draws from data, or a page of the plugin's own (files below ui/)
// in a frame that has no network. Which panels there are, and in which slot,
// stands in the manifest.
//
// A Panel draws cards. What else it can do is found by type assertion: Actor
// for cards with buttons, Caller for pages that ask for something. A plugin
// that has only pages embeds NoCard.
//
// Concurrency: every method may be called from several goroutines at once.
package panel

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

// MaxCall bounds the parameters and the answer of a Call, in bytes of JSON.
const MaxCall = 256 << 10

// Panel draws cards.
type Panel interface {
	// Render draws the card of a panel. Somebody waits for it: ctx ends after 2
	// seconds. Of an error of the source Rejected the detail is shown in the
	// card's place; of any other, that the plugin does not answer.
	Render(ctx context.Context, req RenderRequest) (RenderResponse, error)
}

// Actor takes presses of a card's buttons. ctx ends after 10 seconds.
type Actor interface {
	Act(ctx context.Context, req ActRequest) (ActResponse, error)
}

// Caller answers pages, through the console and the core. ctx ends after 10
// seconds. An error of the source Rejected is told to the page.
type Caller interface {
	Call(ctx context.Context, req CallRequest) (CallResponse, error)
}

// NoCard is the Panel of a plugin that has only pages: embed it.
type NoCard struct{}

// Render has nothing to show.
func (NoCard) Render(context.Context, RenderRequest) (RenderResponse, error) {
	return RenderResponse{}, nil
}

// Context says where a panel is looked at, and by whom. The core has checked
// that the member may see what it is about.
type Context struct {
	Panel string // its name in the manifest
	Slot  string // conversation.sidebar, ...: as in the manifest

	// What it is about, in the slots that are about something.
	ConversationID string
	TicketID       string
	ContactID      string

	MemberID   string
	MemberName string // "" without the scope members:read
	Locale     string // of the member: BCP 47
	Dark       bool   // the member's console is dark

	May []string // what the member may do here: MayRead, MayWrite, MayManage
}

// What a member may do.
const (
	MayRead   = "read"
	MayWrite  = "write"
	MayManage = "manage"
)

// Allows reports whether the member may do something.
func (c Context) Allows(what string) bool { return slices.Contains(c.May, what) }

// RenderRequest asks for a card.
type RenderRequest struct {
	Instance instance.Instance
	Context  Context
}

// RenderResponse is a card; the zero value shows nothing.
type RenderResponse struct {
	Card  card.Card
	Fresh time.Duration // the console may show the card so long without asking again
}

// ActRequest is a press of a button.
type ActRequest struct {
	Instance instance.Instance
	Context  Context
	ID       string          // of this press: the same on every attempt
	Action   string          // of the button
	Data     json.RawMessage // an object: the button's data and the card's inputs by their ids
}

// Decode reads the data into a struct.
func (r ActRequest) Decode(into any) error { return decode("data of "+r.Action, r.Data, into) }

// ActResponse is what to show now.
type ActResponse struct {
	Card       card.Card // the zero value: the card stays as it is
	Message    string    // a sentence for whoever pressed; "" = none
	Failed     bool      // Message tells of a failure
	InsertText string    // text to put into the composer; only where there is one
}

// CallRequest is a page that asks for something.
type CallRequest struct {
	Instance instance.Instance
	Context  Context
	Method   string
	Params   json.RawMessage // a JSON value, at most MaxCall
}

// Decode reads the parameters into a struct.
func (r CallRequest) Decode(into any) error { return decode("parameters of "+r.Method, r.Params, into) }

// CallResponse is the answer.
type CallResponse struct {
	Value any // encoded as JSON, at most MaxCall
}

func decode(what string, data json.RawMessage, into any) error {
	if len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("the %s: %w", what, err)
	}
	return nil
}
