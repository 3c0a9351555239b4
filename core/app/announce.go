package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/realtime"
	agentstore "github.com/patchbay-im/patchbay/core/store/agents"
	"github.com/patchbay-im/patchbay/core/wire"
)

// places remembers whose conversation waits: dispatch knows work items by id,
// customers are known to the gateway by inbox and recipient.
type places struct {
	mu    sync.Mutex
	known map[conversation.ID]customer
}

type customer struct {
	inbox     channel.InboxID
	recipient string
}

func newPlaces() *places { return &places{known: make(map[conversation.ID]customer)} }

func (p *places) learn(c conversation.Conversation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[c.ID] = customer{c.Inbox, c.Recipient}
}

// take returns whose conversation it is, and forgets it when it waits no more.
func (p *places) take(id conversation.ID, gone bool) (customer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.known[id]
	if gone {
		delete(p.known, id)
	}
	return c, ok
}

// announcer puts dispatch's news on the bus, for the gateways of every node.
//
// Concurrency: dispatch hands news over without waiting; run looks up whose
// they are and publishes them in order.
type announcer struct {
	bus    event.Bus
	reader conversation.Reader
	places *places
	log    *slog.Logger
	moves  chan moved
}

// moved is queue news of a workspace.
type moved struct {
	workspace identity.WorkspaceID
	news      dispatch.QueueNews
}

// placesPerMessage keeps a message on the bus far below the 1 MiB that NATS allows.
const placesPerMessage = 1000

// maxMoves bounds the queue news that wait for their look-up.
const maxMoves = 1024

// QueueMoved implements dispatch.Announcer.
func (a *announcer) QueueMoved(ctx context.Context, w identity.WorkspaceID, news dispatch.QueueNews) {
	select {
	case a.moves <- moved{w, news}:
	default:
		a.log.WarnContext(ctx, "queue news were dropped: the database is slow", "workspace", string(w))
	}
}

// run publishes queue news until ctx ends.
func (a *announcer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-a.moves:
			a.tell(ctx, m.workspace, m.news)
		}
	}
}

func (a *announcer) tell(ctx context.Context, w identity.WorkspaceID, news dispatch.QueueNews) {
	out := realtime.QueueNews{Places: make([]realtime.QueuePlace, 0, len(news.Moved))}
	for _, m := range news.Moved {
		if m.Key.Kind != kindConversation { // nobody waits for a ticket in front of a window
			continue
		}
		id := conversation.ID(m.Key.ID)
		who, ok := a.places.take(id, m.Place == 0)
		if !ok { // found by dispatch itself after a restart
			c, err := a.reader.Get(ctx, w, id)
			if err != nil {
				continue
			}
			if m.Place > 0 {
				a.places.learn(c)
			}
			who = customer{c.Inbox, c.Recipient}
		}
		place := standOf(m)
		place.Conversation, place.Inbox, place.Recipient = id, who.inbox, who.recipient
		out.Places = append(out.Places, place)
	}
	for part := range slices.Chunk(out.Places, placesPerMessage) {
		a.publish(ctx, event.SubjectQueue+string(w), realtime.QueueNews{Places: part})
	}
}

// PresenceChanged implements dispatch.Announcer.
func (a *announcer) PresenceChanged(ctx context.Context, w identity.WorkspaceID, agents []dispatch.AgentStatus) {
	out := realtime.PresenceNews{Members: make([]realtime.MemberPresence, len(agents))}
	for i, s := range agents {
		out.Members[i] = presenceOf(s)
	}
	a.publish(ctx, event.SubjectPresence+string(w), out)
}

func (a *announcer) publish(ctx context.Context, subject string, v any) {
	publish(ctx, a.bus, a.log, subject, v)
}

func publish(ctx context.Context, bus event.Bus, log *slog.Logger, subject string, v any) {
	data, err := json.Marshal(v)
	if err == nil {
		err = bus.Publish(subject, data)
	}
	if err != nil {
		log.WarnContext(ctx, "news could not be published", "subject", subject, "error", err)
	}
}

