package identitytest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// CreateKey stores a key.
func (f *Fake) CreateKey(_ context.Context, k identity.APIKey, limit int, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if m, err := get(f.members, k.Member); err != nil || m.Workspace != k.Workspace {
		return errs.Absent()
	}
	n := 0
	for _, other := range f.keys {
		if other.Workspace == k.Workspace && other.Member == k.Member && other.RevokedAt.IsZero() && (other.ExpiresAt.IsZero() || other.ExpiresAt.After(k.CreatedAt)) {
			n++
		}
	}
	if n >= limit {
		return identity.KeyLimit()
	}
	f.keys[k.ID] = k
	f.append(events)
	return nil
}

// Key returns a key with its account.
func (f *Fake) Key(_ context.Context, id identity.KeyID) (identity.APIKey, identity.AccountID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := get(f.keys, id)
	return k, f.members[k.Member].Account, err
}

// Keys lists keys.
func (f *Fake) Keys(_ context.Context, w identity.WorkspaceID, member identity.MemberID, request page.Request) (page.Page[identity.APIKey], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return list(f.keys, request, true, func(k identity.APIKey) bool {
		return k.Workspace == w && (member == "" || k.Member == member)
	})
}

// RevokeKey ends a key.
func (f *Fake) RevokeKey(_ context.Context, w identity.WorkspaceID, id identity.KeyID, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := get(f.keys, id)
	if err != nil || k.Workspace != w {
		return errs.Absent()
	}
	if k.RevokedAt.IsZero() {
		k.RevokedAt = at
		f.keys[id] = k
		f.append(events)
	}
	return nil
}

// TouchKey notes a use.
func (f *Fake) TouchKey(_ context.Context, w identity.WorkspaceID, id identity.KeyID, at time.Time, address string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k, ok := f.keys[id]; ok && k.Workspace == w {
		k.LastUsedAt, k.LastAddress = at, address
		f.keys[id] = k
	}
	return nil
}
