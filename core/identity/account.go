package identity

import (
	"context"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// Accounts are the use cases of a login.
type Accounts struct{ *commons }

// Profile is an account and the workspaces it may work in.
type Profile struct {
	Account     Account
	Memberships []Seat // those not suspended
}

// Seat is a membership with what it allows.
type Seat struct {
	Membership
	RoleName string // of a role that the workspace made
	Rights   Rights
}

// AccountPatch names what changes; nil stays as it is.
type AccountPatch struct {
	Name   *string
	Locale *string
}

// Me returns the profile of an account.
func (a *Accounts) Me(ctx context.Context, id AccountID) (Profile, error) {
	account, err := a.Stores.Accounts.Account(ctx, id)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Account: account}
	all, err := a.Stores.Members.Memberships(ctx, id)
	if err != nil {
		return Profile{}, err
	}
	for _, m := range all {
		if m.Member.Suspended || m.Workspace.Sandbox() && !active(all, m.Workspace.Parent) {
			continue
		}
		seat := Seat{Membership: m}
		if seat.Rights, err = a.rightsOf(ctx, m.Member); err != nil {
			return Profile{}, err
		}
		if m.Workspace.Sandbox() {
			seat.Rights = seat.Rights.inSandbox()
		}
		role, err := a.definition(ctx, m.Workspace.ID, m.Member.Role)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return Profile{}, err
		}
		seat.RoleName = role.Name
		p.Memberships = append(p.Memberships, seat)
	}
	return p, nil
}

// ByEmail returns the account with an e-mail address: for the application itself.
func (a *Accounts) ByEmail(ctx context.Context, email string) (Account, error) {
	c := &check{}
	email = c.email(email)
	if err := c.err(); err != nil {
		return Account{}, err
	}
	return a.Stores.Accounts.AccountByEmail(ctx, email)
}

// Update changes one's own account. A new name is taken over by the
// memberships that bear the old one, not by those that were named otherwise.
func (a *Accounts) Update(ctx context.Context, id AccountID, patch AccountPatch) (Account, error) {
	c := &check{}
	if patch.Name != nil {
		name := c.name("/name", *patch.Name)
		patch.Name = &name
	}
	if patch.Locale != nil {
		c.locale("/locale", *patch.Locale)
	}
	if err := c.err(); err != nil {
		return Account{}, err
	}
	events, err := a.renamed(ctx, id, patch.Name)
	if err != nil {
		return Account{}, err
	}
	after, err := a.Stores.Accounts.ChangeAccount(ctx, id, func(account *Account) error {
		set(&account.Name, patch.Name)
		set(&account.Locale, patch.Locale)
		account.UpdatedAt = a.time()
		return nil
	}, events...)
	if err != nil {
		return Account{}, err
	}
	a.signedIn.clear()
	a.scopes.clear()
	return after, nil
}

// renamed makes the events of the members who get a new name with the account.
func (a *Accounts) renamed(ctx context.Context, id AccountID, name *string) ([]event.Event, error) {
	if name == nil {
		return nil, nil
	}
	account, err := a.Stores.Accounts.Account(ctx, id)
	if err != nil || account.Name == *name {
		return nil, err
	}
	all, err := a.Stores.Members.Memberships(ctx, id)
	var events []event.Event
	for _, m := range all {
		if m.Member.Name == account.Name {
			d := event.Differences{}
			d.Note("name", account.Name, *name)
			client := ClientFrom(ctx)
			r := &event.Record{Action: AccountRenamed, Actor: m.Member.party(), Via: client.Via, Address: client.address(), Target: m.Member.target()}
			events = append(events, a.audited(m.Workspace.ID, MemberChanged, string(m.Member.ID), r.Say(d)))
		}
	}
	return events, err
}

// set assigns what a patch names.
func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
