package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// WebhookSecretBody is what is known of a secret after it was shown.
type WebhookSecretBody struct {
	KID       string     `json:"kid"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it stops signing; absent for the current one."`
}

// WebhookBody is an endpoint.
type WebhookBody struct {
	ID            string              `json:"id"`
	URL           string              `json:"url"`
	Description   string              `json:"description"`
	Events        []string            `json:"events" nullable:"false" doc:"Types of events; * alone is all of them."`
	Filter        rawFilter           `json:"filter,omitempty" doc:"Which conversations; absent: all."`
	InboxIDs      []string            `json:"inbox_ids" nullable:"false" doc:"Of conversations; empty: all."`
	Active        bool                `json:"active" doc:"false: somebody turned it off, and what happens meanwhile is not sent later."`
	State         string              `json:"state" enum:"healthy,failing,disabled" doc:"disabled: it failed for days. What happens meanwhile is kept and can be replayed. Setting active enables it again."`
	FailingSince  *time.Time          `json:"failing_since,omitempty"`
	LastSuccessAt *time.Time          `json:"last_success_at,omitempty"`
	Secrets       []WebhookSecretBody `json:"secrets" nullable:"false"`
	Pending       int                 `json:"pending" doc:"Deliveries that wait for their turn or for another attempt."`
	Dead          int                 `json:"dead" doc:"Deliveries that were given up and can be replayed."`
	CreatedAt     time.Time           `json:"created_at"`
	UpdatedAt     time.Time           `json:"updated_at"`
}

// newWebhookBody is an endpoint with its first secret.
type newWebhookBody struct {
	WebhookBody
	Secret string `json:"secret" doc:"The key of HMAC-SHA256, exactly as it stands. It is shown this once."`
	KID    string `json:"kid"`
}

func webhookOf(e webhook.Endpoint, counts map[webhook.State]int, now time.Time) WebhookBody {
	out := WebhookBody{
		ID: string(e.ID), URL: e.URL, Description: e.Description, Events: e.Events, Filter: rawFilter(e.Filter), InboxIDs: e.Inboxes,
		Active: e.Active, State: string(e.Health), FailingSince: stampOf(e.FailingSince), LastSuccessAt: stampOf(e.LastSuccess),
		Secrets: []WebhookSecretBody{}, Pending: counts[webhook.Pending], Dead: counts[webhook.Dead],
		CreatedAt: wire.Stamp(e.CreatedAt), UpdatedAt: wire.Stamp(e.UpdatedAt),
	}
	if out.InboxIDs == nil {
		out.InboxIDs = []string{}
	}
	for _, k := range e.Secrets {
		if k.Works(now) {
			out.Secrets = append(out.Secrets, webhookSecretOf(k))
		}
	}
	return out
}

func webhookSecretOf(k webhook.Secret) WebhookSecretBody {
	return WebhookSecretBody{KID: k.KID, CreatedAt: wire.Stamp(k.CreatedAt), ExpiresAt: stampOf(k.ExpiresAt)}
}

