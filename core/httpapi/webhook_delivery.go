package httpapi

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/wire"
)

// WebhookDeliveryBody is an event that an endpoint was or will be sent.
type WebhookDeliveryBody struct {
	ID        string     `json:"id"`
	WebhookID string     `json:"webhook_id"`
	EventID   string     `json:"event_id"`
	Type      string     `json:"type"`
	Subject   string     `json:"subject" doc:"Id of what the event is about: order is kept among the same."`
	At        time.Time  `json:"at" doc:"When it happened."`
	State     string     `json:"state" enum:"pending,delivered,dead"`
	Attempts  int        `json:"attempts" doc:"Since it began to wait: at first, or by the last replay."`
	NextAt    *time.Time `json:"next_at,omitempty" doc:"Of the next attempt; of what waits its turn the earliest."`
	Status    int        `json:"status,omitempty" doc:"HTTP status of the last answer; absent when none came."`
	Code      string     `json:"code,omitempty" doc:"What went wrong last."`
	SettledAt *time.Time `json:"settled_at,omitempty"`
}

// httpHeader is a header of a request or an answer.
type httpHeader struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// webhookAttemptBody is one request and what came of it.
type webhookAttemptBody struct {
	At        time.Time    `json:"at"`
	TookMS    int64        `json:"took_ms"`
	KIDs      []string     `json:"kids" nullable:"false" doc:"Of the secrets that signed it."`
	Status    int          `json:"status,omitempty" doc:"Absent: no answer came."`
	Headers   []httpHeader `json:"headers" nullable:"false" doc:"Some of the answer's."`
	Body      string       `json:"body" doc:"The beginning of the answer's, at most 4 KiB, without our secrets."`
	Truncated bool         `json:"truncated,omitempty"`
	Code      string       `json:"code,omitempty" doc:"Absent: it succeeded."`
	Detail    string       `json:"detail,omitempty"`
}

// webhookTraceBody is a delivery with its request and its attempts.
type webhookTraceBody struct {
	WebhookDeliveryBody
	Headers  []httpHeader         `json:"headers" nullable:"false" doc:"Of the request; the signature is left out."`
	Body     string               `json:"body" doc:"Of the request."`
	Withheld bool                 `json:"withheld,omitempty" doc:"The bodies are left out, because you may not read every conversation."`
	Log      []webhookAttemptBody `json:"log" nullable:"false" doc:"The oldest first; at most the 20 newest."`
}

// webhookTestBody is a test and its result.
type webhookTestBody struct {
	Headers []httpHeader       `json:"headers" nullable:"false" doc:"Of the request; the signature is left out."`
	Body    string             `json:"body" doc:"Of the request."`
	Result  webhookAttemptBody `json:"result"`
}

func webhookDeliveryOf(d webhook.Delivery) WebhookDeliveryBody {
	return WebhookDeliveryBody{
		ID: string(d.ID), WebhookID: string(d.Endpoint), EventID: d.Event, Type: d.Type, Subject: d.Subject, At: wire.Stamp(d.At),
		State: string(d.State), Attempts: d.Attempts, NextAt: stampOf(d.NextAt), Status: d.Status, Code: d.Code, SettledAt: stampOf(d.SettledAt),
	}
}

func webhookAttemptOf(a webhook.Attempt) webhookAttemptBody {
	return webhookAttemptBody{
		At: wire.Stamp(a.At), TookMS: a.Took.Milliseconds(), KIDs: append([]string{}, a.KIDs...), Status: a.Status, Headers: httpHeaders(a.Headers),
		Body: strings.ToValidUTF8(a.Body, "\uFFFD"), Truncated: a.Cut, Code: a.Code, Detail: a.Detail,
	}
}

func httpHeaders(list [][2]string) []httpHeader {
	out := make([]httpHeader, len(list))
	for i, h := range list {
		out[i] = httpHeader{Name: h[0], Value: h[1]}
	}
	return out
}

type listWebhookDeliveriesInput struct {
	WebhookPath
	Paging
	State string `query:"state" enum:"pending,delivered,dead"`
}

func (s *Server) listWebhookDeliveries(ctx context.Context, scope identity.Scope, in *listWebhookDeliveriesInput) (*body[list[WebhookDeliveryBody]], error) {
	return asList(webhookDeliveryOf)(s.Webhooks.Deliveries(ctx, scope, webhook.ID(in.Webhook), webhook.State(in.State), in.request()))
}

type webhookDeliveryPath struct {
	Workspace string `path:"workspace"`
	Delivery  string `path:"delivery"`
}

func (s *Server) getWebhookDelivery(ctx context.Context, scope identity.Scope, in *webhookDeliveryPath) (*body[webhookTraceBody], error) {
	found, err := s.Webhooks.Delivery(ctx, scope, webhook.DeliveryID(in.Delivery))
	if err != nil {
		return nil, err
	}
	d := found.Delivery
	out := webhookTraceBody{
		WebhookDeliveryBody: webhookDeliveryOf(d), Headers: httpHeaders(webhook.Headers(d)), Body: string(d.Body), Withheld: found.Withheld,
		Log: make([]webhookAttemptBody, len(found.Attempts)),
	}
	for i, a := range found.Attempts {
		out.Log[i] = webhookAttemptOf(a)
	}
	return &body[webhookTraceBody]{Body: out}, nil
}

func (s *Server) testWebhook(ctx context.Context, scope identity.Scope, in *WebhookPath) (*body[webhookTestBody], error) {
	found, err := s.Webhooks.Test(ctx, scope, webhook.ID(in.Webhook))
	if err != nil {
		return nil, err
	}
	return &body[webhookTestBody]{Body: webhookTestBody{
		Headers: httpHeaders(found.Headers), Body: string(found.Body), Result: webhookAttemptOf(found.Attempt),
	}}, nil
}
