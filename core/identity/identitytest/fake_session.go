package identitytest

import (
	"context"
	"maps"
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

// TouchSession moves the end of a session.
func (f *Fake) TouchSession(_ context.Context, id identity.SessionID, expiresAt time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s, ok := f.sessions[id]; ok {
		s.ExpiresAt = expiresAt
		f.sessions[id] = s
	}
	return nil
}

// DeleteSession ends a session.
func (f *Fake) DeleteSession(_ context.Context, id identity.SessionID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.sessions[id]; !ok {
		return nil
	}
	delete(f.sessions, id)
	f.append(events)
	return nil
}

// DeleteExpired removes sessions and links whose time is over.
func (f *Fake) DeleteExpired(_ context.Context, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.sessions, func(_ identity.SessionID, s identity.Session) bool { return !s.ExpiresAt.After(now) })
	maps.DeleteFunc(f.links, func(_ string, l identity.SignInLink) bool { return !l.ExpiresAt.After(now) })
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

// LinkAccount returns the account of a sign-in link.
func (f *Fake) LinkAccount(_ context.Context, hash string) (identity.AccountID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.links[hash]
	if !ok {
		return "", identity.LinkNotValid()
	}
	return l.Account, nil
}

// UseLink turns a sign-in link into a session.
func (f *Fake) UseLink(_ context.Context, hash string, at time.Time, s identity.Session, events ...event.Event) (identity.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.links[hash]
	if !ok || !l.ExpiresAt.After(at) {
		return identity.Account{}, identity.LinkNotValid()
	}
	delete(f.links, hash)
	s.Account = l.Account
	f.sessions[s.ID] = s
	f.append(events)
	return f.accounts[l.Account], nil
}
