package pluginrig

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/delivery"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/extension/extensiontest"
	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/core/pluginhost"
)

// patience bounds the wait for a plugin to be ready.
const patience = time.Minute

// Running is a host that runs.
type Running struct {
	*pluginhost.Host
	Dir    string // what the host keeps is below it
	cancel context.CancelFunc
	done   chan error
}

// Options are the host's for plugins in a folder, with everything that it keeps
// below dir, whose path must be short: sockets are there.
func Options(plugins, dir string) pluginhost.Options {
	return pluginhost.Options{
		Dir: plugins, DataDir: filepath.Join(dir, "data"), SocketDir: filepath.Join(dir, "s"), CoreVersion: "0.1.0",
		Node: "n1", Log: slog.New(slog.DiscardHandler), Now: time.Now, Timing: pluginhost.DefaultTiming(),
	}
}

// Ports are those of a core in memory.
func Ports(c Core, d pluginhost.Deliverer) pluginhost.Ports {
	return pluginhost.Ports{
		Workspaces: c, Connections: c, Grants: c, Vault: instance.NewVault(channeltest.Sealer{}), Receiver: c,
		Deliverer: d, Lives: extensiontest.NewLives(),
	}
}

// Start runs a host. Whoever calls it calls Stop.
func Start(ctx context.Context, o pluginhost.Options, p pluginhost.Ports) (*Running, error) {
	if err := os.MkdirAll(filepath.Dir(o.SocketDir), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for sockets: %w", err)
	}
	host, err := pluginhost.New(o) //nolint:contextcheck // nothing of the host runs before Run
	if err != nil {
		return nil, err //nolint:wrapcheck // the host's own sentence
	}
	r := &Running{Host: host, Dir: o.DataDir, done: make(chan error, 1)}
	ctx, r.cancel = context.WithCancel(ctx)
	go func() { r.done <- host.Run(ctx, p) }()
	return r, nil
}

// Stop ends the plugins politely and waits for that.
func (r *Running) Stop() error {
	r.cancel()
	return <-r.done
}

// Status returns what the host says of a plugin; the zero value when there is none.
func (r *Running) Status(id channel.PluginID) extension.Plugin {
	for _, p := range r.Plugins() {
		if p.ID == extension.PluginID(id) {
			return p
		}
	}
	return extension.Plugin{}
}

// Await waits until a plugin is ready.
func (r *Running) Await(ctx context.Context, id channel.PluginID) error {
	return rig.Poll(ctx, time.Millisecond, patience, func() (bool, error) {
		p := r.Status(id)
		if p.State == extension.Failed {
			return false, fmt.Errorf("%s: %s", id, p.Detail)
		}
		return p.State == extension.Ready, nil
	})
}

// Nobody is a pluginhost.Deliverer that has nothing to deliver.
type Nobody struct{}

// Serve implements pluginhost.Deliverer.
func (Nobody) Serve(ctx context.Context, _ channel.PluginID, _ delivery.Line) error {
	<-ctx.Done()
	return ctx.Err() //nolint:wrapcheck // of our own context
}
