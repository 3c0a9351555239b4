package identity_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// faults is a store that fails, or is slow, on demand.
type faults struct {
	identity.AccountStore
	identity.SessionStore

	broken bool
	loaded func() // called between reading a session and answering
}

var errDisk = errors.New("disk I/O error")

func (f *faults) AccountByEmail(ctx context.Context, email string) (identity.Account, error) {
	if f.broken {
		return identity.Account{}, errDisk
	}
	return f.AccountStore.AccountByEmail(ctx, email)
}

func (f *faults) TouchSession(ctx context.Context, id identity.SessionID, seenAt, expiresAt time.Time) error {
	if f.broken {
		return errDisk
	}
	return f.SessionStore.TouchSession(ctx, id, seenAt, expiresAt)
}

func (f *faults) SessionByToken(ctx context.Context, hash string) (identity.Session, identity.Account, error) {
	s, a, err := f.SessionStore.SessionByToken(ctx, hash)
	if loaded := f.loaded; loaded != nil {
		f.loaded = nil
		loaded()
	}
	return s, a, err
}

// faulty puts faults between an office's services and its store.
func (o *office) faulty() *faults {
	f := &faults{AccountStore: o.fake, SessionStore: o.fake}
	stores := o.fake.Stores()
	stores.Accounts, stores.Sessions = f, f
	o.Services = o.nodeOn(stores)
	return f
}

// A store that fails is no wrong password: it neither says so nor counts.
func TestStoreFailureIsNoFailedAttempt(t *testing.T) {
	o := newOffice(t)
	f := o.faulty()
	o.founded(ownerEmail)
	f.broken = true
	for range 30 {
		_, err := o.Sessions.SignIn(t.Context(), ownerEmail, password, o.client)
		if !errors.Is(err, errDisk) || !errs.Is(err, errs.Internal) {
			t.Fatalf("got %v", err)
		}
	}
	f.broken = false
	o.signIn(ownerEmail)
}

// A disk that cannot be written must not sign everybody out.
func TestSessionSurvivesFailureToProlong(t *testing.T) {
	o := newOffice(t)
	f := o.faulty()
	o.founded(ownerEmail)
	in := o.signIn(ownerEmail)
	o.pass(2 * time.Hour)
	f.broken = true
	session, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err)
	equal(t, session, in.Session)
}

// An answer that was read before the session ended must not be kept after.
func TestCacheKeepsNothingStale(t *testing.T) {
	o := newOffice(t)
	f := o.faulty()
	o.founded(ownerEmail)
	in := o.signIn(ownerEmail)
	f.loaded = func() { o.ok(o.Sessions.SignOut(t.Context(), in.Session)) }
	_, _, err := o.Sessions.Authenticate(t.Context(), in.Token)
	o.ok(err) // it was asked before the end
	_, _, err = o.Sessions.Authenticate(t.Context(), in.Token)
	o.fails(err, identity.SessionEnded())
}

// What is committed is not undone because nobody could be told.
func TestRightsChangeSurvivesABusFailure(t *testing.T) {
	o := newOffice(t)
	owner := o.founded(ownerEmail).Member
	agent := o.hire(owner.Workspace, "agent@example.com", identity.RoleAgent)
	scope := o.scope(owner)
	o.mute = errors.New("no bus")
	_, err := o.Members.Update(t.Context(), scope, agent.ID, identity.MemberPatch{Suspended: new(true)})
	o.ok(err)
	_, err = o.Sessions.ScopeFor(t.Context(), agent.Account, agent.Workspace)
	o.fails(err, absent())
}

// Two changes of a password at once: the slower one is told, and its password
// is not set.
func TestChangePasswordAtOnce(t *testing.T) {
	o := newOffice(t)
	o.founded(ownerEmail)
	in := o.signIn(ownerEmail)
	fresh := []string{"the first password", "the second password"}
	results := atOnce(t.Context(), 2, func(ctx context.Context, i int) error {
		err := o.Sessions.ChangePassword(ctx, in.Session, password, fresh[i], o.client)
		if errs.Is(err, errs.Invalid) { // it was too late to prove the old one
			return identity.PasswordChanged()
		}
		return err
	})
	equal(t, o.successes(results, errs.Conflict), 1)
	for i, err := range results {
		_, signIn := o.Sessions.SignIn(t.Context(), ownerEmail, fresh[i], o.client)
		equal(t, signIn == nil, err == nil)
	}
}
