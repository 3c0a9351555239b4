package retentions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/erasure"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/purge"
)

// Delete implements retention.Store. What is old is looked for before the
// transaction, and judged again in it.
func (s *Store) Delete(ctx context.Context, q retention.Sweep) (int, error) {
	a, ok := agedOf(q.Kind)
	if !ok {
		return 0, fmt.Errorf("there is no kind %q", q.Kind)
	}
	if a.id == "" {
		return s.rows(ctx, a, q)
	}
	var found []string
	where, args := a.condition(q.Workspace, q.Before)
	err := purge.Texts(ctx, s.db, &found, `SELECT `+a.id+where+` ORDER BY `+a.age+` LIMIT ?`, append(args, q.Limit)...)
	if err != nil || len(found) == 0 {
		return 0, err
	}
	schema, err := purge.Look(ctx, s.db)
	if err != nil {
		return 0, err
	}
	deleted := 0
	err = s.db.Do(ctx, string(q.Workspace), func(ctx context.Context, tx *db.Tx) error {
		b := &batch{Purge: purge.New(tx, string(q.Workspace), schema), tx: tx, q: q}
		if b.ids, err = still(ctx, tx, a, q, found); err != nil || len(b.ids) == 0 {
			return err
		}
		deleted = len(b.ids)
		if err := b.delete(ctx); err != nil {
			return err
		}
		return count(ctx, tx, q, deleted)
	})
	if err == nil && len(found) == q.Limit {
		deleted = q.Limit // some were touched meanwhile; there may be more
	}
	return deleted, err
}

// still lists those that are old still.
func still(ctx context.Context, tx *db.Tx, a aged, q retention.Sweep, found []string) ([]string, error) {
	where, args := a.condition(q.Workspace, q.Before)
	for _, id := range found {
		args = append(args, id)
	}
	var out []string
	err := purge.Texts(ctx, tx, &out, `SELECT `+a.id+where+` AND `+a.id+` IN (?`+strings.Repeat(`, ?`, len(found)-1)+`)`, args...)
	return out, err
}

// rows deletes rows that nothing belongs to.
func (s *Store) rows(ctx context.Context, a aged, q retention.Sweep) (int, error) {
	table, key := `page_view`, `workspace_id, inbox_id, external_id, at`
	if q.Kind == retention.Notifications {
		table, key = `notification`, `workspace_id, member_id, notification_id`
	}
	var n int64
	where, args := a.condition(q.Workspace, q.Before)
	err := s.db.Do(ctx, string(q.Workspace), func(ctx context.Context, tx *db.Tx) error {
		var err error
		n, err = tx.Exec(ctx, `DELETE FROM `+table+` WHERE (`+key+`) IN (SELECT `+key+where+` LIMIT ?)`, append(args, q.Limit)...)
		if err != nil || n == 0 {
			return err
		}
		return count(ctx, tx, q, int(n))
	})
	return int(n), err
}

// batch is things that go together.
type batch struct {
	*purge.Purge
	tx  *db.Tx
	q   retention.Sweep
	ids []string
}

func (b *batch) delete(ctx context.Context) error {
	switch b.q.Kind {
	case retention.Conversations:
		return b.conversations(ctx)
	case retention.Contacts:
		return b.contacts(ctx)
	case retention.Files:
		b.bury(ctx, b.ids)
		b.Each(ctx, fmt.Sprintf(`UPDATE attachment SET removed_at = %d WHERE workspace_id = ? AND attachment_id IN (%%)`, db.Micros(b.q.At)), b.ids)
	case retention.Webhooks:
		b.From(ctx, "webhook_delivery", "delivery_id", b.ids)
	case retention.PageViews, retention.Notifications, retention.Exports, retention.Requests: // have no ids of their own, or end by themselves
	}
	return b.Err()
}

// bury has files removed.
func (b *batch) bury(ctx context.Context, files []string) {
	b.Each(ctx, `INSERT INTO retention_file (workspace_id, attachment_id) SELECT workspace_id, attachment_id FROM attachment WHERE workspace_id = ? AND attachment_id IN (%)`, files)
}

