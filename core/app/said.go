package app

import (
	"context"
	"errors"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Said is an error as a person at a terminal reads it: at what it happened, what
// is wrong and what to do, the code that the documentation knows it by, every
// wrong value, and the cause on a line of its own. What is not ours is said as
// it is. What was only cut off by another failure is left out.
func Said(err error) string {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, e := range several.Unwrap() {
			if !errors.Is(e, context.Canceled) {
				all = append(all, Said(e))
			}
		}
		if len(all) > 0 {
			return strings.Join(all, "\n")
		}
	}
	e, ok := errors.AsType[*errs.Error](err)
	if !ok {
		return err.Error()
	}
	var out strings.Builder
	at, _, _ := strings.Cut(err.Error(), e.Error())
	out.WriteString(at + e.Message + " (" + e.Code + ")")
	for _, f := range e.Fields {
		out.WriteString("\n  " + f.Pointer + ": " + f.Detail)
	}
	if e.Cause != nil {
		out.WriteString("\n  cause: " + e.Cause.Error())
	}
	return out.String()
}
