package dispatchtest

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Lead implements dispatch.Terms.
func (m *Memory) Lead(ctx context.Context, ws identity.WorkspaceID, node string, at time.Time) (uint64, error) {
	leave, err := m.enter(ctx, "Lead")
	if err != nil {
		return 0, err
	}
	defer leave()
	s := m.spaces[ws]
	switch {
	case s == nil:
		return 0, errs.Absent()
	case node != "" && s.leader != node && m.nodes[s.leader].After(at):
		return 0, dispatch.ErrNotLeading()
	}
	s.leader = node
	s.term++
	return s.term, nil
}

// Alive implements dispatch.Terms.
func (m *Memory) Alive(ctx context.Context, node string, until time.Time) error {
	leave, err := m.enter(ctx, "Alive")
	if err != nil {
		return err
	}
	defer leave()
	m.nodes[node] = until
	return nil
}

// Under implements dispatch.Terms.
func (m *Memory) Under(term uint64) dispatch.Store { return under{m, term} }

// under is a Memory that is written under a term.
type under struct {
	*Memory
	term uint64
}

// leads reports an error unless the term is the workspace's last.
func (u under) leads(ws identity.WorkspaceID) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.space(ws).term != u.term {
		return dispatch.ErrNotLeading()
	}
	return nil
}

// Claim implements dispatch.Store.
func (u under) Claim(ctx context.Context, c dispatch.Claim) error {
	if err := u.leads(c.Workspace); err != nil {
		return err
	}
	return u.Memory.Claim(ctx, c)
}

// Claims implements dispatch.Store.
func (u under) Claims(ctx context.Context, ws identity.WorkspaceID, claims []dispatch.Claim) ([]error, error) {
	if err := u.leads(ws); err != nil {
		return nil, err
	}
	return u.Memory.Claims(ctx, ws, claims)
}

// Release implements dispatch.Store.
func (u under) Release(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID, reason dispatch.Reason) ([]dispatch.Item, error) {
	if err := u.leads(ws); err != nil {
		return nil, err
	}
	return u.Memory.Release(ctx, ws, member, reason)
}

// SaveAgent implements dispatch.Store.
func (u under) SaveAgent(ctx context.Context, ws identity.WorkspaceID, a dispatch.AgentState) error {
	if err := u.leads(ws); err != nil {
		return err
	}
	return u.Memory.SaveAgent(ctx, ws, a)
}

// TakeBack implements dispatch.Store.
func (u under) TakeBack(ctx context.Context, ws identity.WorkspaceID, o dispatch.Offer) (dispatch.Item, error) {
	if err := u.leads(ws); err != nil {
		return dispatch.Item{}, err
	}
	return u.Memory.TakeBack(ctx, ws, o)
}

// EndWrapUp implements dispatch.Store.
func (u under) EndWrapUp(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID) error {
	if err := u.leads(ws); err != nil {
		return err
	}
	return u.Memory.EndWrapUp(ctx, ws, member)
}

// ForgetMissed implements dispatch.Store.
func (u under) ForgetMissed(ctx context.Context, ws identity.WorkspaceID, member identity.MemberID) error {
	if err := u.leads(ws); err != nil {
		return err
	}
	return u.Memory.ForgetMissed(ctx, ws, member)
}
