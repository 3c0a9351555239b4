package channels

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const selectOutcome = `SELECT o.request_id, o.state, o.method, o.size, o.received_at, o.waits_since, o.attempts, o.next_at, o.ended_at, o.took_us,
o.code, o.detail, o.accepted, o.duplicates, o.refused`

// scanOutcome reads what selectOutcome selects, and more columns after it.
func scanOutcome(sc db.Scanner, w identity.WorkspaceID, inbox channel.InboxID, more ...any) (channel.LoggedRequest, error) {
	out := channel.LoggedRequest{}
	out.Workspace, out.Inbox = w, inbox
	var state string
	var received, since, next, ended, took int64
	err := sc.Scan(append([]any{
		&out.Request.ID, &state, &out.Request.Method, &out.Kept, &received, &since, &out.Attempts, &next, &ended, &took,
		&out.Code, &out.Detail, &out.Accepted, &out.Duplicates, &out.Refused,
	}, more...)...)
	out.State, out.Took = channel.RequestState(state), time.Duration(took)*time.Microsecond
	out.ReceivedAt, out.WaitsSince, out.NextAt, out.At = db.Time(received), db.Time(since), db.Time(next), db.Time(ended)
	return out, err
}

// selected is the condition of a filter.
func selected(w identity.WorkspaceID, inbox channel.InboxID, f channel.RequestFilter) (string, []any) {
	where, args := `o.workspace_id = ? AND o.inbox_id = ?`, []any{string(w), string(inbox)}
	if len(f.States) > 0 {
		where += ` AND o.state IN (?` + strings.Repeat(`, ?`, len(f.States)-1) + `)`
		for _, s := range f.States {
			args = append(args, string(s))
		}
	}
	if !f.Since.IsZero() {
		where += ` AND o.received_at >= ?`
		args = append(args, db.Micros(f.Since))
	}
	if f.ID != "" {
		where += ` AND o.request_id = ?`
		args = append(args, f.ID)
	}
	return where, args
}

