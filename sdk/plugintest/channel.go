package plugintest

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/internal/testhost"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Send has a channel send one message, as the core does, and returns what it
// answers. Without a DeliveryID the request gets one.
func (p *Plugin) Send(req channel.SendRequest) (channel.SendResponse, error) {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	stream, err := p.Channel.Deliver(ctx)
	if err != nil {
		return channel.SendResponse{}, err
	}
	defer stream.CloseSend() //nolint:errcheck // the answer is here
	if req.DeliveryID == "" {
		req.DeliveryID = testhost.NewID("dlv")
	}
	for sent := false; ; {
		answer, err := stream.Recv()
		if err != nil {
			return channel.SendResponse{}, err
		}
		for _, r := range answer.GetItems() {
			if r.GetId() == req.DeliveryID {
				return channel.SendResponse{
					MessageID: r.GetProviderMessageId(), Duplicate: r.GetResult().GetOutcome() == pluginv1.Outcome_OUTCOME_DUPLICATE,
				}, outcomeOf(r.GetResult())
			}
		}
		if !sent { // the first answer opens the window
			if err := stream.Send(&pluginv1.DeliverRequest{Items: []*pluginv1.Outbound{bridge.OutboundTo(req)}}); err != nil {
				return channel.SendResponse{}, err
			}
			sent = true
		}
	}
}

// Signal has a channel show something at the far side.
func (p *Plugin) Signal(req channel.SignalRequest) error {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	kinds := map[channel.SignalKind]pluginv1.SignalRequest_Kind{
		channel.SignalTyping: pluginv1.SignalRequest_KIND_TYPING, channel.SignalRead: pluginv1.SignalRequest_KIND_READ,
	}
	_, err := p.Channel.Signal(ctx, &pluginv1.SignalRequest{
		InstanceId: req.Instance.ID, ConversationId: req.ConversationID, RecipientExternalId: req.Recipient, Thread: req.Thread, Kind: kinds[req.Kind],
		Target: req.Target,
	})
	return err
}

// outcomeOf is what became of a message, as the author said it.
func outcomeOf(r *pluginv1.Result) error {
	e := &errs.Error{Source: errs.FarSide, Code: r.GetCode(), Detail: r.GetDetail(), RetryAfter: time.Duration(0)}
	if after := r.GetRetryAfter(); after.IsValid() {
		e.RetryAfter = after.AsDuration()
	}
	switch r.GetOutcome() {
	case pluginv1.Outcome_OUTCOME_ACCEPTED, pluginv1.Outcome_OUTCOME_DUPLICATE:
		return nil
	case pluginv1.Outcome_OUTCOME_REJECTED:
		e.Source = errs.Rejected
	case pluginv1.Outcome_OUTCOME_UNKNOWN:
		e.Source = errs.InDoubt
	case pluginv1.Outcome_OUTCOME_RETRY, pluginv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return e
}

// Receive hands a request of the far side to a channel, as the core does, and
// commits what it brings: Host.Ingested has it. Without an ID the request gets
// one. The error says why nothing was taken; the answer for the far side is in
// the response either way.
func (p *Plugin) Receive(req channel.ReceiveRequest) (channel.ReceiveResponse, error) {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	if req.ID == "" {
		req.ID = testhost.NewID("whk")
	}
	answer, err := p.Channel.HandleWebhook(ctx, bridge.ReceiveRequestTo(req))
	if err != nil {
		return channel.ReceiveResponse{}, err
	}
	out := bridge.ReceiveResponse(answer)
	if err := outcomeOf(answer.GetResult()); err != nil {
		return out, err
	}
	for _, item := range answer.GetInbound() {
		if err := outcomeOf(p.host.engine.Commit(item)); err != nil {
			return out, err
		}
	}
	return out, nil
}

// FetchFile has a channel fetch a file that an Inbound named, of at most a
// number of bytes.
func (p *Plugin) FetchFile(instance, fetch string, most int64) ([]byte, channel.FetchFileResponse, error) {
	p.tb.Helper()
	ctx, cancel := p.ctx()
	defer cancel()
	var out channel.FetchFileResponse
	stream, err := p.Channel.FetchFile(ctx, &pluginv1.FetchFileRequest{InstanceId: instance, Fetch: fetch, MaxBytes: uint64(max(most, 0))})
	if err != nil {
		return nil, out, err
	}
	var data bytes.Buffer
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return data.Bytes(), out, nil
		}
		if err != nil {
			return nil, out, err
		}
		data.Write(piece.GetPiece())
		if piece.GetFilename() != "" {
			out.Filename = piece.GetFilename()
		}
		if piece.GetMediaType() != "" {
			out.MediaType = piece.GetMediaType()
		}
	}
}
