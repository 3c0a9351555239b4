// Package contact is the customers: one contact per person, with an identity
// for every inbox through which the person writes, the organisations they
// belong to, agents' notes about them, the pages they looked at, and merging
// with undo.
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
	MaxExternal   = 200
	MaxLocale     = 35 // RFC 5646, section 4.4.1
	MaxNote       = 4000
	MaxAttributes = 50
	MaxKey        = 64 // of an attribute, in bytes
	MaxAttribute  = 1000
)

// Contact is a customer.
type Contact struct {
	Workspace    identity.WorkspaceID
	ID           ID
	Name         string
	Email        string // as compared: lower case, see Email
	Phone        string // E.164 where that is certain, else as written, see Phone
	External     string // the customer's number in a system of the company; "" = none
	Note         string // agents' remark, never shown to the customer
	Organisation OrganisationID
	Locale       string // BCP 47, as the channel told; "" = unknown
	// Attributes are the values of the catalog's definitions and what channels
	// told (page, language): text, numbers, truth values and lists of text, as
	// encoding/json reads them.
	Attributes map[string]any
	CreatedBy  identity.MemberID // who made it by hand; "" = it came by itself
	CreatedAt  time.Time
	UpdatedAt  time.Time
	LastSeenAt time.Time // wrote, or looked at a page; to SeenEvery; zero = never
	Group      bool      // not a person: a group of a channel, which is nobody else

	// MergedInto is the contact this one was merged into; Survivor the one at
	// the end of that chain. Both are "" for a contact that stands for itself.
	MergedInto, Survivor ID

	// Read-only, joined by the store.
	OrganisationName string
	Verified         bool // an identity of it, or of what was merged into it, is verified
}

// Person returns who the contact stands for now: itself, or its survivor.
func (c Contact) Person() ID {
	if c.Survivor != "" {
		return c.Survivor
	}
	return c.ID
}

// SeenEvery is how often a contact's LastSeenAt moves at most, so that a busy
// chat does not write it with every message.
const SeenEvery = 5 * time.Minute

// Identity is how an inbox knows a contact. (inbox, external id) names at most
// one contact of a workspace.
type Identity struct {
	Workspace  identity.WorkspaceID
	Inbox      string // id of the inbox; a string, because channel builds on contact
	External   string // the far side's name of the person: an openid, an address, a visitor session
	Contact    ID     // whom it came to; merging does not change it
	Kind       IdentityKind
	Label      string    // what people call it; "" = nothing better than External
	VerifiedAt time.Time // when the customer proved it; zero = not verified
	Email      string    // proven to be theirs, as compared; "" = none
	Phone      string    // likewise, in E.164
	CreatedAt  time.Time

	Plugin string // of the inbox; read-only, joined by the store
}

// IdentityKind sorts identities for people.
type IdentityKind string

// The kinds of identities. "" is an Account.
const (
	IdentityVisitor IdentityKind = "visitor" // an anonymous browser
	IdentityUser    IdentityKind = "user"    // a signed-in user of the company's own site, proved by a token
	IdentityAccount IdentityKind = "account" // an account of the channel's network
	IdentityGroup   IdentityKind = "group"   // a group of the channel's network
)
