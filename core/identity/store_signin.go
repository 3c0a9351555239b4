package identity

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
)

// PolicyStore keeps what workspaces ask of those who sign in.
type PolicyStore interface {
	// SignInPolicy returns the workspace's policy; NewSignInPolicy when it chose nothing.
	SignInPolicy(ctx context.Context, w WorkspaceID) (SignInPolicy, error)
	// PutSignInPolicy replaces it. LastProvider when it is ProviderOnly and the
	// workspace has no enabled provider.
	PutSignInPolicy(ctx context.Context, w WorkspaceID, p SignInPolicy, events ...event.Event) error
	// Terms returns what decides whether sessions of an account may act in a
	// workspace. Every request of a member asks it.
	Terms(ctx context.Context, w WorkspaceID, account AccountID) (Terms, error)
}

// Confirmation turns an enrolment into a second factor.
type Confirmation struct {
	Account AccountID
	Sealed  string // of the enrolment that was confirmed
	Step    int64
	Codes   []string // hashes of recovery codes
	Keep    SessionID
	At      time.Time
}

// FactorStore keeps second factors. A Proof is used up in the transaction: of
// several at once with one Proof, one succeeds, and the others are WrongCode.
type FactorStore interface {
	// Factor returns the account's factor, confirmed or not; errs.Absent.
	Factor(ctx context.Context, account AccountID) (Factor, error)
	// PutFactor stores an unconfirmed factor in place of one. FactorExists when
	// there is a confirmed one.
	PutFactor(ctx context.Context, f Factor) error
	// ConfirmFactor confirms the factor, stores the recovery codes and deletes
	// the account's sessions, all but Keep. FactorMissing when the unconfirmed
	// factor is not the one with Sealed.
	ConfirmFactor(ctx context.Context, c Confirmation, events ...event.Event) error
	// DeleteFactor deletes the account's factor, recovery codes, challenges and
	// sessions, all but keep. The zero Proof needs none.
	DeleteFactor(ctx context.Context, account AccountID, p Proof, keep SessionID, events ...event.Event) error
	// ReplaceCodes replaces the recovery codes.
	ReplaceCodes(ctx context.Context, account AccountID, p Proof, hashes []string, at time.Time, events ...event.Event) error
	// HasRecoveryCode reports whether the account has an unused code with this hash.
	HasRecoveryCode(ctx context.Context, account AccountID, hash string) (bool, error)
	// RecoveryCodesLeft counts the unused codes.
	RecoveryCodesLeft(ctx context.Context, account AccountID) (int, error)
}

// Passing answers a challenge.
type Passing struct {
	TokenHash string
	Proof     Proof
	Session   Session
	At        time.Time
}

// ChallengeStore keeps sign-ins whose second step is missing.
type ChallengeStore interface {
	// CreateChallenge stores a challenge of an existing account.
	CreateChallenge(ctx context.Context, c Challenge) error
	// Challenge returns the challenge with this token hash, expired or not.
	Challenge(ctx context.Context, hash string) (Challenge, error)
	// MissChallenge counts a wrong code and deletes the challenge with the
	// most-th. One that is gone is no error.
	MissChallenge(ctx context.Context, hash string, most int, events ...event.Event) error
	// PassChallenge deletes the challenge, uses the proof up and stores the
	// session. ChallengeOver when it is unknown, used, or has ExpiresAt <= At;
	// WrongCode when the proof was used meanwhile.
	PassChallenge(ctx context.Context, p Passing, events ...event.Event) error
}

// ResetStore keeps one-time links that set a password.
type ResetStore interface {
	// CreateReset stores a reset in place of the account's others.
	CreateReset(ctx context.Context, r Reset, events ...event.Event) error
	// Reset returns the reset with this token hash, expired or not.
	Reset(ctx context.Context, hash string) (Reset, error)
	// UseReset deletes the account's resets, sets its password hash and deletes
	// its sessions, sign-in links and challenges. Of several at once one
	// succeeds. ResetNotValid when it is unknown, used, or has ExpiresAt <= at.
	UseReset(ctx context.Context, hash, password string, at time.Time, events ...event.Event) error
}

// ProviderStore keeps sign-in providers.
type ProviderStore interface {
	// Provider returns a provider of a workspace.
	Provider(ctx context.Context, w WorkspaceID, id ProviderID) (Provider, error)
	// ProviderByID returns a provider before its workspace is known.
	ProviderByID(ctx context.Context, id ProviderID) (Provider, error)
	// ProvidersOf lists the providers of a workspace by id.
	ProvidersOf(ctx context.Context, w WorkspaceID) ([]Provider, error)
	// ListedProviders lists those that are listed and enabled, of all
	// workspaces, by id, at most 20.
	ListedProviders(ctx context.Context) ([]Provider, error)
	// CreateProvider stores a provider. errs.Conflict signin.too_many when the
	// workspace has most already.
	CreateProvider(ctx context.Context, p Provider, most int, events ...event.Event) error
	// ChangeProvider replaces what may change of a provider: not its issuer.
	// LastProvider when the workspace is ProviderOnly and none stays enabled.
	// Sessions that a provider made end when it is turned off.
	ChangeProvider(ctx context.Context, p Provider, events ...event.Event) error
	// DeleteProvider deletes a provider with its links, flows, challenges and
	// sessions. LastProvider as ChangeProvider.
	DeleteProvider(ctx context.Context, w WorkspaceID, id ProviderID, events ...event.Event) error
}

// FlowStore keeps sign-ins by a provider, and who its subjects are.
type FlowStore interface {
	// CreateFlow stores a flow.
	CreateFlow(ctx context.Context, f Flow) error
	// TakeFlow deletes and returns the provider's flow with this state. Of
	// several at once one gets it. FlowOver when it is unknown, has ExpiresAt <=
	// at, or another browser began it (which leaves it).
	TakeFlow(ctx context.Context, provider ProviderID, state, browser string, at time.Time) (Flow, error)
	// Link returns who the subject of an issuer is in a workspace.
	Link(ctx context.Context, w WorkspaceID, issuer, subject string) (Link, error)
	// LinksOf lists an account's links by workspace and provider.
	LinksOf(ctx context.Context, account AccountID) ([]Link, error)
	// Admit stores a link with whatever else the admission says. A joining of
	// somebody who is a member already joins nobody and is no error.
	// LinkedElsewhere when the subject is somebody else's, InvitationNotValid
	// as InvitationStore.Accept, and the errors of AddMember.
	Admit(ctx context.Context, a Admission, events ...event.Event) error
	// Unlink deletes a link and the account's sessions of its provider.
	Unlink(ctx context.Context, l Link, events ...event.Event) error
}
