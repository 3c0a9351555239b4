package identity

import (
	"cmp"
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/page"
)

// KeyID names an API key: key_.
type KeyID string

// APIKey lets a program act for the member who made it, with at most the
// permissions named. Its secret is stored hashed.
type APIKey struct {
	Workspace   WorkspaceID
	ID          KeyID
	Member      MemberID // who made it
	Name        string
	Scopes      []Permission
	SecretHash  string
	CreatedAt   time.Time
	ExpiresAt   time.Time // zero = never
	RevokedAt   time.Time // zero = no
	LastUsedAt  time.Time // zero = never; to the minute
	LastAddress string
}

// Bounds of keys.
const (
	MaxKeys       = 100 // that work, of one member
	maxKeyLife    = 10 * 366 * 24 * time.Hour
	keyTouchEvery = time.Minute
)

// KeyPrefix begins every key as it is given out, so that scanners find a leaked one.
const KeyPrefix = "pbk_"

// Prefix returns the part of the key that may be shown.
func (k APIKey) Prefix() string { return KeyPrefix + strings.TrimPrefix(string(k.ID), "key_") }

// works reports whether the key may be used.
func (k APIKey) works(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.ExpiresAt.IsZero() || k.ExpiresAt.After(now))
}

func (k APIKey) target() event.Party {
	return event.Party{Kind: "api_key", ID: string(k.ID), Name: k.Name}
}

// KeyStore keeps API keys. They are never deleted, so that the audit log's
// names stay known.
type KeyStore interface {
	// CreateKey stores a key of an existing member. KeyLimit when the member
	// has limit keys that work at its CreatedAt.
	CreateKey(ctx context.Context, k APIKey, limit int, events ...event.Event) error
	// Key returns a key and the account of its member, whatever its workspace:
	// for admission, which knows no workspace yet.
	Key(ctx context.Context, id KeyID) (APIKey, AccountID, error)
	// Keys lists the keys of a workspace, of one member unless "", by id, the
	// newest first.
	Keys(ctx context.Context, w WorkspaceID, member MemberID, request page.Request) (page.Page[APIKey], error)
	// RevokeKey sets RevokedAt. Of a key that was revoked before nothing
	// changes, and no event is left.
	RevokeKey(ctx context.Context, w WorkspaceID, id KeyID, at time.Time, events ...event.Event) error
	// TouchKey sets LastUsedAt and LastAddress.
	TouchKey(ctx context.Context, w WorkspaceID, id KeyID, at time.Time, address string) error
}

// KeyNotValid is the answer to a key that is unknown, revoked or expired.
func KeyNotValid() *errs.Error {
	return errs.New(errs.Unauthenticated, "key.not_valid", "This API key is unknown, revoked or expired. Make a new one in the settings.")
}

// KeyLimit is the answer to one key too many.
func KeyLimit() *errs.Error {
	return errs.New(errs.Conflict, "key.too_many", "You have too many API keys already. Revoke some first.")
}

// Keys are the use cases of API keys.
type Keys struct{ *commons }

// NewKey is a key to make.
type NewKey struct {
	Name      string
	Scopes    []Permission
	ExpiresAt time.Time // zero = never
}

// Create makes a key of the acting member and returns its secret, which is
// kept nowhere. Needs APIKeyOwn, and every scope of the key; a key makes no
// keys.
func (s *Keys) Create(ctx context.Context, scope Scope, n NewKey) (k APIKey, secret string, err error) {
	if err := scope.Require(APIKeyOwn); err != nil {
		return APIKey{}, "", err
	}
	if strings.HasPrefix(ClientFrom(ctx).Via, "key_") {
		return APIKey{}, "", KeyNotHere()
	}
	c, at := &check{}, s.time()
	k = APIKey{
		Workspace: scope.Workspace, ID: KeyID(s.ids.New("key")), Member: scope.Member(), Name: c.name("/name", n.Name),
		Scopes: slices.Compact(slices.Sorted(slices.Values(n.Scopes))), CreatedAt: at, ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Millisecond),
	}
	if n.ExpiresAt.IsZero() {
		k.ExpiresAt = time.Time{}
	}
	k.check(c, scope)
	if err := c.err(); err != nil {
		return APIKey{}, "", err
	}
	token := newToken()
	k.SecretHash = hashToken(token)
	record := Record(ctx, scope, "api_key.created", k.target()).Say(map[string]any{"scopes": k.Scopes, "expires_at": k.ExpiresAt})
	if err := s.Stores.Keys.CreateKey(ctx, k, MaxKeys, s.chained(k.Workspace, record)); err != nil {
		return APIKey{}, "", err
	}
	return k, k.Prefix() + "_" + token, nil
}

