package tickets

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// row is a ticket as it is stored, with what is joined.
type row struct {
	workspace, id, typ, title, description, status string
	number, priority                               int64
	contact, conversation, inbox, assignee, team   string
	source                                         string
	followers, labels, fields, mergedInto, undo    string
	due, overdue                                   int64
	createdKind, createdBy, createdName            string
	created, updated, solved, closed               int64
	score                                          int64
	ratingComment                                  string
	ratedAt                                        int64
	linkEpoch, lastSeq, lastPublicSeq, comments    int64
	weight, waiting                                int64
	contactName, organisation, assigneeName        string
}

// undo is a ticket.Standing as it is stored.
type undo struct {
	Status string `json:"status"`
	Solved int64  `json:"solved,omitempty"`
}

// columns and joins go with dest, for a ticket named t.
const (
	columns = `t.workspace_id, t.ticket_id, t.type_id, t.title, t.description, t.status, t.number, t.priority,
COALESCE(t.contact_id, ''), COALESCE(t.conversation_id, ''), t.inbox_id, t.source_id, COALESCE(t.assignee_id, ''), t.team_id,
t.followers, t.labels, t.fields, t.merged_into, t.merge_undo, t.due_at, t.overdue_at,
t.created_kind, t.created_by, t.created_name, t.created_at, t.updated_at, t.solved_at, t.closed_at,
t.rating_score, t.rating_comment, t.rating_at, t.link_epoch, t.last_seq, t.last_public_seq, t.comments, t.weight, t.waiting_since,
COALESCE(p.name, ''), COALESCE(p.organisation_id, ''), COALESCE(m.name, '')`

	joins = `
LEFT JOIN contact p ON p.workspace_id = t.workspace_id AND p.contact_id = t.contact_id
LEFT JOIN member m ON m.workspace_id = t.workspace_id AND m.member_id = t.assignee_id
`
	selectTicket = `SELECT ` + columns + ` FROM ticket t` + joins
)

func (r *row) dest() []any {
	return []any{
		&r.workspace, &r.id, &r.typ, &r.title, &r.description, &r.status, &r.number, &r.priority,
		&r.contact, &r.conversation, &r.inbox, &r.source, &r.assignee, &r.team,
		&r.followers, &r.labels, &r.fields, &r.mergedInto, &r.undo, &r.due, &r.overdue,
		&r.createdKind, &r.createdBy, &r.createdName, &r.created, &r.updated, &r.solved, &r.closed,
		&r.score, &r.ratingComment, &r.ratedAt, &r.linkEpoch, &r.lastSeq, &r.lastPublicSeq, &r.comments, &r.weight, &r.waiting,
		&r.contactName, &r.organisation, &r.assigneeName,
	}
}

func rowOf(t *ticket.Ticket) row {
	r := row{
		workspace: string(t.Workspace), id: string(t.ID), typ: string(t.Type), title: t.Title, description: t.Description,
		status: string(t.Status), number: db.Signed(t.Number), priority: int64(slices.Index(ticket.Priorities(), t.Priority) + 1),
		contact: string(t.Contact), conversation: string(t.Conversation), inbox: string(t.Inbox), source: string(t.Source),
		assignee: string(t.Assignee), team: string(t.Team), followers: db.Joined(t.Followers), labels: db.Joined(t.Labels),
		mergedInto: string(t.MergedInto), due: db.Micros(t.DueAt), overdue: db.Micros(t.Overdue),
		createdKind: string(t.CreatedBy.Kind), createdBy: t.CreatedBy.ID, createdName: t.CreatedBy.Name,
		created: db.Micros(t.CreatedAt), updated: db.Micros(t.UpdatedAt), solved: db.Micros(t.SolvedAt), closed: db.Micros(t.ClosedAt),
		linkEpoch: db.Signed(t.LinkEpoch), lastSeq: db.Signed(t.LastSeq), lastPublicSeq: db.Signed(t.LastPublicSeq), comments: int64(t.Comments),
		weight: int64(t.Weight), waiting: db.Micros(t.WaitingSince),
	}
	if len(t.Fields) > 0 {
		b, _ := json.Marshal(t.Fields) // strings, finite numbers and booleans always marshal
		r.fields = string(b)
	}
	if t.Before != nil {
		b, _ := json.Marshal(undo{string(t.Before.Status), db.Micros(t.Before.SolvedAt)}) // as above
		r.undo = string(b)
	}
	if t.Rating != nil {
		r.score, r.ratingComment, r.ratedAt = int64(t.Rating.Score), t.Rating.Comment, db.Micros(t.Rating.At)
	}
	return r
}

func (r *row) domain() ticket.Ticket {
	t := ticket.Ticket{
		Workspace: identity.WorkspaceID(r.workspace), ID: ticket.ID(r.id), Number: db.Unsigned(r.number), Type: ticket.TypeID(r.typ),
		Title: r.title, Description: r.description, Status: ticket.Status(r.status),
		Contact: contact.ID(r.contact), Conversation: conversation.ID(r.conversation), Inbox: channel.InboxID(r.inbox),
		Source:   conversation.MessageID(r.source),
		Assignee: identity.MemberID(r.assignee), Team: team.ID(r.team),
		Followers: db.Parted[identity.MemberID](r.followers), Labels: db.Parted[catalog.LabelID](r.labels),
		MergedInto: ticket.ID(r.mergedInto), DueAt: db.Time(r.due), Overdue: db.Time(r.overdue),
		CreatedBy: identity.Actor{Kind: identity.ActorKind(r.createdKind), ID: r.createdBy, Name: r.createdName},
		CreatedAt: db.Time(r.created), UpdatedAt: db.Time(r.updated), SolvedAt: db.Time(r.solved), ClosedAt: db.Time(r.closed),
		LinkEpoch: db.Unsigned(r.linkEpoch), LastSeq: db.Unsigned(r.lastSeq), LastPublicSeq: db.Unsigned(r.lastPublicSeq), Comments: int(r.comments),
		Weight: int(r.weight), WaitingSince: db.Time(cmp.Or(r.waiting, r.created)),
		ContactName: r.contactName, Organisation: contact.OrganisationID(r.organisation), AssigneeName: r.assigneeName,
	}
	if all := ticket.Priorities(); r.priority > 0 && int(r.priority) <= len(all) {
		t.Priority = all[r.priority-1]
	}
	if r.fields != "" {
		_ = json.Unmarshal([]byte(r.fields), &t.Fields) // we wrote it
	}
	if r.undo != "" {
		var u undo
		_ = json.Unmarshal([]byte(r.undo), &u) // as above
		t.Before = &ticket.Standing{Status: ticket.Status(u.Status), SolvedAt: db.Time(u.Solved)}
	}
	if r.ratedAt > 0 {
		t.Rating = &ticket.Rating{Score: int(r.score), Comment: r.ratingComment, At: db.Time(r.ratedAt)}
	}
	return t
}

// titleKey is a title as searches compare it.
func titleKey(title string) string { return filter.Lower(title) }
