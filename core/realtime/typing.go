package realtime

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// Typing is ephemeral: it goes over the bus, never to the database.
const (
	typingExpiry = 6 * time.Second // after the last sign, typing is over
	typingRepeat = 2 * time.Second // signs that say the same are passed on at most so often
)

// typing is what a session last said of its typing.
type typing struct {
	news typingNews
	at   time.Time // of the last sign
	sent time.Time // of the last sign that was passed on
}

// typists are the sessions of this node whose typing has not ended.
type typists struct {
	mu  sync.Mutex
	all map[*session]struct{}
}

func (t *typists) set(s *session, on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !on:
		delete(t.all, s)
	case t.all == nil:
		t.all = map[*session]struct{}{s: {}}
	default:
		t.all[s] = struct{}{}
	}
}

func (t *typists) list() []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.all))
}

// places remember whom a conversation is with, so that typing costs no query.
// Two generations bound them: an entry lives while it is used.
type places struct {
	mu         sync.Mutex
	young, old map[conversation.ID]place
}

type place struct {
	news    typingNews // conversation, inbox, recipient
	held    identity.Holding
	contact wire.Actor
	far     bool // the customer is beyond a far side
}

const placesKept = 4096 // of a generation

func (p *places) put(c conversation.Conversation) place {
	out := place{
		news: typingNews{workspace: c.Workspace, Conversation: c.ID, Inbox: c.Inbox, Recipient: c.Recipient},
		held: c.Held(), far: !c.Live,
		contact: wire.Actor{Kind: string(identity.ActorContact), ID: string(c.Contact), Name: c.ContactName},
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keep(out)
	return out
}

func (p *places) keep(e place) {
	if p.young == nil || len(p.young) >= placesKept {
		p.young, p.old = make(map[conversation.ID]place), p.young
	}
	p.young[e.news.Conversation] = e
}

func (p *places) get(w identity.WorkspaceID, id conversation.ID) (place, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e, ok := p.young[id]
	if !ok {
		if e, ok = p.old[id]; ok {
			p.keep(e)
		}
	}
	return e, ok && e.news.workspace == w
}

// place finds out whom a conversation is with that the actor reaches.
func (g *Gateway) place(ctx context.Context, scope identity.Scope, id conversation.ID) (place, error) {
	if e, ok := g.places.get(scope.Workspace, id); ok && scope.Reach().Covers(e.held) {
		return e, nil
	}
	c, err := g.o.Conversations.Get(ctx, scope, id)
	if err != nil {
		return place{}, err
	}
	return g.places.put(c), nil
}

// types passes on that a member types. Typing a note is for colleagues only.
func (m *member) types(ctx context.Context, f memberTypes) error {
	scope := m.rights()
	if err := scope.Require(identity.ConversationReply); err != nil {
		return err
	}
	if !id.Valid("cnv", f.ConversationID) {
		return errs.Absent()
	}
	e, err := m.g.place(ctx, scope, conversation.ID(f.ConversationID))
	if err != nil {
		return err
	}
	news := e.news
	news.Conn, news.Private = m.name, f.Note
	news.Actor = wire.Actor{Kind: string(scope.Actor.Kind), ID: scope.Actor.ID, Name: scope.Actor.Name}
	m.signal(news, f.On)
	if tell := m.g.o.MemberTypes; tell != nil && e.far && f.On && !f.Note {
		tell(ctx, scope.Workspace, e.news.Conversation)
	}
	return nil
}

// types passes on that the visitor types, once there is a conversation.
func (v *visitor) types(ctx context.Context, f visitorTypes) error {
	v.mu.Lock()
	cnv := v.conversation
	v.mu.Unlock()
	if cnv == "" {
		return nil
	}
	e, err := v.g.place(ctx, identity.SystemScope(v.workspace), cnv)
	if err != nil {
		return err
	}
	news := e.news
	news.Actor = e.contact
	v.signal(news, f.On)
	return nil
}

// signal passes a sign of typing on, unless it says nothing new.
func (s *session) signal(news typingNews, on bool) {
	news.On = on
	now := s.g.o.Now()
	s.mu.Lock()
	was := s.typing
	same := was != nil && was.news == news
	again := same && now.Sub(was.sent) >= typingRepeat
	switch {
	case same:
		was.at = now
		if again {
			was.sent = now
		}
	case on && !s.closed:
		s.typing = &typing{news: news, at: now, sent: now}
	default:
		s.typing = nil
	}
	is := s.typing != nil
	if !same {
		s.g.typists.set(s, is)
	}
	s.mu.Unlock()
	if was != nil && !same {
		s.g.publishTyping(was.news, false)
	}
	if is && (again || !same) {
		s.g.publishTyping(news, true)
	}
}

// hush ends the session's typing.
func (s *session) hush() { s.signal(typingNews{}, false) }

// hushed ends it when the last sign is old.
func (s *session) hushed(now time.Time) {
	s.mu.Lock()
	old := s.typing != nil && now.Sub(s.typing.at) >= typingExpiry
	s.mu.Unlock()
	if old {
		s.hush()
	}
}

func (g *Gateway) publishTyping(news typingNews, on bool) {
	news.On = on
	raw, err := json.Marshal(news)
	if err == nil {
		err = g.o.Bus.Publish(event.SubjectTyping+string(news.workspace), raw)
	}
	if err != nil {
		g.o.Logger.Debug("a sign of typing is lost", "error", err)
	}
}

// typingNews shows who types to the colleagues and, unless it is private, to
// the customer.
func (g *Gateway) typingNews(w identity.WorkspaceID, data []byte) {
	var news typingNews
	if !g.decode(data, &news) {
		return
	}
	if news.Actor.Kind == string(identity.ActorMember) && g.lookers.types(w, news) {
		defer g.showLooking(w, news.Conversation)
	}
	frame := encode(memberTyping{Op: "typing", ConversationID: string(news.Conversation), Actor: news.Actor, On: news.On})
	each(g.hubs.of(w), func(m *member) {
		if m.name != news.Conn && m.sees(news.Conversation) {
			m.ephemeral(frame)
		}
	})
	if news.Private || news.Actor.Kind != string(identity.ActorMember) {
		return
	}
	frame = encode(visitorTyping{Op: "typing", Name: news.Actor.Name, On: news.On})
	g.rooms.each(news.Inbox, news.Recipient, func(v *visitor) { v.ephemeral(frame) })
}
