package tickets

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/media"
	"github.com/patchbay-im/patchbay/core/store/attachments"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// changeRow is a change with its comment.
type changeRow struct {
	ticket, id, typ               string
	seq, publicSeq, at            int64
	actorKind, actorID, actorName string
	data                          string

	commentSeq                       int64 // 0 = none
	commentID, clientID              string
	public                           int64
	authorKind, authorID, authorName string
	text, mentions                   string
	files                            int
	writtenAt                        int64
}

// changeColumns go with dest, for a ticket_change named h and its comment, if
// any, named m.
const (
	changeColumns = `h.ticket_id, h.change_id, h.type, h.seq, COALESCE(h.public_seq, 0), h.at,
h.actor_kind, h.actor_id, h.actor_name, COALESCE(h.data, ''), COALESCE(m.seq, 0), COALESCE(m.comment_id, ''),
COALESCE(m.client_id, ''), COALESCE(m.public, 0), COALESCE(m.author_kind, ''), COALESCE(m.author_id, ''),
COALESCE(m.author_name, ''), COALESCE(m.text, ''), COALESCE(m.mentions, ''), COALESCE(m.files, 0), COALESCE(m.created_at, 0)`

	commentJoin = `
LEFT JOIN ticket_comment m ON m.workspace_id = h.workspace_id AND m.ticket_id = h.ticket_id AND m.seq = h.seq
`
	selectChanges = `SELECT ` + changeColumns + ` FROM ticket_change h` + commentJoin + `WHERE h.workspace_id = ? AND h.ticket_id = ? AND `
)

func (r *changeRow) dest() []any {
	return []any{
		&r.ticket, &r.id, &r.typ, &r.seq, &r.publicSeq, &r.at,
		&r.actorKind, &r.actorID, &r.actorName, &r.data, &r.commentSeq, &r.commentID,
		&r.clientID, &r.public, &r.authorKind, &r.authorID,
		&r.authorName, &r.text, &r.mentions, &r.files, &r.writtenAt,
	}
}

func (r *changeRow) domain(workspace identity.WorkspaceID) ticket.Change {
	c := ticket.Change{
		Workspace: workspace, ID: ticket.ChangeID(r.id), Ticket: ticket.ID(r.ticket),
		Seq: db.Unsigned(r.seq), PublicSeq: db.Unsigned(r.publicSeq), Type: ticket.ChangeType(r.typ), At: db.Time(r.at),
		Actor: identity.Actor{Kind: identity.ActorKind(r.actorKind), ID: r.actorID, Name: r.actorName},
	}
	if r.data != "" {
		c.Data = json.RawMessage(r.data)
	}
	if r.commentSeq == 0 {
		return c
	}
	c.Comment = &ticket.Comment{
		Workspace: workspace, ID: ticket.CommentID(r.commentID), Ticket: c.Ticket, Seq: c.Seq, ClientID: r.clientID, Public: r.public != 0,
		Author: identity.Actor{Kind: identity.ActorKind(r.authorKind), ID: r.authorID, Name: r.authorName},
		Text:   r.text, Mentions: parseMentions(r.mentions), CreatedAt: db.Time(r.writtenAt),
	}
	if r.files > 0 {
		c.Comment.Attachments = make([]media.Attachment, 0, r.files)
	}
	return c
}

type mentionRow struct {
	Member string `json:"member"`
	Name   string `json:"name"`
}

func mentionsOf(mentions []ticket.Mention) string {
	if len(mentions) == 0 {
		return ""
	}
	rows := make([]mentionRow, len(mentions))
	for i, m := range mentions {
		rows[i] = mentionRow{string(m.Member), m.Name}
	}
	b, _ := json.Marshal(rows) // strings always marshal
	return string(b)
}

func parseMentions(text string) []ticket.Mention {
	if text == "" {
		return nil
	}
	var rows []mentionRow
	_ = json.Unmarshal([]byte(text), &rows) // we wrote it
	var out []ticket.Mention
	for _, m := range rows {
		out = append(out, ticket.Mention{Member: identity.MemberID(m.Member), Name: m.Name})
	}
	return out
}

// fetchFiles fills in the files of those comments that have any.
func fetchFiles(ctx context.Context, q db.Querier, workspace identity.WorkspaceID, comments ...*ticket.Comment) error {
	var places []media.Place
	for _, c := range comments {
		if c != nil && c.Attachments != nil {
			places = append(places, placeOf(c))
		}
	}
	if len(places) == 0 {
		return nil
	}
	found, err := attachments.Of(ctx, q, workspace, places)
	if err != nil {
		return err
	}
	for _, c := range comments {
		if c != nil && c.Attachments != nil {
			c.Attachments = found[placeOf(c)]
		}
	}
	return nil
}

func placeOf(c *ticket.Comment) media.Place {
	return media.Place{Conversation: string(c.Ticket), Seq: c.Seq}
}
