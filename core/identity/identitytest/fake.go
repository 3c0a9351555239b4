package identitytest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Fake keeps everything of the domain in memory. It implements every port of
// identity.Stores and event.Log. It is safe for concurrent use.
type Fake struct {
	mu          sync.Mutex
	setupToken  string
	accounts    map[identity.AccountID]identity.Account
	workspaces  map[identity.WorkspaceID]identity.Workspace
	members     map[identity.MemberID]identity.Member
	invitations map[identity.InvitationID]identity.Invitation
	sessions    map[identity.SessionID]identity.Session
	links       map[string]identity.SignInLink
	roles       map[identity.Role]identity.RoleDefinition
	feeds       map[string][]event.Event
	records     map[string][]event.Record
	keys        map[identity.KeyID]identity.APIKey
	signin
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{
		accounts:    map[identity.AccountID]identity.Account{},
		workspaces:  map[identity.WorkspaceID]identity.Workspace{},
		members:     map[identity.MemberID]identity.Member{},
		invitations: map[identity.InvitationID]identity.Invitation{},
		sessions:    map[identity.SessionID]identity.Session{},
		links:       map[string]identity.SignInLink{},
		roles:       map[identity.Role]identity.RoleDefinition{},
		feeds:       map[string][]event.Event{},
		records:     map[string][]event.Record{},
		keys:        map[identity.KeyID]identity.APIKey{},
		signin:      newSignin(),
	}
}

// Stores returns the fake as every port.
func (f *Fake) Stores() identity.Stores {
	return identity.Stores{
		Setup: f, Accounts: f, Workspaces: f, Members: f, Invitations: f, Sessions: f, Links: f, Records: f, Keys: f, Roles: f,
		Policies: f, Factors: f, Challenges: f, Resets: f, Providers: f, Flows: f,
	}
}

// append adds events to their feeds. The caller holds the lock and has
// changed, or will change, what they describe.
func (f *Fake) append(events []event.Event) {
	for _, e := range events {
		if e.Audit != nil && e.Audit.Action != "" {
			f.records[e.Workspace] = append(f.records[e.Workspace], *e.Audit)
		}
		if e.Type == "" { // for the audit log alone
			continue
		}
		e.Feed = uint64(len(f.feeds[e.Workspace]) + 1)
		f.feeds[e.Workspace] = append(f.feeds[e.Workspace], e)
	}
}

// Keep takes records for the audit log.
func (f *Fake) Keep(_ context.Context, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range events {
		if _, err := get(f.workspaces, identity.WorkspaceID(e.Workspace)); err != nil {
			return err
		}
	}
	f.append(events)
	return nil
}

// Recorded returns what the audit log of a workspace was told.
func (f *Fake) Recorded(workspace identity.WorkspaceID) []event.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.records[string(workspace)])
}

// Since returns committed events of a workspace.
func (f *Fake) Since(_ context.Context, workspace string, after uint64, limit int) ([]event.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []event.Event
	for _, e := range f.feeds[workspace] {
		if e.Feed > after && len(found) < limit {
			found = append(found, e)
		}
	}
	return found, nil
}

// Head returns the feed number of the last event of a workspace.
func (f *Fake) Head(_ context.Context, workspace string) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.feeds[workspace])), nil
}

// HasAccount reports whether any account exists.
func (f *Fake) HasAccount(context.Context) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.accounts) > 0, nil
}

// PutSetupToken replaces the set-up token.
func (f *Fake) PutSetupToken(_ context.Context, hash string, _ time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.accounts) > 0 {
		return errs.Absent()
	}
	f.setupToken = hash
	return nil
}

// SetupToken returns the hash of the set-up token in force.
func (f *Fake) SetupToken(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.setupToken == "" {
		return "", errs.Absent()
	}
	return f.setupToken, nil
}

// Found stores a founding.
func (f *Fake) Found(_ context.Context, n identity.Founding, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case n.First && len(f.accounts) > 0:
		return errs.Absent()
	case n.TokenHash != "" && n.TokenHash != f.setupToken:
		return identity.SetupTokenInvalid()
	case f.emailExists(n.Account.Email):
		return identity.EmailTaken()
	}
	f.accounts[n.Account.ID] = n.Account
	f.workspaces[n.Workspace.ID] = n.Workspace
	f.members[n.Owner.ID] = n.Owner
	if n.Session != nil {
		f.sessions[n.Session.ID] = *n.Session
	}
	f.setupToken = ""
	f.append(events)
	return nil
}

// get looks a thing up.
func get[K comparable, T any](from map[K]T, key K) (T, error) {
	t, ok := from[key]
	if !ok {
		return t, errs.Absent()
	}
	return t, nil
}

// list cuts a page out of the things that keep accepts, sorted by key,
// ascending or descending.
func list[K ~string, T any](from map[K]T, request page.Request, descending bool, keep func(T) bool) (page.Page[T], error) {
	after, err := page.Decode(request.Cursor, 1)
	if err != nil {
		return page.Page[T]{}, err
	}
	order := func(a, b K) int {
		if descending {
			a, b = b, a
		}
		return strings.Compare(string(a), string(b))
	}
	var keys []K
	for k, t := range from {
		if keep(t) && (after == nil || order(k, K(after[0])) > 0) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, order)
	var p page.Page[T]
	for i, k := range keys {
		if i == request.Size() {
			p.Next = page.Encode(string(keys[i-1]))
			break
		}
		p.Items = append(p.Items, from[k])
	}
	return p, nil
}
