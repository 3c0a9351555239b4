package identity

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// ResetLife is how long a link to set a new password works.
const ResetLife = 24 * time.Hour

// Reset lets its bearer set a new password once. Its token is stored hashed.
type Reset struct {
	TokenHash string
	Account   AccountID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// IssuedReset is a new reset with its token, which is kept nowhere.
type IssuedReset struct {
	Token     string
	Email     string
	ExpiresAt time.Time
}

// Resets are the use cases of forgotten passwords.
type Resets struct{ *commons }

// ResetNotValid is the one answer to a reset token that is unknown, used or over.
func ResetNotValid() *errs.Error {
	return errs.New(errs.NotFound, "reset.not_valid", "This link is not valid, or not any more. Each works once. Ask for a new one.")
}

// Create makes a reset for a colleague, in place of one that waits. Needs
// MemberManage and, in every workspace of the colleague, a role that may
// change them.
func (s *Resets) Create(ctx context.Context, scope Scope, id MemberID) (IssuedReset, error) {
	member, err := s.colleague(ctx, scope, id)
	if err != nil {
		return IssuedReset{}, err
	}
	return s.issue(ctx, member.Account, member.Email,
		s.note(ctx, scope, ResetMade, member.target(), nil))
}

// CreateFor makes a reset for an e-mail address: for who runs the server.
// errs.NotFound when there is no such account.
func (s *Resets) CreateFor(ctx context.Context, email string) (IssuedReset, error) {
	normal, ok := normalEmail(email)
	if !ok {
		return IssuedReset{}, errs.Absent()
	}
	account, err := s.Stores.Accounts.AccountByEmail(ctx, normal)
	if err != nil {
		return IssuedReset{}, err
	}
	events, err := s.onHost(ctx, account.ID, ResetMade)
	if err != nil {
		return IssuedReset{}, err
	}
	return s.issue(ctx, account.ID, account.Email, events...)
}

func (s *Resets) issue(ctx context.Context, account AccountID, email string, events ...event.Event) (IssuedReset, error) {
	at, token := s.time(), newToken()
	r := Reset{TokenHash: hashToken(token), Account: account, CreatedAt: at, ExpiresAt: at.Add(ResetLife)}
	if err := s.Stores.Resets.CreateReset(ctx, r, events...); err != nil {
		return IssuedReset{}, err
	}
	s.Log.InfoContext(ctx, "password reset made", "account", account)
	return IssuedReset{Token: token, Email: email, ExpiresAt: r.ExpiresAt}, nil
}

// Lookup returns whose password a token sets; ResetNotValid.
func (s *Resets) Lookup(ctx context.Context, token string, client Client) (Account, error) {
	var account Account
	err := s.guess(client, errs.NotFound, func() error {
		if !plausibleToken(token) {
			return ResetNotValid()
		}
		r, err := s.Stores.Resets.Reset(ctx, hashToken(token))
		if errs.Is(err, errs.NotFound) || err == nil && !r.ExpiresAt.After(s.now()) {
			return ResetNotValid()
		}
		if err != nil {
			return err
		}
		account, err = s.Stores.Accounts.Account(ctx, r.Account)
		return err
	})
	return account, err
}

// Use sets the password of a token's account and ends all its sessions. It
// signs nobody in: a second factor stands as it was. Errors: ResetNotValid,
// errs.Invalid names /password.
func (s *Resets) Use(ctx context.Context, token, password string, client Client) error {
	account, err := s.Lookup(ctx, token, client)
	if err != nil {
		return err
	}
	c := &check{}
	c.password("/password", password, account.Email)
	if err := c.err(); err != nil {
		return err
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	events, err := s.everywhere(ctx, account.ID, client, ResetUsed, nil)
	if err != nil {
		return err
	}
	if err := s.Stores.Resets.UseReset(ctx, hashToken(token), hash, s.time(), events...); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "password reset", "account", account.ID)
	s.sessionsChanged(ctx, account.ID)
	return nil
}
