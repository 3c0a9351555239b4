package conversations

import (
	"context"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Save implements conversation.Tx.
func (t *Tx) Save(ctx context.Context, c *conversation.Conversation) error {
	if c.Workspace != t.workspace {
		return errs.Absent()
	}
	u := c.Unsaved()
	if !u.New && len(u.Changes) == 0 {
		return nil
	}
	if u.Enters {
		if err := t.weigh(ctx, c); err != nil {
			return err
		}
		u = c.Unsaved()
	}
	windows := t.loaded[c.ID].windows
	if err := t.saveRow(ctx, c, u.New); err != nil {
		return err
	}
	if err := t.saveWindows(ctx, c.ID, windows, windowsText(c.Windows)); err != nil {
		return err
	}
	if err := t.saveChanges(ctx, c, u.Changes); err != nil {
		return err
	}
	if err := t.saveLoad(ctx, u); err != nil {
		return err
	}
	if err := t.saveWrapUp(ctx, u); err != nil {
		return err
	}
	if err := t.saveMissed(ctx, u.Changes); err != nil {
		return err
	}
	c.Saved()
	return nil
}

const insertConversation = `INSERT INTO conversation (workspace_id, conversation_id, inbox_id, contact_id, recipient, talk_key,
state, responder, assignee_id, answered_by, snoozed_until, queued_at, waiting_since, last_seq, last_public_seq, last_inbound_seq,
last_text, last_sender, last_kind, last_at, last_file, last_recalled, contact_read_seq, created_at, updated_at,
number, team_id, queue_id, priority, labels, participants, attributes, merged_into, merge_undo, ignored, weight, unrouted, demand)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (t *Tx) saveRow(ctx context.Context, c *conversation.Conversation, isNew bool) error {
	if isNew {
		n, err := t.tx.Number(ctx, string(t.workspace), db.Conversations)
		if err != nil {
			return err
		}
		c.Number = n
	}
	r := rowOf(c)
	before, known := t.loaded[c.ID]
	t.remember(c.ID, r)
	s, o := r.status, r.order
	if isNew {
		err := t.tx.Queue(ctx, insertConversation, r.workspace, r.id, r.inbox, r.contact, r.recipient, r.key,
			s.state, s.responder, null(s.assignee), s.answered, s.snoozed, s.queued, r.waiting, r.lastSeq, r.lastPublicSeq, r.lastInboundSeq,
			r.lastText, r.lastSender, r.lastKind, r.lastAt, r.lastFile, r.lastRecalled, r.contactRead, r.created, r.updated,
			r.number, o.team, o.queue, o.priority, o.labels, o.participants, o.attributes, o.mergedInto, o.undo, o.ignored, s.weight, o.unrouted, o.demand)
		if err != nil {
			return err
		}
		return t.saveMembership(ctx, c.ID, order{}, o)
	}
	if now := reviewOf(c); !known || before.review != now {
		if err := t.saveReview(ctx, c, c.Unsaved().Changes, now); err != nil {
			return err
		}
	}
	if !known || before.order != o {
		if err := t.saveOrder(ctx, c.ID, before.order, o); err != nil {
			return err
		}
	}
	return t.updateRow(ctx, r, before, known)
}

// updateRow writes what most changes move on, and of the rest what is another:
// each column that is written costs the indexes that it is in.
func (t *Tx) updateRow(ctx context.Context, r conversationRow, before held, known bool) error {
	s, was := r.status, before.status
	query := `UPDATE conversation SET last_seq = ?, last_public_seq = ?, last_inbound_seq = ?,
last_text = ?, last_sender = ?, last_kind = ?, last_at = ?, last_file = ?, last_recalled = ?, contact_read_seq = ?, updated_at = ?`
	args := []any{
		r.lastSeq, r.lastPublicSeq, r.lastInboundSeq,
		r.lastText, r.lastSender, r.lastKind, r.lastAt, r.lastFile, r.lastRecalled, r.contactRead, r.updated,
	}
	set := func(changed bool, columns string, values ...any) {
		if changed || !known {
			query, args = query+columns, append(args, values...)
		}
	}
	set(r.waiting != before.waiting, `, waiting_since = ?`, r.waiting)
	set(s.state != was.state || s.snoozed != was.snoozed, `, state = ?, snoozed_until = ?`, s.state, s.snoozed)
	set(s.responder != was.responder || s.assignee != was.assignee || s.queued != was.queued,
		`, responder = ?, assignee_id = ?, queued_at = ?`, s.responder, null(s.assignee), s.queued)
	set(s.offered != was.offered || s.offerUntil != was.offerUntil, `, offered_to = ?, offer_until = ?`, s.offered, s.offerUntil)
	set(s.answered != was.answered || s.weight != was.weight, `, answered_by = ?, weight = ?`, s.answered, s.weight)
	return t.tx.Queue(ctx, query+` WHERE workspace_id = ? AND conversation_id = ?`, append(args, r.workspace, r.id)...)
}

// saveChanges writes changes, the messages that they bring or tell of, and their
// events.
func (t *Tx) saveChanges(ctx context.Context, c *conversation.Conversation, changes []conversation.Change) error {
	rows := make([][]any, len(changes))
	for i := range changes {
		ch := &changes[i]
		if err := t.saveMessage(ctx, c, ch); err != nil {
			return err
		}
		err := t.tx.Append(ctx, event.Event{
			ID: string(ch.ID), Workspace: string(t.workspace), Type: string(ch.Type), Subject: string(c.ID),
			Seq: ch.Seq, PublicSeq: ch.PublicSeq, At: ch.At,
		})
		if err != nil {
			return err
		}
		rows[i] = changeArgs(ch)
	}
	if t.together != nil {
		t.together.changes = append(t.together.changes, rows...)
		return nil
	}
	return t.tx.Insert(ctx, db.Insert{Into: insertChanges}, rows...)
}

func (t *Tx) saveMessage(ctx context.Context, c *conversation.Conversation, ch *conversation.Change) error {
	m := ch.Message
	if m == nil {
		return nil
	}
	if ch.Type.Revises() {
		return t.saveRevised(ctx, c.Unsaved(), ch)
	}
	if m.Seq != ch.Seq { // told of, not brought
		if news, _ := ch.DeliveryNews(); news.Act != "" {
			return t.saveAct(ctx, c, ch, news)
		}
		err := t.tx.Queue(ctx, `UPDATE message SET delivery = ?, delivery_error = ?
WHERE workspace_id = ? AND conversation_id = ? AND seq = ?`,
			string(m.Delivery), m.DeliveryError, string(t.workspace), string(c.ID), db.Signed(m.Seq))
		if err != nil {
			return err
		}
		return t.saveNews(ctx, c, ch)
	}
	if err := t.tx.Queue(ctx, insertMessage, messageArgs(m)...); err != nil {
		return err
	}
	if err := t.saveHTML(ctx, m, c.Unsaved().HTML[m.Seq]); err != nil {
		return err
	}
	if err := t.saveParties(ctx, m); err != nil {
		return err
	}
	for _, who := range m.Mentions {
		err := t.tx.Queue(ctx, `INSERT INTO conversation_mention (workspace_id, conversation_id, member_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
			string(t.workspace), string(c.ID), string(who.Member))
		if err != nil {
			return err
		}
	}
	if m.Delivery != conversation.DeliveryPending {
		return nil
	}
	return t.saveDelivery(ctx, c, m)
}

