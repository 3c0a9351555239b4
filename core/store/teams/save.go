package teams

import (
	"context"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

// Create implements team.Store.
func (s *Store) Create(ctx context.Context, t team.Team, events ...event.Event) error {
	return s.db.Write(ctx, string(t.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.Row(ctx, `SELECT count(*) FROM team WHERE workspace_id = ? AND deleted_at = 0`, []any{string(t.Workspace)}, &n); err != nil {
			return err
		}
		if n >= team.MaxTeams {
			return team.TooMany()
		}
		if err := check(ctx, tx, t); err != nil {
			return err
		}
		err := tx.Queue(ctx, `INSERT INTO team (workspace_id, team_id, name, description, created_at, updated_at, deleted_at)
VALUES (?, ?, ?, ?, ?, ?, 0)`, string(t.Workspace), string(t.ID), t.Name, t.Description, db.Micros(t.CreatedAt), db.Micros(t.UpdatedAt))
		if err != nil {
			return err
		}
		return enlist(ctx, tx, t)
	})
}

// Change implements team.Store.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id team.ID, change func(*team.Team) error, events ...event.Event) (team.Team, error) {
	var out team.Team
	err := s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		t, err := one(ctx, tx, w, id)
		if err != nil {
			return err
		}
		created := t.CreatedAt
		if err := change(&t); err != nil {
			return err
		}
		t.Workspace, t.ID, t.CreatedAt = w, id, created
		if err := check(ctx, tx, t); err != nil {
			return err
		}
		err = tx.Queue(ctx, `UPDATE team SET name = ?, description = ?, updated_at = ? WHERE workspace_id = ? AND team_id = ?`,
			t.Name, t.Description, db.Micros(t.UpdatedAt), string(w), string(id))
		if err != nil {
			return err
		}
		if err := disband(ctx, tx, w, id); err != nil {
			return err
		}
		out = t
		return enlist(ctx, tx, t)
	})
	if err != nil {
		return team.Team{}, err
	}
	return out, nil
}

// check refuses a team that the workspace cannot have.
func check(ctx context.Context, tx *db.Tx, t team.Team) error {
	w := string(t.Workspace)
	taken, err := tx.Exists(ctx, `SELECT 1 FROM team WHERE workspace_id = ? AND name = ? AND deleted_at = 0 AND team_id <> ?`, w, t.Name, string(t.ID))
	if err != nil {
		return err
	}
	if taken {
		return team.NameTaken()
	}
	for _, m := range t.Members {
		known, err := tx.Exists(ctx, `SELECT 1 FROM member WHERE workspace_id = ? AND member_id = ?`, w, string(m))
		if err != nil {
			return err
		}
		if !known {
			return team.UnknownMember()
		}
	}
	for _, inbox := range t.Inboxes {
		if err := free(ctx, tx, t, inbox); err != nil {
			return err
		}
	}
	return nil
}

// free refuses an inbox that is not the workspace's, or another team's.
func free(ctx context.Context, tx *db.Tx, t team.Team, inbox string) error {
	w := string(t.Workspace)
	known, err := tx.Exists(ctx, `SELECT 1 FROM inbox WHERE workspace_id = ? AND inbox_id = ?`, w, inbox)
	if err != nil {
		return err
	}
	if !known {
		return team.UnknownInbox()
	}
	taken, err := tx.Exists(ctx, `SELECT 1 FROM team_inbox WHERE workspace_id = ? AND inbox_id = ? AND team_id <> ?`, w, inbox, string(t.ID))
	if err != nil {
		return err
	}
	if taken {
		return team.InboxTaken()
	}
	return nil
}

// disband takes members and inboxes from a team.
func disband(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, id team.ID) error {
	if err := tx.Queue(ctx, `DELETE FROM team_member WHERE workspace_id = ? AND team_id = ?`, string(w), string(id)); err != nil {
		return err
	}
	return tx.Queue(ctx, `DELETE FROM team_inbox WHERE workspace_id = ? AND team_id = ?`, string(w), string(id))
}

// enlist gives a team its members and inboxes.
func enlist(ctx context.Context, tx *db.Tx, t team.Team) error {
	for _, m := range t.Members {
		err := tx.Queue(ctx, `INSERT INTO team_member (workspace_id, team_id, member_id) VALUES (?, ?, ?)`, string(t.Workspace), string(t.ID), string(m))
		if err != nil {
			return err
		}
	}
	for _, inbox := range t.Inboxes {
		err := tx.Queue(ctx, `INSERT INTO team_inbox (workspace_id, inbox_id, team_id) VALUES (?, ?, ?)`, string(t.Workspace), inbox, string(t.ID))
		if err != nil {
			return err
		}
	}
	return nil
}
