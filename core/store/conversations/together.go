package conversations

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/loads"
)

// together is what the saving of many conversations leaves to the end, to be
// written with few statements.
type together struct {
	changes [][]any
	loads   loads.Ledger
}

// Together saves the conversations that work saves, and writes their changes and
// what members have of them at the end. Until then nobody may read either in the
// transaction.
func (t *Tx) Together(ctx context.Context, work func() error) error {
	t.together = &together{}
	defer func() { t.together = nil }()
	if err := work(); err != nil {
		return err
	}
	if err := t.tx.Insert(ctx, db.Insert{Into: insertChanges}, t.together.changes...); err != nil {
		return err
	}
	return t.together.loads.Write(ctx, t.tx, t.workspace)
}

// Busy notes when a member was given something.
func (t *Tx) Busy(ctx context.Context, member identity.MemberID, at time.Time) error {
	return t.weighs(ctx, func(l *loads.Ledger) { l.Busy(member, at) })
}

// saveLoad moves what a conversation weighs from who had it to who has it.
func (t *Tx) saveLoad(ctx context.Context, u conversation.Unsaved) error {
	return t.weighs(ctx, func(l *loads.Ledger) { l.Move(loads.Load(u.Before), loads.Load(u.After)) })
}

// weighs changes what members have, now or together with the rest.
func (t *Tx) weighs(ctx context.Context, change func(*loads.Ledger)) error {
	if t.together != nil {
		change(&t.together.loads)
		return nil
	}
	var l loads.Ledger
	change(&l)
	return l.Write(ctx, t.tx, t.workspace)
}
