// Package contact is the customers: one contact per person, with an identity
// for every inbox through which the person writes.
package contact

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// ID names a contact: con_.
type ID string

// Limits of what a contact holds, in characters (Unicode code points).
const (
	MaxName       = 200
	MaxEmail      = 254
	MaxPhone      = 32
	MaxNote       = 4000
	MaxAttributes = 50
	MaxAttribute  = 1000
)

// Contact is a customer.
type Contact struct {
	Workspace  identity.WorkspaceID
	ID         ID
	Name       string
	Email      string
	Phone      string
	Note       string            // agents' remark, never shown to the customer
	Attributes map[string]string // what the channel told: page, language, ...
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Identity is how an inbox knows a contact. (inbox, external id) names at most
// one contact of a workspace.
type Identity struct {
	Workspace identity.WorkspaceID
	Inbox     string // id of the inbox; a string, because channel builds on contact
	External  string // the far side's name of the person: an openid, an address, a visitor session
	Contact   ID
}
