package identitytest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// CreateSession stores a session.
func (f *Fake) CreateSession(_ context.Context, s identity.Session, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.accounts, s.Account); err != nil {
		return err
	}
	f.sessions[s.ID] = s
	f.append(events)
	return nil
}

// Session returns a session by its id.
func (f *Fake) Session(_ context.Context, id identity.SessionID) (identity.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.sessions, id)
}

// SessionByToken returns a session and its account by the token.
func (f *Fake) SessionByToken(_ context.Context, hash string) (identity.Session, identity.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.sessions {
		if s.TokenHash == hash {
			return s, f.accounts[s.Account], nil
		}
	}
	return identity.Session{}, identity.Account{}, errs.Absent()
}

// TouchSession records a use of a session.
func (f *Fake) TouchSession(_ context.Context, id identity.SessionID, seenAt, expiresAt time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.sessions[id]; ok {
		s.SeenAt, s.ExpiresAt = seenAt, expiresAt
		f.sessions[id] = s
	}
	return nil
}

// SessionsOf lists the sessions of an account.
func (f *Fake) SessionsOf(_ context.Context, account identity.AccountID) ([]identity.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []identity.Session
	for _, s := range f.sessions {
		if s.Account == account {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b identity.Session) int {
		return cmp.Or(b.SeenAt.Compare(a.SeenAt), cmp.Compare(b.ID, a.ID))
	})
	return out, nil
}

// DeleteSessions ends sessions.
func (f *Fake) DeleteSessions(_ context.Context, ids []identity.SessionID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.sessions)
	for _, id := range ids {
		delete(f.sessions, id)
	}
	if len(f.sessions) < before {
		f.append(events)
	}
	return nil
}

// DeleteExpired removes sessions and links whose time is over.
func (f *Fake) DeleteExpired(_ context.Context, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.sessions, func(_ identity.SessionID, s identity.Session) bool { return !s.ExpiresAt.After(now) })
	maps.DeleteFunc(f.links, func(_ string, l identity.SignInLink) bool { return !l.ExpiresAt.After(now) })
	maps.DeleteFunc(f.challenges, func(_ string, c identity.Challenge) bool { return !c.ExpiresAt.After(now) })
	maps.DeleteFunc(f.resets, func(_ string, r identity.Reset) bool { return !r.ExpiresAt.After(now) })
	maps.DeleteFunc(f.flows, func(_ string, x identity.Flow) bool { return !x.ExpiresAt.After(now) })
	return nil
}

// CreateLink stores a sign-in link.
func (f *Fake) CreateLink(_ context.Context, l identity.SignInLink) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.accounts, l.Account); err != nil {
		return err
	}
	f.links[l.TokenHash] = l
	return nil
}

// UseLink uses a sign-in link up.
func (f *Fake) UseLink(_ context.Context, hash string, at time.Time) (identity.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.links[hash]
	if !ok || !l.ExpiresAt.After(at) {
		return identity.Account{}, identity.LinkNotValid()
	}
	delete(f.links, hash)
	return f.accounts[l.Account], nil
}
