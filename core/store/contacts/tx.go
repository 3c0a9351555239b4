package contacts

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/event"
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

// ByIdentity implements contact.Tx. Contacts that were merged are few: they
// cost a second look-up.
func (t *Tx) ByIdentity(ctx context.Context, inbox, external string) (*contact.Contact, error) {
	const query = `SELECT ` + columns + ` FROM contact_identity i
JOIN contact p ON p.workspace_id = i.workspace_id AND p.contact_id = i.contact_id
WHERE i.workspace_id = ? AND i.inbox_id = ? AND i.external_id = ?`
	var r row
	err := t.tx.Row(ctx, query, []any{t.workspace, inbox, external}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for nobody
	}
	if err == nil && r.survivor != "" {
		survivor := r.survivor
		r = row{}
		err = t.tx.Row(ctx, `SELECT `+columns+` FROM contact p WHERE p.workspace_id = ? AND p.contact_id = ?`,
			[]any{t.workspace, survivor}, r.dest()...)
	}
	if err != nil {
		return nil, err
	}
	c, err := r.domain()
	return &c, err
}

// Person implements contact.Tx.
func (t *Tx) Person(ctx context.Context, id contact.ID) (contact.Contact, []contact.Identity, error) {
	workspace := identity.WorkspaceID(t.workspace)
	c, err := take(ctx, t.tx, workspace, id)
	if err == nil && c.Survivor != "" {
		c, err = take(ctx, t.tx, workspace, c.Survivor)
	}
	if err != nil {
		return contact.Contact{}, nil, err
	}
	known, err := identities(ctx, t.tx, workspace, c.ID)
	return c, known, err
}

// Create implements contact.Tx.
func (t *Tx) Create(ctx context.Context, c contact.Contact, who contact.Identity) error {
	c.Workspace = identity.WorkspaceID(t.workspace)
	r, err := rowOf(c)
	if err != nil {
		return err
	}
	if err := t.tx.Queue(ctx, insertContact, r.args()...); err != nil {
		return err
	}
	who.Contact = c.ID
	return t.Join(ctx, who)
}

