package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// rawSide is the baseline: a program served by go-plugin as its documentation
// has it, with certificates, and gRPC's own calls.
type rawSide struct {
	client *goplugin.Client
	conn   *grpc.ClientConn
	pid    int
}

// openRaw starts the program and connects.
func openRaw(program, sockets string) (*rawSide, error) {
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &bareConn{}}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, AutoMTLS: true, Logger: hclog.NewNullLogger(),
		Cmd: exec.Command(program), UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: sockets}, //nolint:noctx // go-plugin ends it
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("start the raw plugin: %w", err)
	}
	got, err := protocol.Dispense("plugin")
	if err != nil {
		client.Kill()
		return nil, fmt.Errorf("connect to the raw plugin: %w", err)
	}
	conn, ok := got.(*grpc.ClientConn)
	if !ok {
		client.Kill()
		return nil, fmt.Errorf("go-plugin returned a %T", got)
	}
	return &rawSide{client: client, conn: conn, pid: client.ReattachConfig().Pid}, nil
}

func (r *rawSide) close() { r.client.Kill() }

// bareConn hands out the connection.
type bareConn struct {
	goplugin.NetRPCUnsupportedPlugin
}

// GRPCServer is the other side, which this process is not.
func (*bareConn) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return os.ErrInvalid }

// GRPCClient returns the connection.
func (*bareConn) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// rawStream is one stream of batches: as many items in flight as the window
// has, in batches as large as the core's.
type rawStream struct {
	side   *rawSide
	window int
}

// flow sends until ctx ends, and counts receipts as they come.
func (r rawStream) flow(ctx context.Context, count *atomic.Int64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := pluginv1.NewChannelServiceClient(r.side.conn).Deliver(ctx)
	if err != nil {
		return fmt.Errorf("open the raw stream: %w", err)
	}
	credits := make(chan struct{}, r.window/pluginv1.MaxBatch)
	for range cap(credits) {
		credits <- struct{}{}
	}
	failed := make(chan error, 1)
	go func() {
		for {
			answer, err := stream.Recv()
			if err != nil {
				failed <- err
				return
			}
			count.Add(int64(len(answer.GetItems())))
			credits <- struct{}{}
		}
	}()
	return r.send(ctx, stream, credits, failed)
}

// send sends a batch for each credit.
func (rawStream) send(ctx context.Context, stream pluginv1.ChannelService_DeliverClient, credits <-chan struct{}, failed <-chan error) error {
	for made := int64(0); ; {
		select {
		case <-ctx.Done():
			if err := <-failed; ctx.Err() == nil { // the stream ends with ctx
				return err
			}
			return nil
		case err := <-failed:
			if ctx.Err() != nil {
				return nil //nolint:nilerr // it was to end
			}
			return errors.Join(errors.New("the raw stream ended"), err)
		case <-credits:
		}
		req := &pluginv1.DeliverRequest{Items: make([]*pluginv1.Outbound, pluginv1.MaxBatch)}
		for i := range req.Items {
			made++
			req.Items[i] = &pluginv1.Outbound{
				Id: numbered("dlv_", made), InstanceId: inboxID, ConversationId: numbered("cnv_", made%conversations), Seq: uint64(made),
				RecipientExternalId: numbered("wxid", made%conversations), Content: &pluginv1.Content{Body: &pluginv1.Content_Text{Text: text}},
			}
		}
		if err := stream.Send(req); err != nil && ctx.Err() == nil {
			return fmt.Errorf("send on the raw stream: %w", err)
		}
	}
}
