// Package errs is how the core says that something failed: a kind, which
// decides how a transport answers; a stable code, which documentation and
// clients refer to; a message that may be shown to whoever asked; and a cause
// that may not, and goes to the log once, where the error is handled.
package errs

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind sorts failures by what the caller can do about them.
type Kind uint8

// The kinds. The zero value is Internal, so an error nobody classified is
// never shown to a user.
const (
	Internal        Kind = iota // our fault; the message is withheld
	Invalid                     // the request is wrong; the same request fails again
	Unauthenticated             // we do not know who is asking
	Forbidden                   // we know, and they may not
	NotFound                    // absent, or not visible to the caller: the two look the same
	Conflict                    // the state of the thing does not allow it
	RateLimited                 // allowed, but not now; see RetryAfter
	Unavailable                 // a part we need is down; the same request may work later
)

// String returns the kind as it stands in logs.
func (k Kind) String() string {
	switch k {
	case Invalid:
		return "invalid"
	case Unauthenticated:
		return "unauthenticated"
	case Forbidden:
		return "forbidden"
	case NotFound:
		return "not_found"
	case Conflict:
		return "conflict"
	case RateLimited:
		return "rate_limited"
	case Unavailable:
		return "unavailable"
	case Internal:
		return "internal"
	default:
		return "internal"
	}
}

// Field names one wrong value of a request.
type Field struct {
	Pointer string // JSON pointer (RFC 6901) into the request body, or the name of a query parameter
	Code    string // stable, for example "too_long"
	Detail  string // a sentence that may be shown
}

// Error is a failure with its kind. Make one with New or Wrap.
type Error struct {
	Kind       Kind
	Code       string // stable: "<noun>.<what>", for example "message.text_too_long"
	Message    string // one sentence, safe to show: what is wrong and what to do
	Fields     []Field
	RetryAfter time.Duration // RateLimited and Unavailable: when to try again; 0 = not known
	Cause      error         // never shown
}

// New returns an error without a cause.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Wrap returns an error of the given kind that hides cause from the caller and
// keeps it for the log.
func Wrap(cause error, kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Cause: cause}
}

// WithFields returns e with the wrong fields named.
func (e *Error) WithFields(fields ...Field) *Error {
	e.Fields = append(e.Fields, fields...)
	return e
}

// Refusals collects what is wrong with a request, so that all of it is said at
// once.
type Refusals struct {
	Fields []Field
}

// Refuse notes one wrong value.
func (r *Refusals) Refuse(pointer, code, detail string) {
	r.Fields = append(r.Fields, Field{Pointer: pointer, Code: code, Detail: detail})
}

// Refused returns an Invalid error that names all wrong values, or nil.
func (r *Refusals) Refused(code, message string) error {
	if len(r.Fields) == 0 {
		return nil
	}
	return New(Invalid, code, message).WithFields(r.Fields...)
}

// Error returns kind, code, message and cause: for logs, not for users.
func (e *Error) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s: %s", e.Kind, e.Code, e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&s, " [%s %s]", f.Pointer, f.Detail)
	}
	if e.Cause != nil {
		s.WriteString(": " + e.Cause.Error())
	}
	return s.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// As returns the *Error in err's chain. Any other error comes back as an
// Internal one that carries err as its cause; nil stays nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Wrap(err, Internal, "internal", "Something went wrong on our side. The cause is in the server's log.")
}

// KindOf returns the kind of err; Internal when nobody said.
func KindOf(err error) Kind { return As(err).Kind }

// Is reports whether err is of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Absent is the one answer for a thing that does not exist and for a thing
// that the caller may not know of.
func Absent() *Error {
	return New(NotFound, "not_found", "There is no such thing here, or you may not see it.")
}
