package channels

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
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
		var waiting int
		err := tx.Row(ctx, `SELECT COUNT(*) FROM webhook_request WHERE workspace_id = ? AND inbox_id = ?`,
			[]any{string(r.Workspace), string(r.Inbox)}, &waiting)
		if err != nil {
			return err
		}
		if waiting >= limit {
			return errs.New(errs.RateLimited, "hook.backlog", "Too many requests of this inbox wait for its plugin. Try again later.")
		}
		q := r.Request
		return tx.Queue(ctx, `INSERT INTO webhook_request (workspace_id, request_id, inbox_id, method, path, query, headers, body,
remote, received_at, attempts, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(r.Workspace), q.ID, string(r.Inbox), q.Method, q.Path, q.Query, headers, body,
			q.Remote, db.Micros(r.ReceivedAt), r.Attempts, db.Micros(r.NextAt))
	})
}

// RequestDone implements channel.RequestStore.
func (s *Store) RequestDone(ctx context.Context, workspace identity.WorkspaceID, id string) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `DELETE FROM webhook_request WHERE workspace_id = ? AND request_id = ?`, string(workspace), id)
	})
}

// RetryRequest implements channel.RequestStore.
func (s *Store) RetryRequest(ctx context.Context, workspace identity.WorkspaceID, id string, next time.Time) error {
	return s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE webhook_request SET attempts = attempts + 1, next_at = ? WHERE workspace_id = ? AND request_id = ?`,
			db.Micros(next), string(workspace), id)
	})
}

// RequestsDue implements channel.RequestStore.
func (s *Store) RequestsDue(ctx context.Context, now time.Time, limit int) ([]channel.StoredRequest, error) {
	const query = `SELECT workspace_id, request_id, inbox_id, method, path, query, headers, body, remote, received_at, attempts, next_at
FROM webhook_request WHERE next_at <= ? ORDER BY received_at, request_id LIMIT ?`
	var out []channel.StoredRequest
	err := s.db.Rows(ctx, query, []any{db.Micros(now), limit}, func(sc db.Scanner) error {
		var r channel.StoredRequest
		var workspace, inbox, headers string
		var received, next int64
		q := &r.Request
		err := sc.Scan(&workspace, &q.ID, &inbox, &q.Method, &q.Path, &q.Query, &headers, &q.Body, &q.Remote, &received, &r.Attempts, &next)
		if err != nil {
			return err
		}
		if q.Headers, err = decode(headers); err != nil {
			return err
		}
		r.Workspace, r.Inbox = identity.WorkspaceID(workspace), channel.InboxID(inbox)
		r.ReceivedAt, r.NextAt = db.Time(received), db.Time(next)
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
