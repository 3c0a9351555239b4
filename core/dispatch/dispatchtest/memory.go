package dispatchtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Memory is a dispatch.Store in memory, with the use cases of an imaginary
// noun whose work items it holds. It keeps every promise of the port but
// durability. It is safe for concurrent use.
type Memory struct {
	now    func() time.Time
	mu     sync.Mutex
	next   int
	spaces map[identity.WorkspaceID]*space
	nodes  map[string]time.Time // until when each is alive
	fail   func(method string) error
}

type space struct {
	members map[identity.MemberID]*worker
	wrapUp  time.Duration
	offers  dispatch.Offering
	leader  string
	term    uint64
	items   map[dispatch.Key]*work
}

type worker struct {
	row       dispatch.AgentRow
	exclusive int // exclusive items that they have
	offered   int // items offered to them
	suspended bool
}

type work struct {
	dispatch.Item
	owner  identity.MemberID
	queued bool
	open   bool
	offer  dispatch.Offer // to whom it is offered; the zero Offer = to nobody
	asking time.Time      // when the customer asked what is not answered; zero = nothing
}

// NewMemory returns an empty store on the given clock.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, spaces: map[identity.WorkspaceID]*space{}, nodes: map[string]time.Time{}}
}

// Fail makes each method of the port first ask fn whether to fail, by name;
// nil ends it. fn runs under the store's lock.
func (m *Memory) Fail(fn func(method string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fn
}

func (m *Memory) enter(ctx context.Context, method string) (leave func(), err error) {
	m.mu.Lock()
	err = ctx.Err()
	if err == nil && m.fail != nil {
		err = m.fail(method)
	}
	if err != nil {
		m.mu.Unlock()
		return nil, err
	}
	return m.mu.Unlock, nil
}

// Workspaces implements dispatch.Store.
func (m *Memory) Workspaces(ctx context.Context) ([]identity.WorkspaceID, error) {
	leave, err := m.enter(ctx, "Workspaces")
	if err != nil {
		return nil, err
	}
	defer leave()
	out := make([]identity.WorkspaceID, 0, len(m.spaces))
	for ws := range m.spaces {
		out = append(out, ws)
	}
	return out, nil
}

// Waiting implements dispatch.Store.
func (m *Memory) Waiting(ctx context.Context, ws identity.WorkspaceID) ([]dispatch.Item, error) {
	leave, err := m.enter(ctx, "Waiting")
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []dispatch.Item
	for _, w := range m.space(ws).items {
		if w.queued {
			out = append(out, w.Item)
		}
	}
	return out, nil
}

// Agents implements dispatch.Store.
func (m *Memory) Agents(ctx context.Context, ws identity.WorkspaceID) ([]dispatch.AgentRow, error) {
	leave, err := m.enter(ctx, "Agents")
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.rows(ws, nil), nil
}

// Loads implements dispatch.Store.
func (m *Memory) Loads(ctx context.Context, ws identity.WorkspaceID, members []identity.MemberID) ([]dispatch.AgentRow, error) {
	leave, err := m.enter(ctx, "Loads")
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.rows(ws, func(id identity.MemberID) bool { return slices.Contains(members, id) }), nil
}

// rows copies the rows of the members whom want accepts; nil = all.
func (m *Memory) rows(ws identity.WorkspaceID, want func(identity.MemberID) bool) []dispatch.AgentRow {
	var out []dispatch.AgentRow
	for id, w := range m.space(ws).members {
		if !w.suspended && (want == nil || want(id)) {
			out = append(out, w.row)
		}
	}
	return out
}

// Claims implements dispatch.Store.
func (m *Memory) Claims(ctx context.Context, _ identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	return Each(ctx, claims, m.Claim)
}

// Each makes claims one after the other, as a store without batches would.
func Each(ctx context.Context, claims []dispatch.Claim, claim func(context.Context, dispatch.Claim) error) ([]error, error) {
	out := make([]error, len(claims))
	for i, c := range claims {
		if out[i] = claim(ctx, c); out[i] != nil && !errs.Is(out[i], errs.Conflict) {
			return nil, out[i]
		}
	}
	return out, nil
}

// Claim implements dispatch.Store.
func (m *Memory) Claim(ctx context.Context, c dispatch.Claim) error {
	leave, err := m.enter(ctx, "Claim")
	if err != nil {
		return err
	}
	defer leave()
	s := m.space(c.Workspace)
	item, agent := s.items[c.Item], s.members[c.Member]
	switch {
	case item == nil || !item.queued || item.Class != c.Class:
		return dispatch.ErrItemTaken()
	case c.By.Kind != identity.ActorMember && agent != nil && !c.May(agent.row.Profile):
		return dispatch.ErrAgentFull()
	case agent == nil || agent.suspended || !room(agent.row, c),
		c.By.Kind != identity.ActorMember && agent.row.WrapUpUntil.After(c.At):
		return dispatch.ErrAgentFull()
	}
	if c.OfferFor > 0 {
		s.offer(item, c.Member, c.At.Add(c.OfferFor))
	} else {
		s.give(item, c.Member)
	}
	agent.row.IdleSince = c.At.UTC().Truncate(time.Millisecond)
	return nil
}

// room reports whether a claim fits what a member has.
func room(row dispatch.AgentRow, c dispatch.Claim) bool {
	limit := row.Limits[c.Channel]
	return row.Used+c.Weight <= row.Capacity && (limit == 0 || row.Has[c.Channel] < limit) && !row.Exclusive &&
		(!c.Exclusive || row.Has == dispatch.PerChannel{}) && (c.OfferFor == 0 || !row.Ringing)
}

// Release implements dispatch.Store.
func (m *Memory) Release(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID, _ dispatch.Reason) ([]dispatch.Item, error) {
	leave, err := m.enter(ctx, "Release")
	if err != nil {
		return nil, err
	}
	defer leave()
	s := m.space(ws)
	var out []dispatch.Item
	for _, w := range s.items {
		if w.owner == member && w.open && !w.asking.IsZero() {
			s.enqueue(w, w.asking)
			out = append(out, w.Item)
		} else if w.offer.Member == member && member != "" {
			s.enqueue(w, w.WaitingSince)
			out = append(out, w.Item)
		}
	}
	return out, nil
}

// SaveAgent implements dispatch.Store.
func (m *Memory) SaveAgent(ctx context.Context, ws identity.WorkspaceID, a dispatch.AgentState) error {
	return m.change(ctx, "SaveAgent", ws, a.Member, func(row *dispatch.AgentRow) {
		a.IdleSince, a.Since = a.IdleSince.UTC().Truncate(time.Millisecond), a.Since.UTC().Truncate(time.Millisecond)
		if a.Status == "" {
			a.Status, a.Reason = row.Status, row.Reason
		}
		row.AgentState = a
	})
}

// EndWrapUp implements dispatch.Store.
func (m *Memory) EndWrapUp(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID) error {
	return m.change(ctx, "EndWrapUp", ws, member, func(row *dispatch.AgentRow) { row.WrapUpUntil = time.Time{} })
}

// change changes what is kept of a member, in an operation.
func (m *Memory) change(ctx context.Context, op string, ws identity.WorkspaceID, member identity.MemberID, with func(*dispatch.AgentRow)) error {
	leave, err := m.enter(ctx, op)
	if err != nil {
		return err
	}
	defer leave()
	w := m.space(ws).members[member]
	if w == nil {
		return errs.Absent()
	}
	with(&w.row)
	return nil
}

// space returns a workspace; an unknown one is empty and not kept.
func (m *Memory) space(ws identity.WorkspaceID) *space {
	if s := m.spaces[ws]; s != nil {
		return s
	}
	return &space{}
}

func (m *Memory) id(prefix string) string {
	m.next++
	return fmt.Sprintf("%s_%026d", prefix, m.next)
}

// Channel makes an item one of a channel, without a word to anybody.
func (m *Memory) Channel(ws identity.WorkspaceID, key dispatch.Key, channel dispatch.Channel) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].items[key].Channel = channel
}

// weigh adds to the load of an item's owner.
func (s *space) weigh(w *work, n int) {
	if a := s.members[cmp.Or(w.owner, w.offer.Member)]; a != nil && w.open {
		a.row.Used += n * w.Weight
		a.row.Has[w.Channel] += n
		if w.Channel == dispatch.Ticket {
			a.row.Aside += n * w.Weight
		}
		if w.offer.Member != "" {
			a.offered += n
			a.row.Ringing = a.offered > 0
		}
		if w.Exclusive {
			a.exclusive += n
			a.row.Exclusive = a.exclusive > 0
		}
	}
}

func (s *space) give(w *work, member identity.MemberID) {
	s.weigh(w, -1)
	w.owner, w.queued, w.open, w.offer = member, false, true, dispatch.Offer{}
	s.weigh(w, +1)
}

func (s *space) enqueue(w *work, since time.Time) {
	s.weigh(w, -1)
	w.owner, w.queued, w.open, w.offer, w.WaitingSince = "", true, true, dispatch.Offer{}, since
}
