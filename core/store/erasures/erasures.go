// Package erasures deletes all rows of a contact, and keeps the records of it.
package erasures

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements erasure.Store.
type Store struct{ db *db.DB }

// New returns a Store.
func New(d *db.DB) *Store { return &Store{d} }

// Subject implements erasure.Store.
func (s *Store) Subject(ctx context.Context, w identity.WorkspaceID, c contact.ID) (erasure.Subject, error) {
	p, err := find(ctx, s.db, w, c)
	if err != nil {
		return erasure.Subject{}, err
	}
	return p.subject, nil
}

// Erase implements erasure.Store.
func (s *Store) Erase(ctx context.Context, w identity.WorkspaceID, c contact.ID, decide func(erasure.Subject) (erasure.Record, []event.Event, error)) (erasure.Record, error) {
	var out erasure.Record
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		p, err := find(ctx, tx, w, c)
		if err != nil {
			return err
		}
		r, events, err := decide(p.subject)
		if err != nil {
			return err
		}
		if err := insert(ctx, tx, r); err != nil {
			return err
		}
		if err := p.erase(ctx, tx, r.ID); err != nil {
			return err
		}
		if err := tx.Append(ctx, events...); err != nil {
			return err
		}
		out = r
		return nil
	})
	return out, err
}

const columns = `workspace_id, erasure_id, contact_id, contacts, counts, proof, actor_kind, actor_id, actor_name, reason, at, files_at, scrubbed_at`

func insert(ctx context.Context, tx *db.Tx, r erasure.Record) error {
	contacts, err := json.Marshal(r.Contacts)
	if err != nil {
		return err
	}
	counts, err := json.Marshal(r.Counts)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO erasure (`+columns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)`,
		string(r.Workspace), string(r.ID), string(r.Contact), string(contacts), string(counts), r.Proof,
		string(r.Actor.Kind), r.Actor.ID, r.Actor.Name, string(r.Reason), db.Micros(r.At))
	return err
}

// List implements erasure.Store.
func (s *Store) List(ctx context.Context, w identity.WorkspaceID, p page.Request) (page.Page[erasure.Record], error) {
	var out page.Page[erasure.Record]
	query, args := `SELECT `+columns+` FROM erasure WHERE workspace_id = ?`, []any{string(w)}
	if p.Cursor != "" {
		after, err := page.Decode(p.Cursor, 1)
		if err != nil {
			return out, err
		}
		query += ` AND erasure_id < ?`
		args = append(args, after[0])
	}
	limit := p.Size()
	err := s.db.Rows(ctx, query+` ORDER BY erasure_id DESC LIMIT ?`, append(args, limit+1), func(sc db.Scanner) error {
		r, err := scan(sc)
		out.Items = append(out.Items, r)
		return err
	})
	if len(out.Items) > limit {
		out.Items = out.Items[:limit]
		out.Next = page.Encode(string(out.Items[limit-1].ID))
	}
	return out, err
}

func scan(sc db.Scanner) (erasure.Record, error) {
	var r erasure.Record
	var workspace, id, c, contacts, counts, kind, reason string
	var at, files, scrubbed int64
	err := sc.Scan(&workspace, &id, &c, &contacts, &counts, &r.Proof, &kind, &r.Actor.ID, &r.Actor.Name, &reason, &at, &files, &scrubbed)
	if err != nil {
		return r, err
	}
	r.Workspace, r.ID, r.Contact, r.Actor.Kind = identity.WorkspaceID(workspace), erasure.ID(id), contact.ID(c), identity.ActorKind(kind)
	r.Reason = erasure.Reason(reason)
	r.At, r.FilesAt, r.ScrubbedAt = db.Time(at), db.Time(files), db.Time(scrubbed)
	return r, errors.Join(json.Unmarshal([]byte(contacts), &r.Contacts), json.Unmarshal([]byte(counts), &r.Counts))
}

// Files implements erasure.Store.
func (s *Store) Files(ctx context.Context, limit int) ([]media.ID, error) {
	var out []media.ID
	err := s.db.Rows(ctx, `SELECT attachment_id FROM erasure_file ORDER BY workspace_id, attachment_id LIMIT ?`, []any{limit}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		out = append(out, media.ID(id))
		return err
	})
	return out, err
}

// Removed implements erasure.Store.
func (s *Store) Removed(ctx context.Context, file media.ID) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM erasure_file WHERE attachment_id = ?`, string(file))
		return err
	})
}

const open = `scrubbed_at = 0 AND NOT EXISTS (SELECT 1 FROM erasure_file f WHERE f.workspace_id = erasure.workspace_id AND f.erasure_id = erasure.erasure_id)`

// Unscrubbed implements erasure.Store.
func (s *Store) Unscrubbed(ctx context.Context) (bool, error) {
	err := s.db.Row(ctx, `SELECT 1 FROM erasure WHERE `+open+` LIMIT 1`, nil, new(int))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Scrubbed implements erasure.Store.
func (s *Store) Scrubbed(ctx context.Context, before, at time.Time) error {
	return s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE erasure SET files_at = ?, scrubbed_at = ? WHERE at <= ? AND `+open, db.Micros(at), db.Micros(at), db.Micros(before))
		return err
	})
}

// absent turns no row into the error of what is not there.
func absent(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.Absent()
	}
	return err
}
