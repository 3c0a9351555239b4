package contacts

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// row is a contact as it is stored.
type row struct {
	workspace, id, name, email, phone, note, attributes  string
	organisation, external, locale, mergedInto, survivor string
	createdBy                                            string
	created, updated, seen                               int64
	organisationName                                     string
	verified, group                                      bool
}

func rowOf(c contact.Contact) (row, error) {
	attributes, err := encode(c.Attributes)
	if err != nil {
		return row{}, err
	}
	return row{
		workspace: string(c.Workspace), id: string(c.ID), name: c.Name, email: c.Email, phone: c.Phone, note: c.Note,
		attributes: attributes, organisation: string(c.Organisation), external: c.External, locale: c.Locale,
		mergedInto: string(c.MergedInto), survivor: string(c.Survivor), createdBy: string(c.CreatedBy),
		created: db.Micros(c.CreatedAt), updated: db.Micros(c.UpdatedAt), seen: db.Micros(c.LastSeenAt), group: c.Group,
	}, nil
}

func (r *row) domain() (contact.Contact, error) {
	c := contact.Contact{
		Workspace: identity.WorkspaceID(r.workspace), ID: contact.ID(r.id), Name: r.name, Email: r.email, Phone: r.phone,
		Note: r.note, External: r.external, Organisation: contact.OrganisationID(r.organisation), Locale: r.locale,
		CreatedBy: identity.MemberID(r.createdBy), CreatedAt: db.Time(r.created), UpdatedAt: db.Time(r.updated), LastSeenAt: db.Time(r.seen),
		MergedInto: contact.ID(r.mergedInto), Survivor: contact.ID(r.survivor),
		OrganisationName: r.organisationName, Verified: r.verified, Group: r.group,
	}
	return c, json.Unmarshal([]byte(r.attributes), &c.Attributes)
}

// encode writes attributes; none is {}.
func encode(attributes map[string]any) (string, error) {
	if attributes == nil {
		return "{}", nil
	}
	for k, v := range attributes {
		if err := checkValue(k); err != nil {
			return "", err
		}
		if err := checkValue(v); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(attributes)
	return string(b), err
}

// checkValue refuses text that JSON would mend or hide.
func checkValue(v any) error {
	switch v := v.(type) {
	case string:
		return db.CheckText(v)
	case []string:
		return db.CheckText(v...)
	case []any:
		for _, x := range v {
			if err := checkValue(x); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	// columns go with dest, for a contact named p.
	columns = `p.workspace_id, p.contact_id, p.name, p.email, p.phone, p.note, p.attributes, p.organisation_id, p.external_id, p.locale,
p.merged_into, p.survivor_id, p.created_by, p.created_at, p.updated_at, p.last_seen_at, p.is_group`

	// joined are the columns of selectContact that follow them.
	joined = `, COALESCE(o.name, ''), EXISTS (SELECT 1 FROM contact_identity v WHERE v.workspace_id = p.workspace_id
AND v.contact_id = p.contact_id AND v.verified_at > 0) OR EXISTS (SELECT 1 FROM contact g JOIN contact_identity v
ON v.workspace_id = g.workspace_id AND v.contact_id = g.contact_id
WHERE g.workspace_id = p.workspace_id AND g.survivor_id = p.contact_id AND g.survivor_id <> '' AND v.verified_at > 0)`

	joinOrganisation = `
LEFT JOIN organisation o ON o.workspace_id = p.workspace_id AND o.organisation_id = p.organisation_id
`
	selectContact = `SELECT ` + columns + joined + ` FROM contact p` + joinOrganisation
)

func (r *row) dest() []any {
	return []any{
		&r.workspace, &r.id, &r.name, &r.email, &r.phone, &r.note, &r.attributes, &r.organisation, &r.external, &r.locale,
		&r.mergedInto, &r.survivor, &r.createdBy, &r.created, &r.updated, &r.seen, &r.group,
	}
}

func (r *row) joinedDest() []any { return append(r.dest(), &r.organisationName, &r.verified) }

const insertContact = `INSERT INTO contact (workspace_id, contact_id, name, email, phone, note, attributes,
organisation_id, external_id, locale, merged_into, survivor_id, created_by, created_at, updated_at, last_seen_at, is_group)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (r *row) args() []any {
	return []any{
		r.workspace, r.id, r.name, r.email, r.phone, r.note, r.attributes,
		r.organisation, r.external, r.locale, r.mergedInto, r.survivor, r.createdBy, r.created, r.updated, r.seen, r.group,
	}
}

const updateContact = `UPDATE contact SET name = ?, email = ?, phone = ?, note = ?, attributes = ?,
organisation_id = ?, external_id = ?, locale = ?, updated_at = ? WHERE workspace_id = ? AND contact_id = ?`

func (r *row) updateArgs() []any {
	return []any{
		r.name, r.email, r.phone, r.note, r.attributes,
		r.organisation, r.external, r.locale, r.updated, r.workspace, r.id,
	}
}
