package tickets

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

type fieldRow struct {
	Key      string   `json:"key"`
	Name     string   `json:"name"`
	Type     string   `json:"type"`
	Options  []string `json:"options,omitempty"`
	Required bool     `json:"required,omitempty"`
	Public   bool     `json:"public,omitempty"`
}

func fieldsOf(fields []ticket.Field) string {
	rows := make([]fieldRow, len(fields))
	for i, f := range fields {
		rows[i] = fieldRow{f.Key, f.Name, string(f.Type), f.Options, f.Required, f.Public}
	}
	b, _ := json.Marshal(rows) // strings and booleans always marshal
	return string(b)
}

func parseFields(text string) ([]ticket.Field, error) {
	var rows []fieldRow
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, err
	}
	var out []ticket.Field
	for _, r := range rows {
		out = append(out, ticket.Field{Key: r.Key, Name: r.Name, Type: catalog.Type(r.Type), Options: r.Options, Required: r.Required, Public: r.Public})
	}
	return out, nil
}

// types reads the types of a workspace. One that has none yet has General,
// which takes its place in the table with the first change.
func types(ctx context.Context, q db.Querier, workspace identity.WorkspaceID) (out []ticket.Type, virtual bool, err error) {
	const query = `SELECT type_id, name, description, fields, is_default, archived_at, created_at FROM ticket_type
WHERE workspace_id = ? ORDER BY created_at, type_id`
	err = q.Rows(ctx, query, []any{string(workspace)}, func(sc db.Scanner) error {
		var id, name, description, fields string
		var isDefault, archived, created int64
		if err := sc.Scan(&id, &name, &description, &fields, &isDefault, &archived, &created); err != nil {
			return err
		}
		t := ticket.Type{
			Workspace: workspace, ID: ticket.TypeID(id), Name: name, Description: description, Default: isDefault != 0,
			ArchivedAt: db.Time(archived), CreatedAt: db.Time(created),
		}
		var err error
		t.Fields, err = parseFields(fields)
		out = append(out, t)
		return err
	})
	if err != nil || len(out) > 0 {
		return out, false, err
	}
	err = q.Rows(ctx, `SELECT locale, created_at FROM workspace WHERE workspace_id = ?`, []any{string(workspace)}, func(sc db.Scanner) error {
		var locale string
		var created int64
		if err := sc.Scan(&locale, &created); err != nil {
			return err
		}
		out = append(out, ticket.General(workspace, locale, db.Time(created)))
		return nil
	})
	return out, true, err
}

// Types implements ticket.Reader.
func (s *Store) Types(ctx context.Context, workspace identity.WorkspaceID) ([]ticket.Type, error) {
	out, _, err := types(ctx, s.db, workspace)
	return out, err
}

// Types implements ticket.TypeTx.
func (t *Tx) Types(ctx context.Context) ([]ticket.Type, error) {
	out, virtual, err := types(ctx, t.tx, t.workspace)
	if err != nil || !virtual {
		return out, err
	}
	for _, general := range out {
		if err := t.putType(ctx, general); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *Tx) putType(ctx context.Context, y ticket.Type) error {
	return t.tx.Queue(ctx, `INSERT INTO ticket_type (workspace_id, type_id, name, description, fields, is_default, archived_at, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, type_id) DO UPDATE SET name = excluded.name, description = excluded.description, fields = excluded.fields,
is_default = excluded.is_default, archived_at = excluded.archived_at`,
		string(t.workspace), string(y.ID), y.Name, y.Description, fieldsOf(y.Fields), flag(y.Default), db.Micros(y.ArchivedAt), db.Micros(y.CreatedAt))
}

// SaveType implements ticket.TypeTx.
func (t *Tx) SaveType(ctx context.Context, y ticket.Type, e event.Event) error {
	if err := db.CheckText(y.Name, y.Description); err != nil {
		return err
	}
	if err := t.putType(ctx, y); err != nil {
		return err
	}
	return t.tx.Append(ctx, e)
}

// DeleteType implements ticket.TypeTx.
func (t *Tx) DeleteType(ctx context.Context, id ticket.TypeID, e event.Event) (bool, error) {
	n, err := t.tx.Exec(ctx, `DELETE FROM ticket_type WHERE workspace_id = ? AND type_id = ?
AND NOT EXISTS (SELECT 1 FROM ticket k WHERE k.workspace_id = ticket_type.workspace_id AND k.type_id = ticket_type.type_id)`,
		string(t.workspace), string(id))
	if err != nil || n == 0 {
		return false, err
	}
	return true, t.tx.Append(ctx, e)
}
