package identity

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/page"
)

// Members are the use cases of the people of a workspace.
type Members struct{ *commons }

// LimitsPatch names the limits that change; nil stays as it is.
type LimitsPatch struct{ Chat, Message, Mail, Ticket *int }

// to makes the changes.
func (p *LimitsPatch) to(l *Limits) {
	if p == nil {
		return
	}
	set(&l.Chat, p.Chat)
	set(&l.Message, p.Message)
	set(&l.Mail, p.Mail)
	set(&l.Ticket, p.Ticket)
}

// MemberPatch names what changes; nil stays as it is.
type MemberPatch struct {
	Name      *string
	Role      *Role
	Capacity  *int
	Limits    *LimitsPatch
	Suspended *bool
}

// NewMember is somebody to add without an invitation.
type NewMember struct {
	Email    string
	Name     string
	Role     Role
	Password string // of a new account
	LinkOnly bool   // a new account has no password and signs in by link alone
}

// List returns the members of the workspace, suspended ones included. Needs MemberRead.
func (s *Members) List(ctx context.Context, scope Scope, request page.Request) (page.Page[Member], error) {
	if err := scope.Require(MemberRead); err != nil {
		return page.Page[Member]{}, err
	}
	return s.Stores.Members.Members(ctx, scope.Workspace, request)
}

// Get returns a member of the workspace. Needs MemberRead.
func (s *Members) Get(ctx context.Context, scope Scope, id MemberID) (Member, error) {
	if err := scope.Require(MemberRead); err != nil {
		return Member{}, err
	}
	return s.Stores.Members.Member(ctx, scope.Workspace, id)
}

// Update changes a member. Needs MemberManage, and a role that could be given
// by the actor, before and after (Outranked, RoleBeyond): owners change
// everybody. Nobody suspends themselves or gives themselves another role
// (OwnMembership), and the last active owner stays one (LastOwner). What a
// member may no longer do ends at once.
func (s *Members) Update(ctx context.Context, scope Scope, id MemberID, patch MemberPatch) (Member, error) {
	if err := scope.Require(MemberManage); err != nil {
		return Member{}, err
	}
	if err := patch.check(); err != nil {
		return Member{}, err
	}
	if id == scope.Member() && patch.Suspended != nil && *patch.Suspended {
		return Member{}, errs.New(errs.Conflict, "member.self_suspension", "You cannot suspend yourself.")
	}
	before, err := s.Stores.Members.Member(ctx, scope.Workspace, id)
	if err != nil {
		return Member{}, err
	}
	if err := s.allowed(ctx, scope, before, patch); err != nil {
		return Member{}, err
	}
	record := Record(ctx, scope, MemberEdited, event.Party{})
	member, err := s.Stores.Members.ChangeMember(ctx, scope.Workspace, id, func(m *Member) error {
		was := *m
		if m.Role != before.Role { // the actor was measured against another
			return errs.New(errs.Conflict, "member.changed", "Somebody else changed this member at the same time. Try again.")
		}
		set(&m.Name, patch.Name)
		set(&m.Role, patch.Role)
		set(&m.Capacity, patch.Capacity)
		patch.Limits.to(&m.Limits)
		set(&m.Suspended, patch.Suspended)
		m.UpdatedAt = s.time()
		m.since(was, record)
		return nil
	}, s.audited(scope.Workspace, MemberChanged, string(id), record))
	if err != nil {
		return Member{}, err
	}
	s.rightsChanged(ctx, scope.Workspace, member.Account)
	return member, nil
}

// since completes the record of what became of a member.
func (m Member) since(before Member, r *event.Record) {
	d := event.Differences{}
	d.Note("name", before.Name, m.Name)
	d.Note("role", string(before.Role), string(m.Role))
	d.Note("capacity", before.Capacity, m.Capacity)
	d.Note("limits", before.Limits, m.Limits)
	d.Note("suspended", before.Suspended, m.Suspended)
	r.Target, r.Action = m.target(), MemberEdited
	switch {
	case m.Suspended && !before.Suspended:
		r.Action = MemberSuspended
	case before.Suspended && !m.Suspended:
		r.Action = MemberRestored
	}
	r.Say(d)
}

// allowed reports why the actor may not change a member so.
func (s *Members) allowed(ctx context.Context, scope Scope, m Member, patch MemberPatch) error {
	may, err := s.outranks(ctx, scope, m.Role)
	switch {
	case err != nil:
		return err
	case !may:
		return Outranked()
	case patch.Role == nil || *patch.Role == m.Role:
		return nil
	case m.ID == scope.Member():
		return OwnMembership()
	default:
		return s.given(ctx, scope, *patch.Role)
	}
}

// check refuses wrong values and puts the name into its stored form.
func (p *MemberPatch) check() error {
	c := &check{}
	if p.Name != nil {
		name := c.name("/name", *p.Name)
		p.Name = &name
	}
	if p.Role != nil {
		c.role("/role", *p.Role)
	}
	if p.Capacity != nil {
		c.capacity("/capacity", *p.Capacity)
	}
	if p.Limits != nil {
		var l Limits
		p.Limits.to(&l)
		c.limit("/limits/chat", l.Chat)
		c.limit("/limits/message", l.Message)
		c.limit("/limits/mail", l.Mail)
		c.limit("/limits/ticket", l.Ticket)
	}
	return c.err()
}

// Add makes somebody a member without asking them: for the system alone (demo
// data, tools). An account with the e-mail address is taken as it is.
func (s *Members) Add(ctx context.Context, scope Scope, n NewMember) (Member, error) {
	if scope.Actor.Kind != ActorSystem {
		return Member{}, errs.New(errs.Forbidden, "forbidden", "People join by an invitation.")
	}
	c := &check{}
	email := c.email(n.Email)
	n.Name = c.name("/name", n.Name)
	c.role("/role", n.Role)
	if !n.LinkOnly {
		c.password("/password", n.Password, email)
	}
	if err := c.err(); err != nil {
		return Member{}, err
	}
	if err := s.given(ctx, scope, n.Role); err != nil {
		return Member{}, err
	}
	j, err := s.joining(ctx, scope.Workspace, email, n)
	if err != nil {
		return Member{}, err
	}
	j.Member = s.newMember(scope.Workspace, j.Account, n.Role)
	j.Member.Name = n.Name
	record := Record(ctx, scope, MemberJoined, j.Member.target()).Say(map[string]string{"role": string(n.Role), "email": email})
	err = s.Stores.Members.AddMember(ctx, j, s.audited(scope.Workspace, MemberChanged, string(j.Member.ID), record))
	if err != nil {
		return Member{}, err
	}
	s.scopes.clear()
	return j.Member, nil
}

// joining finds the account, or makes one.
func (s *Members) joining(ctx context.Context, w WorkspaceID, email string, n NewMember) (Joining, error) {
	account, err := s.Stores.Accounts.AccountByEmail(ctx, email)
	if err == nil {
		return Joining{Account: account}, nil
	}
	if !errs.Is(err, errs.NotFound) {
		return Joining{}, err
	}
	workspace, err := s.Stores.Workspaces.Workspace(ctx, w)
	if err != nil {
		return Joining{}, err
	}
	hash, err := s.hash(ctx, n.Password, n.LinkOnly)
	if err != nil {
		return Joining{}, err
	}
	return Joining{Account: s.newAccount(email, n.Name, workspace.Locale, hash), NewAccount: true}, nil
}
