package contacts

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// selectOrganisation goes with scanOrganisation.
const selectOrganisation = `SELECT o.organisation_id, o.name, o.note, o.attributes, o.created_at, o.updated_at,
(SELECT COUNT(*) FROM contact p WHERE p.workspace_id = o.workspace_id AND p.organisation_id = o.organisation_id AND p.organisation_id <> '' AND p.merged_into = '')
FROM organisation o `

func scanOrganisation(sc db.Scanner, workspace identity.WorkspaceID) (contact.Organisation, error) {
	var id, attributes string
	var created, updated int64
	o := contact.Organisation{Workspace: workspace}
	if err := sc.Scan(&id, &o.Name, &o.Note, &attributes, &created, &updated, &o.Contacts); err != nil {
		return o, err
	}
	o.ID, o.CreatedAt, o.UpdatedAt = contact.OrganisationID(id), db.Time(created), db.Time(updated)
	return o, json.Unmarshal([]byte(attributes), &o.Attributes)
}

// withDomains reads the domains of organisations.
func withDomains(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, all []contact.Organisation) error {
	if len(all) == 0 {
		return nil
	}
	at := make(map[string]int, len(all))
	args := []any{string(workspace)}
	for i, o := range all {
		at[string(o.ID)] = i
		args = append(args, string(o.ID))
	}
	args = db.Padded(args, len(all))
	query := `SELECT organisation_id, domain FROM organisation_domain WHERE workspace_id = ? AND organisation_id IN (?` +
		strings.Repeat(`, ?`, len(args)-2) + `) ORDER BY domain`
	return q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var id, domain string
		if err := sc.Scan(&id, &domain); err != nil {
			return err
		}
		all[at[id]].Domains = append(all[at[id]].Domains, domain)
		return nil
	})
}

func organisation(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, id contact.OrganisationID) (contact.Organisation, error) {
	found := make([]contact.Organisation, 1)
	err := one(ctx, q, selectOrganisation+`WHERE o.workspace_id = ? AND o.organisation_id = ?`, []any{string(workspace), string(id)},
		func(sc db.Scanner) (err error) {
			found[0], err = scanOrganisation(sc, workspace)
			return err
		})
	if err == nil {
		err = withDomains(ctx, q, workspace, found)
	}
	return found[0], err
}

// Organisation implements contact.OrganisationStore.
func (s *Store) Organisation(ctx context.Context, workspace identity.WorkspaceID, id contact.OrganisationID) (contact.Organisation, error) {
	return organisation(ctx, s.db, workspace, id)
}

// Organisations implements contact.OrganisationStore. Its cursor is (name, id).
func (s *Store) Organisations(ctx context.Context, workspace identity.WorkspaceID, query string, p page.Request) (page.Page[contact.Organisation], error) {
	var out page.Page[contact.Organisation]
	key, err := page.Decode(p.Cursor, 2)
	if err != nil || query != "" && !findable(query) {
		return out, err
	}
	where, args := `WHERE o.workspace_id = ?`, []any{string(workspace)}
	if query != "" {
		where, args = where+` AND o.name `+s.like()+` ? ESCAPE '\'`, append(args, containing(query))
	}
	if key != nil {
		where, args = where+` AND (o.name, o.organisation_id) > (?, ?)`, append(args, key[0], key[1])
	}
	err = s.db.Rows(ctx, selectOrganisation+where+` ORDER BY o.name, o.organisation_id LIMIT ?`, append(args, p.Size()+1), func(sc db.Scanner) error {
		o, err := scanOrganisation(sc, workspace)
		out.Items = append(out.Items, o)
		return err
	})
	if err != nil {
		return page.Page[contact.Organisation]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		last := out.Items[size-1]
		out.Items, out.Next = out.Items[:size], page.Encode(last.Name, string(last.ID))
	}
	return out, withDomains(ctx, s.db, workspace, out.Items)
}

