package conversations

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Awaited implements conversation.EarlyTx. Settlements lock the workspace, too.
func (t *Tx) Awaited(ctx context.Context, inbox channel.InboxID) (bool, error) {
	if err := t.tx.Lock(ctx, string(t.workspace)); err != nil {
		return false, err
	}
	n := 0
	err := t.tx.Row(ctx, `SELECT COUNT(*) FROM delivery WHERE workspace_id = ? AND inbox_id = ? AND state = 'pending'`,
		[]any{string(t.workspace), string(inbox)}, &n)
	return n > 0, err
}

// KeepEarly implements conversation.EarlyTx.
func (t *Tx) KeepEarly(ctx context.Context, e conversation.Early, since time.Time, limit int) (bool, error) {
	_, err := t.tx.Exec(ctx, `DELETE FROM early_status WHERE workspace_id = ? AND inbox_id = ? AND at < ?`, string(t.workspace), string(e.Inbox), db.Micros(since))
	if err != nil {
		return false, err
	}
	n := 0
	err = t.tx.Row(ctx, `SELECT COUNT(*) FROM early_status WHERE workspace_id = ? AND inbox_id = ?`, []any{string(t.workspace), string(e.Inbox)}, &n)
	if err != nil || n >= limit {
		return false, err
	}
	return true, t.tx.Queue(ctx, `INSERT INTO early_status (workspace_id, inbox_id, about, state, code, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, inbox_id, about, state) DO NOTHING`,
		string(t.workspace), string(e.Inbox), e.About, string(e.Status.State), e.Status.Code, db.Micros(e.At))
}

// TakeEarly implements conversation.EarlyTx.
func (t *Tx) TakeEarly(ctx context.Context, inbox channel.InboxID, about []string, since time.Time) ([]channel.Status, error) {
	if err := t.tx.Lock(ctx, string(t.workspace)); err != nil {
		return nil, err
	}
	args := []any{string(t.workspace), string(inbox)}
	for _, one := range about {
		args = append(args, one)
	}
	where := `workspace_id = ? AND inbox_id = ? AND about IN (?` + strings.Repeat(`, ?`, len(about)-1) + `)`
	var out []channel.Status
	found := false
	err := t.tx.Rows(ctx, `SELECT state, code, at FROM early_status WHERE `+where+` ORDER BY at, state`, args, func(sc db.Scanner) error {
		var s channel.Status
		var state string
		var at int64
		err := sc.Scan(&state, &s.Code, &at)
		if s.State, found = channel.StatusState(state), true; err == nil && !db.Time(at).Before(since) {
			out = append(out, s)
		}
		return err
	})
	if err != nil || !found {
		return nil, err
	}
	return out, t.tx.Queue(ctx, `DELETE FROM early_status WHERE `+where, args...)
}
