package conversations

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const selectChanges = `SELECT ` + changeColumns + ` FROM conversation_change h` + messageJoin +
	`WHERE h.workspace_id = ? AND h.conversation_id = ? AND `

// The four ways through a timeline. public_seq has no index of its own, which
// every message would have to pay for: it grows with seq and never passes it,
// so the way along seq starts at the right place and skips what is hidden.
const (
	afterSeq     = selectChanges + `h.seq > ? ORDER BY h.seq LIMIT ?`
	beforeSeq    = selectChanges + `h.seq < ? ORDER BY h.seq DESC LIMIT ?`
	afterPublic  = selectChanges + `h.seq > ? AND h.public_seq > ? ORDER BY h.seq LIMIT ?`
	beforePublic = selectChanges + `h.public_seq < ? ORDER BY h.seq DESC LIMIT ?`
)

// Timeline implements conversation.Reader.
func (s *Store) Timeline(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, r conversation.Range) ([]conversation.Change, error) {
	limit := r.Limit
	if limit <= 0 {
		limit = page.DefaultLimit
	}
	args := []any{string(workspace), string(id)}
	query, before := beforeSeq, int64(1<<62)
	if r.Before > 0 {
		before = signed(r.Before)
	}
	switch {
	case r.After != nil && r.Public:
		query, args = afterPublic, append(args, signed(*r.After), signed(*r.After))
	case r.After != nil:
		query, args = afterSeq, append(args, signed(*r.After))
	case r.Public:
		query, args = beforePublic, append(args, before)
	default:
		args = append(args, before)
	}
	var out []conversation.Change
	err := s.db.Rows(ctx, query, append(args, limit), func(sc db.Scanner) error {
		var row changeRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		out = append(out, row.domain(workspace))
		return nil
	})
	if r.After == nil {
		slices.Reverse(out)
	}
	return out, err
}

const (
	// hydrateChanges finds the changes behind a stretch of the feed.
	hydrateChanges = `SELECT ` + changeColumns + ` FROM event_outbox e
JOIN conversation_change h ON h.workspace_id = e.workspace_id AND h.conversation_id = e.subject AND h.seq = e.seq` + messageJoin +
		`WHERE e.workspace_id = ? AND e.feed_seq >= ? AND e.feed_seq <= ? AND e.seq > 0`

	hydrateConversations = selectConversation + `WHERE c.workspace_id = ? AND c.conversation_id IN
(SELECT subject FROM event_outbox WHERE workspace_id = ? AND feed_seq >= ? AND feed_seq <= ? AND seq > 0)`
)

// Hydrate implements conversation.Reader. The events are neighbours in the
// feed, as event.Log gives them out.
func (s *Store) Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error) {
	changes := make(map[string]conversation.Change)
	conversations := make(map[conversation.ID]conversation.Conversation)
	wanted := make(map[string]bool)
	subjects := make(map[conversation.ID]bool)
	var first, last uint64
	for _, e := range events {
		if e.Seq == 0 || e.Workspace != string(workspace) {
			continue
		}
		if first == 0 || e.Feed < first {
			first = e.Feed
		}
		last = max(last, e.Feed)
		wanted[e.ID], subjects[conversation.ID(e.Subject)] = true, true
	}
	if len(wanted) == 0 {
		return changes, conversations, nil
	}
	ws := string(workspace)
	err := s.db.Rows(ctx, hydrateChanges, []any{ws, signed(first), signed(last)}, func(sc db.Scanner) error {
		var row changeRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		if wanted[row.id] {
			changes[row.id] = row.domain(workspace)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	err = s.db.Rows(ctx, hydrateConversations, []any{ws, ws, signed(first), signed(last)}, func(sc db.Scanner) error {
		var row conversationRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		if subjects[conversation.ID(row.id)] {
			conversations[conversation.ID(row.id)] = row.domain()
		}
		return nil
	})
	return changes, conversations, err
}
