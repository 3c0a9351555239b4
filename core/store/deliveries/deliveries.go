// Package deliveries is the ledger of what must leave. Its rows are made by
// conversations, in the transaction that makes their message.
package deliveries

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/conversations"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// Store implements delivery.Store.
type Store struct {
	db    *db.DB
	now   func() time.Time
	ids   id.Source
	mails conversations.Mails
}

// New returns a Store. The clock dates the changes that settlements make; mails
// is as for conversations.New.
func New(d *db.DB, now func() time.Time, mails conversations.Mails) *Store {
	return &Store{db: d, now: now, ids: id.NewSource(now), mails: mails}
}

// itsTurn holds for a delivery named d with none before it in its conversation.
const itsTurn = `NOT EXISTS (SELECT 1 FROM delivery e WHERE e.workspace_id = d.workspace_id
AND e.conversation_id = d.conversation_id AND e.state = 'pending' AND e.place < d.place)`

// notPaused holds for a delivery named d whose inbox is not paused.
const notPaused = `d.inbox_id NOT IN (SELECT instance_id FROM account_condition WHERE state = 'credentials')`

// selects reads deliveries with what of their messages leaves; scan takes its rows.
const selects = `SELECT d.workspace_id, d.delivery_id, d.inbox_id, d.plugin, d.conversation_id, m.message_id, d.seq, d.recipient,
CASE d.act WHEN '' THEN m.text ELSE d.body END, d.state, d.attempts, d.next_at, d.last_code, d.last_detail, d.provider_id, d.created_at,
d.expires_at, d.merged_to, m.sender_kind, m.sender_id, m.sender_name, m.files, COALESCE(m.extras, ''), d.place, d.act, d.target,
COALESCE((SELECT a.resumed_at FROM account_condition a WHERE a.workspace_id = d.workspace_id AND a.instance_id = d.inbox_id), 0)
FROM delivery d JOIN message m ON m.workspace_id = d.workspace_id AND m.conversation_id = d.conversation_id AND m.seq = d.seq`

