package identity

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// Sealer keeps short secrets unreadable in the database; core/seal is one.
// about names what a secret belongs to, and must be the same to open it.
type Sealer interface {
	Seal(secret []byte, about string) string
	Open(sealed, about string) ([]byte, error)
}

// Factor is the second factor of an account: an authenticator app.
type Factor struct {
	Account     AccountID
	Sealed      string
	LastStep    int64 // no code of this step or of an earlier one works
	CreatedAt   time.Time
	ConfirmedAt time.Time // zero = enrolment under way
}

// Factors are the use cases of one's own second factor, and of a colleague who
// lost theirs.
type Factors struct{ *commons }

// FactorState is what an account may know of its second factor.
type FactorState struct {
	Enrolled  bool
	Since     time.Time
	CodesLeft int  // recovery codes that were not used
	Required  bool // by a workspace of the account
}

// Enrolment is a second factor that waits for its first code.
type Enrolment struct {
	Secret string // base32, for typing
	URI    string // what the QR code says
}

// FactorExists is returned when there is a second factor already.
func FactorExists() *errs.Error {
	return errs.New(errs.Conflict, "factor.exists", "There is a second factor already. Turn it off first.")
}

// FactorMissing is returned when there is no second factor, or none under way.
func FactorMissing() *errs.Error {
	return errs.New(errs.Conflict, "factor.missing", "There is no second factor to act on. Start again.")
}

// WrongCode is the one answer to a code that is wrong, over, or used already.
func WrongCode() *errs.Error {
	return errs.New(errs.Unauthenticated, "factor.wrong_code", "This code is wrong, or was used already. Take the next one that your app shows.")
}

// State returns what there is.
func (s *Factors) State(ctx context.Context, account AccountID) (FactorState, error) {
	f, err := s.factor(ctx, account)
	if err != nil {
		return FactorState{}, err
	}
	state := FactorState{Enrolled: f.on(), Since: f.ConfirmedAt}
	if state.Enrolled {
		if state.CodesLeft, err = s.Stores.Factors.RecoveryCodesLeft(ctx, account); err != nil {
			return FactorState{}, err
		}
	}
	list, err := s.Stores.Members.Memberships(ctx, account)
	if err != nil {
		return FactorState{}, err
	}
	for _, m := range list {
		p, err := s.Stores.Policies.SignInPolicy(ctx, m.Workspace.ID)
		if err != nil {
			return FactorState{}, err
		}
		state.Required = state.Required || p.TwoFactorRequired && !m.Member.Suspended
	}
	return state, nil
}

// on reports whether sign-ins ask for the factor.
func (f Factor) on() bool { return !f.ConfirmedAt.IsZero() }

// factor returns the account's factor; the zero Factor when there is none.
func (c *commons) factor(ctx context.Context, account AccountID) (Factor, error) {
	f, err := c.Stores.Factors.Factor(ctx, account)
	if errs.Is(err, errs.NotFound) {
		return Factor{}, nil
	}
	return f, err
}

// Begin starts an enrolment in place of one under way. An account with a
// password gives it. FactorExists; errs.Invalid names /password.
func (s *Factors) Begin(ctx context.Context, session Session, password string, client Client) (Enrolment, error) {
	account, err := s.sudo(ctx, session, password, client)
	if err != nil {
		return Enrolment{}, err
	}
	secret := randomBytes(totpBytes)
	err = s.Stores.Factors.PutFactor(ctx, Factor{
		Account: account.ID, Sealed: s.Sealer.Seal(secret, factorName(account.ID)), CreatedAt: s.time(),
	})
	if err != nil {
		return Enrolment{}, err
	}
	return Enrolment{Secret: totpSecret(secret), URI: totpURI(secret, account.Email)}, nil
}

func factorName(account AccountID) string { return "second factor of " + string(account) }

// Confirm ends an enrolment with a code of the app: from now on sign-ins ask
// for one. The account's other sessions end. It returns recovery codes, which
// are shown this once. Errors: FactorExists, FactorMissing, errs.Invalid names /code.
func (s *Factors) Confirm(ctx context.Context, session Session, code string, client Client) ([]string, error) {
	f, err := s.factor(ctx, session.Account)
	switch {
	case err != nil:
		return nil, err
	case f.Account == "":
		return nil, FactorMissing()
	case f.on():
		return nil, FactorExists()
	}
	step, err := s.proveCode(ctx, f, code, client)
	if err != nil {
		return nil, asField(err)
	}
	codes, hashes := newRecoveryCodes(f.Account)
	events, err := s.mine(ctx, session, TwoFactorOn, nil)
	if err != nil {
		return nil, err
	}
	err = s.Stores.Factors.ConfirmFactor(ctx, Confirmation{
		Account: f.Account, Sealed: f.Sealed, Step: step, Codes: hashes, Keep: session.ID, At: s.time(),
	}, events...)
	if err != nil {
		return nil, err
	}
	s.Log.InfoContext(ctx, "second factor confirmed", "account", f.Account)
	s.sessionsChanged(ctx, f.Account)
	return codes, nil
}

// Disable takes the second factor and its recovery codes away and ends the
// account's other sessions. It takes a code of the app, or a recovery code, and
// the password of an account that has one.
func (s *Factors) Disable(ctx context.Context, session Session, password, code string, client Client) error {
	if _, err := s.sudo(ctx, session, password, client); err != nil {
		return err
	}
	proof, err := s.proveSecond(ctx, session.Account, code, client)
	if err != nil {
		return asField(err)
	}
	events, err := s.mine(ctx, session, TwoFactorOff, nil)
	if err != nil {
		return err
	}
	if err := s.Stores.Factors.DeleteFactor(ctx, session.Account, proof, session.ID, events...); err != nil {
		return asField(err)
	}
	s.Log.InfoContext(ctx, "second factor taken away", "account", session.Account)
	s.sessionsChanged(ctx, session.Account)
	return nil
}

