package pluginstates

import (
	"context"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const ofLease = ofOwner + ` AND name = ?`

// Acquire implements extension.LeaseStore.
func (s *Store) Acquire(ctx context.Context, o extension.Owner, name, holder string, span extension.Span) (extension.Lease, error) {
	var out extension.Lease
	of := []any{string(o.Workspace), o.Instance, name}
	now, until := db.Micros(span.Now), db.Micros(span.Until)
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE plugin_lease SET fencing = CASE WHEN holder = ? AND expires_at > ? THEN fencing ELSE fencing + 1 END, holder = ?, expires_at = ?`+
			ofLease+` AND (holder = ? OR expires_at <= ?)`, append(append([]any{holder, now, holder, until}, of...), holder, now)...)
		if err != nil {
			return err
		}
		if n == 0 {
			if n, err = s.name(ctx, tx, of, holder, until); err != nil {
				return err
			}
		}
		var fencing, expires int64
		err = tx.Row(ctx, `SELECT fencing, expires_at FROM plugin_lease`+ofLease, of, &fencing, &expires)
		out = extension.Lease{Acquired: n > 0, Until: db.Time(expires)}
		if out.Acquired {
			out.Fencing = uint64(fencing) //nolint:gosec // counts up from 1
		}
		return err
	})
	return out, err
}

// name makes the lease of a name that is new; 0 when it is not.
func (s *Store) name(ctx context.Context, tx *db.Tx, of []any, holder string, until int64) (int64, error) {
	n, err := tx.Exec(ctx, `INSERT INTO plugin_lease (workspace_id, instance_id, name, holder, fencing, expires_at)
VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT (workspace_id, instance_id, name) DO NOTHING`, append(of[:3:3], holder, until)...)
	if err != nil || n == 0 {
		return 0, err
	}
	return n, most(ctx, tx, `plugin_lease`, of, extension.Full("leases", extension.MaxLeases), extension.MaxLeases)
}

// most fails with full when an instance has more rows than it may.
func most(ctx context.Context, tx *db.Tx, table string, of []any, full error, n int) error {
	var have int
	err := tx.Row(ctx, `SELECT COUNT(*) FROM `+table+ofOwner, of[:2], &have)
	if err == nil && have > n {
		return full
	}
	return err
}

// Release implements extension.LeaseStore.
func (s *Store) Release(ctx context.Context, o extension.Owner, name, holder string) error {
	_, err := s.exec(ctx, `UPDATE plugin_lease SET holder = '', expires_at = 0`+ofLease+` AND holder = ?`,
		string(o.Workspace), o.Instance, name, holder)
	return err
}

// ReleaseAll implements extension.LeaseStore.
func (s *Store) ReleaseAll(ctx context.Context, holder string) error {
	_, err := s.exec(ctx, `UPDATE plugin_lease SET holder = '', expires_at = 0 WHERE holder = ? AND holder <> ''`, holder)
	return err
}
