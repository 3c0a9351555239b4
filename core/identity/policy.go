package identity

import (
	"context"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// SignInPolicy is what a workspace asks of those who sign in to it.
type SignInPolicy struct {
	// TwoFactorRequired leads members without a second factor to enrol before
	// anything else of the workspace.
	TwoFactorRequired bool
	// ProviderOnly lets members in by the workspace's own providers alone; its
	// owners may always use their password.
	ProviderOnly bool
	// Idle is how long a session may lie unused; MinIdle to SessionLife.
	Idle time.Duration
	// Life is how long a session lasts however much it is used; MinLife to SessionMaxLife.
	Life      time.Duration
	UpdatedAt time.Time
}

// Bounds of a policy, in whole seconds.
const (
	MinIdle = 5 * time.Minute
	MinLife = time.Hour
)

// NewSignInPolicy is the policy of a workspace that chose nothing.
func NewSignInPolicy() SignInPolicy { return SignInPolicy{Idle: SessionLife, Life: SessionMaxLife} }

// SignInPolicyPatch names what changes; nil stays as it is.
type SignInPolicyPatch struct {
	TwoFactorRequired *bool
	ProviderOnly      *bool
	Idle              *time.Duration
	Life              *time.Duration
}

// Terms is what decides whether a session may act in a workspace, beside the
// member's rights.
type Terms struct {
	Policy   SignInPolicy
	Enrolled bool // the account has a second factor
	// Trusted reports whether the session's provider asks for a second factor itself.
	Trusted map[ProviderID]bool
}

// TwoFactorRequired is returned to a member who must enrol first.
func TwoFactorRequired() *errs.Error {
	return errs.New(errs.Forbidden, "account.two_factor_required",
		"This workspace asks for a second factor. Set it up in My account first.")
}

// ProviderRequired is returned to a session that was not made by the workspace's provider.
func ProviderRequired() *errs.Error {
	return errs.New(errs.Forbidden, "session.provider_required",
		"This workspace is opened by its single sign-on alone. Sign out, and sign in with it.")
}

// allow reports why a session may not act in a workspace, in a role, under the terms.
func (t Terms) allow(session Session, w WorkspaceID, role Role, now time.Time) error {
	switch p := t.Policy; {
	case session.Workspace != "" && session.Workspace != w:
		return errs.Absent()
	case !now.Before(session.CreatedAt.Add(p.Life)), !now.Before(session.SeenAt.Add(p.Idle)):
		return SessionEnded()
	case p.ProviderOnly && session.Workspace != w && role != RoleOwner:
		return ProviderRequired()
	case p.TwoFactorRequired && !t.Enrolled && !t.Trusted[session.Provider]:
		return TwoFactorRequired()
	}
	return nil
}

// Policies are the use cases of what a workspace asks of those who sign in.
type Policies struct{ *commons }

// Get returns the workspace's policy. Needs SignInManage.
func (s *Policies) Get(ctx context.Context, scope Scope) (SignInPolicy, error) {
	if err := scope.Require(SignInManage); err != nil {
		return SignInPolicy{}, err
	}
	return s.Stores.Policies.SignInPolicy(ctx, scope.Workspace)
}

// Update changes the policy; it holds for sessions that are open, at once.
// Needs SignInManage. ProviderOnly needs an enabled provider (errs.Conflict
// signin.no_provider).
func (s *Policies) Update(ctx context.Context, scope Scope, patch SignInPolicyPatch) (SignInPolicy, error) {
	if err := scope.Require(SignInManage); err != nil {
		return SignInPolicy{}, err
	}
	c := &check{}
	if patch.Idle != nil {
		c.span("/idle_seconds", "Unused sessions end after", *patch.Idle, MinIdle, SessionLife)
	}
	if patch.Life != nil {
		c.span("/life_seconds", "Sessions end after", *patch.Life, MinLife, SessionMaxLife)
	}
	if err := c.err(); err != nil {
		return SignInPolicy{}, err
	}
	before, err := s.Stores.Policies.SignInPolicy(ctx, scope.Workspace)
	if err != nil {
		return SignInPolicy{}, err
	}
	after := before
	set(&after.TwoFactorRequired, patch.TwoFactorRequired)
	set(&after.ProviderOnly, patch.ProviderOnly)
	set(&after.Idle, patch.Idle)
	set(&after.Life, patch.Life)
	after.UpdatedAt = s.time()
	note := s.note(ctx, scope, PolicyEdited, event.Party{Kind: "workspace", ID: string(scope.Workspace)}, before.differences(after))
	if err := s.Stores.Policies.PutSignInPolicy(ctx, scope.Workspace, after, note); err != nil {
		return SignInPolicy{}, err
	}
	s.everybodyChanged(ctx, scope.Workspace)
	return after, nil
}

// span refuses what is not a whole number of seconds between two bounds.
func (c *check) span(pointer, what string, d, least, most time.Duration) {
	if d < least || d > most || d%time.Second != 0 {
		c.Refuse(pointer, "out_of_range",
			what+" "+strconv.Itoa(int(least/time.Second))+" to "+strconv.Itoa(int(most/time.Second))+" whole seconds.")
	}
}

// differences lists what an audit record says of a change.
func (p SignInPolicy) differences(after SignInPolicy) event.Differences {
	d := event.Differences{}
	d.Note("two_factor_required", p.TwoFactorRequired, after.TwoFactorRequired)
	d.Note("provider_only", p.ProviderOnly, after.ProviderOnly)
	d.Note("idle_seconds", int(p.Idle/time.Second), int(after.Idle/time.Second))
	d.Note("life_seconds", int(p.Life/time.Second), int(after.Life/time.Second))
	return d
}
