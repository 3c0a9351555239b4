package identitytest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
)

// signin is what the fake keeps of signing in.
type signin struct {
	policies   map[identity.WorkspaceID]identity.SignInPolicy
	factors    map[identity.AccountID]identity.Factor
	codes      map[identity.AccountID]map[string]bool
	challenges map[string]identity.Challenge
	resets     map[string]identity.Reset
	providers  map[identity.ProviderID]identity.Provider
	flows      map[string]identity.Flow
	subjects   map[subject]identity.Link
}

// subject is who somebody is to an issuer that a workspace trusts.
type subject struct {
	workspace    identity.WorkspaceID
	issuer, name string
}

func newSignin() signin {
	return signin{
		policies:   map[identity.WorkspaceID]identity.SignInPolicy{},
		factors:    map[identity.AccountID]identity.Factor{},
		codes:      map[identity.AccountID]map[string]bool{},
		challenges: map[string]identity.Challenge{},
		resets:     map[string]identity.Reset{},
		providers:  map[identity.ProviderID]identity.Provider{},
		flows:      map[string]identity.Flow{},
		subjects:   map[subject]identity.Link{},
	}
}

// SignInPolicy returns a workspace's policy.
func (f *Fake) SignInPolicy(_ context.Context, w identity.WorkspaceID) (identity.SignInPolicy, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.policy(w), nil
}

func (f *Fake) policy(w identity.WorkspaceID) identity.SignInPolicy {
	if p, ok := f.policies[w]; ok {
		return p
	}
	return identity.NewSignInPolicy()
}

// enabled reports whether a workspace has an enabled provider other than one.
func (f *Fake) enabled(w identity.WorkspaceID, but identity.ProviderID) bool {
	for _, p := range f.providers {
		if p.Workspace == w && p.Enabled && p.ID != but {
			return true
		}
	}
	return false
}

// PutSignInPolicy replaces a policy.
func (f *Fake) PutSignInPolicy(_ context.Context, w identity.WorkspaceID, p identity.SignInPolicy, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.workspaces, w); err != nil {
		return err
	}
	if p.ProviderOnly && !f.enabled(w, "") {
		return identity.LastProvider()
	}
	f.policies[w] = p
	f.append(events)
	return nil
}

// Terms returns what decides about sessions.
func (f *Fake) Terms(_ context.Context, w identity.WorkspaceID, account identity.AccountID) (identity.Terms, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := identity.Terms{Policy: f.policy(w), Enrolled: !f.factors[account].ConfirmedAt.IsZero(), Trusted: map[identity.ProviderID]bool{}}
	for _, p := range f.providers {
		if p.Workspace == w && p.SecondFactor {
			t.Trusted[p.ID] = true
		}
	}
	return t, nil
}

// endSessions deletes the sessions of an account that gone accepts.
func (f *Fake) endSessions(gone func(identity.Session) bool) {
	maps.DeleteFunc(f.sessions, func(_ identity.SessionID, s identity.Session) bool { return gone(s) })
}

// Factor returns a second factor.
func (f *Fake) Factor(_ context.Context, account identity.AccountID) (identity.Factor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.factors, account)
}

// PutFactor stores an enrolment.
func (f *Fake) PutFactor(_ context.Context, x identity.Factor) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.accounts, x.Account); err != nil {
		return err
	}
	if !f.factors[x.Account].ConfirmedAt.IsZero() {
		return identity.FactorExists()
	}
	f.factors[x.Account] = x
	return nil
}

// ConfirmFactor confirms an enrolment.
func (f *Fake) ConfirmFactor(_ context.Context, c identity.Confirmation, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.factors[c.Account]
	if !ok || x.Sealed != c.Sealed || !x.ConfirmedAt.IsZero() {
		return identity.FactorMissing()
	}
	x.ConfirmedAt, x.LastStep = c.At, c.Step
	f.factors[c.Account] = x
	f.setCodes(c.Account, c.Codes)
	f.endSessions(func(s identity.Session) bool { return s.Account == c.Account && s.ID != c.Keep })
	f.append(events)
	return nil
}

func (f *Fake) setCodes(account identity.AccountID, hashes []string) {
	f.codes[account] = map[string]bool{}
	for _, h := range hashes {
		f.codes[account][h] = true
	}
}

// useUp uses a proof up.
func (f *Fake) useUp(account identity.AccountID, p identity.Proof) error {
	x := f.factors[account]
	switch {
	case p == identity.Proof{}:
	case p.Recovery != "":
		if !f.codes[account][p.Recovery] {
			return identity.WrongCode()
		}
		delete(f.codes[account], p.Recovery)
	case x.ConfirmedAt.IsZero() || p.Step <= x.LastStep:
		return identity.WrongCode()
	default:
		x.LastStep = p.Step
		f.factors[account] = x
	}
	return nil
}