func (s *Server) webhookRoutes() {
	all, tags := apiPrefix+"/workspaces/{workspace}/webhooks", []string{"webhooks"}
	one := all + "/{webhook}"
	member(s, huma.Operation{Method: http.MethodGet, Path: all, Summary: "List webhooks", Tags: tags}, identity.WebhookRead, s.listWebhooks)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: all, Summary: "Make a webhook", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "It is sent what happens from now on. See /docs/api/webhooks for what it is sent and how to check the signature.",
	}, identity.WebhookManage, s.createWebhook)
	member(s, huma.Operation{Method: http.MethodGet, Path: all + "/events", Summary: "List the events that webhooks can be sent", Tags: tags}, identity.WebhookRead, s.webhookEvents)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: all + "/deliveries/{delivery}", Summary: "Get a delivery with its attempts", Tags: tags,
		Description: "Bodies are left out for those who may not read every conversation.",
	}, identity.WebhookRead, s.getWebhookDelivery)
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Get a webhook", Tags: tags}, identity.WebhookRead, s.getWebhook)
	member(s, huma.Operation{Method: http.MethodPatch, Path: one, Summary: "Change a webhook", Tags: tags}, identity.WebhookManage, s.patchWebhook)
	member(s, huma.Operation{Method: http.MethodDelete, Path: one, Summary: "Delete a webhook and its deliveries", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.WebhookManage, s.deleteWebhook)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/secrets", Summary: "Make a new secret", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "The previous one signs beside it for the overlap; any older one ends now.",
	}, identity.WebhookManage, s.rotateWebhook)
	member(s, huma.Operation{Method: http.MethodDelete, Path: one + "/secrets/{kid}", Summary: "End a previous secret now", Tags: tags, DefaultStatus: http.StatusNoContent}, identity.WebhookManage, s.expireWebhook)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: one + "/deliveries", Summary: "List what a webhook was sent", Tags: tags,
		Description: "The newest first. What was delivered is kept for 7 days, what is dead for 30.",
	}, identity.WebhookRead, s.listWebhookDeliveries)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/replay", Summary: "Send deliveries again", Tags: tags,
		Description: "One by its id, or all in a state, or all since a time, or both. With the same event ids, in order.",
	}, identity.WebhookManage, s.replayWebhook)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/test", Summary: "Send a test event and wait for the answer", Tags: tags,
		Description: "At most 15 seconds. The event webhook.test is sent whatever the webhook asks for, once, and is in no log.",
	}, identity.WebhookManage, s.testWebhook)
}

func (s *Server) webhookView(ctx context.Context, scope identity.Scope, e webhook.Endpoint) (WebhookBody, error) {
	counts, err := s.Webhooks.Counts(ctx, scope, e.ID)
	return webhookOf(e, counts, s.Now()), err
}

