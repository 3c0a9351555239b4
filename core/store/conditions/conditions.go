// Package conditions stores how accounts, inboxes and connections, have fared.
package conditions

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements instance.ConditionStore.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

const columns = `workspace_id, instance_id, state, code, detail, since, good_at, revision, rejections, rejected_at, told, notice_at, resumed_at`

// find reads conditions, with their turns or without.
func find(ctx context.Context, q db.Querier, turns bool, where string, args ...any) ([]instance.Condition, error) {
	var out []instance.Condition
	query := `SELECT ` + columns + `, turns FROM account_condition WHERE ` + where
	if !turns {
		query = `SELECT ` + columns + `, '[]' FROM account_condition WHERE ` + where
	}
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		var c instance.Condition
		var workspace, state, list string
		var since, good, revision, rejected, notice, resumed int64
		err := sc.Scan(&workspace, &c.Instance, &state, &c.Code, &c.Detail, &since, &good, &revision, &c.Rejections, &rejected, &c.Told, &notice, &resumed, &list)
		if err != nil {
			return err
		}
		c.Workspace, c.State, c.Revision = identity.WorkspaceID(workspace), instance.ConditionState(state), db.Unsigned(revision)
		c.Since, c.GoodAt, c.RejectedAt, c.NoticeAt = db.Time(since), db.Time(good), db.Time(rejected), db.Time(notice)
		c.ResumedAt = db.Time(resumed)
		if turns {
			err = json.Unmarshal([]byte(list), &c.Turns)
		}
		out = append(out, c)
		return err
	})
	return out, err
}

// one reads a condition; ConditionUnknown when there is none.
func one(ctx context.Context, q db.Querier, w identity.WorkspaceID, id string) (c instance.Condition, known bool, err error) {
	found, err := find(ctx, q, true, `workspace_id = ? AND instance_id = ?`, string(w), id)
	if err != nil || len(found) == 0 {
		return instance.Condition{Workspace: w, Instance: id, State: instance.ConditionUnknown}, false, err
	}
	return found[0], true, nil
}

// Condition implements instance.ConditionStore.
func (s *Store) Condition(ctx context.Context, w identity.WorkspaceID, id string) (instance.Condition, error) {
	c, _, err := one(ctx, s.db, w, id)
	return c, err
}

// Conditions implements instance.ConditionStore.
func (s *Store) Conditions(ctx context.Context, w identity.WorkspaceID) (map[string]instance.Condition, error) {
	found, err := find(ctx, s.db, false, `workspace_id = ?`, string(w))
	if err != nil {
		return nil, err
	}
	out := make(map[string]instance.Condition, len(found))
	for _, c := range found {
		out[c.Instance] = c
	}
	return out, nil
}

// there is 1 for each account of a workspace with an id.
const there = `SELECT (SELECT COUNT(*) FROM inbox WHERE workspace_id = ? AND inbox_id = ?)
+ (SELECT COUNT(*) FROM plugin_connection WHERE workspace_id = ? AND connection_id = ?)`

// ChangeCondition implements instance.ConditionStore.
func (s *Store) ChangeCondition(ctx context.Context, w identity.WorkspaceID, id string,
	change func(*instance.Condition) ([]event.Event, error),
) (instance.Condition, error) {
	var out instance.Condition
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Lock(ctx, string(w)); err != nil {
			return err
		}
		n := 0
		if err := tx.Row(ctx, there, []any{string(w), id, string(w), id}, &n); err != nil {
			return err
		}
		if n == 0 {
			return errs.Absent()
		}
		c, known, err := one(ctx, tx, w, id)
		if err != nil {
			return err
		}
		was := c.State
		events, err := change(&c)
		if err != nil {
			return err
		}
		if was == instance.ConditionCredentials && c.State != was {
			tx.Delivers() // what waited
		}
		out = c
		if err := save(ctx, tx, c, known); err != nil {
			return err
		}
		return tx.Append(ctx, events...)
	})
	if err != nil {
		return instance.Condition{}, err
	}
	return out, nil
}

func save(ctx context.Context, tx *db.Tx, c instance.Condition, known bool) error {
	turns := []byte(`[]`)
	if len(c.Turns) > 0 {
		var err error
		if turns, err = json.Marshal(c.Turns); err != nil {
			return err
		}
	}
	values := []any{
		string(c.State), c.Code, c.Detail, db.Micros(c.Since), db.Micros(c.GoodAt), db.Signed(c.Revision), c.Rejections,
		db.Micros(c.RejectedAt), c.Told, db.Micros(c.NoticeAt), db.Micros(c.ResumedAt), string(turns), string(c.Workspace), c.Instance,
	}
	if known {
		return tx.Queue(ctx, `UPDATE account_condition SET state = ?, code = ?, detail = ?, since = ?, good_at = ?, revision = ?, rejections = ?,
rejected_at = ?, told = ?, notice_at = ?, resumed_at = ?, turns = ? WHERE workspace_id = ? AND instance_id = ?`, values...)
	}
	return tx.Queue(ctx, `INSERT INTO account_condition (state, code, detail, since, good_at, revision, rejections, rejected_at, told,
notice_at, resumed_at, turns, workspace_id, instance_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, values...)
}

// NoticesDue implements instance.ConditionStore.
func (s *Store) NoticesDue(ctx context.Context, now time.Time, limit int) ([]instance.Condition, error) {
	return find(ctx, s.db, false, `notice_at > 0 AND notice_at <= ? ORDER BY notice_at, workspace_id, instance_id LIMIT ?`, db.Micros(now), limit)
}

// CountConditions implements instance.ConditionStore.
func (s *Store) CountConditions(ctx context.Context) (map[instance.ConditionState]int, error) {
	const query = `SELECT c.state, COUNT(*) FROM account_condition c
WHERE EXISTS (SELECT 1 FROM inbox i WHERE i.workspace_id = c.workspace_id AND i.inbox_id = c.instance_id AND i.enabled)
OR EXISTS (SELECT 1 FROM plugin_connection p WHERE p.workspace_id = c.workspace_id AND p.connection_id = c.instance_id AND p.enabled)
GROUP BY c.state`
	out := make(map[instance.ConditionState]int)
	err := s.db.Rows(ctx, query, nil, func(sc db.Scanner) error {
		var state string
		var n int
		err := sc.Scan(&state, &n)
		out[instance.ConditionState(state)] = n
		return err
	})
	return out, err
}
