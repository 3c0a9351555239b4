package figures

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/traffic"
)

// Histories implements traffic.Journal.
func (s *Store) Histories(ctx context.Context, w identity.WorkspaceID, since, before time.Time, fn func(figures.Event, dispatch.Channel) error) error {
	const query = `SELECT h.conversation_id, h.seq, h.type, h.at, h.actor_kind, h.actor_id, COALESCE(h.data, ''), i.plugin, i.live
FROM conversation c CROSS JOIN inbox i CROSS JOIN conversation_change h WHERE c.workspace_id = ? AND c.created_at < ?
AND (c.state IN ('open', 'snoozed') OR c.state = 'resolved' AND c.updated_at >= ?)
AND i.workspace_id = c.workspace_id AND i.inbox_id = c.inbox_id
AND h.workspace_id = c.workspace_id AND h.conversation_id = c.conversation_id AND (h.type <> ? OR h.actor_kind = ?)
ORDER BY h.conversation_id, h.seq`
	args := []any{string(w), db.Micros(before), db.Micros(since), string(conversation.MessageCreated), string(identity.ActorMember)}
	return s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var e figures.Event
		var seq, at int64
		var kind, data, plugin string
		var live bool
		if err := sc.Scan(&e.Subject, &seq, &e.Type, &at, &kind, &e.ActorID, &data, &plugin, &live); err != nil {
			return err
		}
		if !figures.Counts(e.Type) {
			return nil
		}
		e.Seq, e.At, e.Actor = db.Unsigned(seq), db.Time(at), identity.ActorKind(kind)
		if data != "" {
			e.Data = json.RawMessage(data)
		}
		return fn(e, s.mails.Channel(plugin, live))
	})
}

// Switches implements traffic.Journal.
func (s *Store) Switches(ctx context.Context, w identity.WorkspaceID, since time.Time) ([]traffic.Switch, error) {
	feed, err := s.Start(ctx, w, since)
	if err != nil {
		return nil, err
	}
	const query = `SELECT subject, at, COALESCE(data, '') FROM event_outbox
WHERE workspace_id = ? AND feed_seq > ? AND type = ? AND at >= ? ORDER BY feed_seq`
	var out []traffic.Switch
	err = s.db.Rows(ctx, query, []any{string(w), db.Signed(feed), dispatch.PresenceSwitched, db.Micros(since)}, func(sc db.Scanner) error {
		var member, data string
		var at int64
		if err := sc.Scan(&member, &at, &data); err != nil {
			return err
		}
		var said dispatch.PresenceData
		_ = json.Unmarshal([]byte(data), &said) // we wrote it
		out = append(out, traffic.Switch{Member: identity.MemberID(member), At: db.Time(at), From: said.From, To: said.Status})
		return nil
	})
	return out, err
}

// quarter is how Waits counts, in microseconds: zones differ from one another by
// quarters of an hour.
const quarter = int64(15 * time.Minute / time.Microsecond)

// Waits implements traffic.Journal.
func (s *Store) Waits(ctx context.Context, w identity.WorkspaceID, since time.Time) (map[time.Time]int, error) {
	const query = `SELECT h.at / ? AS quarter, COUNT(*) FROM conversation c CROSS JOIN conversation_change h
WHERE c.workspace_id = ? AND (c.state IN ('open', 'snoozed') OR c.state = 'resolved' AND c.updated_at >= ?)
AND h.workspace_id = c.workspace_id AND h.conversation_id = c.conversation_id AND h.type = ? AND h.at >= ? GROUP BY 1`
	from := db.Micros(since)
	out := map[time.Time]int{}
	err := s.db.Rows(ctx, query, []any{quarter, string(w), from, string(conversation.Queued), from}, func(sc db.Scanner) error {
		var at int64
		var n int
		err := sc.Scan(&at, &n)
		out[db.Time(at*quarter)] = n
		return err
	})
	return out, err
}