// DeleteFactor deletes a second factor.
func (f *Fake) DeleteFactor(_ context.Context, account identity.AccountID, p identity.Proof, keep identity.SessionID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.useUp(account, p); err != nil {
		return err
	}
	delete(f.factors, account)
	delete(f.codes, account)
	maps.DeleteFunc(f.challenges, func(_ string, c identity.Challenge) bool { return c.Account == account })
	f.endSessions(func(s identity.Session) bool { return s.Account == account && s.ID != keep })
	f.append(events)
	return nil
}

// ReplaceCodes replaces recovery codes.
func (f *Fake) ReplaceCodes(_ context.Context, account identity.AccountID, p identity.Proof, hashes []string, _ time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.useUp(account, p); err != nil {
		return err
	}
	f.setCodes(account, hashes)
	f.append(events)
	return nil
}

// HasRecoveryCode reports whether a code is unused.
func (f *Fake) HasRecoveryCode(_ context.Context, account identity.AccountID, hash string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.codes[account][hash], nil
}

// RecoveryCodesLeft counts unused codes.
func (f *Fake) RecoveryCodesLeft(_ context.Context, account identity.AccountID) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.codes[account]), nil
}

// CreateChallenge stores a challenge.
func (f *Fake) CreateChallenge(_ context.Context, c identity.Challenge) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.accounts, c.Account); err != nil {
		return err
	}
	f.challenges[c.TokenHash] = c
	return nil
}

// Challenge returns a challenge.
func (f *Fake) Challenge(_ context.Context, hash string) (identity.Challenge, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.challenges, hash)
}

// MissChallenge counts a wrong code.
func (f *Fake) MissChallenge(_ context.Context, hash string, most int, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.append(events)
	c, ok := f.challenges[hash]
	if !ok {
		return nil
	}
	c.Attempts++
	f.challenges[hash] = c
	if c.Attempts >= most {
		delete(f.challenges, hash)
	}
	return nil
}

// PassChallenge turns a challenge into a session.
func (f *Fake) PassChallenge(_ context.Context, p identity.Passing, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.challenges[p.TokenHash]
	if !ok || !c.ExpiresAt.After(p.At) {
		return identity.ChallengeOver()
	}
	if err := f.useUp(c.Account, p.Proof); err != nil {
		return err
	}
	delete(f.challenges, p.TokenHash)
	f.sessions[p.Session.ID] = p.Session
	f.append(events)
	return nil
}

// CreateReset stores a reset.
func (f *Fake) CreateReset(_ context.Context, r identity.Reset, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.accounts, r.Account); err != nil {
		return err
	}
	maps.DeleteFunc(f.resets, func(_ string, o identity.Reset) bool { return o.Account == r.Account })
	f.resets[r.TokenHash] = r
	f.append(events)
	return nil
}

// Reset returns a reset.
func (f *Fake) Reset(_ context.Context, hash string) (identity.Reset, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.resets, hash)
}

// UseReset sets a password.
func (f *Fake) UseReset(_ context.Context, hash, password string, at time.Time, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.resets[hash]
	if !ok || !r.ExpiresAt.After(at) {
		return identity.ResetNotValid()
	}
	maps.DeleteFunc(f.resets, func(_ string, o identity.Reset) bool { return o.Account == r.Account })
	a := f.accounts[r.Account]
	a.PasswordHash, a.UpdatedAt = password, at
	f.accounts[r.Account] = a
	f.endSessions(func(s identity.Session) bool { return s.Account == r.Account })
	maps.DeleteFunc(f.links, func(_ string, l identity.SignInLink) bool { return l.Account == r.Account })
	maps.DeleteFunc(f.challenges, func(_ string, c identity.Challenge) bool { return c.Account == r.Account })
	f.append(events)
	return nil
}

// Provider returns a provider.
func (f *Fake) Provider(_ context.Context, w identity.WorkspaceID, id identity.ProviderID) (identity.Provider, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.provider(w, id)
}

func (f *Fake) provider(w identity.WorkspaceID, id identity.ProviderID) (identity.Provider, error) {
	p, err := get(f.providers, id)
	if err != nil || p.Workspace != w {
		return identity.Provider{}, errs.Absent()
	}
	p.Domains = slices.Clone(p.Domains)
	return p, nil
}

// ProviderByID returns a provider of any workspace.
func (f *Fake) ProviderByID(_ context.Context, id identity.ProviderID) (identity.Provider, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.providers, id)
}

