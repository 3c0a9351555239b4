package deliveries

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// tellAct gives the message of an act that is settled what became of it.
func (s *Store) tellAct(ctx context.Context, tx *db.Tx, t *conversations.Tx, x delivery.Settlement) error {
	d := x.Delivery
	c, err := t.Conversation(ctx, conversation.ID(d.Conversation))
	if err != nil {
		return err
	}
	m, err := t.Message(ctx, c.ID, d.Seq)
	if err != nil {
		return err
	}
	x.Acts(c, *m, s.now(), s.ids)
	if x.State == delivery.Sent {
		err := tx.Queue(ctx, `UPDATE delivery SET body = '' WHERE workspace_id = ? AND delivery_id = ?`, string(d.Workspace), string(d.ID))
		if err != nil {
			return err
		}
	}
	return t.Save(ctx, c)
}