// check refuses what a key cannot be.
func (k APIKey) check(c *check, scope Scope) {
	if len(k.Scopes) == 0 {
		c.Refuse("/scopes", "required", "names nothing that the key may do")
	}
	for _, p := range k.Scopes {
		switch {
		case !slices.Contains(Permissions(), p):
			c.Refuse("/scopes", "unknown", "there is no permission of this name")
		case !scope.May(p):
			c.Refuse("/scopes", "beyond_yours", "holds "+string(p)+", which you do not")
		}
	}
	if !k.ExpiresAt.IsZero() && (!k.ExpiresAt.After(k.CreatedAt) || k.ExpiresAt.Sub(k.CreatedAt) > maxKeyLife) {
		c.Refuse("/expires_at", "range", "must be later than now, and within ten years")
	}
}

// KeyNotHere is the answer to a key where only people sign in.
func KeyNotHere() *errs.Error {
	return errs.New(errs.Forbidden, "key.not_here", "This is not for API keys. Sign in as a person.")
}

// List returns keys, the newest first, revoked and expired ones included:
// one's own; with APIKeyManage those of everybody. Needs APIKeyOwn.
func (s *Keys) List(ctx context.Context, scope Scope, request page.Request) (page.Page[APIKey], error) {
	if err := scope.Require(APIKeyOwn); err != nil {
		return page.Page[APIKey]{}, err
	}
	of := scope.Member()
	if scope.May(APIKeyManage) {
		of = ""
	}
	return s.Stores.Keys.Keys(ctx, scope.Workspace, of, request)
}

// Revoke ends a key at once: one's own; with APIKeyManage anybody's. Another
// one is absent. Needs APIKeyOwn.
func (s *Keys) Revoke(ctx context.Context, scope Scope, key KeyID) error {
	if err := scope.Require(APIKeyOwn); err != nil {
		return err
	}
	if !id.Valid("key", string(key)) {
		return errs.Absent()
	}
	k, account, err := s.Stores.Keys.Key(ctx, key)
	if err != nil {
		return err
	}
	if k.Workspace != scope.Workspace || k.Member != scope.Member() && !scope.May(APIKeyManage) {
		return errs.Absent()
	}
	record := Record(ctx, scope, "api_key.revoked", k.target())
	if err := s.Stores.Keys.RevokeKey(ctx, k.Workspace, key, s.time(), s.chained(k.Workspace, record)); err != nil {
		return err
	}
	s.keys.clear()
	s.rightsChanged(ctx, k.Workspace, account)
	return nil
}

// keyed is a key with the account that it acts for.
type keyed struct {
	key     APIKey
	account AccountID
}

// Scope returns the key of a token and the scope in which it acts in a
// workspace: what its member may do, as far as the key names it. KeyNotValid;
// errs.Absent for another workspace, and when the member is suspended. What
// another node changed may be missed for a second.
func (s *Keys) Scope(ctx context.Context, token string, w WorkspaceID) (APIKey, Scope, error) {
	rest, ok := strings.CutPrefix(token, KeyPrefix)
	name, secret, cut := strings.Cut(rest, "_")
	key := KeyID("key_" + name)
	if !ok || !cut || !id.Valid("key", string(key)) || !plausibleToken(secret) {
		return APIKey{}, Scope{}, KeyNotValid()
	}
	found, err := s.keys.get(key, func() (keyed, error) {
		k, account, err := s.Stores.Keys.Key(ctx, key)
		return keyed{k, account}, err
	})
	if errs.Is(err, errs.NotFound) {
		return APIKey{}, Scope{}, KeyNotValid()
	}
	if err != nil {
		return APIKey{}, Scope{}, err
	}
	k := found.key
	if subtle.ConstantTimeCompare([]byte(hashToken(secret)), []byte(k.SecretHash)) != 1 || !k.works(s.now()) {
		return APIKey{}, Scope{}, KeyNotValid()
	}
	if k.Workspace != w {
		return APIKey{}, Scope{}, errs.Absent()
	}
	sessions := &Sessions{s.commons}
	scope, err := sessions.ScopeFor(ctx, found.account, w)
	if err != nil {
		return APIKey{}, Scope{}, err
	}
	s.touchKey(ctx, k)
	s.used(ctx, scope)
	return k, scope.Only(k.Scopes...), nil
}

// touchKey notes that a key is used, at most once a minute. A failure is
// logged: a database that cannot be written does not refuse reading.
func (s *Keys) touchKey(ctx context.Context, k APIKey) {
	at, address := s.time(), ClientFrom(ctx).address()
	if at.Sub(k.LastUsedAt) < keyTouchEvery && cmp.Or(address, k.LastAddress) == k.LastAddress {
		return
	}
	if err := s.Stores.Keys.TouchKey(ctx, k.Workspace, k.ID, at, address); err != nil {
		s.Log.WarnContext(ctx, "the use of a key is not noted", "key", k.ID, "error", err)
	}
	s.keys.clear()
}
