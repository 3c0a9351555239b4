package contacts

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

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