func presenceOf(s dispatch.AgentStatus) wire.Presence {
	return wire.Presence{
		MemberID: string(s.Member), Status: string(s.Status), Open: s.Open, Capacity: s.Capacity,
		Reason: s.Reason, Since: wire.StampOrNil(s.Since), WrapUpUntil: wire.StampOrNil(s.WrapUpUntil),
	}
}

// presence shows the dispatcher's view to REST and to the gateway.
type presence struct {
	dispatcher *dispatch.Dispatcher
	work       *agentstore.Store
	relay      *relay
}

// Snapshot implements httpapi.Presence.
func (p presence) Snapshot(_ context.Context, w identity.WorkspaceID) ([]wire.Presence, error) {
	agents := p.dispatcher.Presence(w)
	out := make([]wire.Presence, len(agents))
	for i, a := range agents {
		out[i] = presenceOf(a)
	}
	return out, nil
}

// Available implements httpapi.Presence.
func (p presence) Available(ctx context.Context, w identity.WorkspaceID, inbox channel.InboxID) (bool, error) {
	class, err := p.work.Serves(ctx, w, string(inbox))
	if err != nil {
		return false, err //nolint:wrapcheck // a port's error says where it comes from
	}
	return p.dispatcher.Available(w, class), nil
}

// Choose implements httpapi.Presence.
func (p presence) Choose(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, status dispatch.Status, reason string) error {
	err := p.dispatcher.Choose(ctx, w, m, status, reason)
	if err == nil {
		p.relay.tell(ctx, w, actChose, m, "")
	}
	return err //nolint:wrapcheck // the domain's own error
}

// Ready implements httpapi.Presence.
func (p presence) Ready(ctx context.Context, w identity.WorkspaceID, m identity.MemberID) error {
	err := p.dispatcher.Ready(ctx, w, m)
	if err == nil {
		p.relay.tell(ctx, w, actChose, m, "")
	}
	return err //nolint:wrapcheck // the domain's own error
}

// attendance tells the dispatcher of sockets.
type attendance struct {
	presence
}

// Heartbeat implements realtime.Presence.
func (a attendance) Heartbeat(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, conn string) {
	a.dispatcher.Beat(w, m, conn)
	a.relay.tell(ctx, w, actBeat, m, conn)
}

// Gone implements realtime.Presence.
func (a attendance) Gone(ctx context.Context, w identity.WorkspaceID, m identity.MemberID, conn string) {
	a.dispatcher.Leave(w, m, conn)
	a.relay.tell(ctx, w, actLeave, m, conn)
}

// Snapshot implements realtime.Presence.
func (a attendance) Snapshot(_ context.Context, w identity.WorkspaceID) ([]realtime.MemberPresence, error) {
	agents := a.dispatcher.Presence(w)
	out := make([]realtime.MemberPresence, len(agents))
	for i, s := range agents {
		out[i] = presenceOf(s)
	}
	return out, nil
}

// Place implements realtime.Queue.
func (a attendance) Place(_ context.Context, w identity.WorkspaceID, id conversation.ID) (realtime.QueuePlace, error) {
	return standOf(a.dispatcher.Position(w, dispatch.Key{Kind: kindConversation, ID: string(id)})), nil
}

// standOf is a place as whoever waits is told it.
func standOf(p dispatch.Position) realtime.QueuePlace {
	return realtime.QueuePlace{
		Position: p.Place, Available: p.Available, WaitS: int(p.Wait.Seconds()), Standing: realtime.Standing{Closed: p.Closed, OpensAt: wire.StampOrNil(p.Opens)},
	}
}

// waits says how long customers wait, as the dispatcher knows.
type waits struct {
	dispatcher *dispatch.Dispatcher
}

// Expected implements conversation.Waits.
func (a waits) Expected(_ context.Context, w identity.WorkspaceID, id conversation.ID) (queue.Expected, error) {
	p := a.dispatcher.Position(w, dispatch.Key{Kind: kindConversation, ID: string(id)})
	return queue.Expected{Wait: p.Wait, Available: p.Available, Closed: p.Closed}, nil
}
