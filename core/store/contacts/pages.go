package contacts

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// AddPageViews implements contact.PageStore.
func (s *Store) AddPageViews(ctx context.Context, workspace identity.WorkspaceID, inbox, external string, views []contact.PageView, keep int) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		who := []any{string(workspace), inbox, external}
		last := int64(0)
		for _, v := range views {
			last = max(last, db.Micros(v.At))
			err := tx.Queue(ctx, `INSERT INTO page_view (workspace_id, inbox_id, external_id, at, url, title, referrer, duration)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, inbox_id, external_id, at) DO UPDATE SET duration = excluded.duration WHERE page_view.duration < excluded.duration`,
				append(who[:3:3], db.Micros(v.At), v.URL, v.Title, v.Referrer, int64(v.Duration/time.Second))...)
			if err != nil {
				return err
			}
		}
		err := tx.Queue(ctx, `DELETE FROM page_view WHERE workspace_id = ? AND inbox_id = ? AND external_id = ? AND at <
(SELECT at FROM page_view WHERE workspace_id = ? AND inbox_id = ? AND external_id = ? ORDER BY at DESC LIMIT 1 OFFSET ?)`,
			append(append(who[:3:3], who...), keep-1)...)
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `UPDATE contact SET last_seen_at = ? WHERE workspace_id = ? AND last_seen_at < ? AND contact_id =
(SELECT CASE WHEN p.survivor_id = '' THEN p.contact_id ELSE p.survivor_id END FROM contact_identity i
 JOIN contact p ON p.workspace_id = i.workspace_id AND p.contact_id = i.contact_id
 WHERE i.workspace_id = ? AND i.inbox_id = ? AND i.external_id = ?)`,
			append([]any{last, string(workspace), last}, who...)...)
	})
}

// PlacedView is a view with its place among those of the contact.
type PlacedView struct {
	contact.PageView
	Inbox string
	Place string // a cursor: PageViews and ViewsBefore go on after it
}

// ViewsBefore returns at most limit views of a contact, the newest first:
// after a place, or, when that is "", not after a time.
func (s *Store) ViewsBefore(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, place string, until int64, limit int) ([]PlacedView, error) {
	key, err := page.Decode(place, 3)
	if err != nil {
		return nil, err
	}
	ws := string(workspace)
	args := []any{ws, ws, string(id), ws, string(id)}
	query := `SELECT v.at, v.url, v.title, v.referrer, v.duration, v.inbox_id, v.external_id FROM contact_identity i
JOIN page_view v ON v.workspace_id = i.workspace_id AND v.inbox_id = i.inbox_id AND v.external_id = i.external_id
WHERE i.workspace_id = ? AND ` + ofPerson("i.contact_id")
	if key != nil {
		at, err := strconv.ParseInt(key[0], 10, 64)
		if err != nil {
			return nil, errCursor()
		}
		query += ` AND (v.at, v.inbox_id, v.external_id) < (?, ?, ?)`
		args = append(args, at, key[1], key[2])
	} else {
		query, args = query+` AND v.at <= ?`, append(args, until)
	}
	var out []PlacedView
	err = s.db.Rows(ctx, query+` ORDER BY v.at DESC, v.inbox_id DESC, v.external_id DESC LIMIT ?`, append(args, limit), func(sc db.Scanner) error {
		var v PlacedView
		var at, stay int64
		var external string
		err := sc.Scan(&at, &v.URL, &v.Title, &v.Referrer, &stay, &v.Inbox, &external)
		v.At, v.Duration = db.Time(at), time.Duration(stay)*time.Second
		v.Place = page.Encode(strconv.FormatInt(at, 10), v.Inbox, external)
		out = append(out, v)
		return err
	})
	return out, err
}

// PageViews implements contact.PageStore. Its cursor is the key of a view.
func (s *Store) PageViews(ctx context.Context, workspace identity.WorkspaceID, id contact.ID, p page.Request) (page.Page[contact.PageView], error) {
	var out page.Page[contact.PageView]
	if _, err := take(ctx, s.db, workspace, id); err != nil {
		return out, err
	}
	found, err := s.ViewsBefore(ctx, workspace, id, p.Cursor, math.MaxInt64, p.Size()+1)
	if err != nil {
		return out, err
	}
	for i, v := range found {
		if i == p.Size() {
			out.Next = found[i-1].Place
			break
		}
		out.Items = append(out.Items, v.PageView)
	}
	return out, nil
}

// LastPageView implements contact.PageStore.
func (s *Store) LastPageView(ctx context.Context, workspace identity.WorkspaceID, inbox, external string) (contact.PageView, error) {
	var v contact.PageView
	var at, stay int64
	err := s.db.Row(ctx, `SELECT at, url, title, referrer, duration FROM page_view
WHERE workspace_id = ? AND inbox_id = ? AND external_id = ? ORDER BY at DESC LIMIT 1`, []any{string(workspace), inbox, external}, &at, &v.URL, &v.Title, &v.Referrer, &stay)
	if errors.Is(err, sql.ErrNoRows) {
		return contact.PageView{}, nil
	}
	v.At, v.Duration = db.Time(at), time.Duration(stay)*time.Second
	return v, err
}

// ForgetPageViews implements contact.PageStore.
func (s *Store) ForgetPageViews(ctx context.Context, before time.Time, limit int) (int, error) {
	var n int64
	err := s.db.Do(ctx, "", func(ctx context.Context, tx *db.Tx) error {
		var err error
		n, err = tx.Exec(ctx, `DELETE FROM page_view WHERE (workspace_id, inbox_id, external_id, at) IN
(SELECT workspace_id, inbox_id, external_id, at FROM page_view WHERE at < ? ORDER BY at LIMIT ?)`, db.Micros(before), limit)
		return err
	})
	return int(n), err
}
