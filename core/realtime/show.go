package realtime

import (
	"context"
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime/socket"
	"github.com/patchbay-im/patchbay/core/wire"
)

func (it Item) told() wire.Told {
	return wire.Told{Event: it.Event, Change: it.Change, Conversation: it.Conversation, TicketChange: it.TicketChange, Ticket: it.Ticket}
}

// judge says what of the event a member is told; seen tells which contacts they
// reach.
func (it Item) judge(scope identity.Scope, seen func(id string) bool) wire.Verdict {
	return it.told().Judge(scope, seen)
}

// frame is what a member gets of the event.
func (it Item) frame(v wire.Verdict) any {
	switch v {
	case wire.Shown:
		return eventFrame{Op: "event", FeedEvent: it.told().View()}
	case wire.Gone:
		f := goneFrame{Op: "gone", Feed: it.Event.Feed}
		f.ConversationID, f.TicketID, f.Seq = it.told().Left()
		return f
	case wire.Hidden:
	}
	return skipFrame{Op: "skip", Feed: it.Event.Feed}
}

// printing is consecutive events on their way to the sessions of a workspace:
// each is encoded once, whoever gets it.
type printing struct {
	items  []Item
	frames [][]byte          // as shown
	about  bool              // some are about contacts: who does not reach all must ask
	plain  map[string]*batch // of who reaches all, by what they are shown
	named  map[string]*batch // the same by their rights
}

// everyContact is what who sees everything reaches.
func everyContact(string) bool { return true }

// show shows consecutive events to the sessions that may see them. What a
// session may not see it gets a number of.
func (g *Gateway) show(members []*member, items []Item) error {
	p := &printing{items: items, plain: map[string]*batch{}, named: map[string]*batch{}}
	for _, it := range items {
		raw, err := json.Marshal(it.frame(wire.Shown))
		if err != nil {
			return err
		}
		p.frames = append(p.frames, socket.AppendText(make([]byte, 0, len(raw)+8), raw))
		p.about = p.about || it.Event.Type == contact.Changed
	}
	scopes := make([]identity.Scope, len(members))
	plain := make([]*batch, len(members)) // of who reaches all
	for i, m := range members {
		var mark string
		if scopes[i], mark = m.audience(); scopes[i].Reach().All() {
			plain[i] = p.common(scopes[i], mark)
		}
	}
	last := items[len(items)-1].Event.Feed
	eachOf(members, func(i int, m *member) {
		switch {
		case plain[i] != nil:
			m.follow(plain[i])
		case p.about && scopes[i].May(identity.ContactRead):
			m.lag(last)
		default:
			m.follow(p.batch(scopes[i], func(string) bool { return false }))
		}
	})
	return nil
}

// common is the batch of somebody who reaches all, by the name of their rights.
func (p *printing) common(scope identity.Scope, mark string) *batch {
	b := p.named[mark]
	if b != nil {
		return b
	}
	topics := p.topics(scope)
	if b = p.plain[topics]; b == nil {
		b = p.batch(scope, everyContact)
		p.plain[topics] = b
	}
	p.named[mark] = b
	return b
}

// topics says which of the events somebody who reaches all is shown: who is
// shown the same gets the same bytes.
func (p *printing) topics(scope identity.Scope) string {
	out := make([]byte, len(p.items))
	for i, it := range p.items {
		out[i] = '-'
		if t := wire.Topic(it.Event.Type); t != "" && scope.May(t) {
			out[i] = '+'
		}
	}
	return string(out)
}

// batch is the events as somebody is told of them.
func (p *printing) batch(scope identity.Scope, seen func(string) bool) *batch {
	var b batch
	for i, it := range p.items {
		if v := it.judge(scope, seen); v == wire.Shown {
			b.join(it.Event.Feed, p.frames[i])
		} else {
			b.join(it.Event.Feed, encode(it.frame(v)))
		}
	}
	return &b
}

// contactsSeen tells which contacts of events a member reaches.
func (g *Gateway) contactsSeen(ctx context.Context, scope identity.Scope, events []event.Event) (func(string) bool, error) {
	return contact.SeenOf(ctx, g.o.Contacts, scope, events)
}

// sees reports whether the member may know what goes on in a conversation. For
// who does not reach all it is no more than a guess when this node has seen
// nothing of it yet: what depends on it is ephemeral.
func (m *member) sees(id conversation.ID) bool {
	scope := m.rights()
	if !scope.May(identity.ConversationRead) {
		return false
	}
	within := scope.Reach()
	if within.All() {
		return true
	}
	e, ok := m.g.places.get(m.workspace, id)
	return ok && within.Covers(e.held)
}

// fingerprint names what a member may do and see: it changes with it.
func fingerprint(scope identity.Scope) string {
	return scope.Rights().Mark()
}

// rightsSaid returns the fingerprint of the member's rights, and whether they
// reach less than everything.
func (m *member) rightsSaid() (name string, limited bool) {
	scope, name := m.audience()
	return name, !scope.Reach().All()
}

// audience is the member's rights and their fingerprint.
func (m *member) audience() (identity.Scope, string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.scope, m.mark
}
