package process

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/core/extension"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// attachEvery is how often a file, or a process, is looked for.
const attachEvery = 100 * time.Millisecond

// attach waits until somebody runs the plugin, in a debugger as a rule, and
// connects to it. The process is not ours: it is neither confined nor ended by
// us, its output is where it was started, and the connection has no certificates
// (the socket is its user's own). It ends by itself when we are gone.
func attach(ctx context.Context, s Spec) (*Process, error) {
	at, err := awaitAttach(ctx, s.Attach)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(s.SocketDir, "")
	if err != nil {
		return nil, &StartError{Detail: "Cannot make a private folder for its sockets; check the rights on " + s.SocketDir, Cause: err}
	}
	r := newProcess(s, nil, "", dir)
	r.attached = at.PID
	r.reach.note(extension.FilesFenced, "it runs in a debugger")
	p := &Process{dir: dir, runner: r}
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginv1.Version, MagicCookieKey: pluginv1.CookieKey, MagicCookieValue: pluginv1.CookieValue,
		},
		Plugins:          goplugin.PluginSet{pluginName: &dispensed{}}, // nothing is negotiated
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.NewNullLogger(),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: dir},
		GRPCDialOptions: append([]grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginv1.MaxMessage), grpc.MaxCallSendMsgSize(pluginv1.MaxMessage)),
		}, s.Dial...),
		Reattach: &goplugin.ReattachConfig{
			Protocol: goplugin.ProtocolGRPC, ProtocolVersion: pluginv1.Version, Pid: at.PID, Test: true,
			Addr: &net.UnixAddr{Net: at.Network, Name: at.Address},
		},
	})
	within, cancel := context.WithTimeout(ctx, cleanup)
	defer cancel()
	if err := p.handshake(within, &goplugin.ClientConfig{}); err != nil {
		p.Close()
		return nil, &StartError{Cause: err, Detail: "The process that is to be attached to does not answer; run it again"}
	}
	go r.watchAttached()
	return p, nil
}

// awaitAttach waits until a file names a process that lives, and takes the file
// away: nobody attaches to it twice.
func awaitAttach(ctx context.Context, file string) (pluginv1.Attach, error) {
	tick := time.NewTicker(attachEvery)
	defer tick.Stop()
	for {
		var at pluginv1.Attach
		data, err := os.ReadFile(file) //nolint:gosec // the author's own
		if err == nil && json.Unmarshal(data, &at) == nil && at.Network == "unix" && lives(at.PID) {
			return at, os.Remove(file)
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return at, ctx.Err()
			}
			return at, &StartError{Detail: "Nobody has run the plugin for the server to attach to."}
		case <-tick.C:
		}
	}
}

func lives(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && pid > 0 && p.Signal(syscall.Signal(0)) == nil
}

// watchAttached notices the end of a process that is not our child.
func (r *process) watchAttached() {
	tick := time.NewTicker(attachEvery)
	defer tick.Stop()
	for range tick.C {
		r.mu.Lock()
		over := r.doomed || !lives(r.attached)
		if over && r.state == "" {
			r.state = "the debugger ended it"
		}
		r.mu.Unlock()
		if over {
			close(r.exited)
			return
		}
	}
}
