package identities

import (
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// What the columns two_factor and password of sign_in_policy say.
const (
	optional, required = "optional", "required"
	allowed, oidcOnly  = "allowed", "oidc_only"
)

type policyRow struct {
	WorkspaceID, TwoFactor, Password string
	IdleSeconds, LifeSeconds         int64
	UpdatedAt                        int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (policyRow) TableName() string { return "sign_in_policy" }

func policyRowOf(w identity.WorkspaceID, p identity.SignInPolicy) policyRow {
	r := policyRow{
		WorkspaceID: string(w), TwoFactor: optional, Password: allowed,
		IdleSeconds: int64(p.Idle / time.Second), LifeSeconds: int64(p.Life / time.Second), UpdatedAt: db.Micros(p.UpdatedAt),
	}
	if p.TwoFactorRequired {
		r.TwoFactor = required
	}
	if p.ProviderOnly {
		r.Password = oidcOnly
	}
	return r
}

func (r policyRow) domain() identity.SignInPolicy {
	return identity.SignInPolicy{
		TwoFactorRequired: r.TwoFactor == required, ProviderOnly: r.Password == oidcOnly,
		Idle: time.Duration(r.IdleSeconds) * time.Second, Life: time.Duration(r.LifeSeconds) * time.Second, UpdatedAt: db.Time(r.UpdatedAt),
	}
}

type factorRow struct {
	AccountID, Sealed                string
	LastStep, CreatedAt, ConfirmedAt int64
}

// TableName implements gorm's Tabler.
func (factorRow) TableName() string { return "second_factor" }

func factorRowOf(f identity.Factor) factorRow {
	return factorRow{
		AccountID: string(f.Account), Sealed: f.Sealed, LastStep: f.LastStep,
		CreatedAt: db.Micros(f.CreatedAt), ConfirmedAt: db.Micros(f.ConfirmedAt),
	}
}

func (r factorRow) domain() identity.Factor {
	return identity.Factor{
		Account: identity.AccountID(r.AccountID), Sealed: r.Sealed, LastStep: r.LastStep,
		CreatedAt: db.Time(r.CreatedAt), ConfirmedAt: db.Time(r.ConfirmedAt),
	}
}

type codeRow struct {
	AccountID, CodeHash string
	CreatedAt           int64
}

// TableName implements gorm's Tabler.
func (codeRow) TableName() string { return "recovery_code" }

type challengeRow struct {
	TokenHash, AccountID, WorkspaceID, ProviderID string
	Attempts                                      int
	CreatedAt, ExpiresAt                          int64
}

// TableName implements gorm's Tabler.
func (challengeRow) TableName() string { return "sign_in_challenge" }

func challengeRowOf(c identity.Challenge) challengeRow {
	return challengeRow{
		TokenHash: c.TokenHash, AccountID: string(c.Account), WorkspaceID: string(c.Workspace), ProviderID: string(c.Provider),
		Attempts: c.Attempts, CreatedAt: db.Micros(c.CreatedAt), ExpiresAt: db.Micros(c.ExpiresAt),
	}
}

func (r challengeRow) domain() identity.Challenge {
	return identity.Challenge{
		TokenHash: r.TokenHash, Account: identity.AccountID(r.AccountID), Workspace: identity.WorkspaceID(r.WorkspaceID),
		Provider: identity.ProviderID(r.ProviderID), Attempts: r.Attempts, CreatedAt: db.Time(r.CreatedAt), ExpiresAt: db.Time(r.ExpiresAt),
	}
}

type resetRow struct {
	TokenHash, AccountID string
	CreatedAt, ExpiresAt int64
}

// TableName implements gorm's Tabler.
func (resetRow) TableName() string { return "password_reset" }

func resetRowOf(r identity.Reset) resetRow {
	return resetRow{TokenHash: r.TokenHash, AccountID: string(r.Account), CreatedAt: db.Micros(r.CreatedAt), ExpiresAt: db.Micros(r.ExpiresAt)}
}

func (r resetRow) domain() identity.Reset {
	return identity.Reset{
		TokenHash: r.TokenHash, Account: identity.AccountID(r.AccountID), CreatedAt: db.Time(r.CreatedAt), ExpiresAt: db.Time(r.ExpiresAt),
	}
}

type providerRow struct {
	WorkspaceID, ProviderID, Name, Issuer, ClientID, Sealed, Domains, DefaultRole string
	SecondFactor, Listed, Enabled                                                 bool
	CreatedAt                                                                     int64
	UpdatedAt                                                                     int64 `gorm:"autoUpdateTime:false"`
}

// TableName implements gorm's Tabler.
func (providerRow) TableName() string { return "sign_in_provider" }

func providerRowOf(p identity.Provider) providerRow {
	return providerRow{
		WorkspaceID: string(p.Workspace), ProviderID: string(p.ID), Name: p.Name, Issuer: p.Issuer, ClientID: p.ClientID, Sealed: p.Sealed,
		Domains: strings.Join(p.Domains, " "), DefaultRole: string(p.DefaultRole), SecondFactor: p.SecondFactor,
		Listed: p.Listed, Enabled: p.Enabled, CreatedAt: db.Micros(p.CreatedAt), UpdatedAt: db.Micros(p.UpdatedAt),
	}
}

func (r providerRow) domain() identity.Provider {
	return identity.Provider{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: identity.ProviderID(r.ProviderID), Name: r.Name, Issuer: r.Issuer,
		ClientID: r.ClientID, Sealed: r.Sealed, Domains: strings.Fields(r.Domains), DefaultRole: identity.Role(r.DefaultRole),
		SecondFactor: r.SecondFactor, Listed: r.Listed, Enabled: r.Enabled,
		CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
}

type subjectRow struct {
	WorkspaceID, ProviderID, Issuer, Subject, AccountID, Email string
	CreatedAt                                                  int64
}

// TableName implements gorm's Tabler.
func (subjectRow) TableName() string { return "sign_in_identity" }

func subjectRowOf(l identity.Link) subjectRow {
	return subjectRow{
		WorkspaceID: string(l.Workspace), ProviderID: string(l.Provider), Issuer: l.Issuer, Subject: l.Subject,
		AccountID: string(l.Account), Email: l.Email, CreatedAt: db.Micros(l.CreatedAt),
	}
}

func (r subjectRow) domain() identity.Link {
	return identity.Link{
		Workspace: identity.WorkspaceID(r.WorkspaceID), Provider: identity.ProviderID(r.ProviderID), Issuer: r.Issuer, Subject: r.Subject,
		Account: identity.AccountID(r.AccountID), Email: r.Email, CreatedAt: db.Time(r.CreatedAt),
	}
}

type flowRow struct {
	WorkspaceID, ProviderID, StateHash, BrowserHash, Nonce, Sealed, AccountID, InvitationHash, ReturnTo string
	CreatedAt, ExpiresAt                                                                                int64
}

// TableName implements gorm's Tabler.
func (flowRow) TableName() string { return "sign_in_flow" }

func flowRowOf(f identity.Flow) flowRow {
	return flowRow{
		WorkspaceID: string(f.Workspace), ProviderID: string(f.Provider), StateHash: f.StateHash, BrowserHash: f.BrowserHash,
		Nonce: f.Nonce, Sealed: f.Sealed, AccountID: string(f.Account), InvitationHash: f.Invitation, ReturnTo: f.Return,
		CreatedAt: db.Micros(f.CreatedAt), ExpiresAt: db.Micros(f.ExpiresAt),
	}
}

func (r flowRow) domain() identity.Flow {
	return identity.Flow{
		StateHash: r.StateHash, Workspace: identity.WorkspaceID(r.WorkspaceID), Provider: identity.ProviderID(r.ProviderID),
		BrowserHash: r.BrowserHash, Nonce: r.Nonce, Sealed: r.Sealed, Account: identity.AccountID(r.AccountID),
		Invitation: r.InvitationHash, Return: r.ReturnTo, CreatedAt: db.Time(r.CreatedAt), ExpiresAt: db.Time(r.ExpiresAt),
	}
}
