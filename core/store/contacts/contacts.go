// Package contacts stores the customers.
package contacts

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements contact.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

type identityRow struct {
	WorkspaceID, InboxID, ExternalID, ContactID string
}

// TableName implements gorm's Tabler.
func (identityRow) TableName() string { return "contact_identity" }

func byID(q *gorm.DB, workspace identity.WorkspaceID, id contact.ID) *gorm.DB {
	return q.Where("workspace_id = ? AND contact_id = ?", string(workspace), string(id))
}

func take(q *gorm.DB) (contact.Contact, error) {
	var r row
	err := q.Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return contact.Contact{}, errs.Absent()
	}
	if err != nil {
		return contact.Contact{}, db.Failed(err)
	}
	return r.domain()
}

// Get implements contact.Store.
func (s *Store) Get(ctx context.Context, workspace identity.WorkspaceID, id contact.ID) (contact.Contact, []contact.Identity, error) {
	c, err := take(byID(s.db.Gorm(ctx), workspace, id))
	if err != nil {
		return contact.Contact{}, nil, err
	}
	var rows []identityRow
	if err := byID(s.db.Gorm(ctx), workspace, id).Order("inbox_id, external_id").Find(&rows).Error; err != nil {
		return contact.Contact{}, nil, db.Failed(err)
	}
	var known []contact.Identity
	for _, r := range rows {
		known = append(known, contact.Identity{Workspace: workspace, Inbox: r.InboxID, External: r.ExternalID, Contact: id})
	}
	return c, known, nil
}

// longestQuery is more bytes than any name, e-mail address or phone number has.
const longestQuery = 1000

// List implements contact.Store. Its cursor is (time of creation, id).
func (s *Store) List(ctx context.Context, workspace identity.WorkspaceID, query string, p page.Request) (page.Page[contact.Contact], error) {
	var out page.Page[contact.Contact]
	q := s.db.Gorm(ctx).Where("workspace_id = ?", string(workspace))
	if query != "" {
		if !findable(query) {
			return out, nil
		}
		like := "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(query) + "%"
		q = q.Where(strings.ReplaceAll(`name ~ ? ESCAPE '\' OR email ~ ? ESCAPE '\' OR phone ~ ? ESCAPE '\'`, "~", s.like()), like, like, like)
	}
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	if key != nil {
		at, err := strconv.ParseInt(key[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		q = q.Where("(created_at, contact_id) < (?, ?)", at, key[1])
	}
	var rows []row
	if err := q.Order("created_at DESC, contact_id DESC").Limit(p.Size() + 1).Find(&rows).Error; err != nil {
		return out, db.Failed(err)
	}
	if size := p.Size(); len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		out.Next = page.Encode(strconv.FormatInt(last.CreatedAt, 10), last.ContactID)
	}
	for _, r := range rows {
		c, err := r.domain()
		if err != nil {
			return page.Page[contact.Contact]{}, err
		}
		out.Items = append(out.Items, c)
	}
	return out, nil
}

// findable reports whether a contact could hold the text at all.
func findable(query string) bool {
	return len(query) <= longestQuery && db.CheckText(query) == nil
}

// like is the comparison that ignores the case of ASCII letters, and of those
// alone: SQLite knows no others, nor does PostgreSQL in the collation "C".
func (s *Store) like() string {
	if s.db.Driver() == db.Postgres {
		return "ILIKE"
	}
	return "LIKE"
}

// Update implements contact.Store.
func (s *Store) Update(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, change func(*contact.Contact) ([]event.Event, error)) (contact.Contact, error) {
	var out contact.Contact
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		c, err := take(byID(tx.Gorm(ctx), workspace, id))
		if err != nil {
			return err
		}
		events, err := change(&c)
		if err != nil {
			return err
		}
		c.Workspace, c.ID = workspace, id
		r, err := rowOf(c)
		if err != nil {
			return err
		}
		err = byID(tx.Gorm(ctx), workspace, id).Select("name", "email", "phone", "note", "attributes", "updated_at").Updates(&r).Error
		if err != nil {
			return db.Failed(err)
		}
		for _, e := range events {
			if err := tx.Append(ctx, e); err != nil {
				return err
			}
		}
		out = c
		return nil
	})
	if err != nil {
		return contact.Contact{}, err
	}
	return out, nil
}
