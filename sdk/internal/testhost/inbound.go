package testhost

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/patchbay-im/patchbay/sdk/manifest"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Answer makes the host answer messages with fn; nil results are for the host to
// give.
func (h *Host) Answer(fn func(*pluginv1.Inbound) *pluginv1.Result) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answer = fn
}

// Brought returns what came as part of a backfill, in order and each time that
// it came.
func (h *Host) Brought(run string) []*pluginv1.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.brought[run])
}

// Ingested returns what came in, each once, in the order of the commits.
func (h *Host) Ingested() []*pluginv1.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ingested)
}

type inbound struct {
	pluginv1.UnimplementedHostInboundServiceServer
	*desk
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
		n := len(req.GetItems())
		if n < 1 || n > pluginv1.MaxBatch {
			h.breach("a batch of %d items", n)
			return status.Error(codes.ResourceExhausted, "a batch has 1 to 32 items, and no more than there are credits")
		}
		out := &pluginv1.IngestResponse{Batch: req.GetBatch(), Credits: uint32(n)}
		for _, item := range req.GetItems() {
			out.Results = append(out.Results, h.take(item))
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

func rejected(code, detail string) *pluginv1.Result {
	return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_REJECTED, Code: code, Detail: detail}
}

// take commits an item that the plugin brings by itself.
func (h *desk) take(item *pluginv1.Inbound) *pluginv1.Result {
	return h.commit(item, func() *pluginv1.Result {
		if h.may("messages:ingest") {
			return nil
		}
		return &pluginv1.Result{
			Outcome: pluginv1.Outcome_OUTCOME_RETRY, Code: "permission_denied", Detail: "the workspace does not allow messages:ingest",
			RetryAfter: durationpb.New(time.Minute),
		}
	})
}

// Commit takes an item that a request of the far side brought.
func (h *Host) Commit(item *pluginv1.Inbound) *pluginv1.Result {
	return h.commit(item, func() *pluginv1.Result { return nil })
}

// commit takes an item that may come; nil = it may.
func (h *Host) commit(item *pluginv1.Inbound, may func() *pluginv1.Result) *pluginv1.Result {
	h.mu.Lock()
	answer := h.answer
	if run := item.GetBackfill(); run != "" {
		h.brought[run] = append(h.brought[run], proto.CloneOf(item))
	}
	h.mu.Unlock()
	if answer != nil {
		if r := answer(item); r != nil {
			return r
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.instances[item.GetInstanceId()] == nil || h.inbox(item.GetInstanceId()) == "" {
		return rejected("unknown_instance", "this plugin has no such inbox")
	}
	if r := may(); r != nil {
		return r
	}
	if r := checkInbound(item, h.groups()); r != nil {
		return r
	}
	if slices.ContainsFunc(h.ingested, func(old *pluginv1.Inbound) bool {
		return old.GetInstanceId() == item.GetInstanceId() && old.GetKind() == item.GetKind() && old.GetExternalId() == item.GetExternalId()
	}) && item.GetKind() != pluginv1.InboundKind_INBOUND_KIND_TYPING {
		return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_DUPLICATE}
	}
	h.ingested = append(h.ingested, proto.CloneOf(item))
	if item.GetKind() == pluginv1.InboundKind_INBOUND_KIND_UNSPECIFIED && !item.GetEcho() {
		h.arrive(item)
	}
	return &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}
}

// external reports whether s can name something at the far side.
func external(s string) bool {
	return s != "" && len(s) <= maxExternalID && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// groups reports whether the plugin may bring what groups wrote; without a
// manifest it may.
func (h *Host) groups() bool {
	m := h.options.Manifest
	return m.ID == "" || m.Channel != nil && slices.Contains(m.Channel.Can, manifest.CanGroups)
}
