package pluginstates

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Sweep implements extension.Estate.
func (s *Store) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	at := db.Micros(now)
	n, err := s.sweep(ctx, entries, `entry_key`, `expires_at > 0 AND expires_at <= ?`, []any{at}, limit)
	if err != nil {
		return n, err
	}
	m, err := s.sweep(ctx, claims, `claim_key`, `expires_at <= ? AND (done = 1 OR expires_at <= ?)`,
		[]any{at, db.Micros(now.Add(-extension.LapsedFor))}, limit)
	return max(n, m), err
}

// sweep removes rows and counts them out of what their owners have.
func (s *Store) sweep(ctx context.Context, q quota, key, expired string, args []any, limit int) (int, error) {
	total := 0
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		total = 0
		gone := make(map[extension.Owner][]string)
		err := tx.Rows(ctx, `SELECT workspace_id, instance_id, `+key+` FROM `+q.table+` WHERE `+expired+` LIMIT ?`, append(slices.Clip(args), limit),
			func(row db.Scanner) error {
				var workspace, instance, name string
				err := row.Scan(&workspace, &instance, &name)
				o := owner(workspace, instance)
				gone[o] = append(gone[o], name)
				return err
			})
		if err != nil {
			return err
		}
		for o, names := range gone {
			removed := int64(0)
			for _, name := range names {
				n, err := tx.Exec(ctx, `DELETE FROM `+q.table+ofOwner+` AND `+key+` = ? AND `+expired,
					append([]any{string(o.Workspace), o.Instance, name}, args...)...)
				if err != nil {
					return err
				}
				removed += n
			}
			total += len(names)
			if err := shrink(ctx, tx, o, q, removed); err != nil {
				return err
			}
		}
		return nil
	})
	return total, err
}

// Orphans implements extension.Estate.
func (s *Store) Orphans(ctx context.Context, limit int) ([]extension.Owner, error) {
	const kept = `SELECT workspace_id, instance_id FROM plugin_quota UNION SELECT workspace_id, instance_id FROM plugin_lease
UNION SELECT workspace_id, instance_id FROM plugin_schedule UNION SELECT workspace_id, instance_id FROM plugin_database`
	var out []extension.Owner
	err := s.db.Rows(ctx, `SELECT k.workspace_id, k.instance_id FROM (`+kept+`) k
WHERE NOT EXISTS (SELECT 1 FROM inbox i WHERE i.workspace_id = k.workspace_id AND i.inbox_id = k.instance_id)
AND NOT EXISTS (SELECT 1 FROM plugin_connection c WHERE c.workspace_id = k.workspace_id AND c.connection_id = k.instance_id)
ORDER BY k.workspace_id, k.instance_id LIMIT ?`, []any{limit}, func(row db.Scanner) error {
		var workspace, instance string
		err := row.Scan(&workspace, &instance)
		out = append(out, owner(workspace, instance))
		return err
	})
	return out, err
}

// Forget implements extension.Estate.
func (s *Store) Forget(ctx context.Context, o extension.Owner) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []string{`plugin_state`, `plugin_claim`, `plugin_lease`, `plugin_schedule`, `plugin_quota`} {
			if _, err := tx.Exec(ctx, `DELETE FROM `+table+ofOwner, string(o.Workspace), o.Instance); err != nil {
				return err
			}
		}
		return nil
	})
}
