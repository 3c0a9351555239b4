package identity

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Bounds of a challenge.
const (
	ChallengeLife     = 5 * time.Minute
	ChallengeAttempts = 5
)

// Challenge is a sign-in whose first step is done and whose second is asked
// for. Its token is stored hashed; it opens nothing by itself.
type Challenge struct {
	TokenHash string
	Account   AccountID
	Workspace WorkspaceID // as of the Session to come
	Provider  ProviderID
	Attempts  int // wrong codes so far
	CreatedAt time.Time
	ExpiresAt time.Time
}

// ChallengeOver is the one answer to a challenge that is unknown, used, over,
// or was answered wrong too often.
func ChallengeOver() *errs.Error {
	return errs.New(errs.Unauthenticated, "session.challenge_over", "This sign-in took too long, or had too many wrong codes. Start again.")
}

// way is how somebody proved the first step.
type way struct {
	provider Provider // zero = password or link
	how      string   // for the audit log
}

// detail is what the audit log says of the way.
func (w way) detail() any {
	if w.provider.ID == "" {
		return method(w.how)
	}
	return map[string]string{"method": w.how, "provider": string(w.provider.ID)}
}

// enter ends the first step of a sign-in: a session, or a challenge where the
// account has a second factor that the way does not stand for.
func (c *commons) enter(ctx context.Context, account Account, w way, client Client) (SignedIn, error) {
	f, err := c.factor(ctx, account.ID)
	if err != nil {
		return SignedIn{}, err
	}
	in := c.newSession(account, client)
	in.Session.Workspace, in.Session.Provider = w.provider.Workspace, w.provider.ID
	if f.on() && !w.provider.SecondFactor {
		at := c.time()
		challenge := Challenge{
			TokenHash: in.Session.TokenHash, Account: account.ID, Workspace: w.provider.Workspace, Provider: w.provider.ID,
			CreatedAt: at, ExpiresAt: at.Add(ChallengeLife),
		}
		if err := c.Stores.Challenges.CreateChallenge(ctx, challenge); err != nil {
			return SignedIn{}, err
		}
		return SignedIn{Account: account, Challenge: in.Token, ChallengeEnds: challenge.ExpiresAt}, nil
	}
	client.Via = string(in.Session.ID)
	events, err := c.everywhere(ctx, account.ID, client, SignedInAction, w.detail())
	if err != nil {
		return SignedIn{}, err
	}
	if err := c.Stores.Sessions.CreateSession(ctx, in.Session, events...); err != nil {
		return SignedIn{}, err
	}
	c.Log.InfoContext(ctx, "signed in", "account", account.ID, "session", in.Session.ID, "address", in.Session.Address, "by", w.how)
	return c.marked(in, client), nil
}

// SignInSecond answers a challenge with a code of the account's app, or with a
// recovery code, each of which works once. Errors: ChallengeOver, WrongCode,
// errs.RateLimited.
func (s *Sessions) SignInSecond(ctx context.Context, token, code string, client Client) (SignedIn, error) {
	var challenge Challenge
	err := s.guess(client, errs.Unauthenticated, func() (err error) {
		challenge, err = s.challenge(ctx, token)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	proof, err := s.proveSecond(ctx, challenge.Account, code, client)
	if err == nil {
		return s.pass(ctx, challenge, proof, client)
	}
	switch {
	case errs.As(err).Code == FactorMissing().Code: // reset meanwhile
		return SignedIn{}, ChallengeOver()
	case !errs.Is(err, errs.Unauthenticated):
		return SignedIn{}, err
	}
	events, missed := s.everywhere(ctx, challenge.Account, client, SignInRefused, method(signedByCode))
	if missed == nil {
		missed = s.Stores.Challenges.MissChallenge(ctx, challenge.TokenHash, ChallengeAttempts, events...)
	}
	if missed != nil {
		return SignedIn{}, missed
	}
	return SignedIn{}, err
}

// challenge returns the live challenge of a token.
func (s *Sessions) challenge(ctx context.Context, token string) (Challenge, error) {
	if !plausibleToken(token) {
		return Challenge{}, ChallengeOver()
	}
	challenge, err := s.Stores.Challenges.Challenge(ctx, hashToken(token))
	if errs.Is(err, errs.NotFound) || err == nil && !challenge.ExpiresAt.After(s.now()) {
		return Challenge{}, ChallengeOver()
	}
	return challenge, err
}

// pass starts the session that a challenge stands for.
func (s *Sessions) pass(ctx context.Context, challenge Challenge, proof Proof, client Client) (SignedIn, error) {
	account, err := s.Stores.Accounts.Account(ctx, challenge.Account)
	if err != nil {
		return SignedIn{}, err
	}
	in := s.newSession(account, client)
	in.Session.Workspace, in.Session.Provider, in.Session.SecondFactor = challenge.Workspace, challenge.Provider, true
	by := signedByCode
	if proof.Recovery != "" {
		by = signedByRecovery
	}
	client.Via = string(in.Session.ID)
	events, err := s.everywhere(ctx, account.ID, client, SignedInAction, method(by))
	if err != nil {
		return SignedIn{}, err
	}
	err = s.Stores.Challenges.PassChallenge(ctx, Passing{
		TokenHash: challenge.TokenHash, Proof: proof, Session: in.Session, At: s.time(),
	}, events...)
	if err != nil {
		return SignedIn{}, err
	}
	s.Log.InfoContext(ctx, "signed in", "account", account.ID, "session", in.Session.ID, "address", in.Session.Address, "by", by)
	return s.marked(in, client), nil
}