// Requests implements channel.RequestLogStore.
func (s *Store) Requests(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID, f channel.RequestFilter, p page.Request) (page.Page[channel.LoggedRequest], error) {
	var out page.Page[channel.LoggedRequest]
	where, args := selected(w, inbox, f)
	before, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	if before != nil {
		at, err := strconv.ParseInt(before[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		where += ` AND (o.received_at < ? OR o.received_at = ? AND o.request_id < ?)`
		args = append(args, at, at, before[1])
	}
	err = s.db.Rows(ctx, selectOutcome+` FROM webhook_outcome o WHERE `+where+` ORDER BY o.received_at DESC, o.request_id DESC LIMIT ?`, append(args, p.Size()+1), func(sc db.Scanner) error {
		r, err := scanOutcome(sc, w, inbox)
		out.Items = append(out.Items, r)
		return err
	})
	if err != nil {
		return page.Page[channel.LoggedRequest]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		last := out.Items[size-1]
		out.Next = page.Encode(strconv.FormatInt(db.Micros(last.ReceivedAt), 10), last.Request.ID)
	}
	return out, nil
}

// Request implements channel.RequestLogStore.
func (s *Store) Request(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID, id string) (channel.LoggedRequest, error) {
	var out channel.LoggedRequest
	if id == "" { // of a filter it is all of them
		return out, errs.Absent()
	}
	var path, query, headers, remote sql.NullString
	var body []byte
	found := false
	where, args := selected(w, inbox, channel.RequestFilter{ID: id})
	err := s.db.Rows(ctx, selectOutcome+`, r.path, r.query, r.headers, r.body, r.remote FROM webhook_outcome o
LEFT JOIN webhook_request r ON r.workspace_id = o.workspace_id AND r.request_id = o.request_id WHERE `+where, args, func(sc db.Scanner) error {
		var err error
		found = true
		out, err = scanOutcome(sc, w, inbox, &path, &query, &headers, &body, &remote)
		return err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !found:
		return channel.LoggedRequest{}, errs.Absent()
	case err != nil:
		return channel.LoggedRequest{}, err
	}
	out.Bare = !headers.Valid
	if out.Bare {
		return out, nil
	}
	q := &out.Request
	q.Path, q.Query, q.Body, q.Remote = path.String, query.String, body, remote.String
	q.Headers, err = decode(headers.String)
	return out, err
}

// ReplayRequests implements channel.RequestLogStore.
func (s *Store) ReplayRequests(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID, q channel.RequestReplay) (int, error) {
	where, args := selected(w, inbox, q.RequestFilter)
	var n int64
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		n = 0
		there, err := waiting(ctx, tx, w, inbox)
		if err != nil {
			return err
		}
		room := min(q.Limit, q.Waiting-there)
		if room <= 0 {
			return channel.Backlog()
		}
		params := append([]any{db.Micros(q.At), db.Micros(q.At), string(w)}, args...)
		n, err = tx.Exec(ctx, `UPDATE webhook_outcome SET state = 'waiting', waits_since = ?, next_at = ?, attempts = 0, ended_at = 0, took_us = 0,
code = '', detail = '', accepted = 0, duplicates = 0, refused = 0
WHERE workspace_id = ? AND request_id IN (SELECT o.request_id FROM webhook_outcome o
WHERE `+where+` AND (o.state <> 'waiting' OR o.received_at < ?)
AND EXISTS (SELECT 1 FROM webhook_request r WHERE r.workspace_id = o.workspace_id AND r.request_id = o.request_id)
ORDER BY o.received_at, o.request_id LIMIT ?)`, append(params, db.Micros(q.Settled), room)...)
		return err
	})
	return int(n), err
}

// RequestPiles implements channel.RequestLogStore.
func (s *Store) RequestPiles(ctx context.Context) ([]channel.RequestPile, error) {
	var out []channel.RequestPile
	err := s.db.Rows(ctx, `SELECT workspace_id, inbox_id, CASE WHEN state = 'forged' THEN 1 ELSE 0 END AS pile, COUNT(*), CAST(SUM(size) AS BIGINT), MIN(ended_at)
FROM webhook_outcome WHERE state <> 'waiting' GROUP BY workspace_id, inbox_id, CASE WHEN state = 'forged' THEN 1 ELSE 0 END ORDER BY 1, 2, 3`, nil, func(sc db.Scanner) error {
		var p channel.RequestPile
		var w, inbox string
		var forged, oldest int64
		err := sc.Scan(&w, &inbox, &forged, &p.Count, &p.Bytes, &oldest)
		p.Workspace, p.Inbox, p.Forged, p.Oldest = identity.WorkspaceID(w), channel.InboxID(inbox), forged == 1, db.Time(oldest)
		out = append(out, p)
		return err
	})
	return out, err
}

// CutRequests implements channel.RequestLogStore.
func (s *Store) CutRequests(ctx context.Context, p channel.RequestPile, c channel.RequestCut, limit int) (channel.RequestCut, error) {
	state := `state <> 'waiting' AND state <> 'forged'`
	if p.Forged {
		state = `state = 'forged'`
	}
	var gone channel.RequestCut
	err := s.db.Do(ctx, string(p.Workspace), func(ctx context.Context, tx *db.Tx) error {
		gone = channel.RequestCut{}
		var ids []string
		err := tx.Rows(ctx, `SELECT request_id, size, ended_at FROM webhook_outcome WHERE workspace_id = ? AND inbox_id = ? AND `+state+`
ORDER BY ended_at, request_id LIMIT ?`, []any{string(p.Workspace), string(p.Inbox), limit}, func(sc db.Scanner) error {
			var id string
			var size, ended int64
			err := sc.Scan(&id, &size, &ended)
			if gone.Count < c.Count || gone.Bytes < c.Bytes || ended < db.Micros(c.Before) {
				gone.Count, gone.Bytes = gone.Count+1, gone.Bytes+size
				ids = append(ids, id)
			}
			return err
		})
		for _, id := range ids {
			if err == nil {
				err = forget(ctx, tx, string(p.Workspace), id)
			}
		}
		return err
	})
	return gone, err
}
