package realtime

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// lookSpacing is the shortest time between two looks of one session that are
// passed on; what comes sooner is passed on by the next tick.
const lookSpacing = 250 * time.Millisecond

// look is what a session has open. It is ephemeral: over the bus, never to the
// database, renewed by pings and over with the lease.
type look struct {
	at      conversation.ID // "" = nothing
	sent    time.Time       // when it was last passed on
	pending bool            // it was not passed on yet
	news    int             // how often the session was told who looks at what
}

// lookNews says what a connection looks at (event.SubjectLook). Gateways
// publish it themselves.
type lookNews struct {
	Conn         string            `json:"conn"`
	Member       identity.MemberID `json:"member"`
	Name         string            `json:"name"`
	Conversation conversation.ID   `json:"conversation,omitempty"` // "" = nothing any more
}

// looking is one member who looks at a conversation.
type looking struct {
	MemberID string `json:"member_id"`
	Name     string `json:"name"`
	Typing   bool   `json:"typing"`
	Note     bool   `json:"note"` // what is typed is a note
}

type lookingFrame struct {
	Op             string    `json:"op"`
	ConversationID string    `json:"conversation_id"`
	Members        []looking `json:"members"`
}

// looks sets what the session has open: one conversation at a time.
func (m *member) looks(ctx context.Context, f memberLooks) error {
	scope := m.rights()
	if err := scope.Require(identity.ConversationRead); err != nil {
		return err
	}
	at := conversation.ID(f.ConversationID)
	if at != "" {
		if !id.Valid("cnv", f.ConversationID) {
			return errs.Absent()
		}
		if _, err := m.g.place(ctx, scope, at); err != nil {
			return err
		}
	}
	m.mu.Lock()
	if m.closed || m.look.at == at {
		m.mu.Unlock()
		return nil
	}
	now := m.g.o.Now()
	m.look.at, m.look.pending = at, now.Sub(m.look.sent) < lookSpacing
	if !m.look.pending {
		m.look.sent = now
	}
	pending := m.look.pending
	m.mu.Unlock()
	if !pending {
		m.publishLook(at)
	}
	return nil
}

// renewLook passes on what the session looks at: what came too soon before, and
// with a ping all that was told a while ago.
func (m *member) renewLook(now time.Time, ping bool) {
	m.mu.Lock()
	since := now.Sub(m.look.sent)
	due := !m.closed && (m.look.pending && since >= lookSpacing || ping && m.look.at != "" && since >= m.g.o.Tuning.MemberHeartbeat/2)
	if due {
		m.look.sent, m.look.pending = now, false
	}
	at := m.look.at
	m.mu.Unlock()
	if due {
		m.publishLook(at)
	}
}

// lookAway ends what the session looks at, with the session.
func (m *member) lookAway() {
	m.mu.Lock()
	was := m.look
	m.look = look{news: was.news}
	m.mu.Unlock()
	if !was.sent.IsZero() {
		m.publishLook("")
	}
}

func (m *member) publishLook(at conversation.ID) {
	raw, err := json.Marshal(lookNews{Conn: m.name, Member: m.id, Name: m.rights().Actor.Name, Conversation: at})
	if err == nil {
		err = m.g.o.Bus.Publish(event.SubjectLook+string(m.workspace), raw)
	}
	if err != nil {
		m.g.o.Logger.Debug("a look is lost", "error", err)
	}
}

// looker is one connection that looks at a conversation.
type looker struct {
	at           conversation.ID
	member       identity.MemberID
	name         string
	until        time.Time
	typing, note bool
}

// lookers are the connections of every node that look at something, by
// workspace and connection.
type lookers struct {
	mu  sync.Mutex
	all map[identity.WorkspaceID]map[string]*looker
}

// set takes news over and returns the conversations whose lookers changed.
func (l *lookers) set(w identity.WorkspaceID, news lookNews, until time.Time) []conversation.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	conns := l.all[w]
	had := conns[news.Conn]
	if had != nil && had.at == news.Conversation {
		had.until = until
		return nil
	}
	var changed []conversation.ID
	if had != nil {
		changed = append(changed, had.at)
		delete(conns, news.Conn)
		if len(conns) == 0 {
			delete(l.all, w)
		}
	}
	if news.Conversation == "" {
		return changed
	}
	if l.all == nil {
		l.all = make(map[identity.WorkspaceID]map[string]*looker)
	}
	if l.all[w] == nil {
		l.all[w] = make(map[string]*looker)
	}
	l.all[w][news.Conn] = &looker{at: news.Conversation, member: news.Member, name: news.Name, until: until}
	return append(changed, news.Conversation)
}

