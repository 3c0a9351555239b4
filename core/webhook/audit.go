package webhook

import (
	"context"
	"net/url"
	"slices"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Actions in the audit log.
const (
	ActionCreated  = "webhook.created"
	ActionUpdated  = "webhook.updated"
	ActionDeleted  = "webhook.deleted"
	ActionRotated  = "webhook.secret_rotated"
	ActionExpired  = "webhook.secret_expired"
	ActionReplayed = "webhook.replayed"
	ActionTested   = "webhook.tested"
	ActionDisabled = "webhook.disabled" // by the system: it failed for days
)

// target is an endpoint as what is acted on. What follows the host of an
// address may be a secret.
func (e Endpoint) target() event.Party {
	return event.Party{Kind: "webhook", ID: string(e.ID), Name: Origin(e.URL)}
}

// Origin returns an address without what may be a secret: scheme and host.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// acted adds the record of what somebody did to an endpoint to its event.
func (e Endpoint) acted(ctx context.Context, scope identity.Scope, ev event.Event, action string, detail any) event.Event {
	ev.Audit = identity.Record(ctx, scope, action, e.target())
	if detail != nil {
		ev.Audit.Say(detail)
	}
	return ev
}

// fromTo is a changed value.
type fromTo struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// difference names what changed between two states of an endpoint.
func difference(a, b Endpoint) map[string]fromTo {
	out := make(map[string]fromTo)
	if a.URL != b.URL {
		out["url"] = fromTo{Origin(a.URL), Origin(b.URL)}
	}
	if a.Description != b.Description {
		out["description"] = fromTo{a.Description, b.Description}
	}
	if !slices.Equal(a.Events, b.Events) {
		out["events"] = fromTo{a.Events, b.Events}
	}
	if !slices.Equal(a.Inboxes, b.Inboxes) {
		out["inbox_ids"] = fromTo{a.Inboxes, b.Inboxes}
	}
	if string(a.Filter) != string(b.Filter) {
		out["filter"] = fromTo{string(a.Filter), string(b.Filter)}
	}
	if a.Active != b.Active {
		out["active"] = fromTo{a.Active, b.Active}
	}
	return out
}
