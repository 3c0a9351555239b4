// Package target sends messages to groups and addresses: the group robots of
// WeCom, DingTalk and Feishu, incoming webhooks of Slack, and mail. Each knows
// the markup, the size, the pace and the refusals of its far side, as these
// publish them; the sources stand at each.
package target

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/once"
	"github.com/patchbay-im/patchbay/sdk/outbound"
)

// Message is what is sent. Its texts are plain; a target adds its markup.
type Message struct {
	Title string
	Lines []Line
	Rest  int              // that are told of by their number alone
	More  func(int) string // says that there are so many more
}

// Line tells one thing.
type Line struct {
	Text    string   // a sentence
	Note    string   // where, beside it; "" = nowhere
	Said    string   // what was written; "" = not told
	Link    string   // "" = none
	Mention []string // handles at the far side
	Email   []string // of the members it is for
}

// Target is where messages go.
//
// Concurrency: safe for concurrent use.
type Target interface {
	// Send sends a message. The error is nil or a *Failure, perhaps inside
	// once.NotDone when it certainly did not arrive.
	Send(ctx context.Context, m Message) error
	Pace() Pace
}

// Prober is a Target that can be tried without sending anything.
type Prober interface {
	// Probe returns what Send would fail with, as far as that can be known.
	Probe(ctx context.Context) error
}

// Pace is how often a far side may be spoken to, a little below its limit.
type Pace struct {
	PerMinute int
	Gap       time.Duration
	Takes     time.Duration // a message at most; 0 = no longer than a request
}

// Sort says what to do about a failure.
type Sort string

// The sorts.
const (
	Later  Sort = "later"  // try again
	Never  Sort = "never"  // this message will not be taken; the next one may be
	Paused Sort = "paused" // nothing will be taken until somebody does something
	Partly Sort = "partly" // it was taken, and not for everybody
)

// Codes of failures.
const (
	CodeBusy       = "rate_limited"
	CodeTrouble    = "provider_unreachable"
	CodeKey        = "key_invalid"
	CodeSignature  = "signature_refused"
	CodeKeyword    = "keyword_missing"
	CodeAddress    = "address_not_allowed"
	CodeGone       = "group_gone"
	CodeDisabled   = "robot_disabled"
	CodeContent    = "content_refused"
	CodeTooLarge   = "too_large"
	CodeBadRequest = "bad_request"
	CodeUnknown    = "refused"
	CodeNotAllowed = outbound.CodeNotAllowed
)

// Failure is why a message was not sent, or is not known to have been.
type Failure struct {
	Sort  Sort
	Code  string
	After time.Duration // with Later: not before; 0 = soon
	Said  string        // the far side's own number or word; "" = none
	cause error
}

// Error names the failure, without an address.
func (f *Failure) Error() string {
	s := string(f.Sort) + ": " + f.Code
	if f.Said != "" {
		s += " (" + f.Said + ")"
	}
	return s
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.cause }

// FailureOf returns the failure of an error; nil for nil.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Sort: Later, Code: CodeTrouble, cause: err}
}

// Doer makes one request, as outbound.Client does.
type Doer interface {
	Exchange(r *http.Request) (*outbound.Response, error)
}

// post sends JSON and returns the answer. What is not known to have arrived is
// of the source FarSide.
func post(ctx context.Context, by Doer, address string, body []byte) (*outbound.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, once.NotDone(&Failure{Sort: Paused, Code: CodeKey})
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	got, err := by.Exchange(r)
	if err == nil {
		return got, nil
	}
	e := errs.As(err)
	switch {
	case e.Code == CodeNotAllowed:
		return nil, once.NotDone(&Failure{Sort: Paused, Code: CodeNotAllowed, cause: err})
	case errors.Is(err, outbound.ErrNotSent):
		return nil, once.NotDone(&Failure{Sort: Later, Code: CodeTrouble, cause: err})
	}
	return nil, errs.Unavailable(&Failure{Sort: Later, Code: CodeTrouble, cause: err}, "The far side did not answer.")
}

// status is the failure that a status of HTTP is; nil for 2xx.
func status(got *outbound.Response) *Failure {
	said := fmt.Sprintf("HTTP %d", got.Status)
	switch s := got.Status; {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusTooManyRequests:
		return &Failure{Sort: Later, Code: CodeBusy, After: retryAfter(got.Header), Said: said}
	case s >= 500 || s == http.StatusRequestTimeout:
		return &Failure{Sort: Later, Code: CodeTrouble, After: retryAfter(got.Header), Said: said}
	case s == http.StatusRequestEntityTooLarge:
		return &Failure{Sort: Never, Code: CodeTooLarge, Said: said}
	case s >= 300 && s < 400, s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusNotFound, s == http.StatusGone:
		return &Failure{Sort: Paused, Code: CodeKey, Said: said}
	default:
		return &Failure{Sort: Never, Code: CodeBadRequest, Said: said}
	}
}

// retryAfter reads the header (RFC 9110, 10.2.3), in seconds, up to an hour.
func retryAfter(h http.Header) time.Duration {
	const most = time.Hour
	d, err := time.ParseDuration(strings.TrimSpace(h.Get("Retry-After")) + "s")
	if err != nil || d < 0 {
		return 0
	}
	return min(d, most)
}

// notDone wraps a failure about which the far side answered.
func notDone(f *Failure) error {
	if f == nil {
		return nil
	}
	return once.NotDone(f)
}

// read decodes an answer; one that is none is trouble.
func read(got *outbound.Response, into any) error {
	if f := status(got); f != nil {
		return notDone(f)
	}
	if err := json.Unmarshal(got.Body, into); err != nil {
		return errs.Unavailable(&Failure{Sort: Later, Code: CodeTrouble, Said: "no JSON", cause: err}, "The far side's answer is none.")
	}
	return nil
}

// fitted writes as many lines as fit into most bytes, and how many do not.
func fitted(m Message, most int, head string, write func(Line) string) (string, []Line) {
	out := head
	for i, l := range m.Lines {
		piece, left := write(l), m.Rest+len(m.Lines)-i-1
		room := most - len(out) - len(piece)
		if left > 0 {
			room -= len(m.More(left)) + 1
		}
		if room < 0 {
			return out + m.More(left+1), m.Lines[:i]
		}
		out += piece
	}
	if m.Rest > 0 {
		out += m.More(m.Rest)
	}
	return out, m.Lines
}

// plain makes of a text one line without what robots take for markup. What
// people write must not call everybody, or hide where a link leads.
func plain(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer("<", "＜", ">", "＞", "[", "［", "]", "］", "*", "＊", "`", "｀", "@", "＠", "#", "＃", "_", "＿", "~", "～", "\\", "＼", "|", "｜").Replace(s)
}
