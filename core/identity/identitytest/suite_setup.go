package identitytest

import (
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func (w *world) setupToken() {
	_, err := w.Setup.SetupToken(w.Context())
	w.fails(err, errs.Absent())
	w.ok(w.Setup.PutSetupToken(w.Context(), "one", w.now))
	w.ok(w.Setup.PutSetupToken(w.Context(), "two", w.tick()))
	got, err := w.Setup.SetupToken(w.Context())
	w.ok(err)
	same(w, got, "two")

	f := w.newFounding("owner@example.com")
	f.First, f.TokenHash = true, "one"
	w.fails(w.Setup.Found(w.Context(), f, w.event(f.Workspace.ID, identity.WorkspaceChanged)), identity.SetupTokenInvalid())
	w.absentFounding(f)
	f.TokenHash = "two"
	w.ok(w.Setup.Found(w.Context(), f))

	_, err = w.Setup.SetupToken(w.Context())
	w.fails(err, errs.Absent())
	w.fails(w.Setup.PutSetupToken(w.Context(), "three", w.tick()), errs.Absent())
	_, err = w.Setup.SetupToken(w.Context())
	w.fails(err, errs.Absent())
}

// absentFounding checks that nothing of a founding was stored.
func (w *world) absentFounding(f identity.Founding) {
	w.Helper()
	_, err := w.Accounts.Account(w.Context(), f.Account.ID)
	w.fails(err, errs.Absent())
	_, err = w.Workspaces.Workspace(w.Context(), f.Workspace.ID)
	w.fails(err, errs.Absent())
	_, err = w.Members.Member(w.Context(), f.Workspace.ID, f.Owner.ID)
	w.fails(err, errs.Absent())
	w.events(f.Workspace.ID)
}

func (w *world) founding() {
	has, err := w.Setup.HasAccount(w.Context())
	w.ok(err)
	same(w, has, false)
	f := w.newFounding("owner@example.com")
	s := w.newSession(f.Account.ID)
	f.First, f.Session = true, &s
	e := w.event(f.Workspace.ID, identity.WorkspaceChanged)
	w.ok(w.Setup.Found(w.Context(), f, e))

	has, err = w.Setup.HasAccount(w.Context())
	w.ok(err)
	same(w, has, true)
	a, err := w.Accounts.Account(w.Context(), f.Account.ID)
	w.ok(err)
	same(w, a, f.Account)
	ws, err := w.Workspaces.Workspace(w.Context(), f.Workspace.ID)
	w.ok(err)
	same(w, ws, f.Workspace)
	m, err := w.Members.Member(w.Context(), f.Workspace.ID, f.Owner.ID)
	w.ok(err)
	same(w, m, f.Owner)
	got, err := w.Sessions.Session(w.Context(), s.ID)
	w.ok(err)
	same(w, got, s)
	w.events(f.Workspace.ID, e)
}

func (w *world) foundingFirst() {
	w.found("owner@example.com")
	f := w.newFounding("second@example.com")
	f.First = true
	w.fails(w.Setup.Found(w.Context(), f, w.event(f.Workspace.ID, identity.WorkspaceChanged)), errs.Absent())
	w.absentFounding(f)

	f.First = false
	w.ok(w.Setup.Found(w.Context(), f))
	taken := w.newFounding("second@example.com")
	w.fails(w.Setup.Found(w.Context(), taken, w.event(taken.Workspace.ID, identity.WorkspaceChanged)), identity.EmailTaken())
	w.absentFounding(taken)
}

func (w *world) foundingOnce() {
	w.ok(w.Setup.PutSetupToken(w.Context(), "token", w.now))
	foundings := make([]identity.Founding, crowd)
	for n := range foundings {
		foundings[n] = w.newFounding(w.ids.New("owner") + "@example.com")
		foundings[n].First, foundings[n].TokenHash = true, "token"
	}
	results := w.atOnce(func(n int) error { return w.Setup.Found(w.Context(), foundings[n]) })
	winner := w.onlyOne(results, errs.Absent())
	p, err := w.Workspaces.Workspaces(w.Context(), page.Request{})
	w.ok(err)
	same(w, p.Items, []identity.Workspace{foundings[winner].Workspace})
}
