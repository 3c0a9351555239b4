package realtime

import (
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// decode reads a message of the bus. One that does not parse is of a node of
// another version: it is dropped, as any ephemeral message may be.
func (g *Gateway) decode(data []byte, into any) bool {
	if err := json.Unmarshal(data, into); err != nil {
		g.o.Logger.Warn("a message of the bus cannot be read", "error", err)
		return false
	}
	return true
}

// presenceNews shows changed presence to the members who may see it.
func (g *Gateway) presenceNews(w identity.WorkspaceID, data []byte) {
	var news PresenceNews
	if !g.decode(data, &news) || len(news.Members) == 0 {
		return
	}
	g.watchers.touch(w)
	frame := encode(presenceFrame{Op: "presence", Members: news.Members})
	each(g.hubs.of(w), func(m *member) { m.presenceChanged(frame) })
}

// queueNews tells visitors their places.
func (g *Gateway) queueNews(w identity.WorkspaceID, data []byte) {
	var news QueueNews
	if !g.decode(data, &news) {
		return
	}
	g.watchers.touch(w)
	for _, p := range news.Places {
		g.rooms.each(p.Inbox, p.Recipient, func(v *visitor) { v.told(p) })
	}
}

// rightsNews makes every member's session of the workspace ask again what it may.
func (g *Gateway) rightsNews(w identity.WorkspaceID, _ []byte) {
	for _, m := range g.hubs.of(w) {
		m.recheck()
	}
}

// tick runs about once a second.
func (g *Gateway) tick(now time.Time) {
	for _, s := range g.typists.list() {
		s.hushed(now)
	}
	g.keepMarks(now)
	g.tellFigures()
	g.attend(now)
	for w, ids := range g.lookers.expire(now) {
		for _, at := range ids {
			g.showLooking(w, at)
		}
	}
	for _, m := range g.hubs.every() {
		m.renewLook(now, false)
		if m.unchecked(now) {
			m.recheck()
		}
	}
}

// unchecked reports whether the member's rights were last seen long ago.
func (m *member) unchecked(now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return now.Sub(m.checked) >= recheckEvery
}
