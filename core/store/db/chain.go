package db

import (
	"cmp"
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/audit"
	"github.com/patchbay-im/patchbay/core/event"
)

// checkRecord refuses a record that cannot be stored, while it is still its
// job's fault.
func checkRecord(e event.Event) error {
	r := e.Audit
	return CheckText(e.ID, r.Action, r.Actor.Kind, r.Actor.ID, r.Actor.Name, r.Via, r.Address,
		r.Target.Kind, r.Target.ID, r.Target.Name, string(r.Detail))
}

const (
	insertRow = `INSERT INTO audit_row (workspace_id, seq, audit_id, at, action, actor_kind, actor_id, actor_name, via, address,
target_kind, target_id, target_name, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	selectHead = `SELECT seq, hash FROM audit_head WHERE workspace_id = ?`
	insertHead = `INSERT INTO audit_head (workspace_id, seq, hash, base, base_hash) VALUES (?, ?, ?, 0, '` + audit.Origin + `')`
	updateHead = `UPDATE audit_head SET seq = ?, hash = ? WHERE workspace_id = ?`
)

// chain appends the group's records to the chains of their workspaces. Each
// job that brought one has locked its workspace, so nobody else moves the head.
// Groups without a record (messages) do not come here at all.
func chain(ctx context.Context, l line, records []event.Event) error {
	if len(records) == 0 {
		return nil
	}
	slices.SortStableFunc(records, func(a, b event.Event) int { return cmp.Compare(a.Workspace, b.Workspace) })
	for len(records) > 0 {
		n := 1
		for n < len(records) && records[n].Workspace == records[0].Workspace {
			n++
		}
		if err := chainOne(ctx, l, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// chainOne appends records of one workspace.
func chainOne(ctx context.Context, l line, records []event.Event) error {
	workspace := records[0].Workspace
	head, known := audit.NewHead(), false
	err := l.query(ctx, selectHead, []any{workspace}, func(s Scanner) error {
		var seq int64
		known = true
		err := s.Scan(&seq, &head.Hash)
		head.Seq = uint64(seq) //nolint:gosec // written as uint64
		return err
	})
	if err != nil {
		return err
	}
	for _, e := range records {
		if err := l.queue(ctx, insertRow, rowArgs(head.Next(e)), nil); err != nil {
			return err
		}
	}
	if !known {
		return l.queue(ctx, insertHead, []any{workspace, int64(head.Seq), head.Hash}, nil) //nolint:gosec // see eventRow
	}
	return l.queue(ctx, updateHead, []any{int64(head.Seq), head.Hash, workspace}, nil) //nolint:gosec // see eventRow
}

func rowArgs(r audit.Row) []any {
	c := r.Record
	return []any{
		string(r.Workspace), int64(r.Seq), r.ID, Micros(r.At), c.Action, c.Actor.Kind, c.Actor.ID, c.Actor.Name, c.Via, c.Address, //nolint:gosec // see eventRow
		c.Target.Kind, c.Target.ID, c.Target.Name, string(c.Detail), r.Previous, r.Hash,
	}
}
