package pluginhost

import (
	"strings"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/core/channel"
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

// resultOf reads a result; whatever is not understood counts as a retry, and so
// does what only a receipt says.
func resultOf(r *pluginv1.Result) channel.Result {
	out := channel.Result{Outcome: channel.OutcomeRetry, Code: cut(r.GetCode(), maxCode), Detail: cut(r.GetDetail(), maxDetail)}
	switch r.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED:
		out.Outcome = channel.OutcomeAccepted
	case pluginv1.Outcome_OUTCOME_REJECTED:
		out.Outcome = channel.OutcomeRejected
	case pluginv1.Outcome_OUTCOME_DUPLICATE:
		out.Outcome = channel.OutcomeDuplicate
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED, pluginv1.Outcome_OUTCOME_UNKNOWN:
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
	case channel.OutcomeRetry, channel.OutcomeUnknown: // of what comes in nothing is unknown
	default:
	}
	return out
}

func rejected(code, detail string) channel.Result {
	return channel.Result{Outcome: channel.OutcomeRejected, Code: code, Detail: detail}
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
