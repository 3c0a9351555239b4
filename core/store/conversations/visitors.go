package conversations

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// CreateVisitor implements conversation.VisitorStore.
func (s *Store) CreateVisitor(ctx context.Context, v conversation.Visitor) error {
	attributes, err := json.Marshal(v.Attributes)
	if err != nil {
		return err
	}
	if v.Attributes == nil {
		attributes = []byte(`{}`)
	}
	return s.db.Do(ctx, string(v.Workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO visitor_session (workspace_id, visitor_id, inbox_id, token_hash, name, locale, attributes, created_at, expires_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(v.Workspace), string(v.ID), string(v.Inbox), v.TokenHash, v.Name, v.Locale, string(attributes),
			db.Micros(v.CreatedAt), db.Micros(v.ExpiresAt))
	})
}

// Visitor implements conversation.VisitorStore.
func (s *Store) Visitor(ctx context.Context, id conversation.VisitorID) (conversation.Visitor, error) {
	v := conversation.Visitor{ID: id}
	var workspace, inbox, attributes string
	var created, expires int64
	err := s.db.Row(ctx, `SELECT workspace_id, inbox_id, token_hash, name, locale, attributes, created_at, expires_at
FROM visitor_session WHERE visitor_id = ?`, []any{string(id)},
		&workspace, &inbox, &v.TokenHash, &v.Name, &v.Locale, &attributes, &created, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Visitor{}, errs.Absent()
	}
	if err != nil {
		return conversation.Visitor{}, err
	}
	v.Workspace, v.Inbox = identity.WorkspaceID(workspace), channel.InboxID(inbox)
	v.CreatedAt, v.ExpiresAt = db.Time(created), db.Time(expires)
	return v, json.Unmarshal([]byte(attributes), &v.Attributes)
}

// RenewVisitor implements conversation.VisitorStore.
func (s *Store) RenewVisitor(ctx context.Context, v conversation.Visitor) error {
	return s.db.Do(ctx, string(v.Workspace), func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE visitor_session SET token_hash = ?, expires_at = ? WHERE workspace_id = ? AND visitor_id = ?`,
			v.TokenHash, db.Micros(v.ExpiresAt), string(v.Workspace), string(v.ID))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
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
