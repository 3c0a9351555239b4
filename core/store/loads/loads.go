// Package loads keeps what members have in hand beside the work itself: in the
// transaction that gives it, takes it or changes what it weighs.
package loads

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Load is what a piece of work takes of somebody's capacity.
type Load struct {
	Member identity.MemberID // "" = nobody has it
	Weight int
}

// Move takes a piece of work's weight from who had it and adds it to who has it.
func Move(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID, before, after Load) error {
	var l Ledger
	l.Move(before, after)
	return l.Write(ctx, tx, workspace)
}

// Ledger adds up what one transaction gives and takes, so that it is written once
// for each member. The zero Ledger is empty.
type Ledger struct {
	of map[identity.MemberID]entry
}

// entry is what changes for a member.
type entry struct {
	weight int
	busy   int64 // when they were given something; 0 = they were not
}

// Move takes a piece of work's weight from who had it and adds it to who has it.
func (l *Ledger) Move(before, after Load) {
	l.add(before.Member, entry{weight: -before.Weight})
	l.add(after.Member, entry{weight: after.Weight})
}

// Busy notes when a member was given something.
func (l *Ledger) Busy(member identity.MemberID, at time.Time) {
	l.add(member, entry{busy: db.Micros(at)})
}

func (l *Ledger) add(member identity.MemberID, e entry) {
	if member == "" {
		return
	}
	if l.of == nil {
		l.of = make(map[identity.MemberID]entry, 1)
	}
	was := l.of[member]
	l.of[member] = entry{was.weight + e.weight, max(was.busy, e.busy)}
}

const (
	insert = `INSERT INTO agent_state (workspace_id, member_id, status, online, used, idle_since)`
	update = ` ON CONFLICT (workspace_id, member_id) DO UPDATE SET used = agent_state.used + excluded.used,
idle_since = CASE WHEN excluded.idle_since > 0 THEN excluded.idle_since ELSE agent_state.idle_since END`
)

// Write writes what was added up, and empties the ledger.
func (l *Ledger) Write(ctx context.Context, tx *db.Tx, workspace identity.WorkspaceID) error {
	rows := make([][]any, 0, len(l.of))
	for _, member := range slices.Sorted(maps.Keys(l.of)) {
		if e := l.of[member]; e != (entry{}) {
			rows = append(rows, []any{string(workspace), string(member), ``, false, e.weight, e.busy})
		}
	}
	l.of = nil
	return tx.Insert(ctx, db.Insert{Into: insert, Then: update}, rows...)
}
