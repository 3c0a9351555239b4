package pluginhost

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Limits of one ingest stream.
const (
	ingestWindow = 64               // items in flight
	ingestBudget = 20 * time.Second // for a commit
)

// inboundDesk serves HostInboundService.
type inboundDesk struct {
	pluginv1.UnimplementedHostInboundServiceServer
	*desk
}

// Ingest answers each batch after its commit. Batches are committed at the same
// time, so that they share a group commit; a plugin that cares about the order
// of two waits for the answer to the first.
func (d *inboundDesk) Ingest(stream pluginv1.HostInboundService_IngestServer) error {
	if err := stream.Send(&pluginv1.IngestResponse{Credits: ingestWindow}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	var sending sync.Mutex
	inFlight := 0 // under sending
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			wg.Wait() // what was taken is answered
			return nil
		}
		if err != nil {
			return err
		}
		n := len(req.GetItems())
		sending.Lock()
		inFlight += n
		tooMany := n == 0 || n > pluginv1.MaxBatch || inFlight > ingestWindow
		sending.Unlock()
		if tooMany {
			return status.Error(codes.ResourceExhausted, "a batch has 1 to 32 items, and no more than there are credits")
		}
		wg.Go(func() {
			answer := &pluginv1.IngestResponse{Batch: req.GetBatch(), Results: d.commit(ctx, req.GetItems()), Credits: uint32(n)} //nolint:gosec // at most MaxBatch
			sending.Lock()
			defer sending.Unlock()
			inFlight -= n
			if stream.Send(answer) != nil {
				cancel() // the stream is dead; Recv says so too
			}
		})
	}
}

// commit commits the items, inbox by inbox, each inbox's in their order, and
// returns a result for each item.
func (d *inboundDesk) commit(ctx context.Context, items []*pluginv1.Inbound) []*pluginv1.Result {
	ctx, cancel := context.WithTimeout(ctx, ingestBudget)
	defer cancel()
	results := make([]channel.Result, len(items))
	taken := make([]channel.Inbound, len(items))
	groups := make(map[string]*group)
	var order []*group
	for i, item := range items {
		in, refused, ok := inboundOf(item)
		if taken[i] = in; !ok {
			results[i] = refused
			continue
		}
		g, known := groups[item.GetInstanceId()]
		if !known {
			g = &group{}
			groups[item.GetInstanceId()] = g
			order = append(order, g)
		}
		g.items = append(g.items, in)
		g.places = append(g.places, i)
	}
	for _, g := range order {
		for i, r := range d.receive(ctx, g.items) {
			results[g.places[i]] = r
		}
	}
	d.host.backfills.count(taken, results)
	out := make([]*pluginv1.Result, len(results))
	for i, r := range results {
		out[i] = resultTo(r)
	}
	return out
}

// group is the items of one inbox and where they stood in the batch.
type group struct {
	items  []channel.Inbound
	places []int
}

// receive commits items of one inbox.
func (d *inboundDesk) receive(ctx context.Context, items []channel.Inbound) []channel.Result {
	i, err := d.instance(ctx, string(items[0].Inbox))
	if status.Code(err) == codes.NotFound || err == nil && i.Inbox == nil {
		return all(len(items), rejected("unknown_instance", "this plugin has no such inbox"))
	}
	later := channel.Result{Outcome: channel.OutcomeRetry, Code: "host_unavailable", Detail: "the host could not store it"}
	if err != nil {
		return all(len(items), later)
	}
	if !i.May(scopeIngest) { // somebody may agree to it yet
		return all(len(items), channel.Result{
			Outcome: channel.OutcomeRetry, Code: "permission_denied", Detail: "the workspace does not allow messages:ingest", RetryAfter: time.Minute,
		})
	}
	results, err := d.ports.Receiver.Receive(ctx, d.scope(i), items)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		// The plugin ended, or the host does: it brings the items again.
		return all(len(items), later)
	case errs.Is(err, errs.Unavailable):
		d.log.WarnContext(ctx, "what a plugin brought must be brought again", "inbox", i.ID, "items", len(items), "error", err)
		return all(len(items), later)
	case err != nil || len(results) != len(items):
		d.log.ErrorContext(ctx, "what a plugin brought could not be stored", "inbox", i.ID, "items", len(items), "error", err)
		return all(len(items), later)
	}
	return results
}

// scope is the plugin, acting in the workspace of an instance.
func (d *desk) scope(i instance) identity.Scope {
	return identity.Scope{
		Workspace: i.Workspace,
		Actor:     identity.Actor{Kind: identity.ActorPlugin, ID: string(d.id), Name: d.plugin.Name.In("en")},
	}
}

func all(n int, r channel.Result) []channel.Result {
	out := make([]channel.Result, n)
	for i := range out {
		out[i] = r
	}
	return out
}
