package bridge

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/host"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// For returns the core, as far as it serves one instance.
func (h *Host) For(id string) host.Instance {
	return host.Instance{
		State:         &state{pluginv1.NewHostStateServiceClient(h.conn), id},
		Schedule:      &schedule{pluginv1.NewHostScheduleServiceClient(h.conn), id},
		Leases:        &leases{pluginv1.NewHostLeaseServiceClient(h.conn), id},
		Database:      &database{pluginv1.NewHostDatabaseServiceClient(h.conn), id},
		Blobs:         &blobs{pluginv1.NewHostBlobServiceClient(h.conn), id},
		Conversations: &conversations{pluginv1.NewHostConversationServiceClient(h.conn), id},
		Contacts:      &contacts{pluginv1.NewHostContactServiceClient(h.conn), id},
		Tickets:       &tickets{pluginv1.NewHostTicketServiceClient(h.conn), id},
		Tokens:        &tokens{pluginv1.NewHostSecretServiceClient(h.conn), id},
		Licenses:      &licenses{pluginv1.NewHostLicenseServiceClient(h.conn), id},
		Tools:         &tools{pluginv1.NewHostToolServiceClient(h.conn), id},
		Metrics:       &metrics{h.runtime, id},
	}
}

// ask calls a method of the host within its budget, and words its failure.
func ask[Req, Res any](ctx context.Context, method string, call func(context.Context, Req) (Res, error), req Req) (Res, error) {
	ctx, cancel := context.WithTimeout(ctx, budgetOf(method))
	defer cancel()
	answer, err := call(ctx, req)
	return answer, hostError(err)
}

// span is a duration on the wire; none for 0.
func span(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

type state struct {
	client pluginv1.HostStateServiceClient
	id     string
}

func entryOf(e *pluginv1.StateEntry) *host.Entry {
	if e == nil {
		return nil
	}
	return &host.Entry{Key: e.GetKey(), Value: e.GetValue(), Version: e.GetVersion(), ExpiresAt: timeOf(e.GetExpiresAt())}
}

// Get implements host.State.
func (s *state) Get(ctx context.Context, key string) (*host.Entry, error) {
	answer, err := ask(ctx, pluginv1.HostStateService_GetState_FullMethodName, unary(s.client.GetState), &pluginv1.GetStateRequest{InstanceId: s.id, Key: key})
	return entryOf(answer.GetEntry()), err
}

// Put implements host.State.
func (s *state) Put(ctx context.Context, req host.PutRequest) (host.PutResponse, error) {
	answer, err := ask(ctx, pluginv1.HostStateService_PutState_FullMethodName, unary(s.client.PutState), &pluginv1.PutStateRequest{
		InstanceId: s.id, Key: req.Key, Value: req.Value, IfVersion: req.IfVersion, Ttl: span(req.TTL),
	})
	return host.PutResponse{Stored: answer.GetStored(), Version: answer.GetVersion(), Current: entryOf(answer.GetCurrent())}, err
}

// Delete implements host.State.
func (s *state) Delete(ctx context.Context, req host.DeleteRequest) (host.DeleteResponse, error) {
	answer, err := ask(ctx, pluginv1.HostStateService_DeleteState_FullMethodName, unary(s.client.DeleteState), &pluginv1.DeleteStateRequest{
		InstanceId: s.id, Key: req.Key, IfVersion: req.IfVersion,
	})
	return host.DeleteResponse{Deleted: answer.GetDeleted()}, err
}

// List implements host.State.
func (s *state) List(ctx context.Context, req host.ListRequest) (host.ListResponse, error) {
	answer, err := ask(ctx, pluginv1.HostStateService_ListState_FullMethodName, unary(s.client.ListState), &pluginv1.ListStateRequest{
		InstanceId: s.id, Prefix: req.Prefix, After: req.After, Limit: limit(req.Limit),
	})
	out := host.ListResponse{More: answer.GetMore()}
	for _, e := range answer.GetEntries() {
		out.Entries = append(out.Entries, *entryOf(e))
	}
	return out, err
}

// limit is a limit on the wire; one that is none is refused there.
func limit(n int) uint32 {
	const tooMany = 1 << 30
	if n < 0 || n > tooMany {
		return tooMany
	}
	return uint32(n)
}

// Claim implements host.State.
func (s *state) Claim(ctx context.Context, req host.ClaimRequest) (host.Claim, error) {
	answer, err := ask(ctx, pluginv1.HostStateService_ClaimState_FullMethodName, unary(s.client.ClaimState), &pluginv1.ClaimStateRequest{
		InstanceId: s.id, Key: req.Key, Within: span(req.Within),
	})
	out := host.Claim{Token: answer.GetToken(), Until: timeOf(answer.GetUntil()), Result: answer.GetResult()}
	switch answer.GetClaim() {
	case pluginv1.ClaimStateResponse_CLAIM_GRANTED:
		out.State = host.ClaimGranted
	case pluginv1.ClaimStateResponse_CLAIM_GRANTED_AFTER_LAPSE:
		out.State = host.ClaimLapsed
	case pluginv1.ClaimStateResponse_CLAIM_DONE:
		out.State = host.ClaimDone
	case pluginv1.ClaimStateResponse_CLAIM_HELD, pluginv1.ClaimStateResponse_CLAIM_UNSPECIFIED:
		out.State = host.ClaimHeld
	}
	return out, err
}

// Complete implements host.State.
func (s *state) Complete(ctx context.Context, req host.CompleteRequest) (bool, error) {
	answer, err := ask(ctx, pluginv1.HostStateService_CompleteClaim_FullMethodName, unary(s.client.CompleteClaim), &pluginv1.CompleteClaimRequest{
		InstanceId: s.id, Key: req.Key, Token: req.Token, Result: req.Result, Keep: span(req.Keep),
	})
	return answer.GetCompleted(), err
}

// Abandon implements host.State.
func (s *state) Abandon(ctx context.Context, key, token string) error {
	_, err := ask(ctx, pluginv1.HostStateService_AbandonClaim_FullMethodName, unary(s.client.AbandonClaim), &pluginv1.AbandonClaimRequest{
		InstanceId: s.id, Key: key, Token: token,
	})
	return err
}
