// Package main is what the plugin is compared with: the same messages over
// go-plugin and gRPC, and nothing else. It has neither the SDK nor instances, asks
// nothing, checks nothing, and answers in the goroutine that reads.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// card is as large as the one of the plugin that is measured.
const card = `{"body":[{"text":"A customer","type":"TextBlock","weight":"Bolder","wrap":true},{"facts":[` +
	`{"title":"Level","value":"A value of the usual length"},{"title":"Orders","value":"A value of the usual length"},` +
	`{"title":"Last order","value":"A value of the usual length"},{"title":"Owner","value":"A value of the usual length"}],` +
	`"type":"FactSet"}],"type":"AdaptiveCard","version":"1.5"}`

func main() {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &raw{}}},
		Logger:           hclog.NewNullLogger(),
		GRPCServer:       goplugin.DefaultGRPCServer,
	})
}

type raw struct {
	goplugin.NetRPCUnsupportedPlugin
	pluginv1.UnimplementedChannelServiceServer
	pluginv1.UnimplementedPanelServiceServer
	pluginv1.UnimplementedToolServiceServer
	pluginv1.UnimplementedHookServiceServer
}

// GRPCServer registers the services.
func (r *raw) GRPCServer(_ *goplugin.GRPCBroker, g *grpc.Server) error { //nolint:unparam // go-plugin's signature
	pluginv1.RegisterChannelServiceServer(g, r)
	pluginv1.RegisterPanelServiceServer(g, r)
	pluginv1.RegisterToolServiceServer(g, r)
	pluginv1.RegisterHookServiceServer(g, r)
	return nil
}

// GRPCClient is the other side, which this process is not.
func (*raw) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, os.ErrInvalid
}

// Deliver answers each batch with its receipts.
func (*raw) Deliver(stream pluginv1.ChannelService_DeliverServer) error {
	for {
		req, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		out := &pluginv1.DeliverResponse{Credits: uint32(len(req.GetItems()))}
		for _, item := range req.GetItems() {
			out.Items = append(out.Items, &pluginv1.Receipt{
				Id: item.GetId(), Result: &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}, ProviderMessageId: item.GetId(),
			})
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

// RenderPanel returns the card.
func (*raw) RenderPanel(context.Context, *pluginv1.RenderPanelRequest) (*pluginv1.RenderPanelResponse, error) {
	return &pluginv1.RenderPanelResponse{Card: []byte(card)}, nil
}

// InvokeTool does nothing.
func (*raw) InvokeTool(_ *pluginv1.InvokeToolRequest, stream pluginv1.ToolService_InvokeToolServer) error {
	return stream.Send(&pluginv1.InvokeToolResponse{Event: &pluginv1.InvokeToolResponse_Completed_{Completed: &pluginv1.InvokeToolResponse_Completed{
		Result: &pluginv1.Result{Outcome: pluginv1.Outcome_OUTCOME_ACCEPTED}, Output: []byte(`{"state":"done"}`),
	}}})
}

// Intercept allows everything.
func (*raw) Intercept(context.Context, *pluginv1.InterceptRequest) (*pluginv1.InterceptResponse, error) {
	return &pluginv1.InterceptResponse{Verdict: pluginv1.InterceptResponse_VERDICT_ALLOW}, nil
}
