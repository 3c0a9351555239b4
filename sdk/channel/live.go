package channel

import (
	"context"

	"github.com/patchbay-im/patchbay/sdk/instance"
)

// Live decides who may talk on a live channel and how the widget looks. The
// widget's files are in the plugin's ui folder; the core serves them.
type Live interface {
	// OpenSession judges a visitor who opens the widget or comes back to it.
	// Sessions that are open go on without the plugin. ctx ends after 2
	// seconds; the core then uses the answer it got last.
	OpenSession(ctx context.Context, req OpenSessionRequest) (OpenSessionResponse, error)
}

// OpenSessionRequest is a visitor who knocks.
type OpenSessionRequest struct {
	Instance    instance.Instance
	SessionID   string
	EmbedOrigin string // origin of the page that shows the widget; "" = not known
	PageURL     string
	PageTitle   string
	Referrer    string
	Locale      string // BCP 47, as the browser says it
	UserAgent   string
	Resumed     bool // the visitor was here before
}

// OpenSessionResponse is the word on a visitor. The zero value refuses.
type OpenSessionResponse struct {
	Allow  bool
	Reason string // why not: a sentence for the visitor, in the visitor's language

	Name       string            // what to call the visitor; "" = anonymous
	Attributes map[string]string // shown to agents beside the conversation

	// Settings is the part of the configuration that the widget needs. It is
	// encoded as a JSON object and public: everybody can read it.
	Settings any
	// Origins that may embed the widget; empty = any.
	Origins []string
}