func (b *batch) texts(ctx context.Context, query string, ids []string) ([]string, error) {
	var out []string
	for _, id := range ids {
		if err := purge.Texts(ctx, b.tx, &out, query, string(b.q.Workspace), id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// conversations deletes conversations with those that are merged into them. A
// ticket that was made of one keeps all it says, and names it no more.
func (b *batch) conversations(ctx context.Context) error {
	merged, err := b.texts(ctx, `SELECT conversation_id FROM conversation WHERE workspace_id = ? AND merged_into = ? AND merged_into <> ''`, b.ids)
	if err != nil {
		return err
	}
	all := slices.Concat(b.ids, merged)
	farewells := make([]conversation.Farewell, len(all))
	for i, id := range all {
		if farewells[i], err = b.farewell(ctx, id); err != nil {
			return err
		}
	}
	files, err := b.texts(ctx, `SELECT attachment_id FROM attachment WHERE workspace_id = ? AND conversation_id = ? AND state = 'taken'`, all)
	if err != nil {
		return err
	}
	tickets, err := b.texts(ctx, `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND conversation_id = ?`, all)
	if err != nil {
		return err
	}
	b.bury(ctx, files)
	b.From(ctx, "attachment", "attachment_id", files)
	b.Each(ctx, `UPDATE ticket SET conversation_id = NULL WHERE workspace_id = ? AND ticket_id IN (%)`, tickets)
	b.From(ctx, "webhook_delivery", "subject", all)
	b.Conversations(ctx, merged)
	b.Conversations(ctx, b.ids)
	if err := b.Err(); err != nil {
		return err
	}
	for i, id := range all {
		if err := b.tx.Append(ctx, b.q.Event(conversation.Deleted, id, farewells[i].Data())); err != nil {
			return err
		}
	}
	if len(tickets) > 0 { // they are shown with their conversation
		return b.tx.Append(ctx, b.q.Event(erasure.Changed, "", nil))
	}
	return nil
}

// farewell is what is said of a conversation when it goes.
func (b *batch) farewell(ctx context.Context, id string) (conversation.Farewell, error) {
	var out conversation.Farewell
	var seq int64
	var assignee string
	ws := string(b.q.Workspace)
	err := b.tx.Row(ctx, `SELECT last_seq, COALESCE(assignee_id, offered_to), team_id, inbox_id FROM conversation WHERE workspace_id = ? AND conversation_id = ?`,
		[]any{ws, id}, &seq, &assignee, &out.Held.Team, &out.Held.Inbox)
	if err != nil {
		return out, err
	}
	out.Seq, out.Held.Assignee = db.Unsigned(seq), identity.MemberID(assignee)
	var followers []string
	err = purge.Texts(ctx, b.tx, &followers, `SELECT member_id FROM conversation_participant WHERE workspace_id = ? AND conversation_id = ?`, ws, id)
	for _, m := range followers {
		out.Held.Followers = append(out.Held.Followers, identity.MemberID(m))
	}
	return out, err
}

// contacts deletes contacts with those merged into them, how inboxes know them,
// and what they left on the site.
func (b *batch) contacts(ctx context.Context) error {
	merged, err := b.texts(ctx, `SELECT contact_id FROM contact WHERE workspace_id = ? AND survivor_id = ? AND survivor_id <> ''`, b.ids)
	if err != nil {
		return err
	}
	all := slices.Concat(b.ids, merged)
	var known []purge.External
	for _, id := range all {
		err := b.tx.Rows(ctx, `SELECT inbox_id, external_id FROM contact_identity WHERE workspace_id = ? AND contact_id = ?`, []any{string(b.q.Workspace), id}, func(sc db.Scanner) error {
			var x purge.External
			err := sc.Scan(&x.Inbox, &x.ID)
			known = append(known, x)
			return err
		})
		if err != nil {
			return err
		}
	}
	visitors, err := purge.Visitors(ctx, b.tx, string(b.q.Workspace), known)
	if err != nil {
		return err
	}
	files, err := b.texts(ctx, `SELECT attachment_id FROM attachment WHERE workspace_id = ? AND uploader_id = ?`, visitors)
	if err != nil {
		return err
	}
	b.bury(ctx, files)
	b.From(ctx, "attachment", "attachment_id", files)
	b.Traces(ctx, known, visitors)
	b.Contacts(ctx, all)
	if err := b.Err(); err != nil {
		return err
	}
	for _, id := range b.ids {
		if err := b.tx.Append(ctx, b.q.Event(erasure.Changed, id, nil)); err != nil {
			return err
		}
	}
	return nil
}
