package channels

import (
	"context"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// IdentitySecrets implements channel.SecretStore.
func (s *Store) IdentitySecrets(ctx context.Context, workspace identity.WorkspaceID, inbox channel.InboxID) ([]channel.IdentitySecret, error) {
	return secrets(ctx, s.db, workspace, inbox)
}

func secrets(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, inbox channel.InboxID) ([]channel.IdentitySecret, error) {
	const query = `SELECT kid, sealed, created_at, expires_at FROM identity_secret
WHERE workspace_id = ? AND inbox_id = ? ORDER BY created_at, kid`
	var out []channel.IdentitySecret
	err := q.Rows(ctx, query, []any{string(workspace), string(inbox)}, func(sc db.Scanner) error {
		k := channel.IdentitySecret{Workspace: workspace, Inbox: inbox}
		var created, expires int64
		if err := sc.Scan(&k.KID, &k.Sealed, &created, &expires); err != nil {
			return err
		}
		k.CreatedAt, k.ExpiresAt = db.Time(created), db.Time(expires)
		out = append(out, k)
		return nil
	})
	return out, err
}

// ChangeIdentitySecrets implements channel.SecretStore.
func (s *Store) ChangeIdentitySecrets(ctx context.Context, workspace identity.WorkspaceID, inbox channel.InboxID,
	change func([]channel.IdentitySecret) ([]channel.IdentitySecret, []event.Event, error),
) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		var there int
		err := tx.Row(ctx, `SELECT COUNT(*) FROM inbox WHERE workspace_id = ? AND inbox_id = ?`, []any{string(workspace), string(inbox)}, &there)
		if err == nil && there == 0 {
			err = errs.Absent()
		}
		if err != nil {
			return err
		}
		before, err := secrets(ctx, tx, workspace, inbox)
		if err != nil {
			return err
		}
		after, events, err := change(before)
		if err != nil {
			return err
		}
		if err := tx.Queue(ctx, `DELETE FROM identity_secret WHERE workspace_id = ? AND inbox_id = ?`, string(workspace), string(inbox)); err != nil {
			return err
		}
		for _, k := range after {
			err := tx.Queue(ctx, `INSERT INTO identity_secret (workspace_id, inbox_id, kid, sealed, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
				string(workspace), string(inbox), k.KID, k.Sealed, db.Micros(k.CreatedAt), db.Micros(k.ExpiresAt))
			if err != nil {
				return err
			}
		}
		return tx.Append(ctx, events...)
	})
}
