// Package team is groups of members that share a queue. New conversations of a
// team's inboxes wait for its members; a person may send any conversation to
// any team.
package team

import (
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names a team: tea_.
type ID string

// Limits of what a workspace and its teams hold.
const (
	MaxName        = 60  // characters (Unicode code points)
	MaxDescription = 500 // characters
	MaxTeams       = 200 // of a workspace
	MaxMembers     = 500 // of a team
	MaxInboxes     = 200 // of a team
)

// Changed is the type of the event that says a team came, changed or went. Its
// data is {"id": "tea_..."}.
const Changed = "team.changed"

// Team is a group of members.
type Team struct {
	Workspace   identity.WorkspaceID
	ID          ID
	Name        string // unique in the workspace
	Description string
	Members     []identity.MemberID // by id, each once; suspended ones included
	// Inboxes are those whose new conversations wait for this team, by id, each
	// once; an inbox belongs to at most one team. Strings, because channel
	// builds on team.
	Inboxes   []string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Gone is a deleted team. It is remembered until nothing refers to it.
type Gone struct {
	Workspace identity.WorkspaceID
	ID        ID
	At        time.Time
}

// NameTaken is the answer to a second team of one name.
func NameTaken() *errs.Error {
	return errs.New(errs.Conflict, "team.name_taken", "Another team has this name.").
		WithFields(errs.Field{Pointer: "/name", Code: "taken", Detail: "another team has this name"})
}

// TooMany is the answer to a team beyond MaxTeams.
func TooMany() *errs.Error {
	return errs.New(errs.Conflict, "team.too_many", "The workspace has as many teams as it can have. Delete one first.")
}

// InUse is the answer to deleting a team that queues are served by, which are
// named.
func InUse(queues ...string) *errs.Error {
	return errs.New(errs.Conflict, "team.in_use", "The team serves queues: "+strings.Join(queues, ", ")+". Give them another team first.")
}

// UnknownMember is the answer to a member who is not of the workspace.
func UnknownMember() *errs.Error {
	return unknown("/member_ids", "names somebody who is no member of this workspace")
}

// UnknownInbox is the answer to an inbox that is not of the workspace.
func UnknownInbox() *errs.Error {
	return unknown("/inbox_ids", "names an inbox that is not of this workspace")
}

func unknown(pointer, detail string) *errs.Error {
	return errs.New(errs.Invalid, "team.invalid", "Some values are not accepted.").
		WithFields(errs.Field{Pointer: pointer, Code: "unknown", Detail: detail})
}

// InboxTaken is the answer to an inbox that belongs to another team.
func InboxTaken() *errs.Error {
	return errs.New(errs.Conflict, "team.inbox_taken", "An inbox belongs to one team. Take it from the other team first.").
		WithFields(errs.Field{Pointer: "/inbox_ids", Code: "taken", Detail: "names an inbox that belongs to another team"})
}