func (s *Server) listWebhooks(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[WebhookBody]], error) {
	found, err := s.Webhooks.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[WebhookBody]]{Body: list[WebhookBody]{Items: make([]WebhookBody, len(found))}}
	for i, e := range found {
		if out.Body.Items[i], err = s.webhookView(ctx, scope, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// webhookDraft is an endpoint to be made; absent members stay as they are.
type webhookDraft struct {
	URL         *string   `json:"url,omitempty" doc:"https; http only to networks of outbound.allow_networks."`
	Description *string   `json:"description,omitempty"`
	Events      *[]string `json:"events,omitempty" maxItems:"200"`
	Filter      rawFilter `json:"filter,omitempty" doc:"null takes it away."`
	InboxIDs    *[]string `json:"inbox_ids,omitempty" maxItems:"200"`
	Active      *bool     `json:"active,omitempty"`
}

func (d webhookDraft) draft() webhook.Draft {
	return webhook.Draft{
		URL: d.URL, Description: d.Description, Events: d.Events, Filter: json.RawMessage(d.Filter), Inboxes: d.InboxIDs, Active: d.Active,
	}
}

type createWebhookInput struct {
	Workspace string `path:"workspace"`
	Body      webhookDraft
}

func (s *Server) createWebhook(ctx context.Context, scope identity.Scope, in *createWebhookInput) (*body[newWebhookBody], error) {
	e, secret, err := s.Webhooks.Create(ctx, scope, in.Body.draft())
	if err != nil {
		return nil, err
	}
	return &body[newWebhookBody]{Body: newWebhookBody{WebhookBody: webhookOf(e, nil, s.Now()), Secret: secret, KID: e.Secrets[0].KID}}, nil
}

// webhookEventBody is a type of event.
type webhookEventBody struct {
	Type  string `json:"type"`
	Group string `json:"group"`
}

func (s *Server) webhookEvents(context.Context, identity.Scope, *WorkspacePath) (*body[list[webhookEventBody]], error) {
	return listOf(page.Page[webhook.Type]{Items: webhook.Types()}, func(t webhook.Type) webhookEventBody {
		return webhookEventBody{Type: t.Name, Group: t.Group}
	}), nil
}

// WebhookPath is the path parameters of one webhook.
type WebhookPath struct {
	Workspace string `path:"workspace"`
	Webhook   string `path:"webhook"`
}

func (s *Server) getWebhook(ctx context.Context, scope identity.Scope, in *WebhookPath) (*body[WebhookBody], error) {
	e, err := s.Webhooks.Get(ctx, scope, webhook.ID(in.Webhook))
	if err != nil {
		return nil, err
	}
	out, err := s.webhookView(ctx, scope, e)
	return &body[WebhookBody]{Body: out}, err
}

type patchWebhookInput struct {
	WebhookPath
	Body webhookDraft
}

func (s *Server) patchWebhook(ctx context.Context, scope identity.Scope, in *patchWebhookInput) (*body[WebhookBody], error) {
	e, err := s.Webhooks.Update(ctx, scope, webhook.ID(in.Webhook), in.Body.draft())
	if err != nil {
		return nil, err
	}
	out, err := s.webhookView(ctx, scope, e)
	return &body[WebhookBody]{Body: out}, err
}

func (s *Server) deleteWebhook(ctx context.Context, scope identity.Scope, in *WebhookPath) (*struct{}, error) {
	return nil, s.Webhooks.Delete(ctx, scope, webhook.ID(in.Webhook))
}

type rotateWebhookInput struct {
	WebhookPath
	Body struct {
		OverlapHours *int `json:"overlap_hours,omitempty" minimum:"0" maximum:"720" doc:"How long the previous secret signs beside the new one; absent: 24."`
	}
}

// rotatedBody is a new secret.
type rotatedBody struct {
	WebhookSecretBody
	Secret string `json:"secret" doc:"The key of HMAC-SHA256, exactly as it stands. It is shown this once."`
}

func (s *Server) rotateWebhook(ctx context.Context, scope identity.Scope, in *rotateWebhookInput) (*body[rotatedBody], error) {
	overlap := webhook.Overlap
	if h := in.Body.OverlapHours; h != nil {
		overlap = time.Duration(*h) * time.Hour
	}
	made, secret, err := s.Webhooks.Rotate(ctx, scope, webhook.ID(in.Webhook), overlap)
	if err != nil {
		return nil, err
	}
	return &body[rotatedBody]{Body: rotatedBody{WebhookSecretBody: webhookSecretOf(made), Secret: secret}}, nil
}

type expireWebhookInput struct {
	WebhookPath
	KID string `path:"kid"`
}

func (s *Server) expireWebhook(ctx context.Context, scope identity.Scope, in *expireWebhookInput) (*struct{}, error) {
	return nil, s.Webhooks.Expire(ctx, scope, webhook.ID(in.Webhook), in.KID)
}

type replayWebhookInput struct {
	WebhookPath
	Body struct {
		DeliveryID string     `json:"delivery_id,omitempty" maxLength:"40"`
		State      string     `json:"state,omitempty" enum:"delivered,dead" doc:"Absent: both."`
		Since      *time.Time `json:"since,omitempty" doc:"Of the event."`
	}
}

// replayedBody is how many deliveries are sent again.
type replayedBody struct {
	Deliveries int `json:"deliveries"`
}

func (s *Server) replayWebhook(ctx context.Context, scope identity.Scope, in *replayWebhookInput) (*body[replayedBody], error) {
	which := webhook.Selection{Delivery: webhook.DeliveryID(in.Body.DeliveryID), State: webhook.State(in.Body.State)}
	if in.Body.Since != nil {
		which.Since = *in.Body.Since
	}
	n, err := s.Webhooks.Replay(ctx, scope, webhook.ID(in.Webhook), which)
	if err != nil {
		return nil, err
	}
	return &body[replayedBody]{Body: replayedBody{Deliveries: n}}, nil
}
