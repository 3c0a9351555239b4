package realtime

import (
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Item is a committed event with what it is about: for an event of a
// conversation its change and the conversation as it is now, nil otherwise.
type Item struct {
	Event        event.Event
	Change       *conversation.Change
	Conversation *conversation.Conversation
}

// member is the frame that members get.
func (it Item) member() eventFrame {
	return eventFrame{Op: "event", FeedEvent: wire.FeedEventOf(it.Event, it.Change, it.Conversation)}
}

// Publish shows committed events of one workspace, in feed order, to the
// sessions of this node that may see them. It may be called again with the
// same events; what a caller leaves out, the sessions read from the database.
// It does not block on slow readers.
func (g *Gateway) Publish(workspace identity.WorkspaceID, items []Item) {
	for _, it := range items {
		g.publishPublic(it)
	}
	members := g.hubs.of(workspace)
	if len(members) == 0 {
		return
	}
	var b batch
	for _, it := range items {
		if !b.empty() && it.Event.Feed != b.next() {
			g.fanOut(members, b)
			b = batch{}
		}
		if err := b.add(it.Event.Feed, it.member()); err != nil {
			g.logEncode(err)
			return // the sessions find the hole by the next event
		}
	}
	g.fanOut(members, b)
}

func (g *Gateway) fanOut(members []*member, b batch) {
	if !b.empty() {
		each(members, func(m *member) { m.follow(&b) })
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
	if v.position > 0 && !c.InQueue() {
		v.tell(0, v.available)
	}
}
