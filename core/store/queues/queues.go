// Package queues stores queues, skills, and which members have them.
package queues

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

// Store implements queue.Store, queue.Skills and queue.Directory.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Queue implements queue.Store.
func (s *Store) Queue(ctx context.Context, w identity.WorkspaceID, id queue.ID) (queue.Queue, error) {
	return one(ctx, s.db, w, id)
}

func one(ctx context.Context, q db.Querier, w identity.WorkspaceID, id queue.ID) (queue.Queue, error) {
	found, err := read(ctx, q, w, selectQueue+` AND queue_id = ?`, string(w), string(id))
	if err == nil && len(found) == 0 {
		err = errs.Absent()
	}
	if err == nil {
		err = fill(ctx, q, w, found)
	}
	if err != nil {
		return queue.Queue{}, err
	}
	return found[0], nil
}

// read reads queues without their inboxes.
func read(ctx context.Context, q db.Querier, w identity.WorkspaceID, query string, args ...any) ([]queue.Queue, error) {
	var out []queue.Queue
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		one, err := scan(sc, w)
		out = append(out, one)
		return err
	})
	return out, err
}

// All reads the queues of a workspace by id, without their inboxes.
func All(ctx context.Context, q db.Querier, w identity.WorkspaceID) (map[queue.ID]queue.Queue, error) {
	list, err := read(ctx, q, w, selectQueue, string(w))
	out := make(map[queue.ID]queue.Queue, len(list))
	for _, one := range list {
		out[one.ID] = one
	}
	return out, err
}

// Queues implements queue.Store.
func (s *Store) Queues(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[queue.Queue], error) {
	after, err := afterID(request)
	if err != nil {
		return page.Page[queue.Queue]{}, err
	}
	found, err := read(ctx, s.db, w, selectQueue+` AND queue_id > ? ORDER BY queue_id LIMIT ?`, string(w), after, request.Size()+1)
	if err != nil {
		return page.Page[queue.Queue]{}, err
	}
	out := paged(found, request, func(q queue.Queue) string { return string(q.ID) })
	return out, fill(ctx, s.db, w, out.Items)
}

// afterID returns the id behind which a page begins.
func afterID(request page.Request) (string, error) {
	key, err := page.Decode(request.Cursor, 1)
	if err != nil || key == nil {
		return "", err
	}
	return key[0], nil
}

// paged makes a page of one row more than it takes.
func paged[T any](found []T, request page.Request, id func(T) string) page.Page[T] {
	out := page.Page[T]{Items: found}
	if size := request.Size(); len(found) > size {
		out.Items = found[:size]
		out.Next = page.Encode(id(found[size-1]))
	}
	return out
}

// QueueOfInbox implements queue.Directory.
func (s *Store) QueueOfInbox(ctx context.Context, w identity.WorkspaceID, inbox string) (queue.ID, team.ID, error) {
	var id, of string
	err := s.db.Row(ctx, `SELECT q.queue_id, q.team_id FROM queue_inbox i JOIN queue q ON q.workspace_id = i.workspace_id AND q.queue_id = i.queue_id
WHERE i.workspace_id = ? AND i.inbox_id = ?`, []any{string(w), inbox}, &id, &of)
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", nil
	}
	return queue.ID(id), team.ID(of), err
}

// Deleted implements queue.Graveyard.
func (s *Store) Deleted(ctx context.Context, limit int) ([]queue.Gone, error) {
	var out []queue.Gone
	err := s.db.Rows(ctx, `SELECT workspace_id, queue_id, deleted_at FROM queue WHERE deleted_at > 0 ORDER BY deleted_at LIMIT ?`, []any{limit}, func(sc db.Scanner) error {
		var w, id string
		var at int64
		err := sc.Scan(&w, &id, &at)
		out = append(out, queue.Gone{Workspace: identity.WorkspaceID(w), ID: queue.ID(id), At: db.Time(at)})
		return err
	})
	return out, err
}

// Purge implements queue.Graveyard.
func (s *Store) Purge(ctx context.Context, w identity.WorkspaceID, id queue.ID) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `DELETE FROM queue WHERE workspace_id = ? AND queue_id = ? AND deleted_at > 0`, string(w), string(id))
	})
}
