package conversations

import (
	"context"
	"database/sql"
	"errors"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/db"
)

func errNoWorkspace() error { return errs.Absent() }

// conversationRow is a conversation as it is stored, with what is joined.
type conversationRow struct {
	workspace, id, inbox, contact, recipient, key string
	status                                        status
	number                                        int64
	order                                         order
	review                                        review
	waiting                                       int64
	lastSeq, lastPublicSeq, lastInboundSeq        int64
	lastText, lastSender, lastKind, lastFile      string
	lastAt, contactRead, created, updated         int64
	contactName, assigneeName, plugin             string
	live, lastRecalled, group                     bool
	windows                                       string
}

// status is the part of a row that most changes leave alone. Writing it costs
// the most: indexes and a reference hang on it.
type status struct {
	state, responder, assignee, answered, offered string
	snoozed, queued, offerUntil                   int64
	weight                                        int
}

func rowOf(c *conversation.Conversation) conversationRow {
	return conversationRow{
		workspace: string(c.Workspace), id: string(c.ID), inbox: string(c.Inbox), contact: string(c.Contact), recipient: c.Recipient, key: c.Key(),
		status: status{
			state: string(c.State), responder: string(c.Responder), assignee: string(c.Assignee), answered: string(c.AnsweredBy),
			snoozed: db.Micros(c.SnoozedUntil), queued: db.Micros(c.QueuedAt),
			offered: string(c.OfferedTo), offerUntil: db.Micros(c.OfferUntil), weight: c.Weight,
		},
		number: db.Signed(c.Number), order: orderOf(&c.Organised), review: reviewOf(c),
		waiting: db.Micros(c.WaitingSince),
		lastSeq: db.Signed(c.LastSeq), lastPublicSeq: db.Signed(c.LastPublicSeq), lastInboundSeq: db.Signed(c.LastInboundSeq),
		lastText: c.Last.Text, lastSender: string(c.Last.Sender), lastKind: string(c.Last.Kind), lastAt: db.Micros(c.Last.At),
		lastFile: string(c.Last.Attachment), lastRecalled: c.Last.Recalled, contactRead: db.Signed(c.ContactReadSeq),
		created: db.Micros(c.CreatedAt), updated: db.Micros(c.UpdatedAt), windows: windowsText(c.Windows),
	}
}

func (r *conversationRow) domain() conversation.Conversation {
	c := conversation.Conversation{
		Organised: r.order.domain(r.number), Rated: r.review.domain(),
		Workspace: identity.WorkspaceID(r.workspace), ID: conversation.ID(r.id), Inbox: channel.InboxID(r.inbox),
		Contact: contact.ID(r.contact), Recipient: r.recipient,
		State: conversation.State(r.status.state), Responder: conversation.Responder(r.status.responder),
		Assignee: identity.MemberID(r.status.assignee), AnsweredBy: identity.MemberID(r.status.answered), SnoozedUntil: db.Time(r.status.snoozed),
		WaitingSince: db.Time(r.waiting), QueuedAt: db.Time(r.status.queued), Weight: r.status.weight,
		Offering: conversation.Offering{OfferedTo: identity.MemberID(r.status.offered), OfferUntil: db.Time(r.status.offerUntil)},
		LastSeq:  db.Unsigned(r.lastSeq), LastPublicSeq: db.Unsigned(r.lastPublicSeq), LastInboundSeq: db.Unsigned(r.lastInboundSeq),
		Last: conversation.Preview{
			Text: r.lastText, Sender: identity.ActorKind(r.lastSender), Kind: conversation.MessageKind(r.lastKind), At: db.Time(r.lastAt),
			Attachment: media.Kind(r.lastFile), Recalled: r.lastRecalled,
		},
		ContactReadSeq: db.Unsigned(r.contactRead),
		CreatedAt:      db.Time(r.created), UpdatedAt: db.Time(r.updated),
		ContactName: r.contactName, Group: r.group, AssigneeName: r.assigneeName, Plugin: channel.PluginID(r.plugin), Live: r.live,
		Windows: parseWindows(r.windows),
	}
	c.Found(r.key)
	return c
}

// conversationColumns and conversationJoins go with dest, for a table or
// subquery named c.
const (
	conversationColumns = `c.workspace_id, c.conversation_id, c.inbox_id, c.contact_id, c.recipient, c.talk_key,
c.state, c.responder, COALESCE(c.assignee_id, ''), c.answered_by, c.snoozed_until, c.queued_at, c.offered_to, c.offer_until, c.weight, c.waiting_since,
c.last_seq, c.last_public_seq, c.last_inbound_seq, c.last_text, c.last_sender, c.last_kind, c.last_at,
c.last_file, c.last_recalled, c.contact_read_seq, c.created_at, c.updated_at,
c.number, c.team_id, c.queue_id, c.priority, c.labels, c.participants, c.attributes, c.merged_into, c.merge_undo, c.ignored, c.unrouted, c.demand,
` + reviewColumns + `,
p.name, p.is_group, COALESCE(m.name, ''), i.plugin, i.live, c.windows`

	conversationJoins = `
JOIN contact p ON p.workspace_id = c.workspace_id AND p.contact_id = c.contact_id
JOIN inbox i ON i.workspace_id = c.workspace_id AND i.inbox_id = c.inbox_id
LEFT JOIN member m ON m.workspace_id = c.workspace_id AND m.member_id = c.assignee_id
`
	selectConversation = `SELECT ` + conversationColumns + ` FROM conversation c` + conversationJoins
)

func (r *conversationRow) dest() []any {
	out := []any{
		&r.workspace, &r.id, &r.inbox, &r.contact, &r.recipient, &r.key,
		&r.status.state, &r.status.responder, &r.status.assignee, &r.status.answered, &r.status.snoozed, &r.status.queued, &r.status.offered, &r.status.offerUntil, &r.status.weight, &r.waiting,
		&r.lastSeq, &r.lastPublicSeq, &r.lastInboundSeq, &r.lastText, &r.lastSender, &r.lastKind, &r.lastAt,
		&r.lastFile, &r.lastRecalled, &r.contactRead, &r.created, &r.updated,
		&r.number, &r.order.team, &r.order.queue, &r.order.priority, &r.order.labels, &r.order.participants,
		&r.order.attributes, &r.order.mergedInto, &r.order.undo, &r.order.ignored, &r.order.unrouted, &r.order.demand,
	}
	return append(append(out, reviewDest(&r.review)...), &r.contactName, &r.group, &r.assigneeName, &r.plugin, &r.live, &r.windows)
}

// one reads one conversation; nil when there is none.
func one(ctx context.Context, q db.Querier, where string, args ...any) (*conversationRow, error) {
	var r conversationRow
	err := q.Row(ctx, selectConversation+where, args, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // callers tell absent from none
	}
	if err != nil {
		return nil, err
	}
	return &r, nil
}

const (
	whereID  = `WHERE c.workspace_id = ? AND c.conversation_id = ?`
	whereKey = `WHERE c.workspace_id = ? AND c.inbox_id = ? AND c.talk_key = ?`
)

// null is s, or NULL for "".
func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}
