package webhooktest

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/webhook"
)

// Renderer implements webhook.Renderer: the envelope of an event is its id and
// type. An event with a Seq is about the conversation of its subject; about a
// ticket that came from none when that begins with "tkt_", about one that is no
// more with "gone_".
type Renderer struct{}

// Render implements webhook.Renderer.
func (Renderer) Render(_ context.Context, _ identity.WorkspaceID, events []event.Event) (map[string]webhook.Envelope, error) {
	out := make(map[string]webhook.Envelope)
	for _, e := range events {
		body, err := json.Marshal(map[string]string{"id": e.ID, "type": e.Type})
		if err != nil {
			return nil, err
		}
		envelope := webhook.Envelope{Body: body}
		if e.Seq > 0 {
			envelope.Narrowed = true
			switch {
			case strings.HasPrefix(e.Subject, "gone_"):
				envelope.Gone, envelope.Inbox = true, "inb_"+e.Subject
			case !strings.HasPrefix(e.Subject, "tkt_"):
				envelope.Conversation, envelope.Inbox = e.Subject, "inb_"+e.Subject
			}
		}
		out[e.ID] = envelope
	}
	return out, nil
}

// Filters implements webhook.Filters: a filter is {"only": "<conversation>"}.
type Filters struct{}

type only struct {
	Only string `json:"only"`
}

// Check implements webhook.Filters.
func (Filters) Check(_ context.Context, _ identity.WorkspaceID, raw json.RawMessage) (json.RawMessage, error) {
	var f only
	if json.Unmarshal(raw, &f) != nil || f.Only == "" {
		return nil, errs.New(errs.Invalid, "filter.invalid", "This is no filter.")
	}
	return raw, nil
}

// Among implements webhook.Filters.
func (Filters) Among(_ context.Context, _ identity.WorkspaceID, stored json.RawMessage, ids []string) (map[string]bool, error) {
	var f only
	out := make(map[string]bool)
	err := json.Unmarshal(stored, &f)
	for _, id := range ids {
		out[id] = id == f.Only
	}
	return out, err
}

// Request is what a Poster was given.
type Request struct {
	URL     string
	Headers map[string]string
	Body    string
}

// Poster implements webhook.Poster: it keeps requests and asks On what comes
// of them; without one they succeed.
type Poster struct {
	On func(ctx context.Context, r Request) webhook.Attempt

	mu   sync.Mutex
	sent []Request
}

// Post implements webhook.Poster.
func (p *Poster) Post(ctx context.Context, address string, headers [][2]string, body []byte) webhook.Attempt {
	r := Request{URL: address, Headers: make(map[string]string), Body: string(body)}
	for _, h := range headers {
		r.Headers[h[0]] = h[1]
	}
	p.mu.Lock()
	p.sent = append(p.sent, r)
	p.mu.Unlock()
	if p.On == nil {
		return webhook.Attempt{Status: 200}
	}
	return p.On(ctx, r)
}

// Sent returns all requests so far.
func (p *Poster) Sent() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.sent...)
}

// Check implements webhook.Poster: https with a host.
func (p *Poster) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return errs.New(errs.Invalid, "webhook.url", "The address is refused.")
	}
	return nil
}

// Inboxes implements webhook.Inboxes with those there are.
type Inboxes map[string]identity.WorkspaceID

// HasInbox implements webhook.Inboxes.
func (i Inboxes) HasInbox(_ context.Context, w identity.WorkspaceID, id string) (bool, error) {
	return i[id] == w, nil
}