// OrganisationOf implements contact.OrganisationStore.
func (s *Store) OrganisationOf(ctx context.Context, workspace identity.WorkspaceID, domain string) (*contact.Organisation, error) {
	var id string
	err := one(ctx, s.db, `SELECT organisation_id FROM organisation_domain WHERE workspace_id = ? AND domain = ?`,
		[]any{string(workspace), domain}, func(sc db.Scanner) error { return sc.Scan(&id) })
	if errs.Is(err, errs.NotFound) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	if err != nil {
		return nil, err
	}
	o, err := s.Organisation(ctx, workspace, contact.OrganisationID(id))
	return &o, err
}

// AddOrganisation implements contact.OrganisationStore.
func (s *Store) AddOrganisation(ctx context.Context, o contact.Organisation, events ...event.Event) error {
	return s.db.Write(ctx, string(o.Workspace), events, func(ctx context.Context, tx *db.Tx) error { return insertOrganisation(ctx, tx, o) })
}

func insertOrganisation(ctx context.Context, tx *db.Tx, o contact.Organisation) error {
	attributes, err := encode(o.Attributes)
	if err != nil {
		return err
	}
	err = tx.Queue(ctx, `INSERT INTO organisation (workspace_id, organisation_id, name, note, attributes, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?)`,
		string(o.Workspace), string(o.ID), o.Name, o.Note, attributes, db.Micros(o.CreatedAt), db.Micros(o.UpdatedAt))
	if err != nil {
		return err
	}
	return saveDomains(ctx, tx, o)
}

// saveDomains adds domains to an organisation that has none.
func saveDomains(ctx context.Context, tx *db.Tx, o contact.Organisation) error {
	for _, d := range o.Domains {
		n, err := tx.Exec(ctx, `INSERT INTO organisation_domain (workspace_id, domain, organisation_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			string(o.Workspace), d, string(o.ID))
		if err != nil {
			return err
		}
		if n == 0 {
			return contact.DomainTaken()
		}
	}
	return nil
}

// ChangeOrganisation implements contact.OrganisationStore.
func (s *Store) ChangeOrganisation(ctx context.Context, workspace identity.WorkspaceID, id contact.OrganisationID, change func(*contact.Organisation) error, events ...event.Event) (contact.Organisation, error) {
	var out contact.Organisation
	err := s.db.Write(ctx, string(workspace), events, func(ctx context.Context, tx *db.Tx) error {
		o, err := organisation(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		if err := change(&o); err != nil {
			return err
		}
		o.Workspace, o.ID = workspace, id
		attributes, err := encode(o.Attributes)
		if err != nil {
			return err
		}
		err = tx.Queue(ctx, `UPDATE organisation SET name = ?, note = ?, attributes = ?, updated_at = ? WHERE workspace_id = ? AND organisation_id = ?`,
			o.Name, o.Note, attributes, db.Micros(o.UpdatedAt), string(workspace), string(id))
		if err != nil {
			return err
		}
		if err := dropDomains(ctx, tx, workspace, id); err != nil {
			return err
		}
		out = o
		return saveDomains(ctx, tx, o)
	})
	if err != nil {
		return contact.Organisation{}, err
	}
	return out, nil
}

func dropDomains(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, id contact.OrganisationID) error {
	return tx.Queue(ctx, `DELETE FROM organisation_domain WHERE workspace_id = ? AND organisation_id = ?`, string(workspace), string(id))
}

// RemoveOrganisation implements contact.OrganisationStore.
func (s *Store) RemoveOrganisation(ctx context.Context, workspace identity.WorkspaceID, id contact.OrganisationID, events ...event.Event) error {
	return s.db.Write(ctx, string(workspace), events, func(ctx context.Context, tx *db.Tx) error {
		if err := dropDomains(ctx, tx, workspace, id); err != nil {
			return err
		}
		err := tx.Queue(ctx, `UPDATE contact SET organisation_id = '' WHERE workspace_id = ? AND organisation_id = ? AND organisation_id <> ''`,
			string(workspace), string(id))
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM organisation WHERE workspace_id = ? AND organisation_id = ?`, string(workspace), string(id))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
}
