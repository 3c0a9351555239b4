// Package notifications stores what members are told, how they want to be
// told, and how far the feed was looked at for it.
package notifications

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/store/erasures"
	"github.com/patchbay-im/patchbay/core/store/reach"
	"github.com/patchbay-im/patchbay/core/ticket"
)

// Store implements notification.Store and notification.Inbox.
type Store struct {
	db *db.DB
}

// New returns a Store.
func New(d *db.DB) *Store { return &Store{db: d} }

// Cursor implements notification.Store.
func (s *Store) Cursor(ctx context.Context, w identity.WorkspaceID) (uint64, error) {
	return cursor(ctx, s.db, w)
}

func cursor(ctx context.Context, q db.Querier, w identity.WorkspaceID) (uint64, error) {
	var n int64
	err := q.Row(ctx, `SELECT feed_seq FROM notification_cursor WHERE workspace_id = ?`, []any{string(w)}, &n)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return uint64(n), err //nolint:gosec // as it was stored
}

// Mark implements notification.Store.
func (s *Store) Mark(ctx context.Context, w identity.WorkspaceID, since time.Time) (event.Mark, error) {
	return erasures.Mark(ctx, s.db, w, since)
}

// Record implements notification.Store.
func (s *Store) Record(ctx context.Context, w identity.WorkspaceID, upTo uint64, list []notification.Notification, tell notification.Teller) ([]notification.Notification, error) {
	var out []notification.Notification
	err := s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		out = nil
		reached, err := standing(ctx, tx, w, list)
		if err != nil {
			return err
		}
		for _, n := range list {
			if n.Feed > 0 && n.Feed <= reached {
				continue
			}
			stored, err := insert(ctx, tx, w, n)
			if err == nil && stored {
				out = append(out, n)
				err = told(ctx, tx, w, n, tell)
			}
			if err != nil {
				return err
			}
		}
		if upTo <= reached {
			return nil
		}
		return tx.Queue(ctx, `INSERT INTO notification_cursor (workspace_id, feed_seq) VALUES (?, ?)
ON CONFLICT (workspace_id) DO UPDATE SET feed_seq = excluded.feed_seq`, string(w), int64(upTo)) //nolint:gosec // sequences stay far below 2^63
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// standing returns the cursor, unless somebody was erased since notifications were
// made, which is together.
func standing(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, list []notification.Notification) (uint64, error) {
	if len(list) > 0 {
		if err := erasures.Stands(ctx, tx, w, list[0].Made); err != nil {
			return 0, err
		}
	}
	return cursor(ctx, tx, w)
}

// waits has the member's browsers be told of a notification, if they want to be:
// what package pushes sends.
func waits(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, n notification.Notification) error {
	return tx.Queue(ctx, `INSERT INTO push_waiting (workspace_id, member_id, notification_id, session_id, at, due_at)
SELECT m.workspace_id, m.member_id, CAST(? AS TEXT), s.session_id, CAST(? AS BIGINT), CAST(? AS BIGINT)
FROM member m JOIN push_subscription s ON s.account_id = m.account_id WHERE m.workspace_id = ? AND m.member_id = ?`,
		string(n.ID), db.Micros(n.At), db.Micros(n.At.Add(push.Delay)), string(w), string(n.Member))
}

// told stores by what else a notification is told: the member's browsers, and
// its event, if one is wanted.
func told(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, n notification.Notification, tell notification.Teller) error {
	if err := waits(ctx, tx, w, n); err != nil || tell == nil {
		return err
	}
	e, err := tell(n)
	if err != nil {
		return err
	}
	return tx.Append(ctx, e)
}

func insert(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, n notification.Notification) (bool, error) {
	if n.Collapses() {
		err := tx.Queue(ctx, `DELETE FROM notification WHERE workspace_id = ? AND member_id = ? AND read_at = 0 AND kind = ? AND conversation_id = ?`,
			string(w), string(n.Member), string(n.Kind), subject(n))
		if err != nil {
			return false, err
		}
	}
	about, err := aboutOf(n)
	if err != nil {
		return false, err
	}
	rows, err := tx.Exec(ctx, `INSERT INTO notification (workspace_id, member_id, notification_id, kind, source, feed_seq, conversation_id,
seq, text, actor_kind, actor_id, actor_name, at, read_at, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, member_id, source) DO NOTHING`,
		string(w), string(n.Member), string(n.ID), string(n.Kind), n.Source, db.Signed(n.Feed), subject(n),
		db.Signed(n.Seq), n.Text, string(n.Actor.Kind), n.Actor.ID, n.Actor.Name, db.Micros(n.At), db.Micros(n.ReadAt), about)
	return rows > 0, err
}

// Named implements notification.Store.
func (s *Store) Named(ctx context.Context, w identity.WorkspaceID, ids []notification.ID) (map[notification.ID]notification.Notification, error) {
	out := make(map[notification.ID]notification.Notification, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	args := []any{string(w)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	args = db.Padded(args, len(ids))
	err := s.db.Rows(ctx, `SELECT `+columns+`, member_id FROM notification
WHERE workspace_id = ? AND notification_id IN (`+strings.Repeat(`, ?`, len(args)-1)[2:]+`)`, args, func(sc db.Scanner) error {
		var member string
		n, err := scan(sc, &member)
		n.Workspace, n.Member = w, identity.MemberID(member)
		out[n.ID] = n
		return err
	})
	return out, err
}

// Retell implements notification.Store.
func (s *Store) Retell(ctx context.Context, w identity.WorkspaceID, of conversation.ID, seq uint64, text string) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		return tx.Queue(ctx, `UPDATE notification SET text = ? WHERE workspace_id = ? AND conversation_id = ? AND seq = ?`,
			text, string(w), string(of), db.Signed(seq))
	})
}

