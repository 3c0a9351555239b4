package pluginhost

import (
	"context"

	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// stateDesk serves HostStateService.
type stateDesk struct {
	pluginv1.UnimplementedHostStateServiceServer
	*desk
}

func entryTo(e *extension.Entry) *pluginv1.StateEntry {
	if e == nil {
		return nil
	}
	return &pluginv1.StateEntry{Key: e.Key, Value: e.Value, Version: e.Version, ExpiresAt: stamp(e.ExpiresAt)}
}

// GetState returns an entry.
func (d *stateDesk) GetState(ctx context.Context, req *pluginv1.GetStateRequest) (*pluginv1.GetStateResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	e, err := d.ports.Desks.Memory.Get(ctx, o, req.GetKey())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.GetStateResponse{Entry: entryTo(e)}, nil
}

// PutState writes an entry.
func (d *stateDesk) PutState(ctx context.Context, req *pluginv1.PutStateRequest) (*pluginv1.PutStateResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	ttl := req.GetTtl().AsDuration()
	if req.GetTtl() != nil && ttl == 0 {
		ttl = -1 // no time at all, and not for ever
	}
	there, stored, err := d.ports.Desks.Memory.Put(ctx, o, extension.Put{Key: req.GetKey(), Value: req.GetValue(), IfVersion: req.IfVersion}, ttl) //nolint:protogetter // nil is not 0
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out := &pluginv1.PutStateResponse{Stored: stored, Current: entryTo(there)}
	if stored {
		out.Version, out.Current = there.Version, nil
	}
	return out, nil
}

// DeleteState removes an entry.
func (d *stateDesk) DeleteState(ctx context.Context, req *pluginv1.DeleteStateRequest) (*pluginv1.DeleteStateResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	deleted, err := d.ports.Desks.Memory.Delete(ctx, o, req.GetKey(), req.IfVersion) //nolint:protogetter // nil is not 0
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.DeleteStateResponse{Deleted: deleted}, nil
}

// ListState returns a page of entries.
func (d *stateDesk) ListState(ctx context.Context, req *pluginv1.ListStateRequest) (*pluginv1.ListStateResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	found, more, err := d.ports.Desks.Memory.List(ctx, o, extension.StateRange{
		Prefix: req.GetPrefix(), After: req.GetAfter(), Limit: int(min(req.GetLimit(), extension.MaxStatePage+1)),
	})
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out := &pluginv1.ListStateResponse{More: more}
	size := 0
	for i := range found {
		size += len(found[i].Value) + len(found[i].Key)
		if size > maxPage { // values may be large: the page is as long as it may be
			out.More = true
			break
		}
		out.Entries = append(out.Entries, entryTo(&found[i]))
	}
	return out, nil
}

// maxPage is how many bytes of values a page has at most.
const maxPage = 3 << 20

// ClaimState asks for the right to do something once.
func (d *stateDesk) ClaimState(ctx context.Context, req *pluginv1.ClaimStateRequest) (*pluginv1.ClaimStateResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	within := req.GetWithin().AsDuration()
	if req.GetWithin() != nil && within == 0 {
		within = -1
	}
	c, err := d.ports.Desks.Memory.Claim(ctx, o, req.GetKey(), within)
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	out := &pluginv1.ClaimStateResponse{Token: c.Token, Until: stamp(c.Until), Result: c.Result}
	switch c.State {
	case extension.ClaimGranted:
		out.Claim = pluginv1.ClaimStateResponse_CLAIM_GRANTED
	case extension.ClaimLapsed:
		out.Claim = pluginv1.ClaimStateResponse_CLAIM_GRANTED_AFTER_LAPSE
	case extension.ClaimHeld:
		out.Claim = pluginv1.ClaimStateResponse_CLAIM_HELD
	case extension.ClaimDone:
		out.Claim = pluginv1.ClaimStateResponse_CLAIM_DONE
	}
	return out, nil
}

// CompleteClaim keeps what came of a claim.
func (d *stateDesk) CompleteClaim(ctx context.Context, req *pluginv1.CompleteClaimRequest) (*pluginv1.CompleteClaimResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	done, err := d.ports.Desks.Memory.Complete(ctx, o, req.GetKey(), req.GetToken(), req.GetResult(), req.GetKeep().AsDuration())
	if err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.CompleteClaimResponse{Completed: done}, nil
}

// AbandonClaim gives a claim up.
func (d *stateDesk) AbandonClaim(ctx context.Context, req *pluginv1.AbandonClaimRequest) (*pluginv1.AbandonClaimResponse, error) {
	o, err := d.owner(ctx, req.GetInstanceId())
	if err != nil {
		return nil, err
	}
	if err := d.ports.Desks.Memory.Abandon(ctx, o, req.GetKey(), req.GetToken()); err != nil {
		return nil, d.refusal(ctx, err)
	}
	return &pluginv1.AbandonClaimResponse{}, nil
}
