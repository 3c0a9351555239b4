package channel

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
)

// Plugins is the port to the processes behind the inboxes. Its calls carry a
// deadline of their own; while a process is down they fail with errs.Unavailable.
type Plugins interface {
	// Types lists the installed channel plugins by id.
	Types() []Type
	// ValidateConfig checks a configuration and its secrets against the
	// manifest's schema and, when the process is up, by the plugin itself. No
	// side effects.
	ValidateConfig(ctx context.Context, plugin PluginID, candidate instance.Candidate) ([]Problem, error)
	// Configure tells the plugin of an inbox or its new configuration. When
	// the process is down it learns of it at its next start.
	Configure(ctx context.Context, inbox Inbox) error
	// Remove makes the plugin forget an inbox.
	Remove(ctx context.Context, inbox Inbox) error
	// Health returns what the plugin last said of the inbox.
	Health(inbox Inbox) Health
	// Webhook lets the plugin verify and parse a stored request.
	Webhook(ctx context.Context, inbox Inbox, request WebhookRequest) (WebhookAnswer, error)
	// OpenSession asks a live channel's policy whether a visitor may talk.
	OpenSession(ctx context.Context, inbox Inbox, request SessionRequest) (SessionAnswer, error)
}

// WebhookRequest is a raw request of a far side, byte for byte.
type WebhookRequest struct {
	ID      string // stable on replay: whk_
	Method  string
	Path    string // after the token, with a leading slash
	Query   string
	Headers map[string][]string
	Body    []byte
	Remote  string
	Replay  bool
}

// WebhookAnswer is what the far side is told once Inbound is committed.
type WebhookAnswer struct {
	Status  int
	Headers map[string]string
	Body    []byte
	Inbound []Inbound
	Result  Result // Retry: keep the request and replay it later
}

// SessionRequest is a visitor who knocks.
type SessionRequest struct {
	Session     string // id of the visitor session being opened: vis_
	EmbedOrigin string // origin of the page that shows the widget, "" = unknown
	PageURL     string
	PageTitle   string
	Referrer    string
	Locale      string
	UserAgent   string
	Resumed     bool
}

// SessionAnswer is the policy's word on a visitor.
type SessionAnswer struct {
	Allow      bool
	Reason     string            // why not: a sentence for the visitor
	Name       string            // to show the visitor by; "" = anonymous
	Attributes map[string]string // kept on the contact
	Settings   json.RawMessage   // the public part of the inbox's configuration, for the widget
	Origins    []string          // origins that may embed the widget; empty = any
}

// Workspaces finds the inboxes a plugin serves, over all tenants: for the
// plugin host alone.
type Workspaces interface {
	// InboxesOf lists the enabled inboxes of a plugin in every workspace.
	InboxesOf(ctx context.Context, plugin PluginID) ([]Inbox, error)
	// Inbox returns one inbox by its id alone, which is globally unique; the
	// host derives the workspace from it.
	Inbox(ctx context.Context, id InboxID) (Inbox, error)
}

// Receiver takes what plugins bring in. It returns one result per item, in
// order, after the commit. The scope's actor is the plugin.
type Receiver interface {
	Receive(ctx context.Context, scope identity.Scope, items []Inbound) ([]Result, error)
}
