package specimen

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/internal/bridge"
	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Linger serves a plugin as sdk.Serve does, but for one thing: it does not care
// whether there is a host.
func Linger(p sdk.Plugin) {
	if !bridge.CalledByHost() {
		os.Exit(1)
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	who, err := stamp.Read(p.Manifest)
	if err != nil {
		os.Exit(1)
	}
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	go func() {
		<-terminated
		os.Exit(0)
	}()
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{pluginv1.Version: {"plugin": &lingering{plugin: p, who: who, log: log}}},
		Logger:           hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, bridge.ServerOptions(log)...)...)
		},
	})
}

type lingering struct {
	goplugin.NetRPCUnsupportedPlugin
	plugin sdk.Plugin
	who    stamp.Stamp
	log    *slog.Logger
}

// GRPCServer registers the plugin's services.
func (l *lingering) GRPCServer(broker *goplugin.GRPCBroker, server *grpc.Server) error {
	bridge.NewServer(bridge.Config{
		Stamp: l.who, Log: l.log,
		New: func(_ context.Context, s bridge.Start) (bridge.Abilities, error) {
			return l.plugin.Open(sdk.Env{Log: l.log, DataDir: s.DataDir, CoreVersion: s.CoreVersion, Host: s.Host})
		},
		Dial: func(id uint32) (*grpc.ClientConn, error) { return broker.Dial(id) },
	}).Register(server)
	return nil
}

// GRPCClient is the host's side, which this is not.
func (*lingering) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, os.ErrInvalid
}
