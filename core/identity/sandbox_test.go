package identity_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// sandboxed founds a workspace that is a sandbox of w, whose owner's account is
// new and works in w too.
func (o *office) sandboxed(w identity.WorkspaceID, role identity.Role) (there, here identity.Member) {
	o.Helper()
	at := o.now()
	account := identity.Account{ID: "acc_sand", Email: "sand@example.com", Name: "Sandy", Locale: "en", CreatedAt: at, UpdatedAt: at}
	box := identity.Workspace{ID: sandboxID, Name: "Sandbox", Locale: "en", Parent: w, CreatedAt: at, UpdatedAt: at}
	member := func(w identity.WorkspaceID, id identity.MemberID, role identity.Role) identity.Member {
		return identity.Member{Workspace: w, ID: id, Account: account.ID, Name: account.Name, Role: role, Capacity: 5, CreatedAt: at, UpdatedAt: at}
	}
	there, here = member(box.ID, "mem_there", identity.RoleOwner), member(w, "mem_here", role)
	stores := o.fake.Stores()
	o.ok(stores.Setup.Found(o.Context(), identity.Founding{Account: account, Workspace: box, Owner: there}))
	o.ok(stores.Members.AddMember(o.Context(), identity.Joining{Account: account, Member: here}))
	return there, here
}

const sandboxID = identity.WorkspaceID("wsp_01JD3X4Z5Y6W7V8T9S0R1Q2P3N")

func TestASandboxHoldsBack(t *testing.T) {
	o := newOffice(t)
	home := o.founded(ownerEmail)
	there, _ := o.sandboxed(home.Workspace.ID, identity.RoleAdministrator)
	scope := o.scope(there)
	equal(t, scope.Sandbox(), true)
	equal(t, o.scope(home.Member).Sandbox(), false)
	for _, p := range []identity.Permission{identity.MemberManage, identity.SignInManage, identity.PluginManage, identity.SystemRead, identity.SandboxManage} {
		o.fails(scope.Require(p), identity.NotInSandbox())
		o.ok(o.scope(home.Member).Require(p))
	}
	for _, p := range []identity.Permission{identity.WebhookManage, identity.APIKeyManage, identity.InboxManage, identity.WorkspaceExport, identity.RoleManage} {
		o.ok(scope.Require(p))
	}
	equal(t, scope.Reach().All(), true)
	_, err := o.Invitations.Create(t.Context(), scope, "who@example.com", identity.RoleAgent)
	o.fails(err, identity.NotInSandbox())
	me, err := o.Accounts.Me(t.Context(), there.Account)
	o.ok(err)
	for _, m := range me.Memberships {
		if m.Workspace.Sandbox() == m.Rights.May(identity.MemberManage) {
			t.Errorf("in %s they hold %v", m.Workspace.Name, m.Rights.Permissions)
		}
	}
}

// Who is suspended in the parent is out of the sandbox, on every node.
func TestASandboxClosesWithItsParent(t *testing.T) {
	o := newOffice(t)
	home := o.founded(ownerEmail)
	there, here := o.sandboxed(home.Workspace.ID, identity.RoleAdministrator)
	o.scope(there)
	key, secret, err := o.Keys.Create(t.Context(), o.scope(there), identity.NewKey{Name: "k", Scopes: []identity.Permission{identity.ContactRead}})
	o.ok(err)
	_, _, err = o.Keys.Scope(t.Context(), secret, key.Workspace)
	o.ok(err)
	_, err = o.Members.Update(t.Context(), o.scope(home.Member), here.ID, identity.MemberPatch{Suspended: new(true)})
	o.ok(err)
	for _, node := range []*identity.Services{o.Services, o.node()} {
		_, err = node.Sessions.ScopeFor(t.Context(), there.Account, there.Workspace)
		o.fails(err, absent())
		_, _, err = node.Keys.Scope(t.Context(), secret, key.Workspace)
		o.fails(err, absent())
		me, err := node.Accounts.Me(t.Context(), there.Account)
		o.ok(err)
		equal(t, len(me.Memberships), 0)
	}
}

// A sandbox is entered by the rules of its parent: what the parent asks of a
// session, it asks of the sandbox's.
func TestASandboxIsEnteredByItsParentsRules(t *testing.T) {
	o := newOffice(t)
	home := o.founded(ownerEmail)
	there, _ := o.sandboxed(home.Workspace.ID, identity.RoleAdministrator)
	at := o.now()
	session := identity.Session{ID: "ses_1", Account: there.Account, CreatedAt: at, SeenAt: at, ExpiresAt: at.Add(time.Hour)}
	_, err := o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.ok(err)
	two := true
	_, err = o.Policies.Update(t.Context(), o.scope(home.Member), identity.SignInPolicyPatch{TwoFactorRequired: &two})
	o.ok(err)
	_, err = o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.fails(err, identity.TwoFactorRequired())
	barrier, err := o.Sessions.Barrier(t.Context(), session, there.Workspace)
	o.ok(err)
	equal(t, barrier, identity.BarrierTwoFactor)
	two = false
	_, err = o.Policies.Update(t.Context(), o.scope(home.Member), identity.SignInPolicyPatch{TwoFactorRequired: &two})
	o.ok(err)

	// A session of the parent's provider opens the parent and its sandbox alone.
	session.Workspace = home.Workspace.ID
	_, err = o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.ok(err)
	session.Workspace = "wsp_01JD3X4Z5Y6W7V8T9S0R1Q2P3M"
	_, err = o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.fails(err, absent())
}

// Looking at one's workspaces is no use of a sandbox; entering it is, to the hour.
func TestASandboxIsUsed(t *testing.T) {
	o := newOffice(t)
	home := o.founded(ownerEmail)
	there, _ := o.sandboxed(home.Workspace.ID, identity.RoleAgent)
	used := func() time.Time {
		w, err := o.fake.Stores().Workspaces.Workspace(t.Context(), there.Workspace)
		o.ok(err)
		return w.UsedAt
	}
	at := o.now()
	session := identity.Session{ID: "ses_1", Account: there.Account, CreatedAt: at, SeenAt: at.Add(24 * time.Hour), ExpiresAt: at.Add(48 * time.Hour)}
	_, err := o.Sessions.Barrier(t.Context(), session, there.Workspace)
	o.ok(err)
	equal(t, used(), time.Time{})
	_, err = o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.ok(err)
	equal(t, used(), at)
	o.pass(59 * time.Minute)
	_, err = o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.ok(err)
	equal(t, used(), at)
	o.pass(time.Minute)
	_, err = o.Sessions.Enter(t.Context(), session, there.Workspace)
	o.ok(err)
	equal(t, used(), o.now())
	o.told()
	o.Workspaces.Closed(t.Context(), there.Workspace)
	equal(t, len(o.told()), 1)
}

// A colleague with a sandbox of this workspace is helped as any other.
func TestASandboxIsNoOtherWorkspace(t *testing.T) {
	o := newOffice(t)
	home := o.founded(ownerEmail)
	_, here := o.sandboxed(home.Workspace.ID, identity.RoleAgent)
	_, err := o.Resets.Create(t.Context(), o.scope(home.Member), here.ID)
	o.ok(err)
}
