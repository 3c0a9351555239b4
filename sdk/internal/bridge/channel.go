package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// channelService is what channels serve; Deliver is in deliver.go.
type channelService struct {
	pluginv1.UnimplementedChannelServiceServer
	*Server
}

// HandleWebhook lets the author verify and parse a raw request.
func (s *channelService) HandleWebhook(ctx context.Context, req *pluginv1.HandleWebhookRequest) (*pluginv1.HandleWebhookResponse, error) {
	in, err := s.enter(req.GetInstanceId(), s.can().Channel != nil)
	if err != nil {
		if result := asked(err); result != nil {
			return &pluginv1.HandleWebhookResponse{Result: result}, nil
		}
		return nil, err
	}
	defer s.leave()
	var answer channel.ReceiveResponse
	err = guard(ctx, s.config.Log, "Receive", func() error {
		var failed error
		answer, failed = s.can().Channel.Receive(ctx, receiveRequestOf(in, req))
		return failed
	})
	if err != nil {
		return refusal(err, answer), nil
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

// refusal is the answer when Receive failed: the author's own, when it refuses.
func refusal(err error, own channel.ReceiveResponse) *pluginv1.HandleWebhookResponse {
	out := &pluginv1.HandleWebhookResponse{Result: resultOf(err)}
	e := errs.As(err)
	if e.Source == errs.Rejected && own.Status >= 400 && own.Status <= 499 {
		out.Status, out.Headers, out.Body = uint32(own.Status), headersTo(own.Header), own.Body
		return out
	}
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
	in, err := s.enter(req.GetInstanceId(), s.can().Live != nil)
	if err != nil {
		return nil, err
	}
	defer s.leave()
	answer, err := s.can().Live.OpenSession(ctx, channel.OpenSessionRequest{
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
