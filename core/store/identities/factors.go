package identities

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// accountLocked locks an account's row, so that what is done to its second
// factor happens one after another.
func accountLocked(ctx context.Context, tx *db.Tx, id identity.AccountID) error {
	_, err := take[accountRow](locked(tx.Gorm(ctx).Where("account_id = ?", string(id))))
	return err
}

func ofAccount(q *gorm.DB, id identity.AccountID) *gorm.DB {
	return q.Where("account_id = ?", string(id))
}

// Factor implements identity.FactorStore.
func (s *Store) Factor(ctx context.Context, account identity.AccountID) (identity.Factor, error) {
	r, err := take[factorRow](ofAccount(s.db.Gorm(ctx), account))
	return r.domain(), err
}

// PutFactor implements identity.FactorStore.
func (s *Store) PutFactor(ctx context.Context, f identity.Factor) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		if err := accountLocked(ctx, tx, f.Account); err != nil {
			return err
		}
		there, err := take[factorRow](ofAccount(tx.Gorm(ctx), f.Account))
		switch {
		case err != nil && !errs.Is(err, errs.NotFound):
			return err
		case there.ConfirmedAt != 0:
			return identity.FactorExists()
		}
		if err := ofAccount(tx.Gorm(ctx), f.Account).Delete(&factorRow{}).Error; err != nil {
			return db.Failed(err)
		}
		r := factorRowOf(f)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// ConfirmFactor implements identity.FactorStore.
func (s *Store) ConfirmFactor(ctx context.Context, c identity.Confirmation, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		if err := accountLocked(ctx, tx, c.Account); err != nil {
			return err
		}
		there, err := take[factorRow](ofAccount(tx.Gorm(ctx), c.Account))
		if errs.Is(err, errs.NotFound) || err == nil && (there.Sealed != c.Sealed || there.ConfirmedAt != 0) {
			return identity.FactorMissing()
		}
		if err != nil {
			return err
		}
		err = ofAccount(tx.Gorm(ctx), c.Account).Select("confirmed_at", "last_step").
			Updates(&factorRow{ConfirmedAt: db.Micros(c.At), LastStep: c.Step}).Error
		if err != nil {
			return db.Failed(err)
		}
		if err := setCodes(ctx, tx, c.Account, c.Codes, c.At); err != nil {
			return err
		}
		return endSessions(ctx, tx, c.Account, c.Keep)
	})
}

// endSessions deletes an account's sessions, all but one.
func endSessions(ctx context.Context, tx *db.Tx, account identity.AccountID, keep identity.SessionID) error {
	return db.Failed(ofAccount(tx.Gorm(ctx), account).Where("session_id <> ?", string(keep)).Delete(&sessionRow{}).Error)
}

// setCodes replaces an account's recovery codes.
func setCodes(ctx context.Context, tx *db.Tx, account identity.AccountID, hashes []string, at time.Time) error {
	if err := ofAccount(tx.Gorm(ctx), account).Delete(&codeRow{}).Error; err != nil {
		return db.Failed(err)
	}
	for _, h := range hashes {
		if err := tx.Gorm(ctx).Create(&codeRow{AccountID: string(account), CodeHash: h, CreatedAt: db.Micros(at)}).Error; err != nil {
			return db.Failed(err)
		}
	}
	return nil
}

// useUp uses a proof up: whoever changes the row has used it.
func useUp(ctx context.Context, tx *db.Tx, account identity.AccountID, p identity.Proof) error {
	var n int64
	var err error
	switch {
	case p == identity.Proof{}:
		return nil
	case p.Recovery != "":
		n, err = tx.Exec(ctx, `DELETE FROM recovery_code WHERE account_id = ? AND code_hash = ?`, string(account), p.Recovery)
	default:
		n, err = tx.Exec(ctx, `UPDATE second_factor SET last_step = ? WHERE account_id = ? AND confirmed_at > 0 AND last_step < ?`,
			p.Step, string(account), p.Step)
	}
	if err == nil && n == 0 {
		return identity.WrongCode()
	}
	return err
}

// DeleteFactor implements identity.FactorStore.
func (s *Store) DeleteFactor(ctx context.Context, account identity.AccountID, p identity.Proof, keep identity.SessionID, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		if err := useUp(ctx, tx, account, p); err != nil {
			return err
		}
		for _, row := range []any{&factorRow{}, &codeRow{}, &challengeRow{}} {
			if err := ofAccount(tx.Gorm(ctx), account).Delete(row).Error; err != nil {
				return db.Failed(err)
			}
		}
		return endSessions(ctx, tx, account, keep)
	})
}

