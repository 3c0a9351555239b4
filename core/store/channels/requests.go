package channels

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// PutRequest implements channel.RequestStore.
func (s *Store) PutRequest(ctx context.Context, r channel.StoredRequest, limit int) error {
	headers, err := encode(r.Request.Headers)
	if err != nil {
		return err
	}
	body := r.Request.Body
	if body == nil {
		body = []byte{}
	}
	return s.db.Do(ctx, string(r.Workspace), func(ctx context.Context, tx *db.Tx) error {
		waiting, err := waiting(ctx, tx, r.Workspace, r.Inbox)
		if err != nil {
			return err
		}
		if waiting >= limit {
			return channel.Backlog()
		}
		q := r.Request
		err = tx.Queue(ctx, `INSERT INTO webhook_request (workspace_id, request_id, inbox_id, method, path, query, headers, body,
remote, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(r.Workspace), q.ID, string(r.Inbox), q.Method, q.Path, q.Query, headers, body, q.Remote, db.Micros(r.ReceivedAt))
		if err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO webhook_outcome (workspace_id, request_id, inbox_id, state, method, size, received_at, waits_since,
attempts, next_at, ended_at, took_us, code, detail, accepted, duplicates, refused, senders)
VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?, 0, 0, '', '', 0, 0, 0, '')`,
			string(r.Workspace), q.ID, string(r.Inbox), q.Method, q.Size(), db.Micros(r.ReceivedAt), db.Micros(r.WaitsSince), r.Attempts, db.Micros(r.NextAt))
	})
}

// waiting counts the requests of an inbox that wait.
func waiting(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, inbox channel.InboxID) (int, error) {
	var n int
	err := tx.Row(ctx, `SELECT COUNT(*) FROM webhook_outcome WHERE workspace_id = ? AND inbox_id = ? AND state = 'waiting'`,
		[]any{string(w), string(inbox)}, &n)
	return n, err
}

// EndRequest implements channel.RequestStore.
func (s *Store) EndRequest(ctx context.Context, workspace identity.WorkspaceID, id string, e channel.Ending) error {
	senders := ""
	if len(e.Senders) > 0 {
		b, err := json.Marshal(e.Senders)
		if err != nil {
			return err
		}
		senders = string(b)
	}
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		// What is given up keeps the reason of its last attempt.
		err := tx.Queue(ctx, `UPDATE webhook_outcome SET state = ?, next_at = 0, ended_at = ?, took_us = ?, accepted = ?, duplicates = ?, refused = ?,
senders = CASE WHEN ? = '' THEN senders ELSE ? END, code = CASE WHEN ? = 'given_up' THEN code ELSE ? END, detail = CASE WHEN ? = 'given_up' THEN detail ELSE ? END
WHERE workspace_id = ? AND request_id = ? AND state = 'waiting'`,
			string(e.State), db.Micros(e.At), e.Took.Microseconds(), e.Accepted, e.Duplicates, e.Refused, senders, senders,
			string(e.State), e.Code, string(e.State), e.Detail, string(workspace), id)
		if err != nil || !e.Bare {
			return err
		}
		return tx.Queue(ctx, `DELETE FROM webhook_request WHERE workspace_id = ? AND request_id = ?`, string(workspace), id)
	})
}

// ForgetRequest implements channel.RequestStore.
func (s *Store) ForgetRequest(ctx context.Context, workspace identity.WorkspaceID, id string) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error { return forget(ctx, tx, string(workspace), id) })
}

func forget(ctx context.Context, tx *db.Tx, workspace, id string) error {
	for _, table := range []string{"webhook_outcome", "webhook_request"} {
		if err := tx.Queue(ctx, `DELETE FROM `+table+` WHERE workspace_id = ? AND request_id = ?`, workspace, id); err != nil {
			return err
		}
	}
	return nil
}

// RetryRequest implements channel.RequestStore.
func (s *Store) RetryRequest(ctx context.Context, workspace identity.WorkspaceID, id string, next time.Time, why channel.Result) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE webhook_outcome SET attempts = attempts + 1, next_at = ?, code = ?, detail = ?
WHERE workspace_id = ? AND request_id = ? AND state = 'waiting'`, db.Micros(next), why.Code, why.Detail, string(workspace), id)
	})
}

// RequestsDue implements channel.RequestStore.
func (s *Store) RequestsDue(ctx context.Context, now time.Time, limit int) ([]channel.StoredRequest, error) {
	const query = `SELECT o.workspace_id, o.request_id, o.inbox_id, r.method, r.path, r.query, r.headers, r.body, r.remote, o.received_at, o.waits_since, o.attempts, o.next_at
FROM webhook_outcome o JOIN webhook_request r ON r.workspace_id = o.workspace_id AND r.request_id = o.request_id
WHERE o.state = 'waiting' AND o.next_at <= ? ORDER BY o.received_at, o.request_id LIMIT ?`
	var out []channel.StoredRequest
	err := s.db.Rows(ctx, query, []any{db.Micros(now), limit}, func(sc db.Scanner) error {
		var r channel.StoredRequest
		var workspace, inbox, headers string
		var received, since, next int64
		q := &r.Request
		err := sc.Scan(&workspace, &q.ID, &inbox, &q.Method, &q.Path, &q.Query, &headers, &q.Body, &q.Remote, &received, &since, &r.Attempts, &next)
		if err != nil {
			return err
		}
		if q.Headers, err = decode(headers); err != nil {
			return err
		}
		r.Workspace, r.Inbox = identity.WorkspaceID(workspace), channel.InboxID(inbox)
		r.ReceivedAt, r.WaitsSince, r.NextAt = db.Time(received), db.Time(since), db.Time(next)
		out = append(out, r)
		return nil
	})
	return out, err
}

// encode writes headers byte for byte: their values need not be text.
func encode(headers map[string][]string) (string, error) {
	raw := make(map[string][][]byte, len(headers))
	for name, values := range headers {
		raw[name] = make([][]byte, 0, len(values))
		for _, v := range values {
			raw[name] = append(raw[name], []byte(v))
		}
	}
	b, err := json.Marshal(raw)
	return string(b), err
}

// decode reads what encode wrote; nil when there are none.
func decode(text string) (map[string][]string, error) {
	var raw map[string][][]byte
	if err := json.Unmarshal([]byte(text), &raw); err != nil || len(raw) == 0 {
		return nil, err
	}
	headers := make(map[string][]string, len(raw))
	for name, values := range raw {
		headers[name] = make([]string, 0, len(values))
		for _, v := range values {
			headers[name] = append(headers[name], string(v))
		}
	}
	return headers, nil
}
