package db_test

import (
	"context"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/patchbay-im/patchbay/core/store/db"
)

// until is the schema as it was after so many steps.
func until(t *testing.T, steps int) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, dialect := range []db.Driver{db.SQLite, db.Postgres} {
		names, err := fs.Glob(db.Files(), fmt.Sprintf("migrations/%s/*.sql", dialect))
		must(t, err)
		for _, name := range names[:steps] {
			text, err := fs.ReadFile(db.Files(), name)
			must(t, err)
			out[name] = &fstest.MapFile{Data: text}
		}
	}
	return out
}

// TestConversationsFromBeforeThreads: each person had one conversation in an
// inbox, and still has it.
func TestConversationsFromBeforeThreads(t *testing.T) {
	on(t, func(t *testing.T, c db.Config) {
		d, err := db.OpenFiles(t.Context(), c, until(t, 31))
		must(t, err)
		workspace(t, d)
		must(t, d.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			for _, q := range []string{
				`INSERT INTO inbox (workspace_id, inbox_id, name, plugin, live, config, config_revision, hook_hash, enabled, created_at, updated_at) VALUES ('w', 'i', '', 'p', ?, '{}', 1, 'h', ?, 1, 1)`,
				`INSERT INTO contact (workspace_id, contact_id, name, email, phone, note, attributes, created_at, updated_at) VALUES ('w', 'c', '', '', '', '', '{}', 1, 1)`,
				`INSERT INTO conversation (workspace_id, conversation_id, inbox_id, contact_id, recipient, state, responder, snoozed_until, queued_at, waiting_since,
last_seq, last_public_seq, last_inbound_seq, last_text, last_sender, last_kind, last_at, created_at, updated_at)
VALUES ('w', 'v', 'i', 'c', '客户 1', 'open', '', 0, 0, 0, 0, 0, 0, '', '', '', 0, 1, 1)`,
			} {
				var args []any
				if q[12:17] == "inbox" {
					args = []any{false, true}
				}
				if err := tx.Queue(ctx, q, args...); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, d.Close(t.Context()))
		next := open(t, c)
		var recipient, key string
		must(t, next.Row(t.Context(), `SELECT recipient, talk_key FROM conversation WHERE workspace_id = ?`, []any{"w"}, &recipient, &key))
		if recipient != "客户 1" || key != "客户 1" {
			t.Errorf("it is of %q and found by %q", recipient, key)
		}
		err = next.Do(t.Context(), "w", func(ctx context.Context, tx *db.Tx) error {
			return tx.Queue(ctx, `INSERT INTO conversation (workspace_id, conversation_id, inbox_id, contact_id, recipient, talk_key, state, responder, snoozed_until, queued_at, waiting_since,
last_seq, last_public_seq, last_inbound_seq, last_text, last_sender, last_kind, last_at, created_at, updated_at)
VALUES ('w', 'v2', 'i', 'c', 'other', '客户 1', 'open', '', 0, 0, 0, 0, 0, 0, '', '', '', 0, 1, 1)`)
		})
		if err == nil {
			t.Error("two conversations are found by one key")
		}
	})
}
