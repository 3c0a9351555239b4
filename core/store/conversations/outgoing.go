package conversations

import (
	"context"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// saveDelivery makes the row of a message that must leave.
func (t *Tx) saveDelivery(ctx context.Context, c *conversation.Conversation, m *conversation.Message) error {
	t.tx.Delivers()
	return t.tx.Queue(ctx, `INSERT INTO delivery (workspace_id, delivery_id, inbox_id, plugin, conversation_id, seq, recipient,
state, attempts, next_at, last_code, last_detail, provider_id, created_at, expires_at, place)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', '', '', ?, ?, ?)`,
		string(t.workspace), deliveryID(m.ID), string(c.Inbox), string(c.Plugin), string(c.ID), db.Signed(m.Seq), c.Address(),
		string(delivery.Pending), db.Micros(m.CreatedAt), db.Micros(m.CreatedAt), db.Micros(c.Deadline(m.Seq)), db.Signed(m.Seq))
}

// deliveryID names the one delivery of a message: the same ULID.
func deliveryID(m conversation.MessageID) string {
	return "dlv_" + strings.TrimPrefix(string(m), "msg_")
}

// saveNews writes what a change tells of a delivery beside our attempts: its
// step, and, when a member decided, what the ledger is to do. What is sent again
// counts as new: neither as late nor as one that may have left.
func (t *Tx) saveNews(ctx context.Context, c *conversation.Conversation, ch *conversation.Change) error {
	step, ok := delivery.StepOf(*ch, c.Plugin)
	if !ok {
		return nil
	}
	if err := t.SaveSteps(ctx, string(c.ID), ch.Message.Seq, step); err != nil {
		return err
	}
	news, _ := ch.DeliveryNews()
	switch news.Resolved {
	case conversation.SendAgain:
		t.tx.Delivers()
		return t.tx.Queue(ctx, `UPDATE delivery SET state = CASE WHEN EXISTS (SELECT 1 FROM delivery h WHERE h.workspace_id = delivery.workspace_id
AND h.conversation_id = delivery.conversation_id AND h.act = '' AND h.seq < delivery.seq AND h.merged_to >= delivery.seq) THEN 'merged' ELSE 'pending' END,
next_at = ?, created_at = ?, expires_at = ? WHERE workspace_id = ? AND conversation_id = ? AND place = ?`,
			db.Micros(ch.At), db.Micros(ch.At), db.Micros(c.Deadline(ch.Message.Seq)), string(t.workspace), string(c.ID), db.Signed(ch.Message.Seq))
	case conversation.SaidArrived:
		return t.tx.Queue(ctx, `UPDATE delivery SET state = ? WHERE workspace_id = ? AND conversation_id = ? AND place = ?`,
			string(delivery.Sent), string(t.workspace), string(c.ID), db.Signed(ch.Message.Seq))
	default:
		return nil
	}
}

// RememberSent makes the far side's ids of a message of ours found as
// InboundSent. An id that it gave to another before stays that one's.
func (t *Tx) RememberSent(ctx context.Context, inbox channel.InboxID, id conversation.ID, seq uint64, externals []string) error {
	for _, external := range externals {
		err := t.tx.Queue(ctx, `INSERT INTO inbound_dedup (workspace_id, inbox_id, kind, external_id, hash, conversation_id, seq)
VALUES (?, ?, ?, ?, '', ?, ?) ON CONFLICT (workspace_id, inbox_id, kind, external_id) DO NOTHING`,
			string(t.workspace), string(inbox), string(conversation.InboundSent), external, string(id), db.Signed(seq))
		if err != nil {
			return err
		}
	}
	return nil
}

// Outgoing is what the extras of a message say to whom it leaves.
type Outgoing struct {
	Quoted   uint64 // seq of the message that it quotes; 0 = none
	Envelope *channel.Envelope
	Forwards uint64               // seq of the message that it passes on, with its files; 0 = none
	Mentions []channel.Member     // of the group, whom its text names
	Template *channel.TemplateUse // nil = it is of none
}

// OutgoingIn reads extras.
func OutgoingIn(extras string) Outgoing {
	if extras == "" {
		return Outgoing{}
	}
	e := parseExtras(extras)
	carried := e.Carried.domain()
	out := Outgoing{Envelope: carried.Envelope, Mentions: e.groupMentions()}
	if f := carried.Forwards; f != nil {
		out.Forwards = f.Seq
	}
	if t := carried.Template; t != nil {
		out.Template = &t.TemplateUse
	}
	if q := e.ReplyTo; q != nil {
		out.Quoted = q.Seq
	}
	return out
}

// ThreadOf returns the far side's key of a conversation; "" = it has none.
func ThreadOf(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, id conversation.ID) (string, error) {
	var key string
	err := q.Row(ctx, `SELECT talk_key FROM conversation WHERE workspace_id = ? AND conversation_id = ?`, []any{string(workspace), string(id)}, &key)
	var c conversation.Conversation
	c.Found(key)
	return c.Thread, err
}

// SaveSteps adds to the history of a message, named by its seq. A step is numbered by its time,
// so that recording it again adds nothing.
func (t *Tx) SaveSteps(ctx context.Context, id string, seq uint64, steps ...delivery.Step) error {
	for _, s := range steps {
		err := t.tx.Queue(ctx, `INSERT INTO delivery_step (workspace_id, conversation_id, seq, number, at, state, attempt, code, detail, plugin, provider_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace_id, conversation_id, seq, number) DO NOTHING`,
			string(t.workspace), id, db.Signed(seq), number(s), db.Micros(s.At), string(s.State), s.Attempt,
			s.Code, s.Detail, s.Plugin, s.Provider)
		if err != nil {
			return err
		}
	}
	return nil
}

// number orders steps: by time, and what happened in the same instant in the
// order in which it must have.
func number(s delivery.Step) int64 {
	n := db.Micros(s.At) * 2
	if s.State != delivery.StepAttempt {
		n++
	}
	return n
}

// CarriedOf reads what extras of a message carry; "" = nothing.
func CarriedOf(extras string) conversation.Carried {
	if extras == "" {
		return conversation.Carried{}
	}
	return parseExtras(extras).Carried.domain()
}

// EnvelopeBefore returns the envelope of the customer's own last message before
// seq; nil when none of the last ones has one.
func EnvelopeBefore(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, id conversation.ID, seq uint64) (*channel.Envelope, error) {
	const last = `SELECT extras FROM message WHERE workspace_id = ? AND conversation_id = ? AND seq < ? AND sender_kind = ? AND extras IS NOT NULL
ORDER BY seq DESC LIMIT 10`
	var found *channel.Envelope
	args := []any{string(workspace), string(id), db.Signed(seq), string(identity.ActorContact)}
	err := q.Rows(ctx, last, args, func(sc db.Scanner) error {
		var text string
		err := sc.Scan(&text)
		if err == nil && found == nil {
			e := parseExtras(text)
			if said := e.Carried.domain(); !said.Participant {
				found = said.Envelope
			}
		}
		return err
	})
	return found, err
}
