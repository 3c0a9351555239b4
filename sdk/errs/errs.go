// Package errs says where an error comes from. That decides what the host does
// about it: when the far side failed it tries again, what the far side refused
// it shows to the agent, and a fault of the plugin is shown to the operator.
//
// An error that does not come from here, and a panic, count as the plugin's
// own fault.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Source is where an error comes from.
type Source uint8

// The sources.
const (
	Own      Source = iota // the plugin itself; tried again a few times, shown to operators
	FarSide                // the far side is down, slow or busy; tried again
	Rejected               // the far side, or the plugin on its behalf, refused for good; never tried again
	InDoubt                // of Send: the far side may have it, and asking again might do it twice; a person decides
)

// String returns the source as it stands in logs.
func (s Source) String() string {
	switch s {
	case FarSide:
		return "far_side"
	case Rejected:
		return "rejected"
	case InDoubt:
		return "in_doubt"
	case Own:
		return "own"
	default:
		return "own"
	}
}

// Codes the host knows. A plugin may use its own beside them: lower case, words
// joined by underscores, documented in its README.
const (
	CodeUnavailable      = "provider_unreachable" // no answer, or a 5xx
	CodeRateLimited      = "rate_limited"
	CodeAuthExpired      = "auth_expired" // somebody must sign in again
	CodeInvalidRecipient = "invalid_recipient"
	CodeWindowClosed     = "window_closed" // the far side lets us answer only for a while
	CodeBadRequest       = "bad_request"   // what came in is malformed
	CodeBadSignature     = "bad_signature"
	CodePluginFault      = "plugin_fault" // given to errors of the source Own
	CodeInDoubt          = "outcome_unknown"
)

// Error is a failure with its source. Make one with Unavailable, RateLimited,
// Reject or Doubt.
type Error struct {
	Source     Source
	Code       string
	Detail     string        // a sentence for operators and agents; never a secret
	RetryAfter time.Duration // FarSide: not before this has passed; 0 = the host decides
	Cause      error         // for the log
}

// Unavailable says that the far side failed: try again.
func Unavailable(cause error, detail string) *Error {
	return &Error{Source: FarSide, Code: CodeUnavailable, Detail: detail, Cause: cause}
}

// RateLimited says that the far side wants us to slow down; after 0 leaves the
// pause to the host.
func RateLimited(after time.Duration, detail string) *Error {
	return &Error{Source: FarSide, Code: CodeRateLimited, Detail: detail, RetryAfter: after}
}

// Reject says that this will never work.
func Reject(code, detail string) *Error {
	return &Error{Source: Rejected, Code: code, Detail: detail}
}

// Doubt says that nobody knows whether the far side took a message: the
// connection broke after all of it was sent, or a process died on the way, and
// the far side knows no key to ask by.
func Doubt(cause error, detail string) *Error {
	return &Error{Source: InDoubt, Code: CodeInDoubt, Detail: detail, Cause: cause}
}

// WithCode returns e under another code.
func (e *Error) WithCode(code string) *Error {
	e.Code = code
	return e
}

// WithRetryAfter returns e with the pause the far side asked for.
func (e *Error) WithRetryAfter(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// WithCause returns e with the error behind it, for the log.
func (e *Error) WithCause(cause error) *Error {
	e.Cause = cause
	return e
}

// Error returns code, detail and cause.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Detail
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// As returns the *Error in err's chain. Any other error comes back as one of
// the source Own; nil stays nil.
func As(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Source: Own, Code: CodePluginFault, Detail: err.Error(), Cause: err}
}

// Panicked turns a recovered value into an error of the source Own.
func Panicked(recovered any) *Error {
	return &Error{Source: Own, Code: CodePluginFault, Detail: fmt.Sprintf("panic: %v", recovered)}
}
