package catalogs

import (
	"context"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const selectLabels = `SELECT label_id, name, color, description, created_at FROM label WHERE workspace_id = ? AND deleted_at = 0`

type labelRow struct {
	id, name, color, description string
	created                      int64
}

func (r *labelRow) dest() []any { return []any{&r.id, &r.name, &r.color, &r.description, &r.created} }

func (r *labelRow) domain(w identity.WorkspaceID) catalog.Label {
	return catalog.Label{
		Workspace: w, ID: catalog.LabelID(r.id), Name: r.name, Color: r.color, Description: r.description, CreatedAt: db.Time(r.created),
	}
}

func nameKey(name string) string { return strings.ToLower(name) }

// Labels implements catalog.Labels.
func (s *Store) Labels(ctx context.Context, w identity.WorkspaceID) ([]catalog.Label, error) {
	var out []catalog.Label
	err := s.db.Rows(ctx, selectLabels+` ORDER BY name_key`, []any{string(w)}, func(sc db.Scanner) error {
		var r labelRow
		err := sc.Scan(r.dest()...)
		out = append(out, r.domain(w))
		return err
	})
	return out, err
}

const labelNamed = `SELECT 1 FROM label WHERE workspace_id = ? AND name_key = ? AND deleted_at = 0 AND label_id <> ?`

// CreateLabel implements catalog.Labels.
func (s *Store) CreateLabel(ctx context.Context, l catalog.Label, events ...event.Event) error {
	return s.write(ctx, l.Workspace, events, func(ctx context.Context, tx *db.Tx) error {
		w, key := string(l.Workspace), nameKey(l.Name)
		if err := free(ctx, tx, catalog.LabelTaken(), labelNamed, w, key, string(l.ID)); err != nil {
			return err
		}
		err := room(ctx, tx, catalog.MaxLabels, `SELECT COUNT(*) FROM label WHERE workspace_id = ? AND deleted_at = 0`, w)
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO label (workspace_id, label_id, name, name_key, color, description, created_at, deleted_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 0)`, w, string(l.ID), l.Name, key, l.Color, l.Description, db.Micros(l.CreatedAt))
	})
}

// ChangeLabel implements catalog.Labels.
func (s *Store) ChangeLabel(ctx context.Context, w identity.WorkspaceID, id catalog.LabelID, change func(*catalog.Label) error, events ...event.Event) (catalog.Label, error) {
	var after catalog.Label
	err := s.write(ctx, w, events, func(ctx context.Context, tx *db.Tx) error {
		var r labelRow
		if err := tx.Row(ctx, selectLabels+` AND label_id = ?`, []any{string(w), string(id)}, r.dest()...); err != nil {
			return absent(err)
		}
		after = r.domain(w)
		wanted := after
		if err := change(&wanted); err != nil {
			return err
		}
		after.Name, after.Color, after.Description = wanted.Name, wanted.Color, wanted.Description
		key := nameKey(after.Name)
		if err := free(ctx, tx, catalog.LabelTaken(), labelNamed, string(w), key, string(id)); err != nil {
			return err
		}
		return tx.Queue(ctx, `UPDATE label SET name = ?, name_key = ?, color = ?, description = ? WHERE workspace_id = ? AND label_id = ?`,
			after.Name, key, after.Color, after.Description, string(w), string(id))
	})
	if err != nil {
		return catalog.Label{}, err
	}
	return after, nil
}

// DeleteLabel implements catalog.Labels.
func (s *Store) DeleteLabel(ctx context.Context, w identity.WorkspaceID, id catalog.LabelID, at time.Time, events ...event.Event) error {
	return s.write(ctx, w, events, func(ctx context.Context, tx *db.Tx) error {
		return touched(tx.Exec(ctx, `UPDATE label SET deleted_at = ? WHERE workspace_id = ? AND label_id = ? AND deleted_at = 0`,
			db.Micros(at), string(w), string(id)))
	})
}

// DeletedLabels implements catalog.Graveyard.
func (s *Store) DeletedLabels(ctx context.Context, limit int) ([]catalog.Gone, error) {
	var out []catalog.Gone
	err := s.db.Rows(ctx, `SELECT workspace_id, label_id FROM label WHERE deleted_at > 0 ORDER BY deleted_at LIMIT ?`, []any{limit}, func(sc db.Scanner) error {
		var w, id string
		err := sc.Scan(&w, &id)
		out = append(out, catalog.Gone{Workspace: identity.WorkspaceID(w), ID: catalog.LabelID(id)})
		return err
	})
	return out, err
}

// PurgeLabel implements catalog.Graveyard.
func (s *Store) PurgeLabel(ctx context.Context, w identity.WorkspaceID, id catalog.LabelID) error {
	return s.write(ctx, w, nil, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `DELETE FROM label WHERE workspace_id = ? AND label_id = ? AND deleted_at > 0
AND NOT EXISTS (SELECT 1 FROM conversation_label c WHERE c.workspace_id = label.workspace_id AND c.label_id = label.label_id)
AND NOT EXISTS (SELECT 1 FROM ticket_label t WHERE t.workspace_id = label.workspace_id AND t.label_id = label.label_id)`,
			string(w), string(id))
	})
}
