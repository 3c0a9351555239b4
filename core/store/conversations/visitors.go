package conversations

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const visitorColumns = `workspace_id, visitor_id, inbox_id, token_hash, previous_hash, previous_until, renewal, subject,
name, email, phone, locale, attributes, consent_at, created_at, expires_at`

// putVisitor writes what may change of a session that is there.
const putVisitor = `INSERT INTO visitor_session (` + visitorColumns + `)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, visitor_id) DO UPDATE SET token_hash = excluded.token_hash, previous_hash = excluded.previous_hash,
previous_until = excluded.previous_until, renewal = excluded.renewal, name = excluded.name, email = excluded.email, phone = excluded.phone,
attributes = excluded.attributes, consent_at = excluded.consent_at, expires_at = excluded.expires_at`

func visitorArgs(v conversation.Visitor) ([]any, error) {
	attributes := []byte(`{}`)
	if v.Attributes != nil {
		for key, value := range v.Attributes {
			if err := db.CheckText(key, value); err != nil {
				return nil, err
			}
		}
		var err error
		if attributes, err = json.Marshal(v.Attributes); err != nil {
			return nil, err
		}
	}
	return []any{
		string(v.Workspace), string(v.ID), string(v.Inbox), v.TokenHash, v.PreviousHash, db.Micros(v.PreviousUntil), v.Renewal, v.Subject,
		v.Name, v.Email, v.Phone, v.Locale, string(attributes), db.Micros(v.ConsentAt), db.Micros(v.CreatedAt), db.Micros(v.ExpiresAt),
	}, nil
}

func visitor(ctx context.Context, q db.Querier, where string, args ...any) (conversation.Visitor, error) {
	var v conversation.Visitor
	var workspace, id, inbox, attributes string
	var until, consent, created, expires int64
	err := q.Row(ctx, `SELECT `+visitorColumns+` FROM visitor_session `+where, args,
		&workspace, &id, &inbox, &v.TokenHash, &v.PreviousHash, &until, &v.Renewal, &v.Subject,
		&v.Name, &v.Email, &v.Phone, &v.Locale, &attributes, &consent, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Visitor{}, errs.Absent()
	}
	if err != nil {
		return conversation.Visitor{}, err
	}
	v.Workspace, v.ID, v.Inbox = identity.WorkspaceID(workspace), conversation.VisitorID(id), channel.InboxID(inbox)
	v.PreviousUntil, v.ConsentAt = db.Time(until), db.Time(consent)
	v.CreatedAt, v.ExpiresAt = db.Time(created), db.Time(expires)
	return v, json.Unmarshal([]byte(attributes), &v.Attributes)
}

