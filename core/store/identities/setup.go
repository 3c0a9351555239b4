package identities

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// foundingLock is the advisory lock of PostgreSQL that foundings hold, so that
// of two nodes one is first. The number is arbitrary and must never change.
const foundingLock = 0x666f756e64 // "found"

// HasAccount implements identity.SetupStore.
func (s *Store) HasAccount(ctx context.Context) (bool, error) {
	return exists(s.db.Gorm(ctx).Table("account"))
}

// alone makes foundings and set-up tokens wait for each other.
func (s *Store) alone(ctx context.Context, tx *db.Tx) error {
	if s.db.Driver() != db.Postgres {
		return nil
	}
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(?)`, int64(foundingLock))
	return err
}

// PutSetupToken implements identity.SetupStore.
func (s *Store) PutSetupToken(ctx context.Context, hash string, at time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		if err := s.alone(ctx, tx); err != nil {
			return err
		}
		founded, err := exists(tx.Gorm(ctx).Table("account"))
		if err != nil {
			return err
		}
		if founded {
			return errs.Absent()
		}
		if err := tx.Gorm(ctx).Where("slot = 1").Delete(&setupRow{}).Error; err != nil {
			return db.Failed(err)
		}
		return db.Failed(tx.Gorm(ctx).Create(&setupRow{Slot: 1, TokenHash: hash, CreatedAt: db.Micros(at)}).Error)
	})
}

// SetupToken implements identity.SetupStore.
func (s *Store) SetupToken(ctx context.Context) (string, error) {
	r, err := take[setupRow](s.db.Gorm(ctx))
	return r.TokenHash, err
}

// Found implements identity.SetupStore.
func (s *Store) Found(ctx context.Context, f identity.Founding, events ...event.Event) error {
	return s.db.Write(ctx, "", events, func(ctx context.Context, tx *db.Tx) error {
		if err := s.alone(ctx, tx); err != nil {
			return err
		}
		if err := mayFound(ctx, tx, f); err != nil {
			return err
		}
		account, workspace, owner := accountRowOf(f.Account), workspaceRowOf(f.Workspace), memberRowOf(f.Owner)
		if err := tx.Gorm(ctx).Create(&account).Error; err != nil {
			return or(err, identity.EmailTaken())
		}
		if err := tx.Gorm(ctx).Create(&workspace).Error; err != nil {
			return db.Failed(err)
		}
		if err := tx.Gorm(ctx).Create(&owner).Error; err != nil {
			return db.Failed(err)
		}
		if f.Session != nil {
			session := sessionRowOf(*f.Session)
			if err := tx.Gorm(ctx).Create(&session).Error; err != nil {
				return db.Failed(err)
			}
		}
		return db.Failed(tx.Gorm(ctx).Where("slot = 1").Delete(&setupRow{}).Error)
	})
}

func mayFound(ctx context.Context, tx *db.Tx, f identity.Founding) error {
	if f.First {
		founded, err := exists(tx.Gorm(ctx).Table("account"))
		if err != nil {
			return err
		}
		if founded {
			return errs.Absent()
		}
	}
	if f.TokenHash != "" {
		r, err := take[setupRow](tx.Gorm(ctx))
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		if r.TokenHash != f.TokenHash {
			return identity.SetupTokenInvalid()
		}
	}
	return emailFree(ctx, tx, f.Account.Email)
}

func emailFree(ctx context.Context, tx *db.Tx, email string) error {
	taken, err := exists(tx.Gorm(ctx).Table("account").Where("email = ?", email))
	if err == nil && taken {
		return identity.EmailTaken()
	}
	return err
}
