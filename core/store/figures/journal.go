package figures

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

// slack is by how much the clocks of nodes may differ: events are in the feed in
// the order of their commits, and dated by whoever made them.
const slack = 5 * time.Minute

// Start implements figures.Journal: by halves, since the feed is in the order of
// time but for the slack.
func (s *Store) Start(ctx context.Context, w identity.WorkspaceID, since time.Time) (uint64, error) {
	var low, high int64 // the first event that is late enough is after low, and not after high
	err := s.db.Rows(ctx, `SELECT feed_seq FROM workspace WHERE workspace_id = ?`, []any{string(w)}, func(sc db.Scanner) error { return sc.Scan(&high) })
	if err != nil {
		return 0, err
	}
	from := db.Micros(since.Add(-slack))
	for low < high {
		middle := low + (high-low)/2
		feed, at := high, from // of the first event after the middle
		err := s.db.Rows(ctx, `SELECT feed_seq, at FROM event_outbox WHERE workspace_id = ? AND feed_seq > ? ORDER BY feed_seq LIMIT 1`,
			[]any{string(w), middle}, func(sc db.Scanner) error { return sc.Scan(&feed, &at) })
		if err != nil {
			return 0, err
		}
		if at >= from {
			high = middle
		} else {
			low = feed
		}
	}
	return db.Unsigned(low), nil
}

// columns are what figures read of a change h, with its message m.
const columns = `h.at, h.actor_kind, h.actor_id, COALESCE(h.data, ''), COALESCE(m.extras, '')`

// ofMessage joins the message that a change brought.
const ofMessage = ` LEFT JOIN message m ON m.workspace_id = h.workspace_id AND m.conversation_id = h.conversation_id AND m.seq = h.message_seq `

// After implements figures.Journal.
func (s *Store) After(ctx context.Context, w identity.WorkspaceID, feed uint64, limit int) ([]figures.Event, error) {
	const query = `SELECT e.feed_seq, e.type, e.subject, e.seq, COALESCE(e.data, ''), e.at, COALESCE(h.actor_kind, ''), COALESCE(h.actor_id, ''),
COALESCE(h.data, ''), COALESCE(m.extras, '') FROM event_outbox e
LEFT JOIN conversation_change h ON h.workspace_id = e.workspace_id AND h.conversation_id = e.subject AND h.seq = e.seq AND h.type = e.type` + ofMessage + `
WHERE e.workspace_id = ? AND e.feed_seq > ? ORDER BY e.feed_seq LIMIT ?`
	var out []figures.Event
	err := s.db.Rows(ctx, query, []any{string(w), db.Signed(feed), limit}, func(sc db.Scanner) error {
		var e figures.Event
		var feed, seq, at int64
		var own, kind, of, extras string
		if err := sc.Scan(&feed, &e.Type, &e.Subject, &seq, &own, &at, &kind, &e.ActorID, &of, &extras); err != nil {
			return err
		}
		e.Feed, e.Seq, e.At, e.Actor = db.Unsigned(feed), db.Unsigned(seq), db.Time(at), identity.ActorKind(kind)
		if e.Data = json.RawMessage(own + of); len(e.Data) == 0 { // one of them
			e.Data = nil
		}
		e.Message = messageOf(extras)
		out = append(out, e)
		return nil
	})
	return out, err
}

// messageOf reads what figures know of a message from its extras.
func messageOf(extras string) figures.Message {
	if extras == "" {
		return figures.Message{}
	}
	var row struct {
		Carried struct {
			Automatic bool  `json:"automatic"`
			Elsewhere bool  `json:"elsewhere"`
			WrittenAt int64 `json:"written_at"`
		} `json:"carried"`
	}
	_ = json.Unmarshal([]byte(extras), &row) // we wrote it
	return figures.Message{Automatic: row.Carried.Automatic, Elsewhere: row.Carried.Elsewhere, Old: row.Carried.WrittenAt != 0}
}

// Past implements figures.Journal.
func (s *Store) Past(ctx context.Context, w identity.WorkspaceID, before time.Time, fn func(figures.Event)) error {
	at := db.Micros(before)
	return s.history(ctx, fn, `conversation c CROSS JOIN conversation_change h`+ofMessage+`WHERE c.workspace_id = ?
AND (c.state IN ('open', 'snoozed') OR c.state = 'resolved' AND c.updated_at >= ?)
AND h.workspace_id = c.workspace_id AND h.conversation_id = c.conversation_id AND h.at < ?`, string(w), at, at)
}

// History implements figures.Journal.
func (s *Store) History(ctx context.Context, w identity.WorkspaceID, id string, before uint64, fn func(figures.Event)) error {
	return s.history(ctx, fn, `conversation_change h`+ofMessage+`WHERE h.workspace_id = ? AND h.conversation_id = ? AND h.seq < ?`, string(w), id, db.Signed(before))
}

func (s *Store) history(ctx context.Context, fn func(figures.Event), from string, args ...any) error {
	query := `SELECT h.conversation_id, h.seq, h.type, ` + columns + ` FROM ` + from + ` ORDER BY h.conversation_id, h.seq`
	return s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var e figures.Event
		var seq, at int64
		var kind, of, extras string
		if err := sc.Scan(&e.Subject, &seq, &e.Type, &at, &kind, &e.ActorID, &of, &extras); err != nil {
			return err
		}
		if !figures.Counts(e.Type) {
			return nil
		}
		e.Seq, e.At, e.Actor, e.Message = db.Unsigned(seq), db.Time(at), identity.ActorKind(kind), messageOf(extras)
		if of != "" {
			e.Data = json.RawMessage(of)
		}
		fn(e)
		return nil
	})
}

// Present implements figures.Journal.
func (s *Store) Present(ctx context.Context, w identity.WorkspaceID, since time.Time) (map[identity.MemberID]dispatch.Status, error) {
	out := map[identity.MemberID]dispatch.Status{}
	err := s.db.Rows(ctx, `SELECT member_id, status, online FROM agent_state WHERE workspace_id = ? AND status_since < ?`,
		[]any{string(w), db.Micros(since)}, func(sc db.Scanner) error {
			var a dispatch.AgentState
			var member, status string
			err := sc.Scan(&member, &status, &a.Online)
			a.Status = dispatch.Status(status)
			out[identity.MemberID(member)] = a.Effective()
			return err
		})
	return out, err
}
