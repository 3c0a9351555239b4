package identitytest

import (
	"context"
	"maps"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (f *Fake) byEmail(email string) (identity.Account, bool) {
	for _, a := range f.accounts {
		if a.Email == email {
			return a, true
		}
	}
	return identity.Account{}, false
}

func (f *Fake) emailExists(email string) bool {
	_, ok := f.byEmail(email)
	return ok
}

// Account returns an account by its id.
func (f *Fake) Account(_ context.Context, id identity.AccountID) (identity.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.accounts, id)
}

// AccountByEmail returns an account by its e-mail address.
func (f *Fake) AccountByEmail(_ context.Context, email string) (identity.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.byEmail(email)
	if !ok {
		return a, errs.Absent()
	}
	return a, nil
}

// ChangeAccount changes an account and its members' names.
func (f *Fake) ChangeAccount(_ context.Context, id identity.AccountID, change func(*identity.Account) error, events ...event.Event) (identity.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, err := get(f.accounts, id)
	if err != nil {
		return before, err
	}
	wanted := before
	if err := change(&wanted); err != nil {
		return identity.Account{}, err
	}
	after := before
	after.Name, after.Locale, after.UpdatedAt = wanted.Name, wanted.Locale, wanted.UpdatedAt
	f.accounts[id] = after
	for key, m := range f.members {
		if m.Account == id && m.Name == before.Name && after.Name != before.Name {
			m.Name, m.UpdatedAt = after.Name, after.UpdatedAt
			f.members[key] = m
		}
	}
	f.append(events)
	return after, nil
}

// SetPassword replaces a password hash and ends the other sessions.
func (f *Fake) SetPassword(_ context.Context, p identity.PasswordChange, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, err := get(f.accounts, p.Account)
	if err != nil {
		return err
	}
	if a.PasswordHash != p.Old {
		return identity.PasswordChanged()
	}
	a.PasswordHash, a.UpdatedAt = p.Fresh, p.At
	f.accounts[p.Account] = a
	maps.DeleteFunc(f.sessions, func(key identity.SessionID, s identity.Session) bool {
		return s.Account == p.Account && key != p.Keep
	})
	maps.DeleteFunc(f.links, func(_ string, l identity.SignInLink) bool { return l.Account == p.Account })
	f.append(events)
	return nil
}

// Workspace returns a workspace by its id.
func (f *Fake) Workspace(_ context.Context, id identity.WorkspaceID) (identity.Workspace, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.workspaces, id)
}

// UseWorkspace notes the use of a workspace.
func (f *Fake) UseWorkspace(_ context.Context, id identity.WorkspaceID, at time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w, ok := f.workspaces[id]; ok && w.UsedAt.Before(at) {
		w.UsedAt = at
		f.workspaces[id] = w
	}
	return nil
}

// Workspaces lists all workspaces.
func (f *Fake) Workspaces(_ context.Context, request page.Request) (page.Page[identity.Workspace], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return list(f.workspaces, request, false, func(identity.Workspace) bool { return true })
}

// ChangeWorkspace changes a workspace.
func (f *Fake) ChangeWorkspace(_ context.Context, id identity.WorkspaceID, change func(*identity.Workspace) error, events ...event.Event) (identity.Workspace, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w, err := get(f.workspaces, id)
	if err != nil {
		return w, err
	}
	wanted := w
	if err := change(&wanted); err != nil {
		return identity.Workspace{}, err
	}
	w.Name, w.Locale, w.Settings, w.UpdatedAt = wanted.Name, wanted.Locale, wanted.Settings, wanted.UpdatedAt
	f.workspaces[id] = w
	f.append(events)
	return w, nil
}
