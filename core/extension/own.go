package extension

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Owner names the instance of a plugin (an inbox or a connection) that
// something is kept for.
type Owner struct {
	Workspace identity.WorkspaceID
	Instance  string
}

// MaxOwnName is how many bytes the key of an entry, a claim, a schedule or a
// lease has at most.
const MaxOwnName = 200

// checkName refuses what is no name of 1 to MaxOwnName bytes of text.
func checkName(field, name string) error {
	var fault string
	switch {
	case name == "":
		fault = "is missing"
	case len(name) > MaxOwnName:
		fault = fmt.Sprintf("has %d bytes; at most %d are kept", len(name), MaxOwnName)
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		fault = "must be text in UTF-8 without NUL"
	default:
		return nil
	}
	return refused(field, fault)
}

// checkSize refuses a value of more than most bytes.
func checkSize(field string, value []byte, most int) error {
	if len(value) <= most {
		return nil
	}
	return refused(field, fmt.Sprintf("has %d bytes; at most %d are kept", len(value), most))
}

// checkSpan refuses a duration out of its bounds.
func checkSpan(field string, d, least, most time.Duration) error {
	if d >= least && d <= most {
		return nil
	}
	return refused(field, fmt.Sprintf("must be %v to %v", least, most))
}

func refused(field, fault string) error {
	return errs.New(errs.Invalid, "plugin.request", field+" "+fault+".").
		WithFields(errs.Field{Pointer: "/" + field, Code: "invalid", Detail: fault})
}

// Full is the answer to an instance that has as much as it may.
func Full(what string, most int) error {
	return errs.New(errs.Conflict, "plugin.full", fmt.Sprintf("The instance has %d %s already, which is the most that is kept for one.", most, what))
}
