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
)

// Store implements survey.Store.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// selectRatings reads the contact from the conversation: it follows merges.
const selectRatings = `SELECT r.workspace_id, r.rating_id, r.conversation_id, r.inbox_id, c.contact_id, r.member_id, r.team_id,
r.asked_at, r.given_at, r.score, r.comment, r.via, p.name FROM rating r
JOIN conversation c ON c.workspace_id = r.workspace_id AND c.conversation_id = r.conversation_id
JOIN contact p ON p.workspace_id = c.workspace_id AND p.contact_id = c.contact_id
`

func scan(sc db.Scanner) (survey.Rating, error) {
	var r survey.Rating
	var workspace, id, conv, inbox, who, member, group, via string
	var asked, given int64
	err := sc.Scan(&workspace, &id, &conv, &inbox, &who, &member, &group, &asked, &given, &r.Score, &r.Comment, &via, &r.ContactName)
	r.Workspace, r.ID, r.Conversation = identity.WorkspaceID(workspace), conversation.RatingID(id), conversation.ID(conv)
	r.Inbox, r.Contact, r.Member, r.Team = channel.InboxID(inbox), contact.ID(who), identity.MemberID(member), team.ID(group)
	r.AskedAt, r.GivenAt, r.Via = db.Time(asked), db.Time(given), conversation.RatingVia(via)
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
func where(driver db.Driver, workspace identity.WorkspaceID, f survey.Filter) (string, []any) {
	var b strings.Builder
	b.WriteString(`WHERE r.workspace_id = ? AND r.given_at > 0`)
	args := []any{string(workspace)}
	add := func(condition string, arg any) {
		b.WriteString(` AND ` + condition)
		args = append(args, arg)
	}
	if !f.From.IsZero() {
		add(`r.given_at >= ?`, db.Micros(f.From))
	}
	if !f.To.IsZero() {
		add(`r.given_at < ?`, db.Micros(f.To))
	}
	if f.Member != "" {
		add(`r.member_id = ?`, string(f.Member))
	}
	if f.Team != "" {
		add(`r.team_id = ?`, string(f.Team))
	}
	if f.Inbox != "" {
		add(`r.inbox_id = ?`, string(f.Inbox))
	}
	if within, bound := reach.Conversations(driver, f.Reach, "w"); within != "" {
		b.WriteString(` AND EXISTS (SELECT 1 FROM conversation w WHERE w.workspace_id = r.workspace_id AND w.conversation_id = r.conversation_id AND ` + within + `)`)
		args = append(args, bound...)
	}
	return b.String(), args
}

// Ratings implements survey.Store. Its cursor is (time given, id).
func (s *Store) Ratings(ctx context.Context, workspace identity.WorkspaceID, f survey.Filter, p page.Request) (page.Page[survey.Rating], error) {
	var out page.Page[survey.Rating]
	condition, args := where(s.db.Driver(), workspace, f)
	key, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	if key != nil {
		at, err := strconv.ParseInt(key[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		condition += ` AND (r.given_at, r.rating_id) < (?, ?)`
		args = append(args, at, key[1])
	}
	size := p.Size()
	err = s.db.Rows(ctx, selectRatings+condition+` ORDER BY r.given_at DESC, r.rating_id DESC LIMIT ?`, append(args, size+1), func(sc db.Scanner) error {
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
	condition, args := where(s.db.Driver(), workspace, f)
	err := s.db.Rows(ctx, `SELECT r.score, COUNT(*) FROM rating r `+condition+` GROUP BY r.score`, args, func(sc db.Scanner) error {
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
