package db

import (
	"context"

	"github.com/patchbay-im/patchbay/core/idempotency"
)

// effect marks the claim of the request that the job belongs to, if it has one
// and the job wrote something: who repeats the request is told of it, whatever
// becomes of the answer. idempotency.Gone when the claim is another's by now.
func (t *Tx) effect(ctx context.Context) error {
	c, ok := idempotency.In(ctx)
	if !ok || !t.wrote {
		return nil
	}
	n, err := t.Exec(ctx, `UPDATE request_claim SET effect = 1 WHERE workspace_id = ? AND principal = ? AND request_key = ? AND token = ?`,
		string(c.Workspace), c.Principal, c.Name, c.Token)
	if err == nil && n == 0 {
		return idempotency.Gone()
	}
	return err
}