// ReplaceCodes implements identity.FactorStore.
func (s *Store) ReplaceCodes(ctx context.Context, account identity.AccountID, p identity.Proof, hashes []string, at time.Time, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		if err := accountLocked(ctx, tx, account); err != nil {
			return err
		}
		if err := useUp(ctx, tx, account, p); err != nil {
			return err
		}
		return setCodes(ctx, tx, account, hashes, at)
	})
}

// HasRecoveryCode implements identity.FactorStore.
func (s *Store) HasRecoveryCode(ctx context.Context, account identity.AccountID, hash string) (bool, error) {
	return exists(ofAccount(s.db.Gorm(ctx).Table("recovery_code"), account).Where("code_hash = ?", hash))
}

// RecoveryCodesLeft implements identity.FactorStore.
func (s *Store) RecoveryCodesLeft(ctx context.Context, account identity.AccountID) (int, error) {
	var n int64
	err := ofAccount(s.db.Gorm(ctx).Table("recovery_code"), account).Count(&n).Error
	return int(n), db.Failed(err)
}

// CreateChallenge implements identity.ChallengeStore.
func (s *Store) CreateChallenge(ctx context.Context, c identity.Challenge) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		r := challengeRowOf(c)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// Challenge implements identity.ChallengeStore.
func (s *Store) Challenge(ctx context.Context, hash string) (identity.Challenge, error) {
	r, err := take[challengeRow](s.db.Gorm(ctx).Where("token_hash = ?", hash))
	return r.domain(), err
}

// MissChallenge implements identity.ChallengeStore.
func (s *Store) MissChallenge(ctx context.Context, hash string, most int, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE sign_in_challenge SET attempts = attempts + 1 WHERE token_hash = ?`, hash); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM sign_in_challenge WHERE token_hash = ? AND attempts >= ?`, hash, most)
		return err
	})
}

// PassChallenge implements identity.ChallengeStore.
func (s *Store) PassChallenge(ctx context.Context, p identity.Passing, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM sign_in_challenge WHERE token_hash = ? AND expires_at > ?`, p.TokenHash, db.Micros(p.At))
		if err != nil {
			return err
		}
		if n == 0 {
			return identity.ChallengeOver()
		}
		if err := useUp(ctx, tx, p.Session.Account, p.Proof); err != nil {
			return err
		}
		r := sessionRowOf(p.Session)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// CreateReset implements identity.ResetStore.
func (s *Store) CreateReset(ctx context.Context, r identity.Reset, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		if err := accountLocked(ctx, tx, r.Account); err != nil {
			return err
		}
		if err := ofAccount(tx.Gorm(ctx), r.Account).Delete(&resetRow{}).Error; err != nil {
			return db.Failed(err)
		}
		row := resetRowOf(r)
		return db.Failed(tx.Gorm(ctx).Create(&row).Error)
	})
}

// Reset implements identity.ResetStore.
func (s *Store) Reset(ctx context.Context, hash string) (identity.Reset, error) {
	r, err := take[resetRow](s.db.Gorm(ctx).Where("token_hash = ?", hash))
	return r.domain(), err
}

// UseReset implements identity.ResetStore.
func (s *Store) UseReset(ctx context.Context, hash, password string, at time.Time, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		r, err := take[resetRow](locked(tx.Gorm(ctx).Where("token_hash = ? AND expires_at > ?", hash, db.Micros(at))))
		if errs.Is(err, errs.NotFound) {
			return identity.ResetNotValid()
		}
		if err != nil {
			return err
		}
		account := identity.AccountID(r.AccountID)
		fields := &accountRow{PasswordHash: password, UpdatedAt: db.Micros(at)}
		if err := ofAccount(tx.Gorm(ctx), account).Select("password_hash", "updated_at").Updates(fields).Error; err != nil {
			return db.Failed(err)
		}
		for _, row := range []any{&resetRow{}, &sessionRow{}, &linkRow{}, &challengeRow{}} {
			if err := ofAccount(tx.Gorm(ctx), account).Delete(row).Error; err != nil {
				return db.Failed(err)
			}
		}
		return nil
	})
}
