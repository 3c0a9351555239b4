// Package surveys reads customers' ratings. Package conversations writes them,
// with the changes that tell of them.
package surveys

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/survey"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Store implements survey.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// source is where ratings of a kind stand: r, read with what is joined.
type source struct {
	read   string // SELECT ... FROM ... r ...
	count  string // FROM ... r
	given  string // when
	score  string
	id     string
	member string
	within func(d db.Driver, r identity.Reach) (where string, args []any)
}

func sourceOf(f survey.Filter) source {
	if f.Tickets {
		return source{
			read: selectTickets, count: `FROM ticket r`, given: `r.rating_at`, score: `r.rating_score`, id: `r.ticket_id`, member: `r.assignee_id`,
			within: func(d db.Driver, of identity.Reach) (string, []any) { return reach.Tickets(d, of, "r") },
		}
	}
	return source{
		read: selectRatings, count: `FROM rating r`, given: `r.given_at`, score: `r.score`, id: `r.rating_id`, member: `r.member_id`,
		within: func(d db.Driver, of identity.Reach) (string, []any) {
			where, args := reach.Conversations(d, of, "w")
			if where == "" {
				return "", nil
			}
			return `EXISTS (SELECT 1 FROM conversation w WHERE w.workspace_id = r.workspace_id AND w.conversation_id = r.conversation_id AND ` + where + `)`, args
		},
	}
}

// selectTickets reads what customers said on their tickets' pages.
const selectTickets = `SELECT r.workspace_id, r.ticket_id, '', r.inbox_id, COALESCE(r.contact_id, ''), COALESCE(r.assignee_id, ''), r.team_id,
0, r.rating_at, r.rating_score, r.rating_comment, 'link', COALESCE(p.name, ''), r.number, r.title FROM ticket r
LEFT JOIN contact p ON p.workspace_id = r.workspace_id AND p.contact_id = r.contact_id
`

// selectRatings reads the contact from the conversation: it follows merges.
const selectRatings = `SELECT r.workspace_id, r.rating_id, r.conversation_id, r.inbox_id, c.contact_id, r.member_id, r.team_id,
r.asked_at, r.given_at, r.score, r.comment, r.via, p.name, 0, '' FROM rating r
JOIN conversation c ON c.workspace_id = r.workspace_id AND c.conversation_id = r.conversation_id
JOIN contact p ON p.workspace_id = c.workspace_id AND p.contact_id = c.contact_id
`

func scan(sc db.Scanner) (survey.Rating, error) {
	var r survey.Rating
	var workspace, id, conv, inbox, who, member, group, via, title string
	var asked, given, number int64
	err := sc.Scan(&workspace, &id, &conv, &inbox, &who, &member, &group, &asked, &given, &r.Score, &r.Comment, &via, &r.ContactName, &number, &title)
	r.Workspace, r.ID, r.Conversation = identity.WorkspaceID(workspace), conversation.RatingID(id), conversation.ID(conv)
	r.Inbox, r.Contact, r.Member, r.Team = channel.InboxID(inbox), contact.ID(who), identity.MemberID(member), team.ID(group)
	r.AskedAt, r.GivenAt, r.Via = db.Time(asked), db.Time(given), conversation.RatingVia(via)
	if conv == "" {
		r.Ticket = &survey.Ticket{ID: ticket.ID(id), Number: db.Unsigned(number), Title: title}
	}
	return r, err
}

// Rating implements survey.Store.
func (s *Store) Rating(ctx context.Context, id conversation.RatingID) (survey.Rating, error) {
	var out survey.Rating
	found := false
	err := s.db.Rows(ctx, selectRatings+`WHERE r.rating_id = ?`, []any{string(id)}, func(sc db.Scanner) (err error) {
		out, err = scan(sc)
		found = true
		return err
	})
	if errors.Is(err, sql.ErrNoRows) || err == nil && !found {
		return survey.Rating{}, errs.Absent()
	}
	return out, err
}

// where selects given ratings.
func (from source) where(driver db.Driver, workspace identity.WorkspaceID, f survey.Filter) (string, []any) {
	var b strings.Builder
	b.WriteString(`WHERE r.workspace_id = ? AND ` + from.given + ` > 0`)
	args := []any{string(workspace)}
	add := func(condition string, arg any) {
		b.WriteString(` AND ` + condition)
		args = append(args, arg)
	}
	if !f.From.IsZero() {
		add(from.given+` >= ?`, db.Micros(f.From))
	}
	if !f.To.IsZero() {
		add(from.given+` < ?`, db.Micros(f.To))
	}
	if f.Member != "" {
		add(from.member+` = ?`, string(f.Member))
	}
	if f.Team != "" {
		add(`r.team_id = ?`, string(f.Team))
	}
	if f.Inbox != "" {
		add(`r.inbox_id = ?`, string(f.Inbox))
	}
	within, bound := from.within(driver, f.Reach)
	b.WriteString(reach.And(within))
	return b.String(), append(args, bound...)
}

// Ratings implements survey.Store. Its cursor is (time given, id).
func (s *Store) Ratings(ctx context.Context, workspace identity.WorkspaceID, f survey.Filter, p page.Request) (page.Page[survey.Rating], error) {
	var out page.Page[survey.Rating]
	from := sourceOf(f)
	condition, args := from.where(s.db.Driver(), workspace, f)
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	if key != nil {
		at, err := strconv.ParseInt(key[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		condition += ` AND (` + from.given + `, ` + from.id + `) < (?, ?)`
		args = append(args, at, key[1])
	}
	size := p.Size()
	err = s.db.Rows(ctx, from.read+condition+` ORDER BY `+from.given+` DESC, `+from.id+` DESC LIMIT ?`, append(args, size+1), func(sc db.Scanner) error {
		r, err := scan(sc)
		out.Items = append(out.Items, r)
		return err
	})
	if err != nil {
		return page.Page[survey.Rating]{}, err
	}
	if len(out.Items) > size {
		out.Items = out.Items[:size]
		last := out.Items[size-1]
		out.Next = page.Encode(strconv.FormatInt(db.Micros(last.GivenAt), 10), string(last.ID))
	}
	return out, nil
}

// Summary implements survey.Store.
func (s *Store) Summary(ctx context.Context, workspace identity.WorkspaceID, f survey.Filter) (survey.Summary, error) {
	var out survey.Summary
	from := sourceOf(f)
	condition, args := from.where(s.db.Driver(), workspace, f)
	err := s.db.Rows(ctx, `SELECT `+from.score+`, COUNT(*) `+from.count+` `+condition+` GROUP BY `+from.score, args, func(sc db.Scanner) error {
		var score, n int
		if err := sc.Scan(&score, &n); err != nil {
			return err
		}
		if score >= 1 && score <= len(out.ByScore) {
			out.ByScore[score-1] = n
		}
		return nil
	})
	return out, err
}
