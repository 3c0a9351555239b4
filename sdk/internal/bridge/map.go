package bridge

import (
	"net/http"
	"net/url"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// resultOf returns what became of an item whose method returned err.
func resultOf(err error) *pluginv1.Result {
	if err == nil {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}
	}
	e := errs.As(err)
	r := &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: e.Code, Detail: e.Detail}
	if e.Source == errs.Rejected {
		r.Outcome = pluginv1.Outcome_OUTCOME_REJECTED
	}
	if e.RetryAfter > 0 {
		r.RetryAfter = durationpb.New(e.RetryAfter)
	}
	return r
}

func retry(code, detail string) *pluginv1.Result {
	return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: code, Detail: detail}
}

func instanceOf(i *pluginv1.Instance) instance.Instance {
	kind := i.GetKind()
	if kind == "" {
		kind = instance.KindInbox
	}
	return instance.Instance{
		ID: i.GetId(), Config: i.GetConfig(), Revision: i.GetConfigRevision(), Secrets: i.GetSecrets(),
		Kind: kind, Name: i.GetName(), Scopes: i.GetScopes(), Locale: i.GetLocale(), TimeZone: i.GetTimeZone(),
	}
}

func sendRequestOf(in instance.Instance, o *pluginv1.Outbound) channel.SendRequest {
	return channel.SendRequest{
		Instance: in, DeliveryID: o.GetId(), ConversationID: o.GetConversationId(), Seq: o.GetSeq(),
		Recipient: o.GetRecipientExternalId(), Content: contentOf(o.GetContent()),
		Attempt: int(o.GetAttempt()), Suspect: o.GetSuspect(),
	}
}

func receiveRequestOf(in instance.Instance, r *pluginv1.HandleWebhookRequest) channel.ReceiveRequest {
	query, _ := url.ParseQuery(r.GetQuery()) // what could be read of it; RawQuery has the rest
	return channel.ReceiveRequest{
		Instance: in, ID: r.GetWebhookId(), Method: r.GetMethod(), Path: r.GetPath(),
		Query: query, RawQuery: r.GetQuery(), Header: headersOf(r.GetHeaders()), Body: r.GetBody(),
		Remote: r.GetRemoteAddr(), Replay: r.GetReplay(),
	}
}

func headersOf(list []*pluginv1.Header) http.Header {
	out := make(http.Header, len(list))
	for _, h := range list {
		out.Add(h.GetName(), h.GetValue())
	}
	return out
}

func headersTo(h http.Header) []*pluginv1.Header {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	var out []*pluginv1.Header
	for _, name := range names {
		for _, value := range h[name] {
			out = append(out, &pluginv1.Header{Name: name, Value: value})
		}
	}
	return out
}

func inboundTo(m channel.Inbound) *pluginv1.Inbound {
	out := &pluginv1.Inbound{
		InstanceId: m.Instance, ExternalId: m.ExternalID, Content: contentTo(m.Content),
		Sender: &pluginv1.Person{ExternalId: m.Sender.ID, Name: m.Sender.Name, Attributes: m.Sender.Attributes},
	}
	if !m.SentAt.IsZero() {
		out.SentAt = timestamppb.New(m.SentAt)
	}
	return out
}

func healthTo(h instance.Health) *pluginv1.InstanceHealth {
	out := &pluginv1.InstanceHealth{Code: h.Code, Detail: h.Detail}
	switch h.State {
	case instance.OK:
		out.State = pluginv1.HealthState_HEALTH_STATE_OK
	case instance.Degraded:
		out.State = pluginv1.HealthState_HEALTH_STATE_DEGRADED
	case instance.Down:
		out.State = pluginv1.HealthState_HEALTH_STATE_DOWN
	default:
		out.State = pluginv1.HealthState_HEALTH_STATE_UNSPECIFIED
	}
	return out
}

func downFor(err error) instance.Health {
	e := errs.As(err)
	return instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail}
}
