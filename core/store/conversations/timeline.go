package conversations

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const selectChanges = `SELECT ` + changeColumns + ` FROM conversation_change h` + messageJoin +
	`WHERE h.workspace_id = ? AND h.conversation_id = ? AND `

// Timeline implements conversation.Reader.
func (s *Store) Timeline(ctx context.Context, workspace identity.WorkspaceID, id conversation.ID, r conversation.Range) ([]conversation.Change, error) {
	query, args := db.History(selectChanges, r, string(workspace), string(id))
	var out []conversation.Change
	err := s.db.Rows(ctx, query, args, func(sc db.Scanner) error {
		var row changeRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		out = append(out, row.domain(workspace))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if r.After == nil {
		slices.Reverse(out)
	}
	messages := make([]*conversation.Message, len(out))
	for i := range out {
		messages[i] = out[i].Message
	}
	return out, fetchFiles(ctx, s.db, workspace, messages...)
}

const (
	// hydrateChanges finds the changes behind a stretch of the feed.
	hydrateChanges = `SELECT ` + changeColumns + ` FROM event_outbox e
JOIN conversation_change h ON h.workspace_id = e.workspace_id AND h.conversation_id = e.subject AND h.seq = e.seq` + messageJoin +
		`WHERE e.workspace_id = ? AND e.feed_seq >= ? AND e.feed_seq <= ? AND e.seq > 0`

	hydrateConversations = selectConversation + `WHERE c.workspace_id = ? AND c.conversation_id IN
(SELECT subject FROM event_outbox WHERE workspace_id = ? AND feed_seq >= ? AND feed_seq <= ? AND seq > 0)`
)

// hydrateGap is how many numbers of the feed may be missing between two events
// that are read in one stretch.
const hydrateGap = 64

// Hydrate implements conversation.Reader. Events come from event.Log, so they
// are neighbours in the feed or nearly so: stretches of it are read.
func (s *Store) Hydrate(ctx context.Context, workspace identity.WorkspaceID, events []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error) {
	h := hydration{
		db: s.db, workspace: workspace, wanted: make(map[string]bool), subjects: make(map[conversation.ID]bool),
		changes: make(map[string]conversation.Change), conversations: make(map[conversation.ID]conversation.Conversation),
	}
	var feed []uint64
	for _, e := range events {
		if e.Seq == 0 || e.Workspace != string(workspace) {
			continue
		}
		h.wanted[e.ID], h.subjects[conversation.ID(e.Subject)] = true, true
		feed = append(feed, e.Feed)
	}
	slices.Sort(feed)
	for len(feed) > 0 {
		n := 1
		for n < len(feed) && feed[n]-feed[n-1] <= hydrateGap {
			n++
		}
		if err := h.read(ctx, db.Signed(feed[0]), db.Signed(feed[n-1])); err != nil {
			return nil, nil, err
		}
		feed = feed[n:]
	}
	var messages []*conversation.Message
	for _, ch := range h.changes {
		messages = append(messages, ch.Message)
	}
	return h.changes, h.conversations, fetchFiles(ctx, s.db, workspace, messages...)
}

// hydration gathers what events tell of.
type hydration struct {
	db            *db.DB
	workspace     identity.WorkspaceID
	wanted        map[string]bool
	subjects      map[conversation.ID]bool
	changes       map[string]conversation.Change
	conversations map[conversation.ID]conversation.Conversation
}

// read reads one stretch of the feed.
func (h *hydration) read(ctx context.Context, first, last int64) error {
	ws := string(h.workspace)
	err := h.db.Rows(ctx, hydrateChanges, []any{ws, first, last}, func(sc db.Scanner) error {
		var row changeRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		if h.wanted[row.id] {
			h.changes[row.id] = row.domain(h.workspace)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return h.db.Rows(ctx, hydrateConversations, []any{ws, ws, first, last}, func(sc db.Scanner) error {
		var row conversationRow
		if err := sc.Scan(row.dest()...); err != nil {
			return err
		}
		if id := conversation.ID(row.id); h.subjects[id] {
			h.conversations[id] = row.domain()
		}
		return nil
	})
}
