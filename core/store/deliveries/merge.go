package deliveries

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

var _ delivery.Merger = (*Store)(nil)

// Merge implements delivery.Merger.
func (s *Store) Merge(ctx context.Context, d *delivery.Delivery, textLimit int) error {
	var run []delivery.Delivery
	err := s.db.Do(ctx, string(d.Workspace), func(ctx context.Context, tx *db.Tx) error {
		run = nil
		c, err := conversations.NewTx(tx, d.Workspace, s.mails).Conversation(ctx, conversation.ID(d.Conversation))
		if err != nil {
			return err
		}
		left, ok := c.Left(d.ExpiresAt)
		if !ok {
			return nil
		}
		waiting, err := waitingIn(ctx, tx, *d)
		if err != nil || len(waiting) == 0 || waiting[0].ID != d.ID {
			return err
		}
		n := delivery.Run(waiting, left, textLimit)
		if n == 0 {
			return nil
		}
		run = waiting[:n]
		return merge(ctx, tx, run)
	})
	if err != nil || len(run) == 0 {
		return err
	}
	d.MergedTo, d.Content.Text = run[len(run)-1].Seq, joined(run)
	return nil
}

func joined(run []delivery.Delivery) string {
	texts := make([]string, len(run))
	for i := range run {
		texts[i] = run[i].Content.Text
	}
	return strings.Join(texts, delivery.Between)
}

// waitingIn reads what waits in a delivery's conversation, in order.
func waitingIn(ctx context.Context, tx *db.Tx, d delivery.Delivery) ([]delivery.Delivery, error) {
	var out []delivery.Delivery
	query := selects + ` WHERE d.workspace_id = ? AND d.conversation_id = ? AND d.state = 'pending' ORDER BY d.place`
	err := tx.Rows(ctx, query, []any{string(d.Workspace), d.Conversation}, func(sc db.Scanner) error {
		one, err := scan(sc)
		out = append(out, one)
		return err
	})
	return out, err
}

func merge(ctx context.Context, tx *db.Tx, run []delivery.Delivery) error {
	head, last := run[0], run[len(run)-1]
	err := tx.Queue(ctx, `UPDATE delivery SET merged_to = ? WHERE workspace_id = ? AND delivery_id = ?`,
		db.Signed(last.Seq), string(head.Workspace), string(head.ID))
	if err != nil {
		return err
	}
	return tx.Queue(ctx, `UPDATE delivery SET state = ? WHERE workspace_id = ? AND conversation_id = ? AND act = '' AND seq > ? AND seq <= ? AND state = 'pending'`,
		string(delivery.Merged), string(head.Workspace), head.Conversation, db.Signed(head.Seq), db.Signed(last.Seq))
}

// whole gives deliveries the texts of what leaves with them.
func (s *Store) whole(ctx context.Context, due []delivery.Delivery) error {
	const texts = `SELECT m.text FROM delivery d
JOIN message m ON m.workspace_id = d.workspace_id AND m.conversation_id = d.conversation_id AND m.seq = d.seq
WHERE d.workspace_id = ? AND d.conversation_id = ? AND d.act = '' AND d.seq > ? AND d.seq <= ? ORDER BY d.seq`
	for i := range due {
		d := &due[i]
		if d.MergedTo == 0 {
			continue
		}
		args := []any{string(d.Workspace), d.Conversation, db.Signed(d.Seq), db.Signed(d.MergedTo)}
		err := s.db.Rows(ctx, texts, args, func(sc db.Scanner) error {
			var text string
			err := sc.Scan(&text)
			d.Content.Text += delivery.Between + text
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settleMerged gives what left with a delivery its state.
func (s *Store) settleMerged(ctx context.Context, tx *db.Tx, x delivery.Settlement, last uint64) error {
	d := x.Delivery
	return tx.Queue(ctx, `UPDATE delivery SET state = ?, attempts = ?, last_code = ?, last_detail = ?, provider_id = ?
WHERE workspace_id = ? AND conversation_id = ? AND act = '' AND seq > ? AND seq <= ? AND state = 'merged'`,
		string(x.State), x.Attempts, x.Result.Code, x.Result.Detail, x.Provider, string(d.Workspace), d.Conversation, db.Signed(d.Seq), db.Signed(last))
}
