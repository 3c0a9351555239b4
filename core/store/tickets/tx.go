package tickets

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Tx implements ticket.Tx inside a job that has locked the workspace.
type Tx struct {
	tx        *db.Tx
	workspace identity.WorkspaceID
	loaded    map[ticket.ID]row // as read, to tell what Save must write
	taker     *taker            // once it was needed
}

// NewTx returns the tickets' side of a job.
func NewTx(tx *db.Tx, workspace identity.WorkspaceID) *Tx {
	return &Tx{tx: tx, workspace: workspace, loaded: make(map[ticket.ID]row, 1)}
}

// Beside returns the tickets' side of the job that a conversation's transaction
// of this storage works in. Any other transaction is a mistake of the caller's.
func (s *Store) Beside(tx conversation.Tx) ticket.Tx {
	job, workspace := tx.(interface {
		Job() (*db.Tx, identity.WorkspaceID)
	}).Job()
	return NewTx(job, workspace)
}

// Ticket implements ticket.Tx.
func (t *Tx) Ticket(ctx context.Context, id ticket.ID) (*ticket.Ticket, error) {
	var r row
	err := t.tx.Row(ctx, selectTicket+`WHERE t.workspace_id = ? AND t.ticket_id = ?`, []any{string(t.workspace), string(id)}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.Absent()
	}
	if err != nil {
		return nil, err
	}
	t.loaded[id] = r
	out := r.domain()
	return out.Loaded(), fetchLinks(ctx, t.tx, t.workspace, &out)
}

// BySource implements ticket.Tx.
func (t *Tx) BySource(ctx context.Context, message conversation.MessageID) (*ticket.Ticket, error) {
	var id string
	err := t.tx.Row(ctx, `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND source_id = ? AND source_id <> ''`,
		[]any{string(t.workspace), string(message)}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	if err != nil {
		return nil, err
	}
	return t.Ticket(ctx, ticket.ID(id))
}

// OpenOf implements ticket.Tx.
func (t *Tx) OpenOf(ctx context.Context, of conversation.ID) (*ticket.Ticket, error) {
	var id string
	err := t.tx.Row(ctx, `SELECT ticket_id FROM ticket WHERE workspace_id = ? AND conversation_id = ? AND source_id <> ''
AND status NOT IN ('solved', 'closed') AND merged_into = '' ORDER BY number DESC LIMIT 1`, []any{string(t.workspace), string(of)}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for none
	}
	if err != nil {
		return nil, err
	}
	return t.Ticket(ctx, ticket.ID(id))
}

// Sent implements ticket.Tx.
func (t *Tx) Sent(ctx context.Context, id ticket.ID, author, clientID string) (*ticket.Change, error) {
	const query = `SELECT ` + changeColumns + ` FROM ticket_comment m
JOIN ticket_change h ON h.workspace_id = m.workspace_id AND h.ticket_id = m.ticket_id AND h.seq = m.seq
WHERE m.workspace_id = ? AND m.ticket_id = ? AND m.author_id = ? AND m.client_id = ?`
	var r changeRow
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(id), author, clientID}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for nothing
	}
	if err != nil {
		return nil, err
	}
	c := r.domain(t.workspace)
	return &c, fetchFiles(ctx, t.tx, t.workspace, c.Comment)
}

// Absorbs implements ticket.Tx.
func (t *Tx) Absorbs(ctx context.Context, id ticket.ID) (bool, error) {
	var n int64
	err := t.tx.Row(ctx, `SELECT COUNT(*) FROM ticket WHERE workspace_id = ? AND merged_into = ? AND merged_into <> ''`,
		[]any{string(t.workspace), string(id)}, &n)
	return n > 0, err
}

// Media implements ticket.Tx.
func (t *Tx) Media() media.Tx { return attachments.NewTx(t.tx, t.workspace) }

