package identity

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/page"
)

// Stores are the ports to storage. One value may implement them all.
//
// What every implementation guarantees (identitytest.Run checks it):
//
//   - A method is one transaction: it takes effect whole or not at all, and
//     has reached the disk when it returns nil.
//   - The events passed in are appended to the feed of their workspace in the
//     same transaction; the store sets Feed and nothing else. When the method
//     fails, no event is written.
//   - What is absent, and what belongs to another workspace, is errs.Absent.
//   - The functions passed to the Change methods run inside the transaction
//     with the row locked; they must be pure and quick, and may run more than
//     once. Their error aborts the transaction and is returned as it is.
//   - Times come back as they went in, to the millisecond, in UTC.
type Stores struct {
	Setup       SetupStore
	Accounts    AccountStore
	Workspaces  WorkspaceStore
	Members     MemberStore
	Invitations InvitationStore
	Sessions    SessionStore
	Links       LinkStore
	Records     RecordStore
	Keys        KeyStore
	Roles       RoleStore
	Policies    PolicyStore
	Factors     FactorStore
	Challenges  ChallengeStore
	Resets      ResetStore
	Providers   ProviderStore
	Flows       FlowStore
}

// RecordStore appends what is for the audit log alone.
type RecordStore interface {
	// Keep appends the records of events of one or more workspaces. An event
	// of a workspace that is gone fails all with errs.Absent.
	Keep(ctx context.Context, events ...event.Event) error
}

// Founding is a new account with a new workspace that it owns.
type Founding struct {
	Account   Account
	Workspace Workspace
	Owner     Member
	Session   *Session // stored with them; nil = none

	// First refuses the founding with errs.Absent when any account exists.
	First bool
	// TokenHash, unless empty, must be that of the set-up token in force.
	TokenHash string
}

// SetupStore is what happens before the first account exists.
type SetupStore interface {
	// HasAccount reports whether any account exists.
	HasAccount(ctx context.Context) (bool, error)
	// PutSetupToken stores the hash of the set-up token in place of the one
	// before. errs.Absent when any account exists.
	PutSetupToken(ctx context.Context, hash string, at time.Time) error
	// SetupToken returns the hash of the token in force; errs.Absent when there is none.
	SetupToken(ctx context.Context) (hash string, err error)
	// Found stores a founding and forgets the set-up token. Of several First
	// foundings at once one succeeds. Errors: errs.Absent (see Founding.First),
	// SetupTokenInvalid, EmailTaken.
	Found(ctx context.Context, f Founding, events ...event.Event) error
}

// AccountStore keeps accounts. E-mail addresses are unique; callers pass them
// normalised.
type AccountStore interface {
	// Account returns an account by its id.
	Account(ctx context.Context, id AccountID) (Account, error)
	// AccountByEmail returns the account with exactly this e-mail address.
	AccountByEmail(ctx context.Context, email string) (Account, error)
	// ChangeAccount loads the account, applies change to its Name, Locale and
	// UpdatedAt (other fields stay as they are) and stores it. Members of the
	// account who bear its old name get the new name and UpdatedAt with it.
	ChangeAccount(ctx context.Context, id AccountID, change func(*Account) error, events ...event.Event) (Account, error)
	// SetPassword replaces the account's password hash Old by Fresh and deletes
	// its unused sign-in links and its sessions, all but Keep. PasswordChanged
	// when the stored hash is not Old.
	SetPassword(ctx context.Context, p PasswordChange, events ...event.Event) error
}

// PasswordChange is a new password of an account.
type PasswordChange struct {
	Account    AccountID
	Old, Fresh string // hashes
	Keep       SessionID
	At         time.Time
}

// WorkspaceStore keeps workspaces. One that was deleted is absent here, from
// Memberships and for every event that would be appended to its feed.
type WorkspaceStore interface {
	// Workspace returns a workspace by its id.
	Workspace(ctx context.Context, id WorkspaceID) (Workspace, error)
	// UseWorkspace sets UsedAt.
	UseWorkspace(ctx context.Context, id WorkspaceID, at time.Time) error
	// Workspaces lists all tenants by id, for the core itself.
	Workspaces(ctx context.Context, request page.Request) (page.Page[Workspace], error)
	// ChangeWorkspace loads the workspace, applies change to its Name, Locale
	// and UpdatedAt and stores it.
	ChangeWorkspace(ctx context.Context, id WorkspaceID, change func(*Workspace) error, events ...event.Event) (Workspace, error)
}

// Joining is an account that becomes a member.
type Joining struct {
	Account    Account
	NewAccount bool // store Account too; otherwise it exists already
	Member     Member
}

// Membership is one workspace of an account.
type Membership struct {
	Workspace Workspace
	Member    Member
}

