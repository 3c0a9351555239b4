package realtime

import (
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/identity"
)

// hubs find the members' sessions of a workspace.
type hubs struct {
	mu  sync.RWMutex
	all map[identity.WorkspaceID][]*member
}

func (h *hubs) join(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = make(map[identity.WorkspaceID][]*member)
	}
	w := m.workspace
	m.index = len(h.all[w])
	h.all[w] = append(h.all[w], m)
}

func (h *hubs) leave(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.all[m.workspace]
	if m.index >= len(list) || list[m.index] != m {
		return
	}
	last := len(list) - 1
	list[m.index] = list[last]
	list[m.index].index = m.index
	list[last] = nil
	if last == 0 {
		delete(h.all, m.workspace)
		return
	}
	h.all[m.workspace] = list[:last]
}

// of returns the sessions of a workspace.
func (h *hubs) of(w identity.WorkspaceID) []*member {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Clone(h.all[w])
}

// every returns all sessions.
func (h *hubs) every() []*member {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out []*member
	for _, list := range h.all {
		out = append(out, list...)
	}
	return out
}

// each calls fn for all, on several processors when they are many.
func each(all []*member, fn func(*member)) {
	eachOf(all, func(_ int, m *member) { fn(m) })
}

// eachOf is each with the place of the session among all.
func eachOf(all []*member, fn func(int, *member)) {
	const few = 256
	parts := min(runtime.GOMAXPROCS(0), (len(all)+few-1)/few)
	if parts <= 1 {
		for i, m := range all {
			fn(i, m)
		}
		return
	}
	var wg sync.WaitGroup
	size := (len(all) + parts - 1) / parts
	for from := 0; from < len(all); from += size {
		wg.Go(func() {
			for i := from; i < min(from+size, len(all)); i++ {
				fn(i, all[i])
			}
		})
	}
	wg.Wait()
}

// rooms find the visitors' sessions of an inbox. A room stays once it was
// needed: there is one for each live inbox.
type rooms struct {
	mu  sync.RWMutex
	all map[channel.InboxID]*room
}

// room is the visitors of one inbox, by their external id.
type room struct {
	inbox channel.InboxID

	mu        sync.RWMutex
	workspace identity.WorkspaceID // of the inbox; known with the first visitor
	visitors  map[string]*visitor
}

// of returns the room of an inbox.
func (r *rooms) of(inbox channel.InboxID) *room {
	if found := r.find(inbox); found != nil {
		return found
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = make(map[channel.InboxID]*room)
	}
	if r.all[inbox] == nil {
		r.all[inbox] = &room{inbox: inbox, visitors: make(map[string]*visitor)}
	}
	return r.all[inbox]
}

// find returns the room of an inbox; nil when no visitor has come yet.
func (r *rooms) find(inbox channel.InboxID) *room {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.all[inbox]
}

// every calls fn for every session of every visitor.
func (r *rooms) every(fn func(*visitor)) {
	r.mu.RLock()
	all := slices.Collect(maps.Values(r.all))
	r.mu.RUnlock()
	for _, room := range all {
		room.mu.RLock()
		for _, v := range room.visitors {
			for ; v != nil; v = v.twin {
				fn(v)
			}
		}
		room.mu.RUnlock()
	}
}

// each calls fn for every session of one visitor.
func (r *rooms) each(inbox channel.InboxID, recipient string, fn func(*visitor)) {
	room := r.find(inbox)
	if room == nil {
		return
	}
	room.mu.RLock()
	defer room.mu.RUnlock()
	for v := room.visitors[recipient]; v != nil; v = v.twin {
		fn(v)
	}
}

// doubtful makes every visitor of the workspace look into the database.
func (r *rooms) doubtful(w identity.WorkspaceID) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, room := range r.all {
		room.mu.RLock()
		if room.workspace == w {
			for _, v := range room.visitors {
				for ; v != nil; v = v.twin {
					v.doubtful()
				}
			}
		}
		room.mu.RUnlock()
	}
}

// join makes an authenticated visitor's session found.
func (r *room) join(v *visitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.twin = r.visitors[v.external]
	r.visitors[v.external] = v
}

func (r *room) leave(v *visitor) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := r.visitors[v.external]
	for at := &first; *at != nil; at = &(*at).twin {
		if *at == v {
			*at, v.twin = v.twin, nil
			break
		}
	}
	if first == nil {
		delete(r.visitors, v.external)
		return
	}
	r.visitors[v.external] = first
}

// intern returns the workspace of the room's inbox, as one string for all its
// visitors.
func (r *room) intern(w identity.WorkspaceID) identity.WorkspaceID {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.workspace != w {
		r.workspace = w
	}
	return r.workspace
}