// Join implements contact.Tx.
func (t *Tx) Join(ctx context.Context, who contact.Identity) error {
	return t.tx.Queue(ctx, `INSERT INTO contact_identity (workspace_id, inbox_id, external_id, contact_id, kind, label, verified_at, created_at, email, phone)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.workspace, who.Inbox, who.External, string(who.Contact), string(who.Kind), who.Label, db.Micros(who.VerifiedAt), db.Micros(who.CreatedAt),
		who.Email, who.Phone)
}

// Joint implements contact.Tx.
func (t *Tx) Joint(ctx context.Context, email, phone string) (*contact.Contact, error) {
	const query = `SELECT DISTINCT CASE WHEN p.survivor_id = '' THEN p.contact_id ELSE p.survivor_id END FROM contact_identity i
JOIN contact p ON p.workspace_id = i.workspace_id AND p.contact_id = i.contact_id WHERE i.workspace_id = ? AND `
	var found []string
	for _, by := range []struct{ condition, value string }{{`i.email = ? AND i.email <> ''`, email}, {`i.phone = ? AND i.phone <> ''`, phone}} {
		if by.value == "" {
			continue
		}
		err := t.tx.Rows(ctx, query+by.condition, []any{t.workspace, by.value}, func(sc db.Scanner) error {
			var id string
			err := sc.Scan(&id)
			if !slices.Contains(found, id) {
				found = append(found, id)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(found) != 1 {
		return nil, nil //nolint:nilnil // the port says nil for nobody
	}
	var r row
	err := t.tx.Row(ctx, `SELECT `+columns+` FROM contact p WHERE p.workspace_id = ? AND p.contact_id = ?`, []any{t.workspace, found[0]}, r.dest()...)
	if err != nil {
		return nil, err
	}
	c, err := r.domain()
	return &c, err
}

// Vouch implements contact.Tx.
func (t *Tx) Vouch(ctx context.Context, inbox, external, email, phone string) error {
	for _, set := range []struct{ column, value string }{{"email", email}, {"phone", phone}} {
		if set.value == "" {
			continue
		}
		err := t.tx.Queue(ctx, `UPDATE contact_identity SET `+set.column+` = ? WHERE workspace_id = ? AND inbox_id = ? AND external_id = ? AND `+set.column+` <> ?`,
			set.value, t.workspace, inbox, external, set.value)
		if err != nil {
			return err
		}
	}
	return nil
}

// Save implements contact.Tx.
func (t *Tx) Save(ctx context.Context, c contact.Contact) error {
	attributes, err := encode(c.Attributes)
	if err != nil {
		return err
	}
	return t.tx.Queue(ctx, `UPDATE contact SET name = ?, email = ?, phone = ?, locale = ?, attributes = ?, updated_at = ?
WHERE workspace_id = ? AND contact_id = ?`,
		c.Name, c.Email, c.Phone, c.Locale, attributes, db.Micros(c.UpdatedAt), t.workspace, string(c.ID))
}

// Seen implements contact.Tx.
func (t *Tx) Seen(ctx context.Context, id contact.ID, at time.Time) error {
	return t.tx.Queue(ctx, `UPDATE contact SET last_seen_at = ? WHERE workspace_id = ? AND contact_id = ? AND last_seen_at < ?`,
		db.Micros(at), t.workspace, string(id), db.Micros(at))
}

// Verify implements contact.Tx.
func (t *Tx) Verify(ctx context.Context, inbox, external string, at time.Time) error {
	return t.tx.Queue(ctx, `UPDATE contact_identity SET verified_at = ?
WHERE workspace_id = ? AND inbox_id = ? AND external_id = ? AND verified_at = 0`,
		db.Micros(at), t.workspace, inbox, external)
}

// alone finds an identity i whose contact p has no other, and was not merged, nor
// another into it.
const alone = ` FROM contact_identity i
JOIN contact p ON p.workspace_id = i.workspace_id AND p.contact_id = i.contact_id
WHERE i.workspace_id = ? AND i.inbox_id = ? AND i.external_id = ? AND p.survivor_id = ''
AND NOT EXISTS (SELECT 1 FROM contact o WHERE o.workspace_id = i.workspace_id AND o.survivor_id = i.contact_id)
AND NOT EXISTS (SELECT 1 FROM contact_identity o WHERE o.workspace_id = i.workspace_id AND o.contact_id = i.contact_id
  AND (o.inbox_id <> i.inbox_id OR o.external_id <> i.external_id))
`

// Gather implements contact.Tx.
func (t *Tx) Gather(ctx context.Context, inbox, external, title string, at time.Time, changed func(contact.Contact) event.Event) (*contact.Contact, error) {
	var r row
	var label string
	err := t.tx.Row(ctx, `SELECT i.label, `+columns+alone, []any{t.workspace, inbox, external}, append([]any{&label}, r.dest()...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for one who may be another
	}
	if err != nil {
		return nil, err
	}
	c, err := r.domain()
	if err != nil || c.Group && (title == "" || title == label) {
		return &c, err
	}
	c.Group, c.UpdatedAt = true, at
	if title == "" {
		title = label
	}
	if c.Name == label {
		c.Name = title
	}
	err = t.tx.Queue(ctx, `UPDATE contact_identity SET kind = ?, label = ?, email = '', phone = '' WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`,
		string(contact.IdentityGroup), title, t.workspace, inbox, external)
	if err != nil {
		return nil, err
	}
	err = t.tx.Queue(ctx, `UPDATE contact SET is_group = ?, name = ?, updated_at = ? WHERE workspace_id = ? AND contact_id = ?`,
		true, c.Name, db.Micros(at), t.workspace, string(c.ID))
	if err != nil {
		return nil, err
	}
	return &c, t.tx.Append(ctx, changed(c))
}

// Prove implements contact.Tx.
func (t *Tx) Prove(ctx context.Context, inbox, visitor, person string, at time.Time) (bool, error) {
	const free = `SELECT COUNT(*)` + alone + `AND NOT EXISTS (SELECT 1 FROM contact_identity o WHERE o.workspace_id = i.workspace_id AND o.inbox_id = i.inbox_id AND o.external_id = ?)`
	var n int
	if err := t.tx.Row(ctx, free, []any{t.workspace, inbox, visitor, person}, &n); err != nil || n == 0 {
		return false, err
	}
	err := t.tx.Queue(ctx, `UPDATE contact_identity SET external_id = ?, kind = ?, verified_at = ?
WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?`,
		person, string(contact.IdentityUser), db.Micros(at), t.workspace, inbox, visitor)
	if err != nil {
		return false, err
	}
	return true, t.tx.Queue(ctx, `UPDATE page_view SET external_id = ? WHERE workspace_id = ? AND inbox_id = ? AND external_id = ?
AND NOT EXISTS (SELECT 1 FROM page_view o WHERE o.workspace_id = page_view.workspace_id AND o.inbox_id = page_view.inbox_id
  AND o.external_id = ? AND o.at = page_view.at)`,
		person, t.workspace, inbox, visitor, person)
}