// types notes that a connection types. It reports whether that is news of
// somebody who looks.
func (l *lookers) types(w identity.WorkspaceID, news typingNews) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	who := l.all[w][news.Conn]
	if who == nil || who.at != news.Conversation {
		return false
	}
	note := news.On && news.Private
	changed := who.typing != news.On || who.note != note
	who.typing, who.note = news.On, note
	return changed
}

// expire drops those whose lease is over, and returns what they looked at.
func (l *lookers) expire(now time.Time) map[identity.WorkspaceID][]conversation.ID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out map[identity.WorkspaceID][]conversation.ID
	for w, conns := range l.all {
		for name, who := range conns {
			if who.until.After(now) {
				continue
			}
			if out == nil {
				out = make(map[identity.WorkspaceID][]conversation.ID)
			}
			out[w] = append(out[w], who.at)
			delete(conns, name)
		}
		if len(conns) == 0 {
			delete(l.all, w)
		}
	}
	return out
}

// of returns who looks at what in a workspace, members by id; at "" = at
// anything.
func (l *lookers) of(w identity.WorkspaceID, at conversation.ID) map[conversation.ID][]looking {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[conversation.ID][]looking)
	if at != "" {
		out[at] = []looking{} // nobody is news, too
	}
	for _, who := range l.all[w] {
		if at != "" && who.at != at {
			continue
		}
		list := out[who.at]
		i := slices.IndexFunc(list, func(x looking) bool { return x.MemberID == string(who.member) })
		if i < 0 {
			i, list = len(list), append(list, looking{MemberID: string(who.member), Name: who.name})
		}
		list[i].Typing = list[i].Typing || who.typing
		list[i].Note = list[i].Note || who.note
		out[who.at] = list
	}
	for _, list := range out {
		slices.SortFunc(list, func(a, b looking) int { return strings.Compare(a.MemberID, b.MemberID) })
	}
	return out
}

// held returns how many connections look at something.
func (l *lookers) held() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, conns := range l.all {
		n += len(conns)
	}
	return n
}

// looked takes over what a connection looks at, and shows it.
func (g *Gateway) looked(w identity.WorkspaceID, data []byte) {
	var news lookNews
	if !g.decode(data, &news) || news.Conn == "" || news.Member == "" {
		return
	}
	for _, at := range g.lookers.set(w, news, g.o.Now().Add(g.o.Tuning.MemberLease)) {
		g.showLooking(w, at)
	}
}

// showLooking shows who looks at a conversation to the members of the workspace.
func (g *Gateway) showLooking(w identity.WorkspaceID, at conversation.ID) {
	members := g.hubs.of(w)
	if len(members) == 0 {
		return
	}
	frame := encode(lookingFrame{Op: "looking", ConversationID: string(at), Members: g.lookers.of(w, at)[at]})
	each(members, func(m *member) {
		if !m.sees(at) {
			return
		}
		m.mu.Lock()
		m.look.news++
		m.mu.Unlock()
		m.ephemeral(frame)
	})
}

// showLookers shows a new session who looks at what.
func (m *member) showLookers() {
	said := make(map[conversation.ID]struct{})
	for range presentTries {
		seen := m.lookNews()
		all := m.g.lookers.of(m.workspace, "")
		maps.DeleteFunc(all, func(at conversation.ID, _ []looking) bool { return !m.sees(at) })
		for at := range all {
			said[at] = struct{}{}
		}
		for _, at := range slices.SortedFunc(maps.Keys(said), cmp.Compare) {
			list := all[at]
			if list == nil { // nobody any more
				list = []looking{}
			}
			m.say(lookingFrame{Op: "looking", ConversationID: string(at), Members: list})
		}
		if seen == m.lookNews() { // else it may be older than what came meanwhile
			return
		}
	}
}

// lookNews counts what the session was told of who looks at what.
func (m *member) lookNews() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.look.news
}
