package conversations

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/internal/mutant"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/contacts"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/policies"
)

// Tx implements conversation.Tx inside a job that has locked the workspace.
type Tx struct {
	tx        *db.Tx
	workspace identity.WorkspaceID
	mails     Mails
	loaded    map[conversation.ID]held // as read, to tell what Save must write
	together  *together                // nil = everything is written at once
}

// NewTx returns the conversation side of a job. mails is as for New.
func NewTx(tx *db.Tx, workspace identity.WorkspaceID, mails Mails) *Tx {
	return &Tx{tx: tx, workspace: workspace, mails: mails}
}

// Job returns the job, for the sides of other nouns.
func (t *Tx) Job() (*db.Tx, identity.WorkspaceID) { return t.tx, t.workspace }

// Conversation implements conversation.Tx.
func (t *Tx) Conversation(ctx context.Context, id conversation.ID) (*conversation.Conversation, error) {
	c, err := t.load(ctx, whereID, string(t.workspace), string(id))
	if err == nil && c == nil {
		err = errs.Absent()
	}
	return c, err
}

// Conversations are those of the workspace among these; what is not there is
// left out.
func (t *Tx) Conversations(ctx context.Context, ids []conversation.ID) (map[conversation.ID]*conversation.Conversation, error) {
	out := make(map[conversation.ID]*conversation.Conversation, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{string(t.workspace)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	where := `WHERE c.workspace_id = ? AND c.conversation_id IN (` + strings.Repeat(`, ?`, len(args)-1)[2:] + `)`
	err := t.tx.Rows(ctx, selectConversation+where, args, func(sc db.Scanner) error {
		var r conversationRow
		if err := sc.Scan(r.dest()...); err != nil {
			return err
		}
		c := r.domain()
		t.remember(c.ID, r)
		out[c.ID] = c.Loaded()
		return nil
	})
	return out, err
}

// Expect implements conversation.Tx.
func (t *Tx) Expect(ctx context.Context, a conversation.Arriving) {
	t.tx.Ahead(func() {
		_, _ = t.Inbound(ctx, a.Inbox, a.Kind, a.External) // finds nothing now
		_, _ = t.Contacts().ByIdentity(ctx, string(a.Inbox), a.Sender)
		if a.Talk != "" {
			_, _ = t.Current(ctx, a.Inbox, a.Talk)
		}
		if a.Visitor != "" {
			_, _ = t.VisitorSession(ctx, a.Visitor)
		}
	})
}

// Current implements conversation.Tx. Where there is none, one begins, which is to
// be weighed.
func (t *Tx) Current(ctx context.Context, inbox channel.InboxID, key string) (*conversation.Conversation, error) {
	t.tx.Ahead(func() { _, _ = policies.InForce(ctx, t.tx, t.workspace) })
	return t.load(ctx, whereKey, string(t.workspace), string(inbox), key)
}

func (t *Tx) load(ctx context.Context, where string, args ...any) (*conversation.Conversation, error) {
	r, err := one(ctx, t.tx, where, args...)
	if r == nil {
		return nil, err
	}
	c := r.domain()
	t.remember(c.ID, *r)
	return c.Loaded(), nil
}

// held is what the rarely written parts of a row are in the database.
type held struct {
	status  status
	waiting int64
	order   order
	review  review

	windows string
}

func (t *Tx) remember(id conversation.ID, r conversationRow) {
	if t.loaded == nil {
		t.loaded = make(map[conversation.ID]held, 1)
	}
	t.loaded[id] = held{r.status, r.waiting, r.order, r.review.of(r.recipient), r.windows}
}

// Sent implements conversation.Tx.
func (t *Tx) Sent(ctx context.Context, id conversation.ID, sender, clientID string) (*conversation.Change, error) {
	if clientID == "" || mutant.On(mutant.NoDedup) {
		return nil, nil //nolint:nilnil // the port says nil for nothing
	}
	const posted = `SELECT ` + changeColumns + ` FROM message m
JOIN conversation_change h ON h.workspace_id = m.workspace_id AND h.conversation_id = m.conversation_id AND h.seq = m.seq
WHERE m.workspace_id = ? AND m.conversation_id = ? AND m.client_id = ? AND `
	query, by := posted+`m.sender_id = ?`, sender
	if sender == "" {
		query, by = posted+`m.sender_kind = ?`, string(identity.ActorContact)
	}
	var r changeRow
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(id), clientID, by}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	c := r.domain(t.workspace)
	return &c, fetchFiles(ctx, t.tx, t.workspace, c.Message)
}

// Inbound implements conversation.Tx.
func (t *Tx) Inbound(ctx context.Context, inbox channel.InboxID, kind conversation.InboundKind, external string) (*conversation.Dedup, error) {
	if mutant.On(mutant.NoDedup) {
		return nil, nil //nolint:nilnil // a seeded bug
	}
	const query = `SELECT hash, conversation_id, seq FROM inbound_dedup
WHERE workspace_id = ? AND inbox_id = ? AND kind = ? AND external_id = ?`
	var id string
	var seq int64
	d := conversation.Dedup{Kind: kind, External: external}
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(inbox), string(kind), external}, &d.Hash, &id, &seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for new
	}
	d.Conversation, d.Seq = conversation.ID(id), db.Unsigned(seq)
	return &d, err
}

// Remember implements conversation.Tx.
func (t *Tx) Remember(ctx context.Context, inbox channel.InboxID, d conversation.Dedup) error {
	if mutant.On(mutant.NoDedup) {
		return nil
	}
	return t.tx.Queue(ctx, `INSERT INTO inbound_dedup (workspace_id, inbox_id, kind, external_id, hash, conversation_id, seq)
VALUES (?, ?, ?, ?, ?, ?, ?)`,
		string(t.workspace), string(inbox), string(d.Kind), d.External, d.Hash, string(d.Conversation), db.Signed(d.Seq))
}

// Contacts implements conversation.Tx.
func (t *Tx) Contacts() contact.Tx { return contacts.NewTx(t.tx, t.workspace) }

// Media implements conversation.Tx.
func (t *Tx) Media() media.Tx { return attachments.NewTx(t.tx, t.workspace) }

// Message returns the message of a change, or errs.Absent.
func (t *Tx) Message(ctx context.Context, id conversation.ID, seq uint64) (*conversation.Message, error) {
	const query = selectChanges + `h.seq = ?`
	var r changeRow
	err := t.tx.Row(ctx, query, []any{string(t.workspace), string(id), db.Signed(seq)}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) || err == nil && r.messageSeq == 0 {
		return nil, errs.Absent()
	}
	if err != nil {
		return nil, err
	}
	m := r.message(t.workspace)
	return m, fetchFiles(ctx, t.tx, t.workspace, m)
}