// MemberStore keeps members: at most one per account and workspace.
// Member.Email is read from the account.
type MemberStore interface {
	// Member returns a member by its id.
	Member(ctx context.Context, w WorkspaceID, id MemberID) (Member, error)
	// MemberOf returns the account's member in the workspace, suspended or not.
	MemberOf(ctx context.Context, w WorkspaceID, account AccountID) (Member, error)
	// Members lists the members of a workspace by id, suspended ones included.
	Members(ctx context.Context, w WorkspaceID, request page.Request) (page.Page[Member], error)
	// Memberships lists the workspaces of an account by workspace id, those in
	// which it is suspended included.
	Memberships(ctx context.Context, account AccountID) ([]Membership, error)
	// AddMember stores a joining. Errors: EmailTaken (new account), errs.Absent
	// (no such account or workspace), AlreadyMember.
	AddMember(ctx context.Context, j Joining, events ...event.Event) error
	// ChangeMember loads the member, applies change to its Name, Role,
	// Capacity, Limits, Suspended and UpdatedAt and stores it. LastOwner when the
	// workspace would be left without an owner who is not suspended; this
	// holds under concurrent changes too.
	ChangeMember(ctx context.Context, w WorkspaceID, id MemberID, change func(*Member) error, events ...event.Event) (Member, error)
}

// RoleStore keeps the roles that workspaces made. Members and invitations refer
// to them: the methods that store a member or an invitation answer errs.Absent
// to a role that is neither built in nor of the workspace.
type RoleStore interface {
	// Role returns a role that the workspace made, without its Members.
	Role(ctx context.Context, w WorkspaceID, id Role) (RoleDefinition, error)
	// Roles lists them in any order, without their Members.
	Roles(ctx context.Context, w WorkspaceID) ([]RoleDefinition, error)
	// Holders counts the members of every role that any has, built-in ones
	// too, suspended members included.
	Holders(ctx context.Context, w WorkspaceID) (map[Role]int, error)
	// CreateRole stores a role. RoleNameTaken, TooManyRoles.
	CreateRole(ctx context.Context, r RoleDefinition, events ...event.Event) error
	// ChangeRole loads the role, applies change to its Name, Description,
	// Permissions, Reach and UpdatedAt and stores it. RoleNameTaken.
	ChangeRole(ctx context.Context, w WorkspaceID, id Role, change func(*RoleDefinition) error, events ...event.Event) (RoleDefinition, error)
	// DeleteRole forgets a role. RoleInUse when a member has it, or an
	// invitation that can be accepted at this time.
	DeleteRole(ctx context.Context, w WorkspaceID, id Role, at time.Time, events ...event.Event) error
}

// Acceptance turns an invitation into a member.
type Acceptance struct {
	TokenHash string
	At        time.Time
	Joining   Joining
}

// InvitationStore keeps invitations: at most one pending per e-mail address
// and workspace.
type InvitationStore interface {
	// Invite stores the invitation and revokes, as of its CreatedAt, every
	// other of the workspace for the same e-mail that was neither accepted nor
	// revoked. AlreadyMember when an account with this e-mail is a member.
	// Of several at once for one e-mail, some may fail with errs.Conflict.
	Invite(ctx context.Context, i Invitation, events ...event.Event) error
	// Invitation returns an invitation by its id.
	Invitation(ctx context.Context, w WorkspaceID, id InvitationID) (Invitation, error)
	// InvitationByToken returns the invitation with this token hash, in
	// whatever state it is.
	InvitationByToken(ctx context.Context, hash string) (Invitation, error)
	// Invitations lists the invitations of a workspace by id, newest first.
	Invitations(ctx context.Context, w WorkspaceID, request page.Request) (page.Page[Invitation], error)
	// Revoke revokes an invitation. InvitationSettled when it was accepted or
	// revoked before.
	Revoke(ctx context.Context, w WorkspaceID, id InvitationID, at time.Time, events ...event.Event) error
	// Accept marks the invitation accepted and stores the joining. Of several at once with one token one succeeds. Errors:
	// InvitationNotValid (unknown, accepted, revoked, or ExpiresAt <= At),
	// and those of AddMember.
	Accept(ctx context.Context, a Acceptance, events ...event.Event) error
}

// SessionStore keeps sessions.
type SessionStore interface {
	// CreateSession stores a session of an existing account.
	CreateSession(ctx context.Context, s Session, events ...event.Event) error
	// Session returns a session by its id, expired or not.
	Session(ctx context.Context, id SessionID) (Session, error)
	// SessionByToken returns the session with this token hash, expired or not,
	// and its account.
	SessionByToken(ctx context.Context, hash string) (Session, Account, error)
	// SessionsOf lists the sessions of an account, expired ones included, those
	// seen last first.
	SessionsOf(ctx context.Context, account AccountID) ([]Session, error)
	// TouchSession moves the session's SeenAt and ExpiresAt. A session that is gone is no error.
	TouchSession(ctx context.Context, id SessionID, seenAt, expiresAt time.Time) error
	// DeleteSessions ends sessions. Those that are gone are no error; when all
	// are, there is no event.
	DeleteSessions(ctx context.Context, ids []SessionID, events ...event.Event) error
	// DeleteExpired removes sessions, sign-in links, challenges, resets and flows
	// with ExpiresAt <= now.
	DeleteExpired(ctx context.Context, now time.Time) error
}

// SignInLink signs an account in once, without its password.
type SignInLink struct {
	TokenHash string
	Account   AccountID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// LinkStore keeps one-time sign-in links.
type LinkStore interface {
	// CreateLink stores a link of an existing account.
	CreateLink(ctx context.Context, l SignInLink) error
	// UseLink deletes the link and returns its account. Of several at once one
	// succeeds. LinkNotValid when the link is unknown, used, or has
	// ExpiresAt <= at.
	UseLink(ctx context.Context, hash string, at time.Time) (Account, error)
}
