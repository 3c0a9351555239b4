package identity

import (
	"cmp"
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// Admission lets somebody whom a provider named in: by an invitation, or
// because the provider's people may come.
type Admission struct {
	Link       Link
	Joining    *Joining // nil = the account is a member already
	Invitation string   // the token hash to use up; "" = none
	At         time.Time
}

// mayLink reports whether a session may link a provider of a workspace: one
// that it opens, of an active member.
func (s *Federation) mayLink(ctx context.Context, session Session, w WorkspaceID) error {
	if session.Workspace != "" && session.Workspace != w {
		return errs.Absent()
	}
	_, err := (&Sessions{s.commons}).ScopeFor(ctx, session.Account, w)
	return err
}

// link links a provider to the account that asked for it.
func (s *Federation) link(ctx context.Context, p Provider, f Flow, c Claims) error {
	if len(p.Domains) > 0 && !p.trustworthy(c) {
		return EmailRefused()
	}
	member, err := s.Stores.Members.MemberOf(ctx, p.Workspace, f.Account)
	if err != nil {
		return err
	}
	if member.Suspended {
		return errs.Absent()
	}
	note := s.note(ctx, Scope{Workspace: p.Workspace, Actor: member.actor()}, ProviderLinked, p.target(), nil)
	return s.Stores.Flows.Admit(ctx, Admission{Link: s.newLink(p, c, f.Account), At: s.time()}, note)
}

func (s *Federation) newLink(p Provider, c Claims, account AccountID) Link {
	return Link{
		Workspace: p.Workspace, Provider: p.ID, Issuer: p.Issuer, Subject: c.Subject, Account: account,
		Email: c.Email, CreatedAt: s.time(),
	}
}

// admit lets somebody in for the first time. An address that an account has
// already opens nothing by itself: without an invitation that account signs in
// and links the provider.
func (s *Federation) admit(ctx context.Context, p Provider, f Flow, c Claims) (Account, error) {
	role, invitation := p.DefaultRole, Invitation{}
	if f.Invitation != "" {
		var err error
		invitation, err = s.Stores.Invitations.InvitationByToken(ctx, f.Invitation)
		if errs.Is(err, errs.NotFound) || err == nil && invitation.State(s.now()) != InvitationPending {
			return Account{}, InvitationNotValid()
		}
		if err != nil {
			return Account{}, err
		}
		role = invitation.Role
	}
	if _, err := s.definition(ctx, p.Workspace, role); err != nil { // none, or one that is gone
		return Account{}, cmp.Or[error](unless(err, errs.NotFound), Unlinked())
	}
	switch {
	case !p.trustworthy(c), invitation.Email != "" && invitation.Email != c.Email:
		return Account{}, EmailRefused()
	}
	account, err := s.Stores.Accounts.AccountByEmail(ctx, c.Email)
	isNew := errs.Is(err, errs.NotFound)
	switch {
	case isNew:
		account, err = s.stranger(ctx, p, c)
	case err == nil && invitation.ID == "":
		return Account{}, Unlinked()
	}
	if err != nil {
		return Account{}, err
	}
	member := s.newMember(p.Workspace, account, role)
	joined := Record(ctx, Scope{Workspace: p.Workspace, Actor: member.actor()}, MemberJoined, member.target()).Say(map[string]string{
		"method": signedByProvider, "provider": string(p.ID), "invitation": string(invitation.ID), "role": string(role), "email": c.Email,
	})
	events := []event.Event{s.audited(p.Workspace, MemberChanged, string(member.ID), joined)}
	if invitation.ID != "" {
		events = append(events, s.changed(p.Workspace, InvitationChanged, string(invitation.ID)))
	}
	err = s.Stores.Flows.Admit(ctx, Admission{
		Link: s.newLink(p, c, account.ID), Joining: &Joining{Account: account, NewAccount: isNew, Member: member},
		Invitation: f.Invitation, At: s.time(),
	}, events...)
	if err != nil {
		return Account{}, err
	}
	s.scopes.clear()
	s.Log.InfoContext(ctx, "joined by a provider", "workspace", p.Workspace, "member", member.ID, "account", account.ID, "provider", p.ID)
	return account, nil
}

// stranger makes the account of somebody new. It has no password.
func (s *Federation) stranger(ctx context.Context, p Provider, c Claims) (Account, error) {
	w, err := s.Stores.Workspaces.Workspace(ctx, p.Workspace)
	if err != nil {
		return Account{}, err
	}
	k := &check{}
	name := k.name("/name", c.Name)
	if k.err() != nil {
		name = c.Email
	}
	return s.newAccount(c.Email, name, w.Locale, ""), nil
}

// Links lists the providers that an account is linked to, as far as the
// session may see.
func (s *Federation) Links(ctx context.Context, session Session) ([]Link, error) {
	all, err := s.Stores.Flows.LinksOf(ctx, session.Account)
	if err != nil || session.Workspace == "" {
		return all, err
	}
	var out []Link
	for _, l := range all {
		if l.Workspace == session.Workspace {
			out = append(out, l)
		}
	}
	return out, nil
}

// Choices lists the enabled providers of the workspaces that the session's
// account works in: those it may link.
func (s *Federation) Choices(ctx context.Context, session Session) ([]Provider, error) {
	list, err := s.Stores.Members.Memberships(ctx, session.Account)
	if err != nil {
		return nil, err
	}
	var out []Provider
	for _, m := range list {
		if m.Member.Suspended || session.Workspace != "" && session.Workspace != m.Workspace.ID {
			continue
		}
		all, err := s.Stores.Providers.ProvidersOf(ctx, m.Workspace.ID)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if p.Enabled {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// LastWayIn is returned instead of taking the only way in of an account
// without a password.
func LastWayIn() *errs.Error {
	return errs.New(errs.Conflict, "openid.last_way_in",
		"You have no password, so this is your only way in. Ask an administrator for a link to set a password first.")
}

// Unlink takes a link of the session's account away and ends the sessions that
// the provider made for it; errs.Absent when there is none, LastWayIn when
// there is no other and no password.
func (s *Federation) Unlink(ctx context.Context, session Session, provider ProviderID) error {
	links, err := s.Links(ctx, session)
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Provider != provider {
			continue
		}
		if err := s.otherWayIn(ctx, l); err != nil {
			return err
		}
		events, err := s.mine(ctx, session, ProviderUnlinked, map[string]string{"provider": string(provider)})
		if err != nil {
			return err
		}
		if err := s.Stores.Flows.Unlink(ctx, l, events...); err != nil {
			return err
		}
		s.sessionsChanged(ctx, session.Account)
		return nil
	}
	return errs.Absent()
}

// otherWayIn reports whether an account has a password or a link beside l.
func (s *Federation) otherWayIn(ctx context.Context, l Link) error {
	account, err := s.Stores.Accounts.Account(ctx, l.Account)
	if err != nil || account.PasswordHash != "" {
		return err
	}
	all, err := s.Stores.Flows.LinksOf(ctx, l.Account)
	if err == nil && len(all) < 2 {
		err = LastWayIn()
	}
	return err
}

// unless is err, nil when it is of a kind.
func unless(err error, kind errs.Kind) error {
	if errs.Is(err, kind) {
		return nil
	}
	return err
}
