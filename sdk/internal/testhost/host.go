// Package testhost is the other end of a plugin in tests: a host that keeps
// what plugins bring it, and the two ways to run a plugin under it, in this
// process and as a real one. The wire is the real one both times.
package testhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Window is how many items the host takes at once.
const Window = 64

// Host is a host in memory.
//
// Concurrency: safe for concurrent use.
type Host struct {
	mu       sync.Mutex
	ingested []*pluginv1.Inbound
	reported []*pluginv1.ReportHealthRequest
	answer   func(*pluginv1.Inbound) *pluginv1.Result
	broken   []string
}

// Answer makes the host answer messages with fn; nil results are accepted.
func (h *Host) Answer(fn func(*pluginv1.Inbound) *pluginv1.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = fn
}

// Ingested returns what came in, each once, in the order of the commits.
func (h *Host) Ingested() []*pluginv1.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ingested)
}

// Reported returns the reports of health.
func (h *Host) Reported() []*pluginv1.ReportHealthRequest {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reported)
}

// Broken returns the rules of the protocol that the plugin broke.
func (h *Host) Broken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.broken)
}

// Register adds the host's services to a server.
func (h *Host) Register(g *grpc.Server) {
	pluginv1.RegisterHostInboundServiceServer(g, &inbound{Host: h})
	pluginv1.RegisterHostRuntimeServiceServer(g, &runtime{Host: h})
	healthv1.RegisterHealthServer(g, health.NewServer())
}

type inbound struct {
	pluginv1.UnimplementedHostInboundServiceServer
	*Host
}

// Ingest takes batches and gives credits back with the answers.
func (h *inbound) Ingest(stream pluginv1.HostInboundService_IngestServer) error {
	if err := stream.Send(&pluginv1.IngestResponse{Credits: Window}); err != nil {
		return err
	}
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		out := &pluginv1.IngestResponse{Batch: req.GetBatch(), Credits: uint32(len(req.GetItems()))} //nolint:gosec // a test
		if n := len(req.GetItems()); n < 1 || n > pluginv1.MaxBatch {
			h.breach(fmt.Sprintf("a batch of %d items", n))
		}
		for _, item := range req.GetItems() {
			out.Results = append(out.Results, h.take(item))
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

func (h *Host) breach(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = append(h.broken, what)
}

func (h *Host) take(item *pluginv1.Inbound) *pluginv1.Result {
	h.mu.Lock()
	answer := h.answer
	h.mu.Unlock()
	if answer != nil {
		if r := answer(item); r != nil {
			return r
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known := slices.ContainsFunc(h.ingested, func(old *pluginv1.Inbound) bool {
		return old.GetInstanceId() == item.GetInstanceId() && old.GetExternalId() == item.GetExternalId()
	})
	if known {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_DUPLICATE}
	}
	h.ingested = append(h.ingested, item)
	return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}
}

type runtime struct {
	pluginv1.UnimplementedHostRuntimeServiceServer
	*Host
}

// ReportHealth keeps the report.
func (h *runtime) ReportHealth(_ context.Context, req *pluginv1.ReportHealthRequest) (*pluginv1.ReportHealthResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reported = append(h.reported, req)
	return &pluginv1.ReportHealthResponse{}, nil
}
