package contacts

import (
	"context"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/contact/importing"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Imports implements importing.Store and importing.Desk.
type Imports struct {
	*Store
}

// NewImports returns an Imports.
func NewImports(d *db.DB) *Imports { return &Imports{New(d)} }

// Advance implements importing.Desk.
func (s *Imports) Advance(ctx context.Context, workspace identity.WorkspaceID, id importing.ID, state importing.State, position int, work func(context.Context, *importing.Import, importing.Tx) (importing.Step, error)) (bool, error) {
	advanced := false
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		advanced = false
		i, err := takeImport(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		if i.State != state || i.Position != position {
			return nil
		}
		step, err := work(ctx, &i, batch{tx: tx, workspace: workspace})
		if err != nil {
			return err
		}
		if err := saveErrors(ctx, tx, i, step.Errors); err != nil {
			return err
		}
		if err := saveImport(ctx, tx, i); err != nil {
			return err
		}
		advanced = true
		return tx.Append(ctx, step.Events...)
	})
	return advanced, err
}

// saveErrors keeps the errors of a batch, up to the most that are kept.
func saveErrors(ctx context.Context, tx *db.Tx, i importing.Import, found []importing.RowError) error {
	if len(found) == 0 {
		return nil
	}
	var kept int
	err := tx.Row(ctx, `SELECT COUNT(*) FROM contact_import_error WHERE workspace_id = ? AND import_id = ?`, []any{string(i.Workspace), string(i.ID)}, &kept)
	if err != nil {
		return err
	}
	for _, e := range found[:min(len(found), max(0, importing.MaxErrors-kept))] {
		err := tx.Queue(ctx, `INSERT INTO contact_import_error (workspace_id, import_id, line, place, title, value, code, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			string(i.Workspace), string(i.ID), e.Row, e.Place, e.Column, e.Value, e.Code, e.Detail)
		if err != nil {
			return err
		}
	}
	return nil
}

// batch implements importing.Tx.
type batch struct {
	tx        *db.Tx
	workspace identity.WorkspaceID
}

// Find implements importing.Tx.
func (b batch) Find(ctx context.Context, by importing.Match, value string) (*contact.Contact, error) {
	return find(ctx, b.tx, b.workspace, by, value)
}

// find returns the oldest contact that has a value, those that stand for
// themselves first; of a merged one who stands for it.
func find(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, by importing.Match, value string) (*contact.Contact, error) {
	condition := ""
	switch by {
	case importing.ByEmail:
		condition = `p.email = ? AND p.email <> ''`
	case importing.ByPhone:
		condition = `p.phone = ? AND p.phone <> ''`
	case importing.ByExternal:
		condition = `p.external_id = ? AND p.external_id <> ''`
	case importing.ByNothing:
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	var r row
	err := one(ctx, q, `SELECT `+columns+` FROM contact p WHERE p.workspace_id = ? AND `+condition+`
ORDER BY CASE WHEN p.merged_into = '' THEN 0 ELSE 1 END, p.created_at, p.contact_id LIMIT 1`,
		[]any{string(workspace), value}, func(sc db.Scanner) error { return sc.Scan(r.dest()...) })
	if errs.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	c, err := r.domain()
	if err == nil && c.Survivor != "" {
		c, err = take(ctx, q, workspace, c.Survivor)
	}
	return &c, err
}

// Organisation implements importing.Tx.
func (b batch) Organisation(ctx context.Context, name string) (contact.OrganisationID, error) {
	var id string
	err := one(ctx, b.tx, `SELECT organisation_id FROM organisation WHERE workspace_id = ? AND name = ? ORDER BY organisation_id LIMIT 1`,
		[]any{string(b.workspace), name}, func(sc db.Scanner) error { return sc.Scan(&id) })
	if errs.Is(err, errs.NotFound) {
		return "", nil
	}
	return contact.OrganisationID(id), err
}

// AddOrganisation implements importing.Tx.
func (b batch) AddOrganisation(ctx context.Context, o contact.Organisation) error {
	o.Workspace = b.workspace
	return insertOrganisation(ctx, b.tx, o)
}

// Add implements importing.Tx.
func (b batch) Add(ctx context.Context, c contact.Contact) error {
	c.Workspace = b.workspace
	r, err := rowOf(c)
	if err != nil {
		return err
	}
	return b.tx.Queue(ctx, insertContact, r.args()...)
}

// Save implements importing.Tx.
func (b batch) Save(ctx context.Context, c contact.Contact) error {
	c.Workspace = b.workspace
	return save(ctx, b.tx, c)
}
