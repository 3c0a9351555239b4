package channel

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// SecretOverlap is how long the secret before a new one still works, so that a
// site can change over without turning anybody away.
const SecretOverlap = 24 * time.Hour

// maxSecrets is how many work at once.
const maxSecrets = 2

// IdentitySecret is what a site signs its visitors' identity with. One inbox
// has at most two that work.
type IdentitySecret struct {
	Workspace identity.WorkspaceID
	Inbox     InboxID
	KID       string // names it; not secret
	Sealed    string // by a Sealer
	CreatedAt time.Time
	ExpiresAt time.Time // zero = it is the current one
}

// about binds a sealed secret to its row.
func (s IdentitySecret) about() string {
	return "identity-secret/" + string(s.Workspace) + "/" + string(s.Inbox) + "/" + s.KID
}

func (s IdentitySecret) works(now time.Time) bool {
	return s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt)
}

// Sealer keeps secrets so that the database alone does not reveal them.
type Sealer interface {
	// Seal returns the stored form of a secret that belongs to about.
	Seal(secret []byte, about string) string
	// Open returns the secret; an error when it was changed, belongs to
	// something else, or the key is another.
	Open(sealed, about string) ([]byte, error)
}

// SecretStore keeps identity secrets.
type SecretStore interface {
	// IdentitySecrets lists an inbox's secrets, the oldest first.
	IdentitySecrets(ctx context.Context, workspace identity.WorkspaceID, inbox InboxID) ([]IdentitySecret, error)
	// ChangeIdentitySecrets loads the secrets of an inbox, lets change say which
	// there are from now on, and saves them with the events in one transaction.
	// errs.Absent when the workspace has no such inbox.
	ChangeIdentitySecrets(ctx context.Context, workspace identity.WorkspaceID, inbox InboxID, change func([]IdentitySecret) ([]IdentitySecret, []event.Event, error)) error
}

// Secrets holds the use cases of identity secrets. It is safe for concurrent use.
type Secrets struct {
	inboxes Store
	store   SecretStore
	sealer  Sealer
	now     func() time.Time
	ids     id.Source
}

// NewSecrets returns a Secrets.
func NewSecrets(inboxes Store, store SecretStore, sealer Sealer, now func() time.Time) *Secrets {
	return &Secrets{inboxes: inboxes, store: store, sealer: sealer, now: now, ids: id.NewSource(now)}
}

// Create makes a new secret, which is shown this once. The one before works
// for SecretOverlap more; any older one ends now.
func (s *Secrets) Create(ctx context.Context, scope identity.Scope, inbox InboxID) (secret string, made IdentitySecret, err error) {
	if err := s.mine(ctx, scope, inbox); err != nil {
		return "", made, err
	}
	secret = newSecret()
	now := s.now()
	made = IdentitySecret{Workspace: scope.Workspace, Inbox: inbox, KID: newKID(), CreatedAt: now}
	made.Sealed = s.sealer.Seal([]byte(secret), made.about())
	err = s.store.ChangeIdentitySecrets(ctx, scope.Workspace, inbox, func(all []IdentitySecret) ([]IdentitySecret, []event.Event, error) {
		keep := slices.DeleteFunc(slices.Clone(all), func(k IdentitySecret) bool { return !k.works(now) })
		keep = keep[max(0, len(keep)-maxSecrets+1):]
		for i := range keep {
			if end := now.Add(SecretOverlap); keep[i].ExpiresAt.IsZero() || end.Before(keep[i].ExpiresAt) {
				keep[i].ExpiresAt = end
			}
		}
		return append(keep, made), s.changed(ctx, scope, inbox, "identity_secret.created", made.KID), nil
	})
	return secret, made, err
}

// List returns the secrets of an inbox that work, without the secrets.
func (s *Secrets) List(ctx context.Context, scope identity.Scope, inbox InboxID) ([]IdentitySecret, error) {
	if err := s.mine(ctx, scope, inbox); err != nil {
		return nil, err
	}
	all, err := s.store.IdentitySecrets(ctx, scope.Workspace, inbox)
	return slices.DeleteFunc(all, func(k IdentitySecret) bool { return !k.works(s.now()) }), err
}

// Delete ends a secret at once.
func (s *Secrets) Delete(ctx context.Context, scope identity.Scope, inbox InboxID, kid string) error {
	if err := s.mine(ctx, scope, inbox); err != nil {
		return err
	}
	return s.store.ChangeIdentitySecrets(ctx, scope.Workspace, inbox, func(all []IdentitySecret) ([]IdentitySecret, []event.Event, error) {
		keep := slices.DeleteFunc(slices.Clone(all), func(k IdentitySecret) bool { return k.KID == kid })
		if len(keep) == len(all) {
			return nil, nil, errs.Absent()
		}
		return keep, s.changed(ctx, scope, inbox, "identity_secret.deleted", kid), nil
	})
}

// Keys returns the keys of an inbox that work, for checking assertions. One
// that cannot be opened, because the master key was lost, does not stand in the
// way of another; the error is that of the first, when none can be.
func (s *Secrets) Keys(ctx context.Context, inbox Inbox) ([]Key, error) {
	all, err := s.store.IdentitySecrets(ctx, inbox.Workspace, inbox.ID)
	if err != nil {
		return nil, err
	}
	var out []Key
	var closed error
	for _, k := range all {
		if !k.works(s.now()) {
			continue
		}
		secret, err := s.sealer.Open(k.Sealed, k.about())
		switch {
		case err == nil:
			out = append(out, Key{KID: k.KID, Secret: secret})
		case closed == nil:
			closed = err
		}
	}
	if len(out) == 0 {
		return nil, closed
	}
	return out, nil
}

// mine refuses who may not manage the inbox, foreign inboxes, and those whose
// visitors do not end at our gateway.
func (s *Secrets) mine(ctx context.Context, scope identity.Scope, id InboxID) error {
	if err := scope.Require(identity.InboxManage); err != nil {
		return err
	}
	inbox, err := s.inboxes.Inbox(ctx, id)
	switch {
	case err != nil:
		return err
	case inbox.Workspace != scope.Workspace:
		return errs.Absent()
	case !inbox.Live:
		return errs.New(errs.Conflict, "identity.not_live", "Only an inbox with a chat window has an identity secret.")
	}
	return nil
}

func (s *Secrets) changed(ctx context.Context, scope identity.Scope, inbox InboxID, action, kid string) []event.Event {
	record := identity.Record(ctx, scope, action, event.Party{Kind: "inbox", ID: string(inbox)}).Say(map[string]string{"kid": kid})
	return []event.Event{{
		Audit: record,
		ID:    s.ids.New("chg"), Workspace: string(scope.Workspace), Type: Changed, Subject: string(inbox), At: s.now(),
		Data: []byte(`{"id":"` + string(inbox) + `"}`),
	}}
}

// newSecret returns 256 random bits as text. The text as it stands is the key:
// no library has to decode it. Its prefix lets scanners find a leaked one.
func newSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return "pbis_" + base64.RawURLEncoding.EncodeToString(b[:])
}

func newKID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // as above
	return base64.RawURLEncoding.EncodeToString(b[:])
}
