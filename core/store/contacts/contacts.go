// Package contacts stores the customers, their organisations, notes, page
// views, merges and imports.
package contacts

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/reach"
)

// Store implements contact.Store, PageStore, NoteStore, OrganisationStore and
// MergeStore.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// take reads one contact; errs.Absent when there is none.
func take(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, id contact.ID) (contact.Contact, error) {
	var r row
	err := q.Row(ctx, selectContact+`WHERE p.workspace_id = ? AND p.contact_id = ?`, []any{string(workspace), string(id)}, r.joinedDest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return contact.Contact{}, errs.Absent()
	}
	if err != nil {
		return contact.Contact{}, err
	}
	return r.domain()
}

// ofPerson selects what belongs to a contact and to those merged into it, for
// a column of contact ids. It takes workspace, contact, workspace, contact. A
// contact that was merged has nothing of its own any more.
func ofPerson(column string) string {
	return column + ` IN (SELECT contact_id FROM contact WHERE workspace_id = ? AND contact_id = ? AND survivor_id = ''
UNION ALL SELECT contact_id FROM contact WHERE workspace_id = ? AND survivor_id = ? AND survivor_id <> '')`
}

// Get implements contact.Store.
func (s *Store) Get(ctx context.Context, workspace identity.WorkspaceID, id contact.ID) (contact.Contact, []contact.Identity, error) {
	c, err := take(ctx, s.db, workspace, id)
	if err != nil {
		return contact.Contact{}, nil, err
	}
	known, err := identities(ctx, s.db, workspace, id)
	return c, known, err
}

// identities reads how the inboxes know a person.
func identities(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, id contact.ID) ([]contact.Identity, error) {
	ws := string(workspace)
	var known []contact.Identity
	err := q.Rows(ctx, `SELECT i.inbox_id, i.external_id, i.contact_id, i.kind, i.label, i.verified_at, i.created_at, b.plugin, i.email, i.phone
FROM contact_identity i JOIN inbox b ON b.workspace_id = i.workspace_id AND b.inbox_id = i.inbox_id
WHERE i.workspace_id = ? AND `+ofPerson("i.contact_id")+` ORDER BY i.inbox_id, i.external_id`,
		[]any{ws, ws, string(id), ws, string(id)}, func(sc db.Scanner) error {
			var own, kind string
			var verified, created int64
			who := contact.Identity{Workspace: workspace}
			if err := sc.Scan(&who.Inbox, &who.External, &own, &kind, &who.Label, &verified, &created, &who.Plugin, &who.Email, &who.Phone); err != nil {
				return err
			}
			who.Contact, who.Kind = contact.ID(own), contact.IdentityKind(kind)
			who.VerifiedAt, who.CreatedAt = db.Time(verified), db.Time(created)
			known = append(known, who)
			return nil
		})
	return known, err
}

// longestQuery is more bytes than any name, e-mail address or phone number has.
const longestQuery = 1000

// findable reports whether a contact could hold the text at all.
func findable(query string) bool {
	return len(query) <= longestQuery && db.CheckText(query) == nil
}

// containing is the pattern that finds a text as it is.
func containing(query string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(query) + "%"
}

// like is the comparison that ignores the case of ASCII letters, and of those
// alone: SQLite knows no others, nor does PostgreSQL in the collation "C".
func (s *Store) like() string {
	if s.db.Driver() == db.Postgres {
		return "ILIKE"
	}
	return "LIKE"
}

func errCursor() error {
	return errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
}

// order is one way through the list: a column that is a number or a text.
type order struct {
	column, direction, sign string
	number                  bool
	key                     func(r *row) string
}

func orderOf(s contact.Sort) order {
	switch s {
	case contact.SortName:
		return order{"p.name", "ASC", ">", false, func(r *row) string { return r.name }}
	case contact.SortSeen:
		return order{"p.last_seen_at", "DESC", "<", true, func(r *row) string { return strconv.FormatInt(r.seen, 10) }}
	case contact.SortNewest:
	}
	return order{"p.created_at", "DESC", "<", true, func(r *row) string { return strconv.FormatInt(r.created, 10) }}
}