// Save implements ticket.Tx.
func (t *Tx) Save(ctx context.Context, k *ticket.Ticket) error {
	if k.Workspace != t.workspace {
		return errs.Absent()
	}
	u := k.Unsaved()
	before := t.loaded[k.ID]
	if !u.New && len(u.Changes) == 0 && before.linkEpoch == db.Signed(k.LinkEpoch) {
		return nil
	}
	if u.New {
		n, err := t.tx.Number(ctx, string(t.workspace), db.Tickets)
		if err != nil {
			return err
		}
		k.Number = n
	}
	if err := t.known(ctx, before, rowOf(k)); err != nil {
		return err
	}
	if err := t.stand(ctx, k, before); err != nil {
		return err
	}
	if err := t.saveRow(ctx, k, u.New); err != nil {
		return err
	}
	for i := range u.Changes {
		if err := t.saveChange(ctx, k, &u.Changes[i]); err != nil {
			return err
		}
	}
	if err := t.saveMembership(ctx, k.ID, before, rowOf(k)); err != nil {
		return err
	}
	t.loaded[k.ID] = rowOf(k)
	k.Saved()
	return nil
}

// known is errs.Absent when something that a ticket refers to anew is not there.
func (t *Tx) known(ctx context.Context, before, now row) error {
	for _, ref := range []struct{ query, was, is string }{
		{`SELECT 1 FROM team WHERE workspace_id = ? AND team_id = ? AND deleted_at = 0`, before.team, now.team},
		{`SELECT 1 FROM contact WHERE workspace_id = ? AND contact_id = ?`, before.contact, now.contact},
		{`SELECT 1 FROM conversation WHERE workspace_id = ? AND conversation_id = ?`, before.conversation, now.conversation},
		{`SELECT 1 FROM member WHERE workspace_id = ? AND member_id = ?`, before.assignee, now.assignee},
		{`SELECT 1 FROM ticket_type WHERE workspace_id = ? AND type_id = ?`, before.typ, now.typ},
	} {
		if ref.is == "" || ref.is == ref.was {
			continue
		}
		var one int
		err := t.tx.Row(ctx, ref.query, []any{string(t.workspace), ref.is}, &one)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.Absent()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	insertTicket = `INSERT INTO ticket (workspace_id, ticket_id, type_id, title, title_key, description, status, number, priority,
contact_id, contact_origin, conversation_id, inbox_id, source_id, assignee_id, team_id, followers, labels, fields, merged_into, merge_undo,
due_at, overdue_at, created_kind, created_by, created_name, created_at, updated_at, solved_at, closed_at,
rating_score, rating_comment, rating_at, link_epoch, last_seq, last_public_seq, comments, weight, waiting_since)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	updateTicket = `UPDATE ticket SET type_id = ?, title = ?, title_key = ?, description = ?, status = ?, priority = ?,
assignee_id = ?, team_id = ?, followers = ?, labels = ?, fields = ?, merged_into = ?, merge_undo = ?,
due_at = ?, overdue_at = ?, updated_at = ?, solved_at = ?, closed_at = ?, rating_score = ?, rating_comment = ?, rating_at = ?,
link_epoch = ?, last_seq = ?, last_public_seq = ?, comments = ?, weight = ?, waiting_since = ?
WHERE workspace_id = ? AND ticket_id = ?`
)

func (t *Tx) saveRow(ctx context.Context, k *ticket.Ticket, isNew bool) error {
	r := rowOf(k)
	if isNew {
		return t.tx.Queue(ctx, insertTicket, r.workspace, r.id, r.typ, r.title, titleKey(r.title), r.description, r.status, r.number, r.priority,
			null(r.contact), r.contact, null(r.conversation), r.inbox, r.source, null(r.assignee), r.team, r.followers, r.labels, r.fields, r.mergedInto, r.undo,
			r.due, r.overdue, r.createdKind, r.createdBy, r.createdName, r.created, r.updated, r.solved, r.closed,
			r.score, r.ratingComment, r.ratedAt, r.linkEpoch, r.lastSeq, r.lastPublicSeq, r.comments, r.weight, r.waiting)
	}
	if before := t.loaded[k.ID]; before.contact != r.contact {
		err := t.tx.Queue(ctx, `UPDATE ticket SET contact_id = ?, contact_origin = ? WHERE workspace_id = ? AND ticket_id = ?`,
			null(r.contact), r.contact, r.workspace, r.id)
		if err != nil {
			return err
		}
	}
	return t.tx.Queue(ctx, updateTicket, r.typ, r.title, titleKey(r.title), r.description, r.status, r.priority,
		null(r.assignee), r.team, r.followers, r.labels, r.fields, r.mergedInto, r.undo,
		r.due, r.overdue, r.updated, r.solved, r.closed, r.score, r.ratingComment, r.ratedAt,
		r.linkEpoch, r.lastSeq, r.lastPublicSeq, r.comments, r.weight, r.waiting, r.workspace, r.id)
}

// saveChange writes a change, the comment it brings, the link it tells of, and
// its event.
func (t *Tx) saveChange(ctx context.Context, k *ticket.Ticket, ch *ticket.Change) error {
	var public, data any
	if ch.PublicSeq > 0 {
		public = db.Signed(ch.PublicSeq)
	}
	if len(ch.Data) > 0 {
		data = string(ch.Data)
	}
	err := t.tx.Queue(ctx, `INSERT INTO ticket_change (workspace_id, ticket_id, seq, public_seq, change_id, type, at, actor_kind, actor_id, actor_name, data)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(t.workspace), string(k.ID), db.Signed(ch.Seq), public, string(ch.ID), string(ch.Type), db.Micros(ch.At),
		string(ch.Actor.Kind), ch.Actor.ID, ch.Actor.Name, data)
	if err != nil {
		return err
	}
	if c := ch.Comment; c != nil {
		err := t.tx.Queue(ctx, `INSERT INTO ticket_comment (workspace_id, ticket_id, seq, comment_id, client_id, public,
author_kind, author_id, author_name, text, mentions, files, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			string(t.workspace), string(k.ID), db.Signed(c.Seq), string(c.ID), c.ClientID, flag(c.Public),
			string(c.Author.Kind), c.Author.ID, c.Author.Name, c.Text, mentionsOf(c.Mentions), len(c.Attachments), db.Micros(c.CreatedAt))
		if err != nil {
			return err
		}
	}
	if err := t.saveLink(ctx, k.ID, ch); err != nil {
		return err
	}
	return t.tx.Append(ctx, event.Event{
		ID: string(ch.ID), Workspace: string(t.workspace), Type: string(ch.Type), Subject: string(k.ID),
		Seq: ch.Seq, PublicSeq: ch.PublicSeq, At: ch.At,
	})
}

func (t *Tx) saveLink(ctx context.Context, id ticket.ID, ch *ticket.Change) error {
	l, ok := ticket.LinkOf(*ch)
	switch {
	case !ok:
		return nil
	case ch.Type == ticket.Linked:
		return t.tx.Queue(ctx, `INSERT INTO ticket_link (workspace_id, ticket_id, link_id, kind, other_id) VALUES (?, ?, ?, ?, ?)`,
			string(t.workspace), string(id), string(l.ID), string(l.Kind), string(l.Ticket))
	default:
		return t.tx.Queue(ctx, `DELETE FROM ticket_link WHERE workspace_id = ? AND ticket_id = ? AND link_id = ?`,
			string(t.workspace), string(id), string(l.ID))
	}
}

// saveMembership brings the tables that find tickets by label and follower up
// to date.
func (t *Tx) saveMembership(ctx context.Context, id ticket.ID, before, now row) error {
	labels := db.Membership{
		Drop: `DELETE FROM ticket_label WHERE workspace_id = ? AND ticket_id = ? AND label_id = ?`,
		Add:  `INSERT INTO ticket_label (workspace_id, ticket_id, label_id) VALUES (?, ?, ?)`,
	}
	followers := db.Membership{
		Drop: `DELETE FROM ticket_follower WHERE workspace_id = ? AND ticket_id = ? AND member_id = ?`,
		Add:  `INSERT INTO ticket_follower (workspace_id, ticket_id, member_id) VALUES (?, ?, ?)`,
	}
	if err := labels.Difference(ctx, t.tx, before.labels, now.labels, string(t.workspace), string(id)); err != nil {
		return err
	}
	return followers.Difference(ctx, t.tx, before.followers, now.followers, string(t.workspace), string(id))
}
