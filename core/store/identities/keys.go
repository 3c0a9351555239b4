package identities

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

type keyRow struct {
	WorkspaceID string `gorm:"primaryKey"`
	KeyID       string `gorm:"primaryKey"`
	MemberID    string
	Name        string
	Scopes      string
	SecretHash  string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	ExpiresAt   int64
	RevokedAt   int64
	LastUsedAt  int64
	LastAddress string
}

// TableName implements gorm's Tabler.
func (keyRow) TableName() string { return "api_key" }

func keyRowOf(k identity.APIKey) keyRow {
	scopes := make([]string, len(k.Scopes))
	for i, p := range k.Scopes {
		scopes[i] = string(p)
	}
	return keyRow{
		WorkspaceID: string(k.Workspace), KeyID: string(k.ID), MemberID: string(k.Member), Name: k.Name, Scopes: strings.Join(scopes, " "),
		SecretHash: k.SecretHash, CreatedAt: db.Micros(k.CreatedAt), ExpiresAt: db.Micros(k.ExpiresAt), RevokedAt: db.Micros(k.RevokedAt),
		LastUsedAt: db.Micros(k.LastUsedAt), LastAddress: k.LastAddress,
	}
}

func (r keyRow) domain() identity.APIKey {
	k := identity.APIKey{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: identity.KeyID(r.KeyID), Member: identity.MemberID(r.MemberID), Name: r.Name,
		SecretHash: r.SecretHash, CreatedAt: db.Time(r.CreatedAt), ExpiresAt: db.Time(r.ExpiresAt), RevokedAt: db.Time(r.RevokedAt),
		LastUsedAt: db.Time(r.LastUsedAt), LastAddress: r.LastAddress,
	}
	for p := range strings.FieldsSeq(r.Scopes) {
		k.Scopes = append(k.Scopes, identity.Permission(p))
	}
	return k
}

// CreateKey implements identity.KeyStore. The workspace is locked, so the count
// holds until the commit.
func (s *Store) CreateKey(ctx context.Context, k identity.APIKey, limit int, events ...event.Event) error {
	return s.db.Write(ctx, string(k.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		if _, err := memberOfID(tx.Gorm(ctx), k.Workspace, k.Member); err != nil {
			return err
		}
		var n int64
		err := tx.Gorm(ctx).Table("api_key").Where("workspace_id = ? AND member_id = ? AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)",
			string(k.Workspace), string(k.Member), db.Micros(k.CreatedAt)).Count(&n).Error
		if err != nil {
			return db.Failed(err)
		}
		if n >= int64(limit) {
			return identity.KeyLimit()
		}
		r := keyRowOf(k)
		return db.Failed(tx.Gorm(ctx).Create(&r).Error)
	})
}

// Key implements identity.KeyStore. Every request of a program asks it: plain SQL.
func (s *Store) Key(ctx context.Context, id identity.KeyID) (identity.APIKey, identity.AccountID, error) {
	const query = `SELECT k.workspace_id, k.key_id, k.member_id, k.name, k.scopes, k.secret_hash, k.created_at, k.expires_at, k.revoked_at, k.last_used_at, k.last_address, m.account_id
FROM api_key k JOIN member m ON m.workspace_id = k.workspace_id AND m.member_id = k.member_id WHERE k.key_id = ?`
	var r keyRow
	var account string
	err := s.db.Row(ctx, query, []any{string(id)}, &r.WorkspaceID, &r.KeyID, &r.MemberID, &r.Name, &r.Scopes, &r.SecretHash,
		&r.CreatedAt, &r.ExpiresAt, &r.RevokedAt, &r.LastUsedAt, &r.LastAddress, &account)
	if err != nil {
		return identity.APIKey{}, "", none(err)
	}
	return r.domain(), identity.AccountID(account), nil
}

// Keys implements identity.KeyStore.
func (s *Store) Keys(ctx context.Context, w identity.WorkspaceID, member identity.MemberID, request page.Request) (page.Page[identity.APIKey], error) {
	q := s.db.Gorm(ctx).Table("api_key").Where("workspace_id = ?", string(w))
	if member != "" {
		q = q.Where("member_id = ?", string(member))
	}
	return list(q, "key_id", request, true, keyRow.domain, func(r keyRow) string { return r.KeyID })
}

// RevokeKey implements identity.KeyStore.
func (s *Store) RevokeKey(ctx context.Context, w identity.WorkspaceID, id identity.KeyID, at time.Time, events ...event.Event) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE api_key SET revoked_at = ? WHERE workspace_id = ? AND key_id = ? AND revoked_at = 0`, db.Micros(at), string(w), string(id))
		if err != nil {
			return err
		}
		if n > 0 {
			return tx.Append(ctx, events...)
		}
		known, err := exists(tx.Gorm(ctx).Table("api_key").Where("workspace_id = ? AND key_id = ?", string(w), string(id)))
		if err == nil && !known {
			err = errs.Absent()
		}
		return err
	})
}

// TouchKey implements identity.KeyStore.
func (s *Store) TouchKey(ctx context.Context, w identity.WorkspaceID, id identity.KeyID, at time.Time, address string) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE api_key SET last_used_at = ?, last_address = ? WHERE workspace_id = ? AND key_id = ?`,
			db.Micros(at), address, string(w), string(id))
	})
}
