package pluginhost

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// HostServer is the server of the host's services as one process of a plugin
// sees it, without the process. holder names the process.
func HostServer(m manifest.Manifest, ports Ports, dir, holder string) (*grpc.Server, error) {
	h, err := New(Options{Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		return nil, err
	}
	if ports.OnChange == nil {
		ports.OnChange = func(channel.PluginID) {}
	}
	p := installed{manifest: m}
	s := newSupervisor(h, channel.PluginID(m.ID), p)
	l := &life{supervisor: s, ports: ports}
	return l.serve(p, &session{holder: holder}, dir, nil), nil
}

// LeastLevel is the level that plugins are told to log at.
func LeastLevel(ctx context.Context, log *slog.Logger) string { return leastLevel(ctx, log) }
