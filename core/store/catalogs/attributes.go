package catalogs

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const selectAttributes = `SELECT attribute_id, target, key, name, type, options, required, created_at FROM attribute WHERE workspace_id = ?`

type attributeRow struct {
	id, target, key, name, typ, options string
	required                            bool
	created                             int64
}

func (r *attributeRow) dest() []any {
	return []any{&r.id, &r.target, &r.key, &r.name, &r.typ, &r.options, &r.required, &r.created}
}

func (r *attributeRow) domain(w identity.WorkspaceID) catalog.Attribute {
	a := catalog.Attribute{
		Workspace: w, ID: catalog.AttributeID(r.id), Target: catalog.Target(r.target), Key: r.key, Name: r.name,
		Type: catalog.Type(r.typ), Required: r.required, CreatedAt: db.Time(r.created),
	}
	if r.options != "" {
		_ = json.Unmarshal([]byte(r.options), &a.Options) // we wrote it
	}
	return a
}

// optionsOf is a list as it is stored; "" = none.
func optionsOf(list []string) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	if err := db.CheckText(list...); err != nil {
		return "", err
	}
	b, err := json.Marshal(list)
	return string(b), err
}

// Attributes implements catalog.Attributes.
func (s *Store) Attributes(ctx context.Context, w identity.WorkspaceID, of catalog.Target) ([]catalog.Attribute, error) {
	query, args := selectAttributes, []any{string(w)}
	if of != "" {
		query, args = query+` AND target = ?`, append(args, string(of))
	}
	var out []catalog.Attribute
	err := s.db.Rows(ctx, query+` ORDER BY created_at, attribute_id`, args, func(sc db.Scanner) error {
		var r attributeRow
		err := sc.Scan(r.dest()...)
		out = append(out, r.domain(w))
		return err
	})
	return out, err
}

// CreateAttribute implements catalog.Attributes.
func (s *Store) CreateAttribute(ctx context.Context, a catalog.Attribute, events ...event.Event) error {
	return s.write(ctx, a.Workspace, events, func(ctx context.Context, tx *db.Tx) error {
		w, target := string(a.Workspace), string(a.Target)
		err := free(ctx, tx, catalog.AttributeTaken(), `SELECT 1 FROM attribute WHERE workspace_id = ? AND target = ? AND key = ?`, w, target, a.Key)
		if err != nil {
			return err
		}
		err = room(ctx, tx, catalog.MaxAttributes, `SELECT COUNT(*) FROM attribute WHERE workspace_id = ? AND target = ?`, w, target)
		if err != nil {
			return err
		}
		options, err := optionsOf(a.Options)
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO attribute (workspace_id, attribute_id, target, key, name, type, options, required, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, w, string(a.ID), target, a.Key, a.Name, string(a.Type), options, a.Required, db.Micros(a.CreatedAt))
	})
}

// ChangeAttribute implements catalog.Attributes.
func (s *Store) ChangeAttribute(ctx context.Context, w identity.WorkspaceID, id catalog.AttributeID, change func(*catalog.Attribute) error, events ...event.Event) (catalog.Attribute, error) {
	var after catalog.Attribute
	err := s.write(ctx, w, events, func(ctx context.Context, tx *db.Tx) error {
		var r attributeRow
		if err := tx.Row(ctx, selectAttributes+` AND attribute_id = ?`, []any{string(w), string(id)}, r.dest()...); err != nil {
			return absent(err)
		}
		after = r.domain(w)
		wanted := after
		if err := change(&wanted); err != nil {
			return err
		}
		after.Name, after.Options, after.Required = wanted.Name, wanted.Options, wanted.Required
		options, err := optionsOf(after.Options)
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `UPDATE attribute SET name = ?, options = ?, required = ? WHERE workspace_id = ? AND attribute_id = ?`,
			after.Name, options, after.Required, string(w), string(id))
	})
	if err != nil {
		return catalog.Attribute{}, err
	}
	return after, nil
}

// DeleteAttribute implements catalog.Attributes.
func (s *Store) DeleteAttribute(ctx context.Context, w identity.WorkspaceID, id catalog.AttributeID, events ...event.Event) error {
	return s.write(ctx, w, events, func(ctx context.Context, tx *db.Tx) error {
		return touched(tx.Exec(ctx, `DELETE FROM attribute WHERE workspace_id = ? AND attribute_id = ?`, string(w), string(id)))
	})
}
