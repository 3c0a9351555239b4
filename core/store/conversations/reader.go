package conversations

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/reach"
)

// Get implements conversation.Reader.
func (s *Store) Get(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID) (conversation.Conversation, error) {
	r, err := one(ctx, s.db, whereID, string(workspace), string(id))
	if err == nil && r == nil {
		err = errs.Absent()
	}
	if err != nil {
		return conversation.Conversation{}, err
	}
	return r.domain(), nil
}

// OfContact implements conversation.Reader.
func (s *Store) OfContact(ctx context.Context, workspace identity.WorkspaceID, inbox channel.InboxID, external string) (*conversation.Conversation, error) {
	r, err := one(ctx, s.db, whereKey, string(workspace), string(inbox), external)
	if r == nil {
		return nil, err
	}
	c := r.domain()
	return &c, nil
}

// Message implements conversation.Reader. It looks from the newest message
// back: what people refer to is seldom old.
func (s *Store) Message(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, message conversation.MessageID) (conversation.Message, error) {
	const query = `SELECT ` + changeColumns + ` FROM message m
JOIN conversation_change h ON h.workspace_id = m.workspace_id AND h.conversation_id = m.conversation_id AND h.seq = m.seq
WHERE m.workspace_id = ? AND m.conversation_id = ? AND m.message_id = ? ORDER BY m.seq DESC LIMIT 1`
	var r changeRow
	err := s.db.Row(ctx, query, []any{string(workspace), string(id), string(message)}, r.dest()...)
	if errors.Is(err, sql.ErrNoRows) {
		return conversation.Message{}, errs.Absent()
	}
	if err != nil {
		return conversation.Message{}, err
	}
	m := r.message(workspace)
	return *m, fetchFiles(ctx, s.db, workspace, m)
}

// SeenAt implements conversation.Reader. Marks only grow, so the first one that
// is far enough is the answer.
func (s *Store) SeenAt(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, seq uint64) (time.Time, error) {
	const query = `SELECT at, COALESCE(data, '') FROM conversation_change
WHERE workspace_id = ? AND conversation_id = ? AND seq > ? AND type = ? ORDER BY seq`
	var seen time.Time
	err := s.db.Rows(ctx, query, []any{string(workspace), string(id), db.Signed(seq), string(conversation.ReadByContact)}, func(sc db.Scanner) error {
		var at int64
		var data string
		if err := sc.Scan(&at, &data); err != nil {
			return err
		}
		var mark struct{ Seq uint64 }
		if seen.IsZero() && json.Unmarshal([]byte(data), &mark) == nil && mark.Seq >= seq {
			seen = db.Time(at)
		}
		return nil
	})
	return seen, err
}

// SnoozedUntil implements conversation.Reader.
func (s *Store) SnoozedUntil(ctx context.Context, now time.Time, limit int) ([]conversation.Ref, error) {
	const query = `SELECT workspace_id, conversation_id FROM conversation
WHERE snoozed_until > 0 AND snoozed_until <= ? ORDER BY snoozed_until LIMIT ?`
	var out []conversation.Ref
	err := s.db.Rows(ctx, query, []any{db.Micros(now), limit}, func(sc db.Scanner) error {
		var workspace, id string
		if err := sc.Scan(&workspace, &id); err != nil {
			return err
		}
		out = append(out, conversation.Ref{Workspace: identity.WorkspaceID(workspace), ID: conversation.ID(id)})
		return nil
	})
	return out, err
}

// List implements conversation.Reader. Its cursor is (time of the last change, id).
func (s *Store) List(ctx context.Context, workspace identity.WorkspaceID, f conversation.Filter, p page.Request) (page.Page[conversation.Conversation], error) {
	var out page.Page[conversation.Conversation]
	l, err := newListing(s.db.Driver(), workspace, f, p)
	if err != nil {
		return out, err
	}
	query, args := l.query()
	err = s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var row conversationRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		out.Items = append(out.Items, row.domain())
		return nil
	})
	if err != nil {
		return page.Page[conversation.Conversation]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		last := out.Items[size-1]
		out.Items = out.Items[:size]
		out.Next = page.Encode(strconv.FormatInt(db.Micros(last.UpdatedAt), 10), string(last.ID))
	}
	return out, nil
}

// listing builds the query of a list. The index that serves lists begins with
// the state, so a list of all states joins one stretch of each. A contact has
// few conversations: there the state is hidden from the planner, which would
// rather follow the long index.
type listing struct {
	where   []string
	args    []any
	states  []conversation.State
	byState string
	limit   int
}

func newListing(driver db.Driver, workspace identity.WorkspaceID, f conversation.Filter, p page.Request) (*listing, error) {
	l := &listing{limit: p.Size() + 1, byState: `state = ?`}
	l.add(`workspace_id = ?`, string(workspace))
	l.add(`merged_into = ''`)
	if where, args := reach.Conversations(driver, f.Reach, "conversation"); where != "" {
		l.add(where, args...)
	}
	switch {
	case f.Assignee != "":
		l.add(`assignee_id = ?`, string(f.Assignee))
	case f.Unassigned:
		l.add(`assignee_id IS NULL`)
	}
	if f.Inbox != "" {
		l.add(`inbox_id = ?`, string(f.Inbox))
	}
	if f.Contact != "" {
		l.add(`contact_id = ?`, string(f.Contact))
		l.byState = `state || '' = ?`
	}
	l.states = []conversation.State{conversation.Open, conversation.Snoozed, conversation.Resolved}
	if f.State != "" {
		l.states = []conversation.State{f.State}
	}
	key, err := page.Decode(p.Cursor, 2)
	if err != nil || key == nil {
		return l, err
	}
	at, err := strconv.ParseInt(key[0], 10, 64)
	if err != nil {
		return l, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
	}
	l.add(`(updated_at, conversation_id) < (?, ?)`, at, key[1])
	return l, nil
}

func (l *listing) add(condition string, args ...any) {
	l.where = append(l.where, condition)
	l.args = append(l.args, args...)
}

func (l *listing) query() (string, []any) {
	var b strings.Builder
	var args []any
	for i, state := range l.states {
		if i > 0 {
			b.WriteString(` UNION ALL `)
		}
		b.WriteString(`SELECT * FROM (SELECT workspace_id, conversation_id, updated_at FROM conversation WHERE `)
		b.WriteString(strings.Join(l.where, ` AND `))
		b.WriteString(` AND ` + l.byState + ` ORDER BY updated_at DESC, conversation_id DESC LIMIT ?) s`)
		b.WriteString(strconv.Itoa(i))
		args = append(append(args, l.args...), string(state), l.limit)
	}
	return `SELECT ` + conversationColumns + ` FROM (` + b.String() + `) k
JOIN conversation c ON c.workspace_id = k.workspace_id AND c.conversation_id = k.conversation_id` + conversationJoins +
		`ORDER BY k.updated_at DESC, k.conversation_id DESC LIMIT ?`, append(args, l.limit)
}
