// Package bridge stands between the wire and an author's code: it serves the
// plugin's side of the protocol, and turns protobuf messages into the types of
// the SDK and back.
//
// Concurrency: calls of the host run concurrently. Deliveries of one
// conversation run one after the other, those of different conversations at
// the same time, never more than Window of them. A panic in an author's method
// becomes an error of that call and nothing else.
//
// Lifecycle: Init makes the author's value, once. Drain (called by the host, or
// for SIGTERM) lets everything in flight finish and refuses what is new.
package bridge

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/patchbay-im/patchbay/sdk/manifest/stamp"
	pluginv1 "github.com/patchbay-im/patchbay/sdk/proto/patchbay/plugin/v1"
)

// Window is how many deliveries are taken at once.
const Window = 64

// sendBudget bounds one Send of an author.
const sendBudget = 30 * time.Second

// Start is what a plugin gets when it starts.
type Start struct {
	DataDir     string
	CoreVersion string
	Host        *Host
}

// Config is what a Server serves.
type Config struct {
	Stamp stamp.Stamp
	Log   *slog.Logger
	// Level is that of Log: Init sets it. nil = it stays as it is.
	Level *slog.LevelVar
	// New makes the author's values. It is called once, by Init.
	New func(ctx context.Context, start Start) (Abilities, error)
	// Dial opens the connection to the host that Init named.
	Dial func(brokerID uint32) (*grpc.ClientConn, error)
	// HostGone is called once when the host is lost; nil = nobody cares.
	HostGone func()
}

// Server serves one plugin. Make one with NewServer and Register it.
type Server struct {
	config    Config
	instances *instances
	drain     *drain
	started   chan struct{} // closed by a successful Init
	abilities atomic.Pointer[Abilities]
	host      *Host
	initOnce  chan struct{} // holds one token
}

// NewServer returns a Server.
func NewServer(c Config) *Server {
	s := &Server{
		config: c, instances: newInstances(), drain: newDrain(),
		started: make(chan struct{}), initOnce: make(chan struct{}, 1),
	}
	s.initOnce <- struct{}{}
	return s
}

// Register adds the services to a gRPC server made with ServerOptions.
func (s *Server) Register(g grpc.ServiceRegistrar) {
	pluginv1.RegisterPluginServiceServer(g, &pluginService{Server: s})
	pluginv1.RegisterChannelServiceServer(g, &channelService{Server: s})
	pluginv1.RegisterBotServiceServer(g, &botService{Server: s})
	pluginv1.RegisterConnectorServiceServer(g, &connectorService{Server: s})
	pluginv1.RegisterToolServiceServer(g, &toolService{Server: s})
	pluginv1.RegisterHookServiceServer(g, &hookService{Server: s})
	pluginv1.RegisterAnalyzerServiceServer(g, &analyzerService{Server: s})
	pluginv1.RegisterPanelServiceServer(g, &panelService{Server: s})
	pluginv1.RegisterTemplateServiceServer(g, &templateService{Server: s})
	pluginv1.RegisterRouteServiceServer(g, &routeService{Server: s})
}

// can returns what the plugin can do; nothing before Init.
func (s *Server) can() Abilities {
	if made := s.abilities.Load(); made != nil {
		return *made
	}
	return Abilities{}
}

// ready reports whether Init has succeeded.
func (s *Server) ready() bool {
	select {
	case <-s.started:
		return true
	default:
		return false
	}
}
