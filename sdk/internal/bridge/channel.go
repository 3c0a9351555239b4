package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// codeUnknownInstance answers for an instance the plugin was not told of.
const codeUnknownInstance = "unknown_instance"

var (
	errNotReady  = status.Error(codes.FailedPrecondition, "Init comes first")
	errNoChannel = status.Error(codes.Unimplemented, "this plugin is no messaging channel")
	errNoLive    = status.Error(codes.Unimplemented, "this plugin is no live channel")
)

// channelService is what channels serve; Deliver is in deliver.go.
type channelService struct {
	pluginv1.UnimplementedChannelServiceServer
	*Server
}

// HandleWebhook lets the author verify and parse a raw request.
func (s *channelService) HandleWebhook(ctx context.Context, req *pluginv1.HandleWebhookRequest) (*pluginv1.HandleWebhookResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	if s.abilities.Channel == nil {
		return nil, errNoChannel
	}
	in, ok := s.instances.get(req.GetInstanceId())
	if !ok {
		return &pluginv1.HandleWebhookResponse{Result: retry(codeUnknownInstance, "the plugin was not told of this inbox")}, nil
	}
	s.drain.add(0, 1)
	defer s.drain.add(0, -1)
	var answer channel.ReceiveResponse
	err := guard(ctx, s.config.Log, "Receive", func() error {
		var failed error
		answer, failed = s.abilities.Channel.Receive(ctx, receiveRequestOf(in, req))
		return failed
	})
	if err != nil {
		return refusal(err), nil
	}
	out := &pluginv1.HandleWebhookResponse{
		Status: uint32(max(answer.Status, 0)), Headers: headersTo(answer.Header), Body: answer.Body, //nolint:gosec // the host checks the range
		Result: resultOf(nil),
	}
	for _, m := range answer.Messages {
		if m.Instance == "" {
			m.Instance = in.ID
		}
		out.Inbound = append(out.Inbound, inboundTo(m))
	}
	return out, nil
}

// refusal is the answer when Receive failed.
func refusal(err error) *pluginv1.HandleWebhookResponse {
	out := &pluginv1.HandleWebhookResponse{Result: resultOf(err)}
	e := errs.As(err)
	if e.Source == errs.Rejected {
		out.Status = http.StatusBadRequest
		if e.Code == errs.CodeBadSignature {
			out.Status = http.StatusUnauthorized
		}
		out.Headers = []*pluginv1.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}
		out.Body = []byte(e.Detail + "\n")
	}
	return out
}

// OpenSession asks a live channel's policy.
func (s *channelService) OpenSession(ctx context.Context, req *pluginv1.OpenSessionRequest) (*pluginv1.OpenSessionResponse, error) {
	if !s.ready() {
		return nil, errNotReady
	}
	if s.abilities.Live == nil {
		return nil, errNoLive
	}
	in, ok := s.instances.get(req.GetInstanceId())
	if !ok {
		return nil, status.Error(codes.Unavailable, "the plugin was not told of this inbox")
	}
	answer, err := s.abilities.Live.OpenSession(ctx, channel.OpenSessionRequest{
		Instance: in, SessionID: req.GetSessionId(), EmbedOrigin: req.GetEmbedOrigin(),
		PageURL: req.GetPageUrl(), PageTitle: req.GetPageTitle(), Referrer: req.GetReferrer(),
		Locale: req.GetLocale(), UserAgent: req.GetUserAgent(), Resumed: req.GetResumed(),
	})
	if err != nil {
		return nil, err
	}
	out := &pluginv1.OpenSessionResponse{
		Allow: answer.Allow, Reason: answer.Reason, Name: answer.Name,
		Attributes: answer.Attributes, Origins: answer.Origins,
	}
	if answer.Settings != nil {
		if out.Settings, err = json.Marshal(answer.Settings); err != nil {
			return nil, fmt.Errorf("encode the widget's settings: %w", err)
		}
	}
	return out, nil
}
