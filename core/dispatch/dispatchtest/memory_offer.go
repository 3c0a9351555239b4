package dispatchtest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// offer offers an item that waits.
func (s *space) offer(w *work, member identity.MemberID, until time.Time) {
	w.queued, w.offer = false, dispatch.Offer{Member: member, Until: until.UTC().Truncate(time.Millisecond)}
	s.weigh(w, +1)
}

// Offering implements dispatch.Store.
func (m *Memory) Offering(ctx context.Context, ws identity.WorkspaceID) (dispatch.Offering, error) {
	leave, err := m.enter(ctx, "Offering")
	if err != nil {
		return dispatch.Offering{}, err
	}
	defer leave()
	return m.space(ws).offers, nil
}

// Offers implements dispatch.Store.
func (m *Memory) Offers(ctx context.Context, ws identity.WorkspaceID) ([]dispatch.Offer, error) {
	leave, err := m.enter(ctx, "Offers")
	if err != nil {
		return nil, err
	}
	defer leave()
	return m.offers(ws), nil
}

func (m *Memory) offers(ws identity.WorkspaceID) []dispatch.Offer {
	var out []dispatch.Offer
	for _, w := range m.space(ws).items {
		if w.offer.Member != "" {
			out = append(out, dispatch.Offer{Item: w.Item, Member: w.offer.Member, Until: w.offer.Until})
		}
	}
	return out
}

// Ringing returns the offers that stand, whatever Fail says.
func (m *Memory) Ringing(ws identity.WorkspaceID) []dispatch.Offer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.offers(ws)
}

// TakeBack implements dispatch.Store.
func (m *Memory) TakeBack(ctx context.Context, ws identity.WorkspaceID, o dispatch.Offer) (dispatch.Item, error) {
	leave, err := m.enter(ctx, "TakeBack")
	if err != nil {
		return dispatch.Item{}, err
	}
	defer leave()
	s := m.space(ws)
	w := s.items[o.Item.Key]
	if w == nil || o.Member == "" || w.offer.Member != o.Member || !w.offer.Until.Equal(o.Until) {
		return dispatch.Item{}, dispatch.ErrOfferOver()
	}
	s.enqueue(w, w.WaitingSince)
	s.members[o.Member].row.Missed++
	return w.Item, nil
}

// ForgetMissed implements dispatch.Store.
func (m *Memory) ForgetMissed(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID) error {
	return m.change(ctx, "ForgetMissed", ws, member, func(row *dispatch.AgentRow) { row.Missed = 0 })
}

// SetOffering changes how a workspace gives out work.
func (m *Memory) SetOffering(ws identity.WorkspaceID, o dispatch.Offering) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces[ws].offers = o
}

// Accept has a member take what is offered to them.
func (m *Memory) Accept(ws identity.WorkspaceID, key dispatch.Key, member identity.MemberID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spaces[ws]
	w := s.items[key]
	switch {
	case w.open && w.owner == member:
		return nil
	case w.offer.Member != member:
		return dispatch.ErrOfferOver()
	}
	s.give(w, member)
	s.members[member].row.Missed = 0
	return nil
}

// Reject has a member send back what is offered to them.
func (m *Memory) Reject(ws identity.WorkspaceID, key dispatch.Key, member identity.MemberID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.spaces[ws]
	w := s.items[key]
	if w.offer.Member != member {
		return dispatch.ErrOfferOver()
	}
	s.enqueue(w, w.WaitingSince)
	return nil
}
