package queues

import (
	"context"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Create implements queue.Store.
func (s *Store) Create(ctx context.Context, q queue.Queue, events ...event.Event) error {
	return s.db.Write(ctx, string(q.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		all, err := All(ctx, tx, q.Workspace)
		if err != nil {
			return err
		}
		if len(all) >= queue.MaxQueues {
			return queue.TooMany()
		}
		if err := check(ctx, tx, q, all); err != nil {
			return err
		}
		err = tx.Queue(ctx, `INSERT INTO queue (workspace_id, queue_id, name, description, team_id, plan, revision, created_at, updated_at, deleted_at)
VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, 0)`, string(q.Workspace), string(q.ID), q.Name, q.Description, string(q.Team), planText(q.Plan),
			db.Micros(q.CreatedAt), db.Micros(q.UpdatedAt))
		if err != nil {
			return err
		}
		return connect(ctx, tx, q)
	})
}

// Change implements queue.Store.
func (s *Store) Change(ctx context.Context, w identity.WorkspaceID, id queue.ID, change func(*queue.Queue) error, events ...event.Event) (queue.Queue, error) {
	var out queue.Queue
	err := s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		before, err := one(ctx, tx, w, id)
		if err != nil {
			return err
		}
		q := before
		if err := change(&q); err != nil {
			return err
		}
		q.Workspace, q.ID, q.Revision, q.CreatedAt = w, id, before.Revision+1, before.CreatedAt
		all, err := All(ctx, tx, w)
		if err != nil {
			return err
		}
		if err := check(ctx, tx, q, all); err != nil {
			return err
		}
		err = tx.Queue(ctx, `UPDATE queue SET name = ?, description = ?, team_id = ?, plan = ?, revision = ?, updated_at = ? WHERE workspace_id = ? AND queue_id = ?`,
			q.Name, q.Description, string(q.Team), planText(q.Plan), q.Revision, db.Micros(q.UpdatedAt), string(w), string(id))
		if err != nil {
			return err
		}
		if err := disconnect(ctx, tx, w, id); err != nil {
			return err
		}
		out = q
		return connect(ctx, tx, q)
	})
	if err != nil {
		return queue.Queue{}, err
	}
	return out, nil
}

// check refuses a queue that the workspace cannot have. all is those that it has.
func check(ctx context.Context, tx *db.Tx, q queue.Queue, all map[queue.ID]queue.Queue) error {
	w := string(q.Workspace)
	for id, other := range all {
		if id != q.ID && other.Name == q.Name {
			return queue.NameTaken()
		}
		if id != q.ID && q.Tickets && other.Tickets && other.Team == q.Team {
			return queue.TicketsTaken(other.Name)
		}
	}
	if err := known(ctx, tx, w, q); err != nil {
		return err
	}
	if to := q.Overflow.Queue; to != "" && to != q.ID {
		if _, known := all[to]; !known {
			return queue.Unknown("/overflow/queue_id")
		}
	}
	if err := q.Circle(all); err != nil {
		return err
	}
	if err := skillsThere(ctx, tx, q.Workspace, q.Needs); err != nil {
		return err
	}
	for _, inbox := range q.Inboxes {
		if err := free(ctx, tx, q, inbox); err != nil {
			return err
		}
	}
	return nil
}

// known refuses a team and a calendar that the workspace does not have.
func known(ctx context.Context, tx *db.Tx, w string, q queue.Queue) error {
	if q.Team != "" {
		there, err := tx.Exists(ctx, `SELECT 1 FROM team WHERE workspace_id = ? AND team_id = ? AND deleted_at = 0`, w, string(q.Team))
		if err != nil {
			return err
		}
		if !there {
			return queue.Unknown("/team_id")
		}
	}
	if q.Calendar == "" {
		return nil
	}
	there, err := tx.Exists(ctx, `SELECT 1 FROM calendar WHERE workspace_id = ? AND calendar_id = ?`, w, string(q.Calendar))
	if err == nil && !there {
		err = queue.Unknown("/calendar_id")
	}
	return err
}

// skillsThere refuses a skill that the workspace does not have.
func skillsThere(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, needs []queue.Need) error {
	for _, n := range needs {
		known, err := tx.Exists(ctx, `SELECT 1 FROM skill WHERE workspace_id = ? AND skill_id = ?`, string(w), string(n.Skill))
		if err != nil {
			return err
		}
		if !known {
			return queue.Unknown("/skills")
		}
	}
	return nil
}

// free refuses an inbox that is not the workspace's, or has another queue.
func free(ctx context.Context, tx *db.Tx, q queue.Queue, inbox string) error {
	w := string(q.Workspace)
	known, err := tx.Exists(ctx, `SELECT 1 FROM inbox WHERE workspace_id = ? AND inbox_id = ?`, w, inbox)
	if err != nil {
		return err
	}
	if !known {
		return queue.Unknown("/inbox_ids")
	}
	taken, err := tx.Exists(ctx, `SELECT 1 FROM queue_inbox WHERE workspace_id = ? AND inbox_id = ? AND queue_id <> ?`, w, inbox, string(q.ID))
	if err != nil {
		return err
	}
	if taken {
		return queue.InboxTaken()
	}
	return nil
}

// connect gives a queue its inboxes.
func connect(ctx context.Context, tx *db.Tx, q queue.Queue) error {
	for _, inbox := range q.Inboxes {
		err := tx.Queue(ctx, `INSERT INTO queue_inbox (workspace_id, inbox_id, queue_id) VALUES (?, ?, ?)`, string(q.Workspace), inbox, string(q.ID))
		if err != nil {
			return err
		}
	}
	return nil
}

// disconnect takes its inboxes from a queue.
func disconnect(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, id queue.ID) error {
	return tx.Queue(ctx, `DELETE FROM queue_inbox WHERE workspace_id = ? AND queue_id = ?`, string(w), string(id))
}

// Delete implements queue.Store.
func (s *Store) Delete(ctx context.Context, w identity.WorkspaceID, id queue.ID, at time.Time, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		all, err := All(ctx, tx, w)
		if err != nil {
			return err
		}
		if _, known := all[id]; !known {
			return errs.Absent()
		}
		if err := unused(all, func(q queue.Queue) bool { return q.Overflow.Queue == id }); err != nil {
			return err
		}
		err = tx.Queue(ctx, `UPDATE queue SET deleted_at = ? WHERE workspace_id = ? AND queue_id = ?`, db.Micros(at), string(w), string(id))
		if err != nil {
			return err
		}
		return disconnect(ctx, tx, w, id)
	})
}

// unused refuses, by their names, while queues use something.
func unused(all map[queue.ID]queue.Queue, uses func(queue.Queue) bool) error {
	if names := Names(all, uses); len(names) > 0 {
		return queue.InUse(names...)
	}
	return nil
}

// Names returns the names of the queues of which something holds, in order.
func Names(all map[queue.ID]queue.Queue, holds func(queue.Queue) bool) []string {
	var names []string
	for _, q := range all {
		if holds(q) {
			names = append(names, q.Name)
		}
	}
	slices.Sort(names)
	return names
}
