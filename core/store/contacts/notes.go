package contacts

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// AddNote implements contact.NoteStore.
func (s *Store) AddNote(ctx context.Context, n contact.Note, events ...event.Event) error {
	return s.db.Write(ctx, string(n.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `INSERT INTO contact_note (workspace_id, note_id, contact_id, text, author_kind, author_id, author_name, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(n.Workspace), string(n.ID), string(n.Contact), n.Text, string(n.Author.Kind), n.Author.ID, n.Author.Name,
			db.Micros(n.CreatedAt), db.Micros(n.UpdatedAt))
	})
}

// noteColumns go with scanNote, for a contact_note named n.
const noteColumns = `n.note_id, n.contact_id, n.text, n.author_kind, n.author_id, n.author_name, n.created_at, n.updated_at`

func scanNote(sc db.Scanner, workspace identity.WorkspaceID) (contact.Note, error) {
	var id, of, kind string
	var created, updated int64
	n := contact.Note{Workspace: workspace}
	err := sc.Scan(&id, &of, &n.Text, &kind, &n.Author.ID, &n.Author.Name, &created, &updated)
	n.ID, n.Contact, n.Author.Kind = contact.NoteID(id), contact.ID(of), identity.ActorKind(kind)
	n.CreatedAt, n.UpdatedAt = db.Time(created), db.Time(updated)
	return n, err
}

// Notes implements contact.NoteStore. Its cursor is (time of creation, id).
func (s *Store) Notes(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, p page.Request) (page.Page[contact.Note], error) {
	var out page.Page[contact.Note]
	if _, err := take(ctx, s.db, workspace, id); err != nil {
		return out, err
	}
	ws := string(workspace)
	query, args := `SELECT `+noteColumns+` FROM contact_note n WHERE n.workspace_id = ? AND `+ofPerson("n.contact_id"), []any{ws, ws, string(id), ws, string(id)}
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	if key != nil {
		at, err := strconv.ParseInt(key[0], 10, 64)
		if err != nil {
			return out, errCursor()
		}
		query, args = query+` AND (n.created_at, n.note_id) < (?, ?)`, append(args, at, key[1])
	}
	err = s.db.Rows(ctx, query+` ORDER BY n.created_at DESC, n.note_id DESC LIMIT ?`, append(args, p.Size()+1), func(sc db.Scanner) error {
		n, err := scanNote(sc, workspace)
		out.Items = append(out.Items, n)
		return err
	})
	if err != nil {
		return page.Page[contact.Note]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		last := out.Items[size-1]
		out.Items, out.Next = out.Items[:size], page.Encode(strconv.FormatInt(db.Micros(last.CreatedAt), 10), string(last.ID))
	}
	return out, nil
}

// ChangeNote implements contact.NoteStore.
func (s *Store) ChangeNote(ctx context.Context, workspace identity.WorkspaceID, of contact.ID, id contact.NoteID, change func(*contact.Note) (bool, []event.Event, error)) (contact.Note, error) {
	var out contact.Note
	err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		ws := string(workspace)
		var n contact.Note
		err := one(ctx, tx, `SELECT `+noteColumns+` FROM contact_note n WHERE n.workspace_id = ? AND n.note_id = ? AND `+ofPerson("n.contact_id"),
			[]any{ws, string(id), ws, string(of), ws, string(of)}, func(sc db.Scanner) (err error) {
				n, err = scanNote(sc, workspace)
				return err
			})
		if err != nil {
			return err
		}
		remove, events, err := change(&n)
		if err != nil {
			return err
		}
		query, args := `UPDATE contact_note SET text = ?, updated_at = ? WHERE workspace_id = ? AND note_id = ?`,
			[]any{n.Text, db.Micros(n.UpdatedAt), ws, string(id)}
		if remove {
			query, args = `DELETE FROM contact_note WHERE workspace_id = ? AND note_id = ?`, args[2:]
		}
		if err := tx.Queue(ctx, query, args...); err != nil {
			return err
		}
		out = n
		return tx.Append(ctx, events...)
	})
	return out, err
}

// one reads one row; errs.Absent when there is none.
func one(ctx context.Context, q db.Querier, query string, args []any, scan func(db.Scanner) error) error {
	found := false
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		found = true
		return scan(sc)
	})
	if err == nil && !found || errors.Is(err, sql.ErrNoRows) {
		return errs.Absent()
	}
	return err
}
