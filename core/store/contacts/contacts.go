// Package contacts stores the customers.
package contacts

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// row is a contact as it is stored.
type row struct {
	WorkspaceID string
	ContactID   string
	Name        string
	Email       string
	Phone       string
	Note        string
	Attributes  string
	CreatedAt   int64
	UpdatedAt   int64
}

// TableName implements gorm's Tabler.
func (row) TableName() string { return "contact" }

func rowOf(c contact.Contact) (row, error) {
	attributes, err := encode(c.Attributes)
	if err != nil {
		return row{}, err
	}
	return row{
		WorkspaceID: string(c.Workspace), ContactID: string(c.ID), Name: c.Name, Email: c.Email, Phone: c.Phone,
		Note: c.Note, Attributes: attributes, CreatedAt: db.Micros(c.CreatedAt), UpdatedAt: db.Micros(c.UpdatedAt),
	}, nil
}

func (r row) domain() (contact.Contact, error) {
	c := contact.Contact{
		Workspace: identity.WorkspaceID(r.WorkspaceID), ID: contact.ID(r.ContactID), Name: r.Name, Email: r.Email,
		Phone: r.Phone, Note: r.Note, CreatedAt: db.Time(r.CreatedAt), UpdatedAt: db.Time(r.UpdatedAt),
	}
	return c, json.Unmarshal([]byte(r.Attributes), &c.Attributes)
}

// encode writes attributes; none is {}.
func encode(attributes map[string]string) (string, error) {
	if attributes == nil {
		return "{}", nil
	}
	b, err := json.Marshal(attributes)
	return string(b), err
}

const columns = `p.workspace_id, p.contact_id, p.name, p.email, p.phone, p.note, p.attributes, p.created_at, p.updated_at`

func (r *row) dest() []any {
	return []any{
		&r.WorkspaceID, &r.ContactID, &r.Name, &r.Email, &r.Phone, &r.Note, &r.Attributes, &r.CreatedAt, &r.UpdatedAt,
	}
}

// Tx is the contact side of a job. It implements contact.Tx.
type Tx struct {
	tx        *db.Tx
	workspace string
}

// NewTx returns the contact side of a job.
func NewTx(tx *db.Tx, workspace identity.WorkspaceID) *Tx {
	return &Tx{tx: tx, workspace: string(workspace)}
}

// ByIdentity implements contact.Tx.
func (t *Tx) ByIdentity(ctx context.Context, inbox, external string) (*contact.Contact, error) {
	const query = `SELECT ` + columns + ` FROM contact_identity i
JOIN contact p ON p.workspace_id = i.workspace_id AND p.contact_id = i.contact_id
WHERE i.workspace_id = ? AND i.inbox_id = ? AND i.external_id = ?`
	var r row
	err := t.tx.Row(ctx, query, []any{t.workspace, inbox, external}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for nobody
	}
	if err != nil {
		return nil, err
	}
	c, err := r.domain()
	return &c, err
}

// Create implements contact.Tx.
func (t *Tx) Create(ctx context.Context, c contact.Contact, who contact.Identity) error {
	c.Workspace = identity.WorkspaceID(t.workspace)
	r, err := rowOf(c)
	if err != nil {
		return err
	}
	err = t.tx.Queue(ctx, `INSERT INTO contact (workspace_id, contact_id, name, email, phone, note, attributes, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.WorkspaceID, r.ContactID, r.Name, r.Email, r.Phone, r.Note, r.Attributes, r.CreatedAt, r.UpdatedAt)
	if err != nil {
		return err
	}
	return t.tx.Queue(ctx, `INSERT INTO contact_identity (workspace_id, inbox_id, external_id, contact_id) VALUES (?, ?, ?, ?)`,
		t.workspace, who.Inbox, who.External, string(c.ID))
}
