package conversations

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// saveAct writes what a change tells of an act on a message: what the message
// shows of it, its step, and what the ledger is to do.
func (t *Tx) saveAct(ctx context.Context, c *conversation.Conversation, ch *conversation.Change, news conversation.DeliveryNews) error {
	m := ch.Message
	err := t.tx.Queue(ctx, `UPDATE message SET extras = ? WHERE workspace_id = ? AND conversation_id = ? AND seq = ?`,
		extrasOfMessage(m), string(t.workspace), string(c.ID), db.Signed(m.Seq))
	if err != nil {
		return err
	}
	if step, ok := delivery.StepOf(*ch, c.Plugin); ok {
		if err := t.SaveSteps(ctx, string(c.ID), m.Seq, step); err != nil {
			return err
		}
	}
	switch {
	case news.Asked:
		return t.askAct(ctx, c, ch)
	case news.Resolved == conversation.SendAgain:
		t.tx.Delivers()
		return t.tx.Queue(ctx, `UPDATE delivery SET state = ?, next_at = ?, created_at = ?, expires_at = ? WHERE workspace_id = ? AND conversation_id = ? AND place = ?`,
			string(delivery.Pending), db.Micros(ch.At), db.Micros(ch.At), db.Micros(c.Deadline(news.Place)), string(t.workspace), string(c.ID), db.Signed(news.Place))
	case news.Resolved == conversation.SaidArrived:
		return t.tx.Queue(ctx, `UPDATE delivery SET state = ?, body = '' WHERE workspace_id = ? AND conversation_id = ? AND place = ?`,
			string(delivery.Sent), string(t.workspace), string(c.ID), db.Signed(news.Place))
	default:
		return nil
	}
}

// askAct makes the delivery of an act. Acts on the same message that wait are
// replaced: one may be under way, so their rows stay.
func (t *Tx) askAct(ctx context.Context, c *conversation.Conversation, ch *conversation.Change) error {
	t.tx.Delivers()
	m, what := ch.Message, ch.Message.Changing
	err := t.tx.Queue(ctx, `UPDATE delivery SET state = ?, body = '' WHERE workspace_id = ? AND conversation_id = ? AND seq = ? AND act <> '' AND state = ?`,
		string(delivery.Replaced), string(t.workspace), string(c.ID), db.Signed(m.Seq), string(delivery.Pending))
	if err != nil {
		return err
	}
	return t.tx.Queue(ctx, `INSERT INTO delivery (workspace_id, delivery_id, inbox_id, plugin, conversation_id, seq, recipient,
state, attempts, next_at, last_code, last_detail, provider_id, created_at, expires_at, place, act, target, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', '', '', ?, ?, ?, ?, ?, ?)`,
		string(t.workspace), "dlv_"+strings.TrimPrefix(string(ch.ID), "chg_"), string(c.Inbox), string(c.Plugin), string(c.ID), db.Signed(m.Seq), c.Address(),
		string(delivery.Pending), db.Micros(ch.At), db.Micros(ch.At), db.Micros(c.Deadline(ch.Seq)), db.Signed(ch.Seq),
		string(what.Act), what.Target, what.Text)
}

// SentAs implements conversation.SentTx.
func (t *Tx) SentAs(ctx context.Context, id conversation.ID, seq uint64) ([]string, error) {
	var out []string
	err := t.tx.Rows(ctx, `SELECT external_id FROM inbound_dedup WHERE workspace_id = ? AND conversation_id = ? AND seq = ? AND kind = ?`,
		[]any{string(t.workspace), string(id), db.Signed(seq), string(conversation.InboundSent)}, func(sc db.Scanner) error {
			var external string
			err := sc.Scan(&external)
			out = append(out, external)
			return err
		})
	return out, err
}
