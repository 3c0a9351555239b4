package bridge

import (
	"net/http"
	"net/url"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

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
	switch e.Source {
	case errs.Rejected:
		r.Outcome = pluginv1.Outcome_OUTCOME_REJECTED
	case errs.InDoubt:
		r.Outcome = pluginv1.Outcome_OUTCOME_UNKNOWN
	case errs.Own, errs.FarSide:
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
		Author: authorOf(o.GetAuthor()), AuthorName: o.GetAuthorName(), Automatic: o.GetAutomatic(),
		Thread: o.GetThread(), ReplyTo: o.GetReplyTo(), References: o.GetReferences(),
		Act: actOf(o.GetAct()), Target: o.GetTarget(), Template: templateUseOf(o.GetTemplate()),
	}
}

// actOf reads an act; Deliver has refused what is not known.
func actOf(a pluginv1.Act) channel.Act {
	switch a {
	case pluginv1.Act_ACT_EDIT:
		return channel.Edit
	case pluginv1.Act_ACT_RECALL:
		return channel.Recall
	case pluginv1.Act_ACT_UNSPECIFIED:
		return channel.Post
	default:
		return channel.Post
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

func healthTo(h instance.Health) *pluginv1.InstanceHealth {
	out := &pluginv1.InstanceHealth{Code: h.Code, Detail: h.Detail}
	switch h.State {
	case instance.OK:
		out.State = pluginv1.HealthState_HEALTH_STATE_OK
	case instance.Degraded:
		out.State = pluginv1.HealthState_HEALTH_STATE_DEGRADED
	case instance.Down:
		out.State = pluginv1.HealthState_HEALTH_STATE_DOWN
	case instance.Unknown:
	default:
	}
	return out
}

func downFor(err error) instance.Health {
	e := errs.As(err)
	return instance.Health{State: instance.Down, Code: e.Code, Detail: e.Detail}
}
