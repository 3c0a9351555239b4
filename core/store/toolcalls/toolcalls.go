// Package toolcalls stores uses of tools.
package toolcalls

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements extension.CallStore.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const columns = `workspace_id, call_id, caller_kind, caller_id, caller_name, caller_plugin, request_key, connection_id, plugin, tool, args,
conversation_id, ticket_id, contact_id, state, attempts, outcome, code, detail, output, created_at, lease_until, expires_at, decided_by, decided_at`

// read returns the calls that a condition finds.
func read(ctx context.Context, q db.Querier, where string, args ...any) ([]extension.Call, error) {
	var out []extension.Call
	err := q.Rows(ctx, `SELECT `+columns+` FROM tool_call WHERE `+where, args, func(sc db.Scanner) error {
		var c extension.Call
		var w, kind, caller, connection, plugin, given, state, outcome, output, by string
		var created, lease, expires, decided int64
		err := sc.Scan(&w, &c.ID, &kind, &c.Caller.ID, &c.Caller.Name, &caller, &c.Key, &connection, &plugin, &c.Tool, &given,
			&c.Subject.Conversation, &c.Subject.Ticket, &c.Subject.Contact, &state, &c.Attempts, &outcome, &c.Completed.Code, &c.Completed.Detail,
			&output, &created, &lease, &expires, &by, &decided)
		c.Workspace, c.Caller.Kind, c.Caller.Plugin = identity.WorkspaceID(w), extension.CallerKind(kind), extension.PluginID(caller)
		c.Connection, c.Plugin, c.Args, c.State = extension.ConnectionID(connection), extension.PluginID(plugin), json.RawMessage(given), extension.CallState(state)
		c.Completed.Outcome = extension.Ending(outcome)
		if output != "" {
			c.Completed.Output = json.RawMessage(output)
		}
		c.CreatedAt, c.LeaseUntil, c.ExpiresAt = db.Time(created), db.Time(lease), db.Time(expires)
		c.DecidedBy, c.DecidedAt = identity.MemberID(by), db.Time(decided)
		out = append(out, c)
		return err
	})
	return out, err
}

// Call implements extension.CallStore.
func (s *Store) Call(ctx context.Context, w identity.WorkspaceID, id string) (extension.Call, error) {
	return db.One(read(ctx, s.db, `workspace_id = ? AND call_id = ?`, string(w), id))
}

// Pending implements extension.CallStore.
func (s *Store) Pending(ctx context.Context, w identity.WorkspaceID) ([]extension.Call, error) {
	return read(ctx, s.db, `workspace_id = ? AND state = 'pending' ORDER BY created_at, call_id LIMIT 500`, string(w))
}

// Due implements extension.CallStore.
func (s *Store) Due(ctx context.Context, now time.Time, limit int) ([]extension.Call, error) {
	running, err := read(ctx, s.db, `state = 'running' AND lease_until <= ? ORDER BY lease_until LIMIT ?`, db.Micros(now), limit)
	if err != nil {
		return nil, err
	}
	waiting, err := read(ctx, s.db, `expires_at <= ? AND state = 'pending' ORDER BY expires_at LIMIT ?`, db.Micros(now), limit)
	return append(running, waiting...), err
}

// Begin implements extension.CallStore.
func (s *Store) Begin(ctx context.Context, c extension.Call, maxPending int, events ...event.Event) (extension.Call, bool, error) {
	w, fresh := string(c.Workspace), false
	out := c
	err := s.db.Do(ctx, w, func(ctx context.Context, tx *db.Tx) error {
		fresh = false
		before, err := read(ctx, tx, `workspace_id = ? AND caller_kind = ? AND caller_id = ? AND request_key = ?`, w, string(c.Caller.Kind), c.Caller.ID, c.Key)
		if err != nil {
			return err
		}
		if len(before) > 0 {
			out = before[0]
			return nil
		}
		if c.State == extension.CallPending {
			var n int
			if err := tx.Row(ctx, `SELECT COUNT(*) FROM tool_call WHERE workspace_id = ? AND state = 'pending'`, []any{w}, &n); err != nil {
				return err
			}
			if n >= maxPending {
				return errs.New(errs.Conflict, "approval.too_many", "Too many uses of tools wait for somebody to agree. Decide some of them first.")
			}
		}
		fresh, out = true, c
		err = tx.Queue(ctx, `INSERT INTO tool_call (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			append([]any{
				w, c.ID, string(c.Caller.Kind), c.Caller.ID, c.Caller.Name, string(c.Caller.Plugin), c.Key, string(c.Connection), string(c.Plugin), c.Tool, string(c.Args),
				c.Subject.Conversation, c.Subject.Ticket, c.Subject.Contact,
			}, moving(c)...)...)
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	return out, fresh, err
}

// moving are the columns that change, and created_at.
func moving(c extension.Call) []any {
	d := c.Completed
	return []any{
		string(c.State), c.Attempts, string(d.Outcome), d.Code, d.Detail, string(d.Output), db.Micros(c.CreatedAt), db.Micros(c.LeaseUntil),
		db.Micros(c.ExpiresAt), string(c.DecidedBy), db.Micros(c.DecidedAt),
	}
}

// Change implements extension.CallStore.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id string, change func(*extension.Call) ([]event.Event, error)) (extension.Call, error) {
	var out extension.Call
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		c, err := db.One(read(ctx, tx, `workspace_id = ? AND call_id = ?`, string(w), id))
		if err != nil {
			return err
		}
		events, err := change(&c)
		if err != nil {
			return err
		}
		out = c
		err = tx.Queue(ctx, `UPDATE tool_call SET state = ?, attempts = ?, outcome = ?, code = ?, detail = ?, output = ?, created_at = ?, lease_until = ?,
expires_at = ?, decided_by = ?, decided_at = ? WHERE workspace_id = ? AND call_id = ?`, append(moving(c), string(w), id)...)
		if err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	return out, err
}

// Forget implements extension.CallStore.
func (s *Store) Forget(ctx context.Context, now time.Time, limit int) (int, error) {
	var n int64
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `DELETE FROM tool_call WHERE (workspace_id, call_id) IN
(SELECT workspace_id, call_id FROM tool_call WHERE expires_at <= ? AND state NOT IN ('pending', 'running') ORDER BY expires_at LIMIT ?)`, db.Micros(now), limit)
		return err
	})
	return int(n), err
}
