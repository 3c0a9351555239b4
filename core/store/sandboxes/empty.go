package sandboxes

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/purge"
)

// Stays lists the tables whose rows outlive a deleted sandbox: its audit log, the
// files that are still to be removed, and where the databases of its plugins are
// until extension.Undertaker has dropped them. Its row in workspace does, too.
func Stays() []string {
	return []string{"audit_row", "audit_head", "retention_file", "plugin_database", "sandbox"}
}

// kept lists the tables that a reset leaves alone beside those: who is there,
// what connects programs, how it is set up, and how far the feed has come.
func kept() []string {
	return []string{
		"member", "role", "session", "api_key", "invitation", "agent_state", "dispatch_term", "notification_preference", "notification_cursor",
		"webhook", "webhook_cursor", "inbox", "inbox_policy", "identity_secret", "plugin_consent", "plugin_grant",
		"sign_in_policy", "sign_in_provider", "sign_in_identity", "retention_policy", "dispatch_policy", "dispatch_policy_revision", "alert_rules", "event_outbox",
	}
}

// withFiles lists the tables whose rows name files, by attachment_id.
func withFiles() []string { return []string{"attachment", "erasure_file"} }

// Empty implements sandbox.Store.
func (s *Store) Empty(ctx context.Context, w identity.WorkspaceID, keep bool, limit int) (int, error) {
	plan, err := purge.Read(ctx, s.db)
	if err != nil {
		return 0, err
	}
	but := Stays()
	if keep {
		but = append(but, kept()...)
	}
	tables := slices.DeleteFunc(plan.Tables(), func(t string) bool { return slices.Contains(but, t) })
	total := 0
	err = s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		total = 0
		for _, table := range tables {
			if total >= limit {
				return nil
			}
			n, err := some(ctx, tx, plan, table, string(w), limit-total)
			if err != nil {
				return err
			}
			total += n
		}
		if !keep {
			return nil
		}
		// Members stay, without the work that is gone.
		_, err := tx.Exec(ctx, `UPDATE agent_state SET used = 0, missed = 0, wrap_up_until = 0 WHERE workspace_id = ?`, string(w))
		return err
	})
	return total, err
}

// some deletes rows of a table; of files only some, and they are to be removed.
func some(ctx context.Context, tx *db.Tx, plan purge.Plan, table, w string, limit int) (int, error) {
	if !slices.Contains(withFiles(), table) {
		return plan.Some(ctx, tx, table, w, limit)
	}
	var files []string
	if err := purge.Texts(ctx, tx, &files, `SELECT attachment_id FROM `+table+` WHERE workspace_id = ? LIMIT ?`, w, limit); err != nil {
		return 0, err
	}
	for _, f := range files {
		if _, err := tx.Exec(ctx, `INSERT INTO retention_file (workspace_id, attachment_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, w, f); err != nil {
			return 0, err
		}
	}
	p := purge.New(tx, w, nil)
	p.From(ctx, table, "attachment_id", files)
	return len(files), p.Err()
}
