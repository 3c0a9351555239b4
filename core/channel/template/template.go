// Package template keeps the templates of inboxes: messages that were prepared,
// and mostly approved, at a far side. The list is stored, so it is there while
// the far side is not, and a template can be sent that the far side will take
// later.
package template

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// What is said beside a list that is not, or not whole, the far side's of now.
const (
	CodeSlow    = "template.slow"     // it has not answered yet
	CodeTooMany = "template.too_many" // it has more than are kept
)

// Bounds of the templates of an inbox.
const (
	Most       = 1000
	MostBytes  = 8 << 20 // of their texts together
	mostPages  = 200
	mostFaults = 100 // that are named
)

// Freshness of a list.
const (
	Fresh  = 15 * time.Minute // how old a list may be that is not asked for anew
	Again  = time.Minute      // after a failure the far side is left alone so long, unless somebody asks by hand
	Rest   = 10 * time.Second // by hand, too
	Answer = 10 * time.Second // how long who asks waits for the far side
	longAs = 2 * time.Minute  // as long as a far side may take for the whole list
)

// List is what is known of an inbox's templates.
type List struct {
	Workspace identity.WorkspaceID
	Inbox     channel.InboxID
	Revision  uint64                    // of the inbox's settings, when it was asked last
	ListedAt  time.Time                 // of the templates; zero = never
	AskedAt   time.Time                 // when the far side was asked last
	Code      string                    // why the last asking failed, or came to less than there is; "" = neither
	Detail    string                    // likewise, for administrators
	Refused   []channel.RefusedTemplate // of the templates; at most 100 are named
	Templates []channel.Template        // in the far side's order, at most Most
}

// Unknown is the error of a template that an inbox does not have.
func Unknown() *errs.Error {
	return errs.New(errs.Invalid, "message.template_unknown", "The inbox has no such template. Its list may be old: have it asked for anew.").
		WithFields(errs.Field{Pointer: "/template/id", Code: "unknown", Detail: "no template of the inbox has this id and language"})
}

// Store keeps lists.
type Store interface {
	// List returns what is known of an inbox's templates; the zero List with its
	// names, when nothing is.
	List(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) (List, error)
	// Save puts a list in the place of what is known.
	Save(ctx context.Context, l List) error
	// Failed records an asking that failed: Revision, AskedAt, Code and Detail.
	// The templates stay.
	Failed(ctx context.Context, l List) error
	// Template returns one template. Unknown when the inbox has none such.
	Template(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID, id, language string) (channel.Template, error)
}
