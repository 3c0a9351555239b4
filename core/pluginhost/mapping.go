package pluginhost

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/delivery"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of what plugins say, in bytes. What is longer is cut, or refused
// where cutting would change what it means.
const (
	maxCode       = 64
	maxDetail     = 500
	maxExternalID = 512
	maxName       = 200
	maxAttributes = 50
)

// States of an inbox.
const (
	healthOK       = "ok"
	healthDegraded = "degraded"
	healthDown     = "down"
	healthUnknown  = "unknown"
)

// cut makes a text of a plugin fit to be kept: without NUL, which a database
// refuses, and of at most n bytes, to a whole character.
func cut(s string, n int) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// valid makes a string fit for the wire, which takes only UTF-8.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// words returns what an error of a call says, for people.
func words(err error) string {
	s := status.Convert(err)
	if s.Code() == codes.DeadlineExceeded {
		return "it did not answer in time"
	}
	return cut(s.Message(), maxDetail)
}

// outboundsOf puts a batch on the wire; few allocations for all of it.
func outboundsOf(items []delivery.Delivery) []*pluginv1.Outbound {
	type parts struct {
		out     pluginv1.Outbound
		content pluginv1.Content
		text    pluginv1.Content_Text
	}
	all, outs := make([]parts, len(items)), make([]*pluginv1.Outbound, len(items))
	for i := range items {
		d, p := &items[i], &all[i]
		p.text.Text = d.Content.Text
		p.content.Body = &p.text
		out := &p.out
		out.Id, out.InstanceId, out.ConversationId, out.Seq = string(d.ID), string(d.Inbox), d.Conversation, d.Seq
		out.RecipientExternalId, out.Content = d.Recipient, &p.content
		out.Attempt, out.Suspect = uint32(max(d.Attempts, 0)), d.Suspect //nolint:gosec // a small number
		outs[i] = out
	}
	return outs
}

// resultOf reads a result; whatever is not understood counts as a retry.
func resultOf(r *pluginv1.Result) channel.Result {
	out := channel.Result{Outcome: channel.OutcomeRetry, Code: cut(r.GetCode(), maxCode), Detail: cut(r.GetDetail(), maxDetail)}
	switch r.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED:
		out.Outcome = channel.OutcomeAccepted
	case pluginv1.Outcome_OUTCOME_REJECTED:
		out.Outcome = channel.OutcomeRejected
	case pluginv1.Outcome_OUTCOME_DUPLICATE:
		out.Outcome = channel.OutcomeDuplicate
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED:
	default:
	}
	if after := r.GetRetryAfter(); after.IsValid() && after.AsDuration() > 0 {
		out.RetryAfter = after.AsDuration()
	}
	return out
}

func resultTo(r channel.Result) *pluginv1.Result {
	out := &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: r.Code, Detail: r.Detail}
	if r.RetryAfter > 0 {
		out.RetryAfter = durationpb.New(r.RetryAfter)
	}
	switch r.Outcome {
	case channel.OutcomeAccepted:
		out.Outcome = pluginv1.Outcome_OUTCOME_ACCEPTED
	case channel.OutcomeRejected:
		out.Outcome = pluginv1.Outcome_OUTCOME_REJECTED
	case channel.OutcomeDuplicate:
		out.Outcome = pluginv1.Outcome_OUTCOME_DUPLICATE
	case channel.OutcomeRetry:
	default:
	}
	return out
}

func rejected(code, detail string) channel.Result {
	return channel.Result{Outcome: channel.OutcomeRejected, Code: code, Detail: detail}
}

// inboundOf reads what a plugin brings in; false with the reason when it must
// not pass.
func inboundOf(in *pluginv1.Inbound) (channel.Inbound, channel.Result, bool) {
	out := channel.Inbound{
		Inbox: channel.InboxID(in.GetInstanceId()), External: in.GetExternalId(),
		Sender: channel.Person{
			External: in.GetSender().GetExternalId(), Name: cut(in.GetSender().GetName(), maxName),
			Attributes: in.GetSender().GetAttributes(),
		},
		Content: channel.Content{Text: in.GetContent().GetText()},
	}
	if at := in.GetSentAt(); at.IsValid() {
		out.SentAt = at.AsTime()
	}
	switch {
	case !external(out.External):
		return out, rejected("invalid_external_id", "external_id must have 1 to 512 bytes and no control characters"), false
	case !external(out.Sender.External):
		return out, rejected("invalid_sender", "sender.external_id must have 1 to 512 bytes and no control characters"), false
	case len(out.Sender.Attributes) > maxAttributes:
		return out, rejected("too_many_attributes", "a person has at most 50 attributes"), false
	case len(in.GetContent().GetAttachments()) > 0:
		return out, rejected("unsupported_attachments", "this server takes no files from channels"), false
	case in.GetContent().GetBody() == nil:
		return out, rejected("unknown_content", "the content is of a kind this server does not know"), false
	}
	return out, channel.Result{}, true
}

// external reports whether s can name something at the far side.
func external(s string) bool {
	return s != "" && len(s) <= maxExternalID && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func healthOf(h *pluginv1.InstanceHealth) channel.Health {
	out := channel.Health{State: healthUnknown, Code: cut(h.GetCode(), maxCode), Detail: cut(h.GetDetail(), maxDetail)}
	switch h.GetState() {
	case pluginv1.HealthState_HEALTH_STATE_OK:
		out.State = healthOK
	case pluginv1.HealthState_HEALTH_STATE_DEGRADED:
		out.State = healthDegraded
	case pluginv1.HealthState_HEALTH_STATE_DOWN:
		out.State = healthDown
	case pluginv1.HealthState_HEALTH_STATE_UNSPECIFIED:
	default:
	}
	return out
}
