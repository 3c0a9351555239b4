package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/httpapi/help"
)

// Problem is the body of every answer that is not a success (RFC 9457, with a
// stable code and the wrong fields).
type Problem struct {
	Type   string         `json:"type" doc:"The page that explains the code: /docs/errors/<code>." example:"/docs/errors/message.text_too_long"`
	Status int            `json:"status" doc:"The HTTP status."`
	Title  string         `json:"title" doc:"The status in words."`
	Code   string         `json:"code" doc:"Stable; programs decide by it." example:"message.text_too_long"`
	Detail string         `json:"detail" doc:"A sentence that may be shown: what is wrong and what to do."`
	Fields []ProblemField `json:"fields,omitempty" doc:"The wrong fields."`

	retryAfter string
}

// ProblemField names one wrong field.
type ProblemField struct {
	Pointer string `json:"pointer" doc:"JSON pointer into the body, or the name of a parameter."`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Error returns the code and the sentence.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType answers as RFC 9457 wants.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns Retry-After where it is known.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter != "" {
		h.Set("Retry-After", p.retryAfter)
	}
	return h
}

// statusOf is the one mapping from kinds to HTTP.
func statusOf(k errs.Kind) int {
	switch k {
	case errs.Invalid:
		return http.StatusUnprocessableEntity
	case errs.Unauthenticated:
		return http.StatusUnauthorized
	case errs.Forbidden:
		return http.StatusForbidden
	case errs.NotFound:
		return http.StatusNotFound
	case errs.Conflict:
		return http.StatusConflict
	case errs.RateLimited:
		return http.StatusTooManyRequests
	case errs.Unavailable:
		return http.StatusServiceUnavailable
	case errs.Internal:
		return http.StatusInternalServerError
	default:
		return http.StatusInternalServerError
	}
}

// problemOf turns an error of the domain into an answer, and logs its cause,
// once, when the fault is ours.
func problemOf(ctx context.Context, log *slog.Logger, err error) *Problem {
	e := errs.As(err)
	p := newProblem(statusOf(e.Kind), e.Code, e.Message)
	if e.RetryAfter > 0 {
		p.retryAfter = wholeSeconds(e.RetryAfter)
	}
	for _, f := range e.Fields {
		p.Fields = append(p.Fields, ProblemField(f))
	}
	switch {
	case e.Kind == errs.Internal:
		log.ErrorContext(ctx, "a request failed", "code", e.Code, "error", err)
	case e.Kind == errs.Unavailable && e.Cause != nil:
		log.WarnContext(ctx, "a request found a part unavailable", "code", e.Code, "error", err)
	}
	return p
}

// newProblem returns a problem that the transport itself found.
func newProblem(status int, code, detail string) *Problem {
	return &Problem{Type: help.ErrorsPath + "/" + code, Status: status, Title: http.StatusText(status), Code: code, Detail: detail}
}

// speakProblems makes huma answer its own refusals (validation, parsing) in
// our form. huma keeps the constructor in a package variable.
var speakProblems = sync.OnceFunc(func() { //nolint:gochecknoglobals // set once, huma leaves no other way
	huma.DefaultArrayNullable = false // a list is never null
	huma.NewError = func(status int, msg string, details ...error) huma.StatusError {
		p := newProblem(status, transportCode(status), sentence(status, msg))
		for _, d := range details {
			if d == nil {
				continue
			}
			f := ProblemField{Code: "invalid", Detail: d.Error()}
			if dd, ok := d.(huma.ErrorDetailer); ok {
				f.Pointer, f.Detail = pointerOf(dd.ErrorDetail().Location), dd.ErrorDetail().Message
			}
			p.Fields = append(p.Fields, f)
		}
		return p
	}
})

func transportCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "request.malformed"
	case http.StatusRequestEntityTooLarge:
		return "request.too_large"
	case http.StatusUnsupportedMediaType:
		return "request.media_type"
	case http.StatusUnprocessableEntity:
		return "request.invalid"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusMethodNotAllowed:
		return "request.method"
	case http.StatusRequestTimeout:
		return "request.timeout"
	default:
		return "request.failed"
	}
}

func sentence(status int, msg string) string {
	switch status {
	case http.StatusBadRequest:
		return "The request is not well formed: " + msg
	case http.StatusUnprocessableEntity:
		return "Some fields are not right."
	case http.StatusRequestEntityTooLarge:
		return "The request is larger than this route accepts."
	case http.StatusNotFound:
		return "There is no such thing here, or you may not see it."
	default:
		if msg == "" {
			return http.StatusText(status)
		}
		return msg
	}
}

// pointerOf turns huma's "body.a[0].b" into the JSON pointer "/a/0/b"; other
// places keep the parameter's name.
func pointerOf(location string) string {
	if rest, ok := strings.CutPrefix(location, "body"); ok {
		rest = strings.NewReplacer("~", "~0", "/", "~1", ".", "/", "[", "/", "]", "").Replace(rest)
		return rest
	}
	if _, name, ok := strings.Cut(location, "."); ok {
		return name
	}
	return location
}