// Due implements delivery.Store. The plus keeps the databases from looking by
// next_at: nearly all that waits is due, and would have to be sorted each time.
func (s *Store) Due(ctx context.Context, plugin channel.PluginID, now time.Time, limit int, skip delivery.Skip) ([]delivery.Delivery, error) {
	query, args := selects+`
WHERE d.plugin = ? AND d.state = 'pending' AND +d.next_at <= ? AND `+notPaused+` AND `+itsTurn, []any{string(plugin), db.Micros(now)}
	if len(skip.Inboxes) > 0 {
		var blocked []any
		for inbox := range skip.Inboxes {
			blocked = append(blocked, string(inbox))
		}
		blocked = db.Padded(blocked, len(blocked))
		query += ` AND d.inbox_id NOT IN (?` + strings.Repeat(`, ?`, len(blocked)-1) + `)`
		args = append(args, blocked...)
	}
	query += ` ORDER BY d.created_at, d.delivery_id LIMIT ?`
	args = append(args, limit+len(skip.Out)+len(skip.Held))
	var out []delivery.Delivery
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		d, err := scan(sc)
		if err == nil && !skip.Has(&d) && len(out) < limit {
			out = append(out, d)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.whole(ctx, out); err != nil {
		return nil, err
	}
	return out, s.files(ctx, out)
}

func scan(sc db.Scanner) (delivery.Delivery, error) {
	var d delivery.Delivery
	var workspace, id, inbox, plugin, state string
	var seq, next, created, expires, merged, place, resumed int64
	var author, extras, act string
	var files int
	err := sc.Scan(&workspace, &id, &inbox, &plugin, &d.Conversation, &d.Message, &seq, &d.Recipient,
		&d.Content.Text, &state, &d.Attempts, &next, &d.LastCode, &d.LastDetail, &d.ProviderID, &created,
		&expires, &merged, &author, &d.Author.ID, &d.Author.Name, &files, &extras, &place, &act, &d.Target, &resumed)
	d.Author.Kind, d.Automatic = identity.ActorKind(author), identity.ActorKind(author) != identity.ActorMember
	to := conversations.OutgoingIn(extras)
	d.Quoted, d.Content.Envelope, d.Forwards, d.Content.Mentions = to.Quoted, to.Envelope, to.Forwards, to.Mentions
	if delivery.Act(act) == delivery.Post {
		d.Template = to.Template
	}
	d.Place, d.Act = db.Unsigned(place), delivery.Act(act)
	if d.Act == delivery.Recall {
		d.Quoted, d.Content.Envelope, d.Forwards, d.Content.Mentions, files = 0, nil, 0, nil, 0
	}
	if files > 0 || d.Forwards > 0 {
		d.Content.Files = make([]channel.File, 0, files)
	}
	d.MergedTo = db.Unsigned(merged)
	d.Workspace, d.ID, d.Inbox = identity.WorkspaceID(workspace), delivery.ID(id), channel.InboxID(inbox)
	d.Plugin, d.State, d.Seq = channel.PluginID(plugin), delivery.State(state), uint64(seq) //nolint:gosec // written as uint64
	d.NextAt, d.CreatedAt, d.ExpiresAt, d.ResumedAt = db.Time(next), db.Time(created), db.Time(expires), db.Time(resumed)
	return d, err
}

// NextDue implements delivery.Store. What waits behind another of its
// conversation is not counted: it cannot be due before that one.
func (s *Store) NextDue(ctx context.Context, plugin channel.PluginID) (time.Time, error) {
	const query = `SELECT d.next_at FROM delivery d WHERE d.plugin = ? AND d.state = 'pending' AND ` + notPaused + ` AND ` + itsTurn + `
ORDER BY d.next_at LIMIT 1`
	var next int64
	err := s.db.Row(ctx, query, []any{string(plugin)}, &next)
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return db.Time(next), err
}

// Settle implements delivery.Store: one transaction for each workspace. A
// delivery that is final already stays as it is, so Settle may be repeated.
func (s *Store) Settle(ctx context.Context, settled []delivery.Settlement) error {
	settled = slices.Clone(settled)
	slices.SortStableFunc(settled, func(a, b delivery.Settlement) int {
		switch {
		case a.Delivery.Workspace < b.Delivery.Workspace:
			return -1
		case a.Delivery.Workspace > b.Delivery.Workspace:
			return 1
		default:
			return 0
		}
	})
	for len(settled) > 0 {
		workspace := settled[0].Delivery.Workspace
		n := slices.IndexFunc(settled, func(x delivery.Settlement) bool { return x.Delivery.Workspace != workspace })
		if n < 0 {
			n = len(settled)
		}
		mine := settled[:n]
		settled = settled[n:]
		err := s.db.Do(ctx, string(workspace), func(ctx context.Context, tx *db.Tx) error {
			for _, x := range mine {
				if err := s.settle(ctx, tx, x); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) settle(ctx context.Context, tx *db.Tx, x delivery.Settlement) error {
	d := x.Delivery
	from := delivery.Pending // what was replaced counts only if it was done all the same
	if d.Act != delivery.Post && x.State == delivery.Sent {
		from = delivery.Replaced
	}
	n, err := tx.Exec(ctx, `UPDATE delivery SET state = ?, attempts = ?, next_at = ?, last_code = ?, last_detail = ?, provider_id = ?
WHERE workspace_id = ? AND delivery_id = ? AND state IN ('pending', ?)`,
		string(x.State), x.Attempts, db.Micros(x.NextAt), x.Result.Code, x.Result.Detail, x.Provider,
		string(d.Workspace), string(d.ID), string(from))
	if err != nil || n == 0 {
		return err
	}
	t := conversations.NewTx(tx, d.Workspace, s.mails)
	together := []uint64{d.Seq}
	if d.MergedTo > 0 {
		if together, err = t.LeftWith(ctx, conversation.ID(d.Conversation), d.Seq); err != nil {
			return err
		}
	}
	for _, seq := range together {
		if err := t.SaveSteps(ctx, d.Conversation, seq, x.Steps(s.now())...); err != nil {
			return err
		}
	}
	tx.Delivers() // the next of the conversation has its turn, or this one again
	switch {
	case x.State == delivery.Pending:
		return nil
	case d.Act != delivery.Post:
		return s.tellAct(ctx, tx, t, x)
	default:
		return s.tell(ctx, tx, t, x, together)
	}
}

// tell gives the messages of a delivery that is final its state.
func (s *Store) tell(ctx context.Context, tx *db.Tx, t *conversations.Tx, x delivery.Settlement, together []uint64) error {
	d := x.Delivery
	c, err := t.Conversation(ctx, conversation.ID(d.Conversation))
	if err != nil {
		return err
	}
	if err := t.RememberSent(ctx, d.Inbox, c.ID, d.Seq, x.Externals()); err != nil {
		return err
	}
	if n := len(together); n > 1 {
		if err := s.settleMerged(ctx, tx, x, together[n-1]); err != nil {
			return err
		}
		c.Refund(d.ExpiresAt, n-1)
	}
	early, err := t.TakeEarly(ctx, d.Inbox, x.About(), s.now().Add(-conversation.EarlyFor))
	if err != nil {
		return err
	}
	state, detail := x.Told()
	turn := conversation.Turn{At: s.now(), IDs: s.ids, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(d.Plugin)}}
	for _, seq := range together {
		m, err := t.Message(ctx, c.ID, seq)
		if err != nil {
			return err
		}
		c.Settle(turn, *m, state, detail, early)
	}
	return t.Save(ctx, c)
}
