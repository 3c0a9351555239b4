package catalogs

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

const cannedColumns = `c.canned_id, c.scope, c.owner, c.shortcut, c.title, c.text, c.locale, c.uses, c.created_at, c.updated_at`

const selectCanned = `SELECT ` + cannedColumns + ` FROM canned c WHERE c.workspace_id = ? AND c.canned_id = ?`

type cannedRow struct {
	id, scope, owner, shortcut, title, text, locale string
	uses, created, updated                          int64
}

func (r *cannedRow) dest() []any {
	return []any{&r.id, &r.scope, &r.owner, &r.shortcut, &r.title, &r.text, &r.locale, &r.uses, &r.created, &r.updated}
}

func (r *cannedRow) domain(w identity.WorkspaceID) catalog.Canned {
	c := catalog.Canned{
		Workspace: w, ID: catalog.CannedID(r.id), Scope: catalog.Scope(r.scope), Shortcut: r.shortcut, Title: r.title, Text: r.text,
		Locale: r.locale, Uses: uint64(max(r.uses, 0)), CreatedAt: db.Time(r.created), UpdatedAt: db.Time(r.updated),
	}
	switch c.Scope {
	case catalog.Personal:
		c.Member = identity.MemberID(r.owner)
	case catalog.OfTeam:
		c.Team = team.ID(r.owner)
	case catalog.Workspace:
	}
	return c
}

// Canned implements catalog.CannedReplies.
func (s *Store) Canned(ctx context.Context, w identity.WorkspaceID, id catalog.CannedID) (catalog.Canned, error) {
	var r cannedRow
	if err := s.db.Row(ctx, selectCanned, []any{string(w), string(id)}, r.dest()...); err != nil {
		return catalog.Canned{}, absent(err)
	}
	return r.domain(w), nil
}

const shortcutUsed = `SELECT 1 FROM canned WHERE workspace_id = ? AND scope = ? AND owner = ? AND shortcut = ? AND canned_id <> ?`

// CreateCanned implements catalog.CannedReplies.
func (s *Store) CreateCanned(ctx context.Context, c catalog.Canned, events ...event.Event) error {
	return s.write(ctx, c.Workspace, events, func(ctx context.Context, tx *db.Tx) error {
		w, scope := string(c.Workspace), string(c.Scope)
		if err := ownerThere(ctx, tx, c); err != nil {
			return err
		}
		owner := string(c.Member) + string(c.Team)
		if err := free(ctx, tx, catalog.CannedTaken(), shortcutUsed, w, scope, owner, c.Shortcut, string(c.ID)); err != nil {
			return err
		}
		if err := room(ctx, tx, catalog.MaxCanned, `SELECT COUNT(*) FROM canned WHERE workspace_id = ?`, w); err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO canned (workspace_id, canned_id, scope, owner, shortcut, title, text, title_key, text_key,
locale, uses, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
			w, string(c.ID), scope, owner, c.Shortcut, c.Title, c.Text, nameKey(c.Title), nameKey(c.Text),
			c.Locale, db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
	})
}

// ownerThere is errs.Absent when whose it is to be does not exist.
func ownerThere(ctx context.Context, tx *db.Tx, c catalog.Canned) error {
	var one int
	switch c.Scope {
	case catalog.Personal:
		return absent(tx.Row(ctx, `SELECT 1 FROM member WHERE workspace_id = ? AND member_id = ?`, []any{string(c.Workspace), string(c.Member)}, &one))
	case catalog.OfTeam:
		return absent(tx.Row(ctx, `SELECT 1 FROM team WHERE workspace_id = ? AND team_id = ? AND deleted_at = 0`, []any{string(c.Workspace), string(c.Team)}, &one))
	case catalog.Workspace:
		return nil
	default:
		return errs.Absent()
	}
}

// ChangeCanned implements catalog.CannedReplies.
func (s *Store) ChangeCanned(ctx context.Context, w identity.WorkspaceID, id catalog.CannedID, change func(*catalog.Canned) error, events ...event.Event) (catalog.Canned, error) {
	var after catalog.Canned
	err := s.write(ctx, w, events, func(ctx context.Context, tx *db.Tx) error {
		var r cannedRow
		if err := tx.Row(ctx, selectCanned, []any{string(w), string(id)}, r.dest()...); err != nil {
			return absent(err)
		}
		after = r.domain(w)
		wanted := after
		if err := change(&wanted); err != nil {
			return err
		}
		after.Shortcut, after.Title, after.Text = wanted.Shortcut, wanted.Title, wanted.Text
		after.Locale, after.UpdatedAt = wanted.Locale, wanted.UpdatedAt
		if err := free(ctx, tx, catalog.CannedTaken(), shortcutUsed, string(w), r.scope, r.owner, after.Shortcut, string(id)); err != nil {
			return err
		}
		return tx.Queue(ctx, `UPDATE canned SET shortcut = ?, title = ?, text = ?, title_key = ?, text_key = ?, locale = ?, updated_at = ?
WHERE workspace_id = ? AND canned_id = ?`, after.Shortcut, after.Title, after.Text, nameKey(after.Title), nameKey(after.Text),
			after.Locale, db.Micros(after.UpdatedAt), string(w), string(id))
	})
	if err != nil {
		return catalog.Canned{}, err
	}
	return after, nil
}

// DeleteCanned implements catalog.CannedReplies.
func (s *Store) DeleteCanned(ctx context.Context, w identity.WorkspaceID, id catalog.CannedID, events ...event.Event) error {
	return s.write(ctx, w, events, func(ctx context.Context, tx *db.Tx) error {
		return touched(tx.Exec(ctx, `DELETE FROM canned WHERE workspace_id = ? AND canned_id = ?`, string(w), string(id)))
	})
}

// UseCanned implements catalog.CannedReplies.
func (s *Store) UseCanned(ctx context.Context, w identity.WorkspaceID, id catalog.CannedID) error {
	return s.write(ctx, w, nil, func(ctx context.Context, tx *db.Tx) error {
		return touched(tx.Exec(ctx, `UPDATE canned SET uses = uses + 1 WHERE workspace_id = ? AND canned_id = ?`, string(w), string(id)))
	})
}

// escaped is text as LIKE takes it literally, with ESCAPE '\'.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}
