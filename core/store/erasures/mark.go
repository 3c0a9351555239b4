package erasures

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Mark counts who was erased since a time.
func Mark(ctx context.Context, q db.Querier, w identity.WorkspaceID, since time.Time) (event.Mark, error) {
	m := event.Mark{Since: since}
	err := q.Row(ctx, `SELECT COUNT(*) FROM erasure WHERE workspace_id = ? AND at >= ?`, []any{string(w), db.Micros(since)}, &m.Erased)
	return m, err
}

// Stands refuses with event.ErrErased what was made of events before an erasure.
func Stands(ctx context.Context, q db.Querier, w identity.WorkspaceID, made event.Mark) error {
	if made.Since.IsZero() {
		return nil
	}
	now, err := Mark(ctx, q, w, made.Since)
	if err == nil && now.Erased != made.Erased {
		err = event.ErrErased
	}
	return err
}