// saveWrapUp begins the wrap-up of a member who has resolved what was theirs,
// where the workspace has one.
func (t *Tx) saveWrapUp(ctx context.Context, u conversation.Unsaved) error {
	member := string(u.Before.Member)
	for _, ch := range u.Changes {
		if ch.Type != conversation.ResolvedChange || ch.Actor.Kind != identity.ActorMember || member == "" || ch.Actor.ID != member {
			continue
		}
		err := t.tx.Queue(ctx, `UPDATE agent_state SET wrap_up_until = ? + (SELECT wrap_up_seconds * 1000000 FROM workspace WHERE workspace_id = ?)
WHERE workspace_id = ? AND member_id = ? AND EXISTS (SELECT 1 FROM workspace WHERE workspace_id = ? AND wrap_up_seconds > 0)`,
			db.Micros(ch.At), string(t.workspace), string(t.workspace), member, string(t.workspace))
		if err != nil {
			return err
		}
	}
	return nil
}

// saveMissed counts the offers in a row that a member did not answer.
func (t *Tx) saveMissed(ctx context.Context, changes []conversation.Change) error {
	for _, ch := range changes {
		member, missed := ch.OfferMissed()
		if member == "" {
			continue
		}
		set := `0`
		if missed {
			set = `missed + 1`
		}
		err := t.tx.Queue(ctx, `UPDATE agent_state SET missed = `+set+` WHERE workspace_id = ? AND member_id = ?`, string(t.workspace), string(member))
		if err != nil {
			return err
		}
	}
	return nil
}
