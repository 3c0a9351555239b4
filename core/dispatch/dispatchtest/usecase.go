package dispatchtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture returns the suite's view of the store.
func (m *Memory) Fixture() Fixture {
	return Fixture{
		Store:        m,
		NewWorkspace: func(testing.TB) identity.WorkspaceID { return m.NewWorkspace() },
		NewMember: func(_ testing.TB, ws identity.WorkspaceID, capacity int) identity.MemberID {
			return m.NewMember(ws, capacity)
		},
		NewItem: func(_ testing.TB, ws identity.WorkspaceID, since time.Time) dispatch.Item {
			return m.NewItem(ws, since)
		},
		Do: func(_ testing.TB, ws identity.WorkspaceID, key dispatch.Key, act Act, member identity.MemberID) {
			m.Do(ws, key, act, member)
		},
		SetCapacity: func(_ testing.TB, ws identity.WorkspaceID, member identity.MemberID, n int) {
			m.SetCapacity(ws, member, n)
		},
		SetWrapUp: func(_ testing.TB, ws identity.WorkspaceID, d time.Duration) { m.SetWrapUp(ws, d) },
		Suspend:   func(_ testing.TB, ws identity.WorkspaceID, member identity.MemberID) { m.Suspend(ws, member) },
		Retire:    func(_ testing.TB, ws identity.WorkspaceID, member identity.MemberID) { m.Suspend(ws, member) }, // the same here: no work for them
		NewGroup: func(_ testing.TB, ws identity.WorkspaceID, members ...identity.MemberID) dispatch.Class {
			return m.NewGroup(ws, members...)
		},
		Route: func(_ testing.TB, ws identity.WorkspaceID, key dispatch.Key, class dispatch.Class) {
			m.Route(ws, key, class)
		},
		SetOffering: func(_ testing.TB, ws identity.WorkspaceID, o dispatch.Offering) { m.SetOffering(ws, o) },
		Accept: func(_ testing.TB, ws identity.WorkspaceID, key dispatch.Key, member identity.MemberID) error {
			return m.Accept(ws, key, member)
		},
		Reject: func(_ testing.TB, ws identity.WorkspaceID, key dispatch.Key, member identity.MemberID) error {
			return m.Reject(ws, key, member)
		},
		Owner: func(_ testing.TB, ws identity.WorkspaceID, key dispatch.Key) identity.MemberID {
			return m.Owner(ws, key)
		},
	}
}

// NewWorkspace makes a workspace.
func (m *Memory) NewWorkspace() identity.WorkspaceID {
	m.mu.Lock()
	defer m.mu.Unlock()
	ws := identity.WorkspaceID(m.id("wsp"))
	m.spaces[ws] = &space{members: map[identity.MemberID]*worker{}, items: map[dispatch.Key]*work{}}
	return ws
}

// NewMember makes a member.
func (m *Memory) NewMember(ws identity.WorkspaceID, capacity int) identity.MemberID {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := identity.MemberID(m.id("mem"))
	m.spaces[ws].members[id] = &worker{row: dispatch.AgentRow{
		AgentState: dispatch.AgentState{Member: id, Status: dispatch.Available}, Capacity: capacity,
	}}
	return id
}

// NewItem makes an item of weight 1 that waits in the queue.
func (m *Memory) NewItem(ws identity.WorkspaceID, since time.Time) dispatch.Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	since = since.UTC().Truncate(time.Millisecond)
	w := &work{
		Item:   dispatch.Item{Key: dispatch.Key{Kind: "conversation", ID: m.id("cnv")}, Weight: 1, WaitingSince: since},
		queued: true, open: true, asking: since,
	}
	m.spaces[ws].items[w.Key] = w
	return w.Item
}

