package view

import (
	"context"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store keeps saved views. What changes commits together with its event.
type Store interface {
	// Views returns the views of the given owners, by position and id.
	Views(ctx context.Context, workspace identity.WorkspaceID, owners []string) ([]View, error)
	// View returns a view, or errs.Absent.
	View(ctx context.Context, workspace identity.WorkspaceID, id ID) (View, error)
	// Create stores a new view at the end of those of its owner: Position is
	// given by the store unless it is set. It conflicts when the owner has
	// MaxViews.
	Create(ctx context.Context, v View, e event.Event) (View, error)
	// Update loads a view, lets change work on it and saves it.
	Update(ctx context.Context, workspace identity.WorkspaceID, id ID, change func(*View) error, e event.Event) (View, error)
	// Delete removes a view, unless check refuses; errs.Absent when there is none.
	Delete(ctx context.Context, workspace identity.WorkspaceID, id ID, check func(View) error, e event.Event) error
}

// Query asks for conversations. Merged ones are in no list.
type Query struct {
	Where filter.Plan
	Reach identity.Reach // its zero value covers nothing
	Sort  Sort
	Me    identity.MemberID // who asks: unread is theirs; "" = nobody has read anything
}

// Lister finds conversations.
type Lister interface {
	// Find returns a page of what the query selects, in its order. A cursor is
	// good for the query's sort alone; rows that change meanwhile neither
	// repeat nor hide others, unless they move in the order themselves.
	Find(ctx context.Context, workspace identity.WorkspaceID, q Query, p page.Request) (page.Page[conversation.Conversation], error)
	// Count counts what the query selects, and stops at most.
	Count(ctx context.Context, workspace identity.WorkspaceID, q Query, most int) (int, error)
	// Among returns those of the given conversations that the query selects.
	Among(ctx context.Context, workspace identity.WorkspaceID, q Query, ids []conversation.ID) (map[conversation.ID]bool, error)
}

// Definitions tells which custom attributes there are; catalog.Attributes does.
type Definitions interface {
	// Attributes lists the definitions of a target; of both when it is "".
	Attributes(ctx context.Context, workspace identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error)
}

// Teams tells whose teams are whose; team.Directory does.
type Teams interface {
	// TeamsOf returns a member's teams.
	TeamsOf(ctx context.Context, workspace identity.WorkspaceID, member identity.MemberID) ([]team.ID, error)
}