// CreateVisitor implements conversation.VisitorStore.
func (s *Store) CreateVisitor(ctx context.Context, v conversation.Visitor) error {
	args, err := visitorArgs(v)
	if err != nil {
		return err
	}
	return s.db.Do(ctx, string(v.Workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO visitor_session (`+visitorColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, args...)
	})
}

// Visitor implements conversation.VisitorStore.
func (s *Store) Visitor(ctx context.Context, id conversation.VisitorID) (conversation.Visitor, error) {
	return visitor(ctx, s.db, `WHERE visitor_id = ?`, string(id))
}

// SaveVisitor implements conversation.VisitorStore.
func (s *Store) SaveVisitor(ctx context.Context, v conversation.Visitor) error {
	return s.Within(ctx, v.Workspace, func(ctx context.Context, tx conversation.Tx) error {
		if _, err := tx.VisitorSession(ctx, v.ID); err != nil {
			return err
		}
		return tx.PutVisitor(ctx, v)
	})
}

// SweepVisitors implements conversation.VisitorStore.
func (s *Store) SweepVisitors(ctx context.Context, before time.Time, limit int) (int, error) {
	gone := 0
	for _, due := range []struct{ find, remove string }{
		{
			`SELECT workspace_id, visitor_id, '' FROM visitor_session WHERE expires_at < ? ORDER BY expires_at LIMIT ?`,
			`DELETE FROM visitor_session WHERE workspace_id = ? AND visitor_id = ? AND ? = '' AND expires_at < ?`,
		},
		{
			`SELECT workspace_id, inbox_id, token_hash FROM identity_token WHERE expires_at < ? ORDER BY expires_at LIMIT ?`,
			`DELETE FROM identity_token WHERE workspace_id = ? AND inbox_id = ? AND token_hash = ? AND expires_at < ?`,
		},
	} {
		n, err := s.sweep(ctx, due.find, due.remove, before, limit)
		gone += n
		if err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// sweep deletes rows, one job for each workspace among them.
func (s *Store) sweep(ctx context.Context, find, remove string, before time.Time, limit int) (int, error) {
	rows := make(map[string][][2]string)
	total := 0
	err := s.db.Rows(ctx, find, []any{db.Micros(before), limit}, func(sc db.Scanner) error {
		var workspace, a, b string
		if err := sc.Scan(&workspace, &a, &b); err != nil {
			return err
		}
		rows[workspace] = append(rows[workspace], [2]string{a, b})
		total++
		return nil
	})
	if err != nil {
		return 0, err
	}
	for workspace, keys := range rows {
		err := s.db.Do(ctx, workspace, func(ctx context.Context, tx *db.Tx) error {
			for _, k := range keys {
				if err := tx.Queue(ctx, remove, workspace, k[0], k[1], db.Micros(before)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	return total, nil
}

// VisitorSession implements conversation.VisitorTx.
func (t *Tx) VisitorSession(ctx context.Context, id conversation.VisitorID) (conversation.Visitor, error) {
	return visitor(ctx, t.tx, `WHERE workspace_id = ? AND visitor_id = ?`, string(t.workspace), string(id))
}

// PutVisitor implements conversation.VisitorTx.
func (t *Tx) PutVisitor(ctx context.Context, v conversation.Visitor) error {
	v.Workspace = t.workspace
	args, err := visitorArgs(v)
	if err != nil {
		return err
	}
	return t.tx.Queue(ctx, putVisitor, args...)
}

// UseToken implements conversation.VisitorTx.
func (t *Tx) UseToken(ctx context.Context, inbox channel.InboxID, use conversation.TokenUse) (*conversation.TokenUse, error) {
	before := conversation.TokenUse{Hash: use.Hash}
	var visitor, by string
	var expires int64
	err := t.tx.Row(ctx, `SELECT visitor_id, presented_by, expires_at FROM identity_token WHERE workspace_id = ? AND inbox_id = ? AND token_hash = ?`,
		[]any{string(t.workspace), string(inbox), use.Hash}, &visitor, &by, &expires)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	before.Visitor, before.PresentedBy, before.ExpiresAt = conversation.VisitorID(visitor), conversation.VisitorID(by), db.Time(expires)
	err = t.tx.Queue(ctx, `INSERT INTO identity_token (workspace_id, inbox_id, token_hash, visitor_id, presented_by, expires_at)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, inbox_id, token_hash) DO UPDATE
SET visitor_id = excluded.visitor_id, presented_by = excluded.presented_by, expires_at = excluded.expires_at`,
		string(t.workspace), string(inbox), use.Hash, string(use.Visitor), string(use.PresentedBy), db.Micros(use.ExpiresAt))
	if err != nil || !known || !use.At.Before(before.ExpiresAt) {
		return nil, err //nolint:nilnil // the port says nil for none
	}
	return &before, nil
}

// policy is a kept answer as it is stored: with the configuration it was for.
type policy struct {
	Revision uint64
	channel.SessionAnswer
}

// SavePolicy implements conversation.VisitorStore.
func (s *Store) SavePolicy(ctx context.Context, inbox channel.Inbox, answer channel.SessionAnswer) error {
	b, err := json.Marshal(policy{inbox.ConfigRevision, answer})
	if err != nil {
		return err
	}
	return s.db.Do(ctx, string(inbox.Workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO inbox_policy (workspace_id, inbox_id, answer) VALUES (?, ?, ?)
ON CONFLICT (workspace_id, inbox_id) DO UPDATE SET answer = excluded.answer`,
			string(inbox.Workspace), string(inbox.ID), string(b))
	})
}

// Policy implements conversation.VisitorStore.
func (s *Store) Policy(ctx context.Context, inbox channel.Inbox) (*channel.SessionAnswer, error) {
	var text string
	err := s.db.Row(ctx, `SELECT answer FROM inbox_policy WHERE workspace_id = ? AND inbox_id = ?`,
		[]any{string(inbox.Workspace), string(inbox.ID)}, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	if err != nil {
		return nil, err
	}
	var kept policy
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return nil, err
	}
	if kept.Revision != inbox.ConfigRevision {
		return nil, nil //nolint:nilnil // as above
	}
	return &kept.SessionAnswer, nil
}