// List implements contact.Store. Its cursor is (what is sorted by, id).
func (s *Store) List(ctx context.Context, workspace identity.WorkspaceID, f contact.Filter, p page.Request) (page.Page[contact.Contact], error) {
	var out page.Page[contact.Contact]
	if f.Query != "" && !findable(f.Query) {
		return out, nil
	}
	o := orderOf(f.Sort)
	where, args := []string{`p.workspace_id = ? AND p.merged_into = ''`}, []any{string(workspace)}
	add := func(condition string, values ...any) { where, args = append(where, condition), append(args, values...) }
	if condition, values := reach.Contacts(s.db.Driver(), f.Reach, "p"); condition != "" {
		add(condition, values...)
	}
	if f.Organisation != "" {
		add(`p.organisation_id = ? AND p.organisation_id <> ''`, string(f.Organisation))
	}
	for column, value := range map[string]string{"email": f.Email, "phone": f.Phone, "external_id": f.External} {
		if value != "" {
			add(`p.`+column+` = ? AND p.`+column+` <> ''`, value)
		}
	}
	if f.Query != "" {
		like := containing(f.Query)
		add(strings.ReplaceAll(`(p.name ~ ? ESCAPE '\' OR p.email ~ ? ESCAPE '\' OR p.phone ~ ? ESCAPE '\')`, "~", s.like()), like, like, like)
	}
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	if key != nil {
		var from any = key[0]
		if o.number {
			if from, err = strconv.ParseInt(key[0], 10, 64); err != nil {
				return out, errCursor()
			}
		}
		add(`(`+o.column+`, p.contact_id) `+o.sign+` (?, ?)`, from, key[1])
	}
	query := selectContact + `WHERE ` + strings.Join(where, ` AND `) +
		` ORDER BY ` + o.column + ` ` + o.direction + `, p.contact_id ` + o.direction + ` LIMIT ?`
	var rows []row
	err = s.db.Rows(ctx, query, append(args, p.Size()+1), func(sc db.Scanner) error {
		var r row
		err := sc.Scan(r.joinedDest()...)
		rows = append(rows, r)
		return err
	})
	if err != nil {
		return out, err
	}
	if size := p.Size(); len(rows) > size {
		rows = rows[:size]
		out.Next = page.Encode(o.key(&rows[size-1]), rows[size-1].id)
	}
	out.Items, err = domains(rows)
	return out, err
}

func domains(rows []row) ([]contact.Contact, error) {
	var out []contact.Contact
	for i := range rows {
		c, err := rows[i].domain()
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Reached implements contact.Circle.
func (s *Store) Reached(ctx context.Context, workspace identity.WorkspaceID, within identity.Reach, ids []contact.ID) (map[contact.ID]bool, error) {
	out := make(map[contact.ID]bool, len(ids))
	where, bound := reach.Contacts(s.db.Driver(), within, "p")
	for part := range slices.Chunk(ids, 100) {
		args := []any{string(workspace)}
		for _, id := range part {
			args = append(args, string(id))
		}
		args = db.Padded(args, len(part))
		query := `SELECT p.contact_id FROM contact p WHERE p.workspace_id = ? AND p.contact_id IN (?` + strings.Repeat(`, ?`, len(args)-2) + `)` + reach.And(where)
		err := s.db.Rows(ctx, query, append(args, bound...), func(sc db.Scanner) error {
			var id string
			err := sc.Scan(&id)
			out[contact.ID(id)] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Add implements contact.Store.
func (s *Store) Add(ctx context.Context, c contact.Contact, events ...event.Event) error {
	return s.db.Write(ctx, string(c.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		r, err := rowOf(c)
		if err != nil {
			return err
		}
		return tx.Queue(ctx, insertContact, r.args()...)
	})
}

// Update implements contact.Store.
func (s *Store) Update(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, change func(*contact.Contact) ([]event.Event, error)) (contact.Contact, error) {
	var out contact.Contact
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		c, err := take(ctx, tx, workspace, id)
		if err != nil {
			return err
		}
		events, err := change(&c)
		if err != nil {
			return err
		}
		c.Workspace, c.ID = workspace, id
		if err := save(ctx, tx, c); err != nil {
			return err
		}
		out = c
		return tx.Append(ctx, events...)
	})
	if err != nil {
		return contact.Contact{}, err
	}
	return out, nil
}

// save writes what an edit may change.
func save(ctx context.Context, tx *db.Tx, c contact.Contact) error {
	r, err := rowOf(c)
	if err != nil {
		return err
	}
	return tx.Queue(ctx, updateContact, r.updateArgs()...)
}
