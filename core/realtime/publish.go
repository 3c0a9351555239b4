package realtime

import (
	"context"
	"slices"
	"sync"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/ticket"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Item is a committed event with what it is about: for an event of a
// conversation its change and the conversation as it is now, nil otherwise.
type Item struct {
	Event        event.Event
	Change       *conversation.Change
	Conversation *conversation.Conversation
	TicketChange *ticket.Change // of an event of a ticket
	Ticket       *ticket.Ticket // likewise, as it is now
}

// About returns the item with the ticket that the event is about, if it is about one.
func (it Item) About(changes map[string]ticket.Change, tickets map[ticket.ID]ticket.Ticket) Item {
	if c, ok := changes[it.Event.ID]; ok {
		it.TicketChange = &c
	}
	if t, ok := tickets[ticket.ID(it.Event.Subject)]; ok {
		it.Ticket = &t
	}
	return it
}

// tickets finds which tickets events are about.
func (g *Gateway) tickets(ctx context.Context, w identity.WorkspaceID, events []event.Event) (map[string]ticket.Change, map[ticket.ID]ticket.Ticket, error) {
	if g.o.Tickets == nil || !slices.ContainsFunc(events, func(e event.Event) bool { return ticket.Is(e.Type) }) {
		return nil, nil, nil
	}
	return g.o.Tickets.HydrateTickets(ctx, w, events)
}

// feeds remember how far each workspace was published. A member's session sees
// a hole by the next event; a visitor's, who sees few of them, cannot.
type feeds struct {
	mu   sync.Mutex
	last map[identity.WorkspaceID]uint64
}

// jumps reports whether events may be missing before the first of these.
func (f *feeds) jumps(w identity.WorkspaceID, first, last uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		f.last = make(map[identity.WorkspaceID]uint64)
	}
	before := f.last[w] // 0 at first: who came before the first event may lack some
	f.last[w] = max(before, last)
	return first > before+1
}

// Publish shows committed events of one workspace, in feed order, to the
// sessions of this node that may see them. It may be called again with the
// same events; what a caller leaves out, the sessions read from the database.
// It does not block on slow readers.
func (g *Gateway) Publish(workspace identity.WorkspaceID, items []Item) {
	if len(items) == 0 {
		return
	}
	if g.feeds.jumps(workspace, items[0].Event.Feed, items[len(items)-1].Event.Feed) {
		g.rooms.doubtful(workspace)
	}
	for _, it := range items {
		g.publishPublic(it)
	}
	g.watchers.touch(workspace)
	members := g.hubs.of(workspace)
	if len(members) == 0 {
		return
	}
	for start := 0; start < len(items); {
		end := start + 1
		for end < len(items) && items[end].Event.Feed == items[end-1].Event.Feed+1 {
			end++
		}
		if err := g.show(members, items[start:end]); err != nil {
			g.logEncode(err)
			return // the sessions find the hole by the next event
		}
		start = end
	}
}

// publishPublic shows an event to the visitor it concerns.
func (g *Gateway) publishPublic(it Item) {
	if it.Change == nil || it.Conversation == nil {
		return
	}
	c := it.Conversation
	g.places.put(*c)
	change, ok := wire.PublicChangeOf(*it.Change)
	var b batch
	g.rooms.each(c.Inbox, c.Recipient, func(v *visitor) {
		if ok && b.empty() {
			if err := b.add(change.Seq, changeFrame{Op: "change", Change: change}); err != nil {
				g.logEncode(err)
				return
			}
		}
		if ok {
			v.follow(&b)
		}
		v.observe(c)
	})
}

func (g *Gateway) logEncode(err error) {
	g.o.Logger.Error("a frame cannot be encoded", "error", err)
}

// observe keeps what the session must know of its conversation, and tells a
// visitor who was told a place that the waiting is over.
func (v *visitor) observe(c *conversation.Conversation) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conversation = c.ID
	if v.position > 0 && !c.Waits() {
		v.tell(QueuePlace{Available: v.available})
	}
}