// NewGroup makes a group with these members.
func (m *Memory) NewGroup(ws identity.WorkspaceID, members ...identity.MemberID) dispatch.Class {
	m.mu.Lock()
	group := m.id("tea")
	m.mu.Unlock()
	for _, member := range members {
		m.Enlist(ws, member, dispatch.Class(group), true)
	}
	return dispatch.Class(group)
}

// Enlist makes a member one of a group, or no more.
func (m *Memory) Enlist(ws identity.WorkspaceID, member identity.MemberID, class dispatch.Class, in bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.spaces[ws].members[member]
	groups := slices.DeleteFunc(strings.Fields(string(a.row.Profile)), func(g string) bool { return g == string(class) })
	if in {
		groups = append(groups, string(class))
	}
	a.row.Profile = dispatch.ProfileOf(groups...)
}

// Route makes an item one of a class.
func (m *Memory) Route(ws identity.WorkspaceID, key dispatch.Key, class dispatch.Class) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].items[key].Class = class
}

// Do changes an item. Assign works whatever the member's capacity.
func (m *Memory) Do(ws identity.WorkspaceID, key dispatch.Key, act Act, member identity.MemberID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spaces[ws]
	w := s.items[key]
	switch act {
	case Answer:
		w.asking = time.Time{}
	case Ask:
		w.asking = m.now().UTC().Truncate(time.Millisecond)
		if w.owner == "" && w.offer.Member == "" {
			s.enqueue(w, w.asking)
		}
	case Resolve, Snooze:
		if a := s.members[w.owner]; act == Resolve && a != nil && w.open && s.wrapUp > 0 {
			a.row.WrapUpUntil = m.now().UTC().Truncate(time.Millisecond).Add(s.wrapUp)
		}
		s.weigh(w, -1)
		w.open, w.queued, w.offer = false, false, dispatch.Offer{}
		if act == Resolve {
			w.asking = time.Time{}
		}
	case Assign:
		s.give(w, member)
	case Requeue:
		since := w.asking
		if since.IsZero() {
			since = m.now().UTC().Truncate(time.Millisecond)
		}
		s.enqueue(w, since)
	}
}

// SetWrapUp changes how long members rest after work that they finished.
func (m *Memory) SetWrapUp(ws identity.WorkspaceID, d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].wrapUp = d
}

// SetCapacity changes a member's capacity.
func (m *Memory) SetCapacity(ws identity.WorkspaceID, member identity.MemberID, capacity int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].members[member].row.Capacity = capacity
}

// SetLimits changes how many items of each channel a member is given at once.
func (m *Memory) SetLimits(ws identity.WorkspaceID, member identity.MemberID, limits dispatch.PerChannel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].members[member].row.Limits = limits
}

// Shape changes what an item that waits asks for and takes, and returns it. Its
// key and its arrival stay.
func (m *Memory) Shape(ws identity.WorkspaceID, key dispatch.Key, to dispatch.Item) dispatch.Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.spaces[ws].items[key]
	to.Key, to.WaitingSince = key, w.WaitingSince
	if w.owner == "" {
		w.Item = to
	}
	return w.Item
}

// Suspend suspends a member, who keeps the work until it is released.
func (m *Memory) Suspend(ws identity.WorkspaceID, member identity.MemberID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].members[member].suspended = true
}

// Owner returns who has an item; "" = nobody.
func (m *Memory) Owner(ws identity.WorkspaceID, key dispatch.Key) identity.MemberID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.spaces[ws].items[key].owner
}

// Queue returns the waiting items by key, whatever Fail says.
func (m *Memory) Queue(ws identity.WorkspaceID) map[dispatch.Key]dispatch.Item {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[dispatch.Key]dispatch.Item{}
	for k, w := range m.spaces[ws].items {
		if w.queued {
			out[k] = w.Item
		}
	}
	return out
}

// SetProfile changes what a member is able to serve.
func (m *Memory) SetProfile(ws identity.WorkspaceID, member identity.MemberID, p dispatch.Profile) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].members[member].row.Profile = p
}