// Sweep implements notification.Store.
func (s *Store) Sweep(ctx context.Context, w identity.WorkspaceID, before time.Time, keep int) (int, error) {
	const ranked = `SELECT member_id, notification_id, at,
ROW_NUMBER() OVER (PARTITION BY member_id ORDER BY at DESC, notification_id DESC) AS place FROM notification WHERE workspace_id = ?`
	type key struct{ member, id string }
	var gone []key
	err := s.db.Rows(ctx, `SELECT member_id, notification_id FROM (`+ranked+`) AS ranked WHERE at < ? OR place > ?`,
		[]any{string(w), db.Micros(before), keep}, func(sc db.Scanner) error {
			var k key
			err := sc.Scan(&k.member, &k.id)
			gone = append(gone, k)
			return err
		})
	if err != nil || len(gone) == 0 {
		return 0, err
	}
	err = s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		for _, k := range gone {
			err := tx.Queue(ctx, `DELETE FROM notification WHERE workspace_id = ? AND member_id = ? AND notification_id = ?`, string(w), k.member, k.id)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return len(gone), err
}

// List implements notification.Inbox. Its cursor is (time, id).
func (s *Store) List(ctx context.Context, w identity.WorkspaceID, of notification.Sight, unread bool, p page.Request) (page.Page[notification.Notification], error) {
	var out page.Page[notification.Notification]
	before, err := page.Decode(p.Cursor, 2)
	if err != nil {
		return out, err
	}
	query := `SELECT ` + columns + `
FROM notification WHERE workspace_id = ? AND member_id = ?`
	args := []any{string(w), string(of.Member)}
	within, bound := s.within(of)
	query, args = query+within, append(args, bound...)
	if unread {
		query += ` AND read_at = 0`
	}
	if before != nil {
		at, err := strconv.ParseInt(before[0], 10, 64)
		if err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
		query += ` AND (at, notification_id) < (?, ?)`
		args = append(args, at, before[1])
	}
	err = s.db.Rows(ctx, query+` ORDER BY at DESC, notification_id DESC LIMIT ?`, append(args, p.Size()+1), func(sc db.Scanner) error {
		n, err := scan(sc)
		n.Workspace, n.Member = w, of.Member
		out.Items = append(out.Items, n)
		return err
	})
	if err != nil {
		return page.Page[notification.Notification]{}, err
	}
	if size := p.Size(); len(out.Items) > size {
		out.Items = out.Items[:size]
		last := out.Items[size-1]
		out.Next = page.Encode(strconv.FormatInt(db.Micros(last.At), 10), string(last.ID))
	}
	return out, nil
}

const columns = `notification_id, kind, source, feed_seq, conversation_id, seq, text, actor_kind, actor_id, actor_name, at, read_at, about`

// scan reads the columns, and more after them.
func scan(sc db.Scanner, more ...any) (notification.Notification, error) {
	var n notification.Notification
	var id, kind, conv, actor, about string
	var feed, seq, at, read int64
	err := sc.Scan(append([]any{&id, &kind, &n.Source, &feed, &conv, &seq, &n.Text, &actor, &n.Actor.ID, &n.Actor.Name, &at, &read, &about}, more...)...)
	n.ID, n.Kind = notification.ID(id), notification.Kind(kind)
	n.Feed, n.Seq, n.Actor.Kind = uint64(feed), uint64(seq), identity.ActorKind(actor) //nolint:gosec // as it was stored
	n.At, n.ReadAt = db.Time(at), db.Time(read)
	if strings.HasPrefix(conv, ticketPrefix) {
		var a ticketAbout
		if err == nil {
			err = json.Unmarshal([]byte(about), &a)
		}
		n.Ticket = &notification.Ticket{ID: ticket.ID(conv), Number: a.Number, Title: a.Title}
		return n, err
	}
	n.Conversation = conversation.ID(conv)
	if err == nil && n.Kind == notification.PluginState {
		n.Plugin = new(notification.Plugin)
		return n, json.Unmarshal([]byte(about), n.Plugin)
	}
	if err == nil && n.Kind == notification.AccountHealth {
		n.Account = new(notification.Account)
		return n, json.Unmarshal([]byte(about), n.Account)
	}
	if err == nil && n.Kind == notification.AlertRaised {
		n.Raised = new(notification.Raised)
		return n, json.Unmarshal([]byte(about), n.Raised)
	}
	if err == nil && about != "" {
		var a importAbout
		err = json.Unmarshal([]byte(about), &a)
		i := notification.Import(a)
		n.Import = &i
	}
	return n, err
}

// importAbout is how the end of an import is stored.
type importAbout struct {
	ID      string `json:"import_id"`
	Failed  bool   `json:"failed"`
	Created int    `json:"created"`
	Updated int    `json:"updated"`
	Skipped int    `json:"skipped"`
	Refused int    `json:"refused"`
}

// ticketAbout is how a ticket was called.
type ticketAbout struct {
	Number uint64 `json:"number"`
	Title  string `json:"title"`
}

// ticketPrefix begins the ids of tickets. What a notification is about stands
// in conversation_id, whether it is a conversation or a ticket.
const ticketPrefix = "tkt_"

func subject(n notification.Notification) string {
	if n.Ticket != nil {
		return string(n.Ticket.ID)
	}
	return string(n.Conversation)
}

func aboutOf(n notification.Notification) (string, error) {
	var about any
	switch {
	case n.Ticket != nil:
		about = ticketAbout{Number: n.Ticket.Number, Title: n.Ticket.Title}
	case n.Import != nil:
		about = importAbout(*n.Import)
	case n.Plugin != nil:
		about = *n.Plugin
	case n.Account != nil:
		about = *n.Account
	case n.Raised != nil:
		about = *n.Raised
	default:
		return "", nil
	}
	text, err := json.Marshal(about)
	return string(text), err
}

// within is the condition that a notification is about nothing that its member
// does not reach.
func (s *Store) within(of notification.Sight) (string, []any) {
	talk, args := reach.Conversations(s.db.Driver(), of.Conversations, "c")
	work, more := reach.Tickets(s.db.Driver(), of.Tickets, "t")
	if talk == "" && work == "" {
		return "", nil
	}
	const of1, of2 = `(substr(conversation_id, 1, 4) <> '` + ticketPrefix + `'`, `(substr(conversation_id, 1, 4) = '` + ticketPrefix + `'`
	if talk != "" {
		talk = ` AND EXISTS (SELECT 1 FROM conversation c
WHERE c.workspace_id = notification.workspace_id AND c.conversation_id = notification.conversation_id AND ` + talk + `)`
	}
	if work != "" {
		work = ` AND EXISTS (SELECT 1 FROM ticket t
WHERE t.workspace_id = notification.workspace_id AND t.ticket_id = notification.conversation_id AND ` + work + `)`
	}
	return ` AND (conversation_id = '' OR ` + of1 + talk + `) OR ` + of2 + work + `))`, append(args, more...)
}

// Unread implements notification.Inbox.
func (s *Store) Unread(ctx context.Context, w identity.WorkspaceID, of notification.Sight) (int, error) {
	within, bound := s.within(of)
	var n int
	err := s.db.Row(ctx, `SELECT count(*) FROM notification WHERE workspace_id = ? AND member_id = ? AND read_at = 0`+within,
		append([]any{string(w), string(of.Member)}, bound...), &n)
	return n, err
}

// MarkRead implements notification.Inbox.
func (s *Store) MarkRead(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, ids []notification.ID, at time.Time, events ...event.Event) error {
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Append(ctx, events...); err != nil {
			return err
		}
		query := `UPDATE notification SET read_at = ? WHERE workspace_id = ? AND member_id = ? AND read_at = 0`
		args := []any{db.Micros(at), string(w), string(m)}
		if ids == nil {
			return tx.Queue(ctx, query, args...)
		}
		for _, id := range ids {
			args = append(args, string(id))
		}
		args = db.Padded(args, len(ids))
		return tx.Queue(ctx, query+` AND notification_id IN (`+strings.Repeat(`, ?`, len(args)-3)[2:]+`)`, args...)
	})
}