// NewCodes replaces the recovery codes; those before stop working. It takes a
// code of the app.
func (s *Factors) NewCodes(ctx context.Context, session Session, code string, client Client) ([]string, error) {
	proof, err := s.proveSecond(ctx, session.Account, code, client)
	if err != nil {
		return nil, asField(err)
	}
	codes, hashes := newRecoveryCodes(session.Account)
	events, err := s.mine(ctx, session, RecoveryRenewed, nil)
	if err != nil {
		return nil, err
	}
	if err := s.Stores.Factors.ReplaceCodes(ctx, session.Account, proof, hashes, s.time(), events...); err != nil {
		return nil, asField(err)
	}
	return codes, nil
}

// Reset takes a colleague's second factor away, for somebody who lost the
// phone: the colleague is signed out everywhere and signs in by the first
// factor alone. Needs MemberManage and, in every workspace of the colleague, a
// role that may change them. FactorMissing.
func (s *Factors) Reset(ctx context.Context, scope Scope, id MemberID) error {
	member, err := s.colleague(ctx, scope, id)
	if err != nil {
		return err
	}
	f, err := s.factor(ctx, member.Account)
	if err != nil {
		return err
	}
	if !f.on() {
		return FactorMissing()
	}
	err = s.Stores.Factors.DeleteFactor(ctx, member.Account, Proof{}, "",
		s.note(ctx, scope, TwoFactorReset, member.target(), nil))
	if err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "second factor reset", "account", member.Account, "by", scope.Actor.ID)
	s.sessionsChanged(ctx, member.Account)
	return nil
}

// sudo returns the session's account after its password, if it has one. Who
// has none proved themselves to a provider.
func (c *commons) sudo(ctx context.Context, session Session, password string, client Client) (Account, error) {
	account, err := c.Stores.Accounts.Account(ctx, session.Account)
	if err != nil || account.PasswordHash == "" {
		return account, err
	}
	account, err = c.prove(ctx, account.Email, password, client)
	if errs.Is(err, errs.Unauthenticated) {
		k := &check{}
		k.Refuse("/password", "wrong", "This is not your password.")
		return Account{}, k.err()
	}
	return account, err
}

// asField turns WrongCode into a refusal of the field: the session itself stands.
func asField(err error) error {
	if !errs.Is(err, errs.Unauthenticated) {
		return err
	}
	k := &check{}
	k.Refuse("/code", "wrong", WrongCode().Message)
	return k.err()
}

// Proof is a second factor that was shown: a step of the app, or the hash of a
// recovery code. Using it up is the store's, in the transaction that it allows.
type Proof struct {
	Step     int64  // 0 = none
	Recovery string // hash; "" = none
}

// proveSecond checks a code of the app, or a recovery code, of an account.
func (c *commons) proveSecond(ctx context.Context, account AccountID, code string, client Client) (Proof, error) {
	f, err := c.factor(ctx, account)
	if err != nil {
		return Proof{}, err
	}
	if !f.on() {
		return Proof{}, FactorMissing()
	}
	if !recoveryLike(code) {
		step, err := c.proveCode(ctx, f, code, client)
		return Proof{Step: step}, err
	}
	hash := hashRecovery(account, code)
	err = c.guessSecond(ctx, account, client, func() error {
		known, err := c.Stores.Factors.HasRecoveryCode(ctx, account, hash)
		if err == nil && !known {
			return WrongCode()
		}
		return err
	})
	return Proof{Recovery: hash}, err
}

// proveCode checks a code of the app against a factor and returns its step.
func (c *commons) proveCode(ctx context.Context, f Factor, code string, client Client) (int64, error) {
	secret, err := c.Sealer.Open(f.Sealed, factorName(f.Account))
	if err != nil {
		return 0, err
	}
	var step int64
	err = c.guessSecond(ctx, f.Account, client, func() error {
		found, ok := totpMatch(secret, digitsOf(code), c.now())
		if !ok || found <= f.LastStep {
			return WrongCode()
		}
		step = found
		return nil
	})
	if errs.Is(err, errs.Unauthenticated) {
		c.Log.InfoContext(ctx, "one-time code refused", "account", f.Account, "address", client.address())
	}
	return step, err
}

// guessSecond runs use, whose WrongCode counts against the account's second
// factor and the client's network; of a browser that signed in before, against
// its own. So whoever has stolen a password locks nobody out of the second step.
func (c *commons) guessSecond(ctx context.Context, account AccountID, client Client, use func() error) error {
	var mark string
	if client.Mark != "" {
		of, err := c.Stores.Accounts.Account(ctx, account)
		if err != nil {
			return err
		}
		mark, _ = c.known(of.Email, client)
	}
	attempt, err := c.Throttle.BeginKnown("second factor "+string(account), mark, client)
	if err != nil {
		return err
	}
	switch err = use(); {
	case err == nil:
		attempt.Succeeded()
	case !errs.Is(err, errs.Unauthenticated):
		attempt.Withdraw()
	}
	return err
}

// digitsOf returns a code without the spaces that people type in its middle;
// "" when it is none.
func digitsOf(code string) string {
	digits := make([]byte, 0, totpDigits)
	for _, r := range []byte(code) {
		switch {
		case r == ' ':
		case r < '0' || r > '9' || len(digits) == totpDigits:
			return ""
		default:
			digits = append(digits, r)
		}
	}
	if len(digits) != totpDigits {
		return ""
	}
	return string(digits)
}
