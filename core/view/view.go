// Package view is how members look at conversations: lists chosen by a filter
// and put in an order, the views that are built in, and those that people save
// for themselves, their team or everybody.
package view

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names a saved view: vie_.
type ID string

// Visibility is who sees a saved view.
type Visibility string

// Who sees it.
const (
	Personal  Visibility = "personal"  // whoever made it
	OfTeam    Visibility = "team"      // the members of a team
	Workspace Visibility = "workspace" // everybody
)

// Limits of a saved view.
const (
	MaxName    = 100 // characters
	MaxIcon    = 32
	MaxColumns = 20 // names of columns
	MaxColumn  = 40 // characters of one
	MaxViews   = 200
)

// View is a saved view.
type View struct {
	Workspace identity.WorkspaceID
	ID        ID
	Scope     Visibility
	Owner     string // the member of a personal view, the team of a team's, "" of the workspace's
	Name      string
	Icon      string          // a name that the console knows
	Filter    json.RawMessage // as it was checked when it was saved, in its normal form
	Sort      Sort
	Columns   []string // for the console
	Position  int      // views are listed by it, then by id
	CreatedBy identity.MemberID
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Sort is an order of conversations.
type Sort string

// The orders. Ties are broken by id, so that an order is total.
const (
	UpdatedDesc  Sort = "updated_desc"  // the last changed first
	WaitingAsc   Sort = "waiting_asc"   // who waits longest first; then those who do not wait, the last changed first
	CreatedDesc  Sort = "created_desc"  // the newest first
	CreatedAsc   Sort = "created_asc"   // the oldest first
	PriorityDesc Sort = "priority_desc" // urgent first, those without a priority last; within one, the last changed first
)

// Sorts lists the orders.
func Sorts() []Sort {
	return []Sort{UpdatedDesc, WaitingAsc, CreatedDesc, CreatedAsc, PriorityDesc}
}

// Builtin names a view that is always there.
type Builtin string

// The built-in views.
const (
	Mine          Builtin = "mine"          // assigned to the member who asks
	Unassigned    Builtin = "unassigned"    // assigned to nobody
	All           Builtin = "all"           // every one
	Team          Builtin = "team"          // of a team of the member who asks
	Mentions      Builtin = "mentions"      // in which the member who asks was mentioned
	Participating Builtin = "participating" // that the member who asks follows
)

// Builtins lists the built-in views.
func Builtins() []Builtin { return []Builtin{Mine, Unassigned, All, Mentions, Team, Participating} }

// condition is what a built-in view selects.
func (b Builtin) condition(fields filter.Registry) filter.Node {
	leaf := func(field string, op filter.Op, values ...filter.Value) filter.Node {
		return filter.Node{Leaf: filter.Condition{Field: fields[field], Op: op, Values: values}}
	}
	switch b {
	case Mine:
		return leaf("assignee", filter.Is, filter.Value{Text: filter.Me})
	case Unassigned:
		return leaf("assignee", filter.IsNotSet)
	case Team:
		return leaf("team", filter.Is, filter.Value{Text: filter.Mine})
	case Mentions:
		return leaf("mention", filter.Has, filter.Value{Text: filter.Me})
	case Participating:
		return leaf("participant", filter.Has, filter.Value{Text: filter.Me})
	default:
		return filter.Node{}
	}
}