// rules is how preferences are stored.
type rules struct {
	Rules map[notification.Kind]rule `json:"rules"`
	Quiet *quiet                     `json:"quiet,omitempty"`
}

type rule struct {
	InApp   bool `json:"in_app"`
	Browser bool `json:"browser"`
	Sound   bool `json:"sound"`
}

type quiet struct {
	From     string `json:"from"`
	To       string `json:"to"`
	Timezone string `json:"timezone"`
}

// Preferences implements notification.Inbox.
func (s *Store) Preferences(ctx context.Context, w identity.WorkspaceID, m identity.MemberID) (*notification.Preferences, error) {
	var text string
	err := s.db.Row(ctx, `SELECT rules FROM notification_preference WHERE workspace_id = ? AND member_id = ?`, []any{string(w), string(m)}, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // the port says nil for nothing chosen
	}
	if err != nil {
		return nil, err
	}
	var r rules
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, err
	}
	out := notification.Preferences{Rules: make(map[notification.Kind]notification.Rule, len(r.Rules))}
	for k, v := range r.Rules {
		out.Rules[k] = notification.Rule(v)
	}
	if r.Quiet != nil {
		q := notification.Quiet(*r.Quiet)
		out.Quiet = &q
	}
	return &out, nil
}

// SavePreferences implements notification.Inbox.
func (s *Store) SavePreferences(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, p notification.Preferences) error {
	r := rules{Rules: make(map[notification.Kind]rule, len(p.Rules))}
	for k, v := range p.Rules {
		r.Rules[k] = rule(v)
	}
	if p.Quiet != nil {
		q := quiet(*p.Quiet)
		r.Quiet = &q
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.db.Do(ctx, string(w), func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO notification_preference (workspace_id, member_id, rules)
SELECT workspace_id, member_id, ? FROM member WHERE workspace_id = ? AND member_id = ?
ON CONFLICT (workspace_id, member_id) DO UPDATE SET rules = excluded.rules`, string(text), string(w), string(m))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
}
