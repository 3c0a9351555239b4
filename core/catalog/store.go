package catalog

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store keeps the catalogue of every workspace.
//
// What every implementation guarantees (catalogtest.Run checks it): a method is
// one transaction, on disk when it returns nil; the events passed in commit
// with it, or not at all; what is absent, or of another workspace, is
// errs.Absent. A change function runs inside the transaction, must be pure and
// may run more than once; its error is returned as it is.
type Store interface {
	Labels
	Attributes
	CannedReplies
	Graveyard
}

// Labels keeps labels. One that is deleted is gone for everything but Graveyard.
type Labels interface {
	// Labels lists the labels of a workspace by name, in lower case.
	Labels(ctx context.Context, w identity.WorkspaceID) ([]Label, error)
	// CreateLabel stores a new label. Errors: LabelTaken, TooMany.
	CreateLabel(ctx context.Context, l Label, events ...event.Event) error
	// ChangeLabel changes name, colour and description. Errors: LabelTaken.
	ChangeLabel(ctx context.Context, w identity.WorkspaceID, id LabelID, change func(*Label) error, events ...event.Event) (Label, error)
	// DeleteLabel takes a label away from everybody's choice. Conversations
	// keep it until it is taken off them; see Graveyard.
	DeleteLabel(ctx context.Context, w identity.WorkspaceID, id LabelID, at time.Time, events ...event.Event) error
}

// Attributes keeps the definitions of custom attributes.
type Attributes interface {
	// Attributes lists the definitions of a target, the oldest first; of both
	// when it is "".
	Attributes(ctx context.Context, w identity.WorkspaceID, of Target) ([]Attribute, error)
	// CreateAttribute stores a definition. Errors: AttributeTaken, TooMany.
	CreateAttribute(ctx context.Context, a Attribute, events ...event.Event) error
	// ChangeAttribute changes name, options and whether it is required.
	ChangeAttribute(ctx context.Context, w identity.WorkspaceID, id AttributeID, change func(*Attribute) error, events ...event.Event) (Attribute, error)
	// DeleteAttribute removes a definition. Values that were given stay where they are.
	DeleteAttribute(ctx context.Context, w identity.WorkspaceID, id AttributeID, events ...event.Event) error
}

// CannedReplies keeps canned replies.
type CannedReplies interface {
	// Canned returns one, whosever it is.
	Canned(ctx context.Context, w identity.WorkspaceID, id CannedID) (Canned, error)
	// FindCanned answers a search. With words the best come first and there is
	// one page of them; without, all come in pages, by shortcut and id.
	FindCanned(ctx context.Context, w identity.WorkspaceID, q CannedQuery, p page.Request) (page.Page[Canned], error)
	// CreateCanned stores a new one. Errors: CannedTaken, TooMany; errs.Absent
	// when the member or the team of its scope is.
	CreateCanned(ctx context.Context, c Canned, events ...event.Event) error
	// ChangeCanned changes shortcut, title, text and locale. Errors: CannedTaken.
	ChangeCanned(ctx context.Context, w identity.WorkspaceID, id CannedID, change func(*Canned) error, events ...event.Event) (Canned, error)
	// DeleteCanned removes one.
	DeleteCanned(ctx context.Context, w identity.WorkspaceID, id CannedID, events ...event.Event) error
	// UseCanned adds one to Uses.
	UseCanned(ctx context.Context, w identity.WorkspaceID, id CannedID) error
}

// CannedQuery selects canned replies.
type CannedQuery struct {
	Member   identity.MemberID // whose personal ones are seen
	Teams    []team.ID         // whose are seen
	AllTeams bool              // all teams' are
	Scope    Scope             // only this one; "" = all
	Words    string            // in lower case: a beginning of the shortcut, a part of the title or of the text; "" = all
	Shadowed bool              // also those that a narrower scope's hides by the same shortcut
}

// Graveyard is the labels that were deleted and that conversations may still
// carry. They are taken off there first, then it is purged: a crash between
// the two loses nothing.
type Graveyard interface {
	// DeletedLabels lists deleted labels of every workspace, at most limit, in any order.
	DeletedLabels(ctx context.Context, limit int) ([]Gone, error)
	// PurgeLabel forgets a deleted label that no conversation carries. Another
	// one stays as it is; that is no error.
	PurgeLabel(ctx context.Context, w identity.WorkspaceID, id LabelID) error
}

// Gone names a deleted label.
type Gone struct {
	Workspace identity.WorkspaceID
	ID        LabelID
}

// LabelTaken is the answer to a second label of one name.
func LabelTaken() *errs.Error {
	return errs.New(errs.Conflict, "label.taken", "A label with this name exists already.").
		WithFields(errs.Field{Pointer: "/name", Code: "taken", Detail: "exists already"})
}

// AttributeTaken is the answer to a second attribute of one key.
func AttributeTaken() *errs.Error {
	return errs.New(errs.Conflict, "attribute.taken", "An attribute with this key exists already.").
		WithFields(errs.Field{Pointer: "/key", Code: "taken", Detail: "exists already"})
}

// CannedTaken is the answer to a second reply of one shortcut in one scope.
func CannedTaken() *errs.Error {
	return errs.New(errs.Conflict, "canned.taken", "A canned reply with this shortcut exists here already.").
		WithFields(errs.Field{Pointer: "/shortcut", Code: "taken", Detail: "exists already"})
}

// TooMany is the answer when a limit of the workspace is reached.
func TooMany() *errs.Error {
	return errs.New(errs.Conflict, "catalog.too_many", "There are too many of these already. Remove some first.")
}