func (f *Fake) providersWhere(keep func(identity.Provider) bool) []identity.Provider {
	var out []identity.Provider
	for _, p := range f.providers {
		if keep(p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b identity.Provider) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return out
}

// ProvidersOf lists providers of a workspace.
func (f *Fake) ProvidersOf(_ context.Context, w identity.WorkspaceID) ([]identity.Provider, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.providersWhere(func(p identity.Provider) bool { return p.Workspace == w }), nil
}

// ListedProviders lists what the sign-in page shows.
func (f *Fake) ListedProviders(context.Context) ([]identity.Provider, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.providersWhere(func(p identity.Provider) bool { return p.Listed && p.Enabled })
	return all[:min(len(all), 20)], nil
}

// CreateProvider stores a provider.
func (f *Fake) CreateProvider(_ context.Context, p identity.Provider, most int, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := get(f.workspaces, p.Workspace); err != nil {
		return err
	}
	if len(f.providersWhere(func(o identity.Provider) bool { return o.Workspace == p.Workspace })) >= most {
		return identity.TooManyProviders()
	}
	f.providers[p.ID] = p
	f.append(events)
	return nil
}

// ChangeProvider changes a provider.
func (f *Fake) ChangeProvider(_ context.Context, p identity.Provider, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, err := f.provider(p.Workspace, p.ID)
	if err != nil {
		return err
	}
	if !p.Enabled && f.policy(p.Workspace).ProviderOnly && !f.enabled(p.Workspace, p.ID) {
		return identity.LastProvider()
	}
	p.Issuer, p.CreatedAt = before.Issuer, before.CreatedAt
	f.providers[p.ID] = p
	if !p.Enabled {
		f.endSessions(func(s identity.Session) bool { return s.Provider == p.ID })
	}
	f.append(events)
	return nil
}

// DeleteProvider deletes a provider.
func (f *Fake) DeleteProvider(_ context.Context, w identity.WorkspaceID, id identity.ProviderID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.provider(w, id); err != nil {
		return err
	}
	if f.policy(w).ProviderOnly && !f.enabled(w, id) {
		return identity.LastProvider()
	}
	delete(f.providers, id)
	maps.DeleteFunc(f.subjects, func(_ subject, l identity.Link) bool { return l.Workspace == w && l.Provider == id })
	maps.DeleteFunc(f.flows, func(_ string, x identity.Flow) bool { return x.Provider == id })
	maps.DeleteFunc(f.challenges, func(_ string, c identity.Challenge) bool { return c.Provider == id })
	f.endSessions(func(s identity.Session) bool { return s.Provider == id })
	f.append(events)
	return nil
}

// CreateFlow stores a flow.
func (f *Fake) CreateFlow(_ context.Context, x identity.Flow) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.provider(x.Workspace, x.Provider); err != nil {
		return err
	}
	f.flows[x.StateHash] = x
	return nil
}

// TakeFlow uses a flow up.
func (f *Fake) TakeFlow(_ context.Context, provider identity.ProviderID, state, browser string, at time.Time) (identity.Flow, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x, ok := f.flows[state]
	if !ok || x.Provider != provider || x.BrowserHash != browser || !x.ExpiresAt.After(at) {
		return identity.Flow{}, identity.FlowOver()
	}
	delete(f.flows, state)
	return x, nil
}

// Link returns who a subject is.
func (f *Fake) Link(_ context.Context, w identity.WorkspaceID, issuer, name string) (identity.Link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return get(f.subjects, subject{w, issuer, name})
}

// LinksOf lists an account's links.
func (f *Fake) LinksOf(_ context.Context, account identity.AccountID) ([]identity.Link, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []identity.Link
	for _, l := range f.subjects {
		if l.Account == account {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b identity.Link) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Subject, b.Subject))
	})
	return out, nil
}

// Admit stores a link with what belongs to it.
func (f *Fake) Admit(_ context.Context, a identity.Admission, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.provider(a.Link.Workspace, a.Link.Provider); err != nil {
		return err
	}
	key := subject{a.Link.Workspace, a.Link.Issuer, a.Link.Subject}
	if other, ok := f.subjects[key]; ok && other.Account != a.Link.Account {
		return identity.LinkedElsewhere()
	}
	i, err := f.byToken(a.Invitation)
	if a.Invitation != "" && (err != nil || settled(i) || !i.ExpiresAt.After(a.At)) {
		return identity.InvitationNotValid()
	}
	if a.Joining != nil {
		if err := f.canJoin(*a.Joining); err != nil && errs.As(err).Code != identity.AlreadyMember().Code {
			return err
		} else if err == nil {
			f.join(*a.Joining)
		}
	}
	if a.Invitation != "" {
		i.AcceptedAt = a.At
		f.invitations[i.ID] = i
	}
	f.subjects[key] = a.Link
	f.append(events)
	return nil
}

// Unlink deletes a link.
func (f *Fake) Unlink(_ context.Context, l identity.Link, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.subjects, func(_ subject, o identity.Link) bool {
		return o.Account == l.Account && o.Workspace == l.Workspace && o.Provider == l.Provider
	})
	f.endSessions(func(s identity.Session) bool { return s.Account == l.Account && s.Provider == l.Provider })
	f.append(events)
	return nil
}
