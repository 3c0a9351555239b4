package contact

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Tx is the contact side of a transaction of the conversation store.
type Tx interface {
	JointTx
	// ByIdentity finds who an inbox knows under an external id; nil when
	// nobody. A contact that was merged comes as its survivor.
	ByIdentity(ctx context.Context, inbox, external string) (*Contact, error)
	// Create stores a new contact with its first identity.
	Create(ctx context.Context, c Contact, who Identity) error
	// Save stores what the transaction changed of a contact that it loaded:
	// name, e-mail, phone, locale and attributes.
	Save(ctx context.Context, c Contact) error
	// Seen records when a contact was last there; never backwards.
	Seen(ctx context.Context, id ID, at time.Time) error
	// Verify marks an identity as proved, unless it is.
	Verify(ctx context.Context, inbox, external string, at time.Time) error
	// Prove makes an anonymous visitor's identity that of the person whom the
	// site vouched for, verified, with what the visitor looked at. It does so
	// only where nobody else can be meant, and reports whether it did: the
	// contact has no other identity and was not merged, nor another into it, and
	// the inbox does not know the person.
	Prove(ctx context.Context, inbox, visitor, person string, at time.Time) (bool, error)
}

// GroupTx is the side of a transaction that knows groups.
type GroupTx interface {
	// Gather makes an identity that of a group, called title, and its contact a
	// group, which has the title as its name unless somebody gave it another; title
	// "" leaves the name. It does so only where nobody else can be meant (see Tx.Prove),
	// and returns the contact as it is then; else nil. When that changes something
	// it appends what changed returns of the contact.
	Gather(ctx context.Context, inbox, external, title string, at time.Time, changed func(Contact) event.Event) (*Contact, error)
}

// JointTx is the side of a transaction that joins identities by what was proven.
type JointTx interface {
	GroupTx
	// Person returns a contact, or the survivor of one that was merged, with how
	// the inboxes know them, in any order; errs.Absent when there is none.
	Person(ctx context.Context, id ID) (Contact, []Identity, error)
	// Joint returns the one person, as the survivor, whose identities have a
	// proven e-mail address or a proven telephone number; nil when it is nobody
	// or not one person alone. "" is nobody's.
	Joint(ctx context.Context, email, phone string) (*Contact, error)
	// Join adds an identity to the contact that it names.
	Join(ctx context.Context, who Identity) error
	// Vouch records what was proven to be of an identity, where there is one; ""
	// leaves what is known.
	Vouch(ctx context.Context, inbox, external, email, phone string) error
}

// Store keeps contacts.
type Store interface {
	Circle
	// Get returns a contact with its identities and those of the contacts
	// merged into it, or errs.Absent. A contact that was merged itself has none.
	Get(ctx context.Context, workspace identity.WorkspaceID, id ID) (Contact, []Identity, error)
	// List returns the contacts that were not merged into others.
	List(ctx context.Context, workspace identity.WorkspaceID, f Filter, p page.Request) (page.Page[Contact], error)
	// Add stores a new contact with the events in one transaction.
	Add(ctx context.Context, c Contact, events ...event.Event) error
	// Update loads the contact, lets change work on it, and saves it with the
	// events in one transaction.
	Update(ctx context.Context, workspace identity.WorkspaceID, id ID, change func(*Contact) ([]event.Event, error)) (Contact, error)
}

// Filter selects contacts. Zero fields select all, but for Reach.
type Filter struct {
	Reach        identity.Reach // its zero value covers nothing
	Email        string         // exactly, in its normal form (see Email)
	Phone        string         // likewise (see Phone)
	External     string         // exactly
	Query        string         // a part of name, e-mail or phone, without regard to the case of ASCII letters
	Organisation OrganisationID
	Sort         Sort
}

// Sort is the order of a list of contacts.
type Sort string

// The orders. "" is SortNewest.
const (
	SortNewest Sort = "created_desc"
	SortName   Sort = "name_asc"
	SortSeen   Sort = "seen_desc"
)

// PageStore keeps what visitors looked at.
type PageStore interface {
	Circle
	// AddPageViews adds views to an identity of an inbox, which need not belong
	// to a contact yet. A view at an instant that is there already keeps the
	// longer stay. Beyond keep the oldest of the identity go.
	AddPageViews(ctx context.Context, workspace identity.WorkspaceID, inbox, external string, views []PageView, keep int) error
	// PageViews returns a contact's views, the newest first, with those of the
	// contacts merged into it.
	PageViews(ctx context.Context, workspace identity.WorkspaceID, id ID, p page.Request) (page.Page[PageView], error)
	// LastPageView returns what an identity of an inbox looked at last; the zero
	// PageView when nothing is known.
	LastPageView(ctx context.Context, workspace identity.WorkspaceID, inbox, external string) (PageView, error)
	// ForgetPageViews deletes at most limit views of all workspaces from before
	// a time and returns how many.
	ForgetPageViews(ctx context.Context, before time.Time, limit int) (int, error)
}

// NoteStore keeps agents' notes about contacts.
type NoteStore interface {
	Circle
	AddNote(ctx context.Context, n Note, events ...event.Event) error
	// Notes returns the notes of a contact, the newest first, with those of the
	// contacts merged into it.
	Notes(ctx context.Context, workspace identity.WorkspaceID, id ID, p page.Request) (page.Page[Note], error)
	// ChangeNote loads a note of the contact, or of one merged into it, lets
	// change work on its text, and saves it; when change returns delete, it goes.
	ChangeNote(ctx context.Context, workspace identity.WorkspaceID, contact ID, id NoteID, change func(*Note) (remove bool, events []event.Event, err error)) (Note, error)
}

// OrganisationStore keeps organisations.
type OrganisationStore interface {
	Organisation(ctx context.Context, workspace identity.WorkspaceID, id OrganisationID) (Organisation, error)
	// Organisations lists them by name; a query filters by a part of it.
	Organisations(ctx context.Context, workspace identity.WorkspaceID, query string, p page.Request) (page.Page[Organisation], error)
	// OrganisationOf returns the organisation of a domain; nil when there is none.
	OrganisationOf(ctx context.Context, workspace identity.WorkspaceID, domain string) (*Organisation, error)
	// AddOrganisation fails with DomainTaken when a domain is another's.
	AddOrganisation(ctx context.Context, o Organisation, events ...event.Event) error
	// ChangeOrganisation is Update for organisations; see AddOrganisation.
	ChangeOrganisation(ctx context.Context, workspace identity.WorkspaceID, id OrganisationID, change func(*Organisation) error, events ...event.Event) (Organisation, error)
	// RemoveOrganisation deletes it; its contacts stay, without an organisation.
	RemoveOrganisation(ctx context.Context, workspace identity.WorkspaceID, id OrganisationID, events ...event.Event) error
}

// Attributes knows which custom attributes contacts may have.
type Attributes interface {
	Definitions(ctx context.Context, workspace identity.WorkspaceID) (Definitions, error)
}

// Definitions are the custom attributes of a workspace's contacts.
type Definitions interface {
	// Check returns the values as they are stored. A nil value removes its key
	// and passes. Errors: errs.Invalid with a pointer below /attributes for
	// each wrong field.
	Check(values map[string]any) (map[string]any, error)
	// Type returns the type of the values of a key: text, number, boolean,
	// date, list or link; "" when nothing is defined under it.
	Type(key string) string
}
