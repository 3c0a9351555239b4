// Package bus is the NATS adapter: wake-ups and ephemeral news between the
// parts of a node and between nodes. By default a NATS server runs inside the
// process, without a port and without storage; with a URL the nodes meet at a
// server or cluster of the operator's. Nothing durable goes over it: losing
// every message costs latency, never data.
//
// Concurrency: a Bus is safe for concurrent use. Messages of one subscription
// are handed over one at a time, in the order of their publisher.
//
// Lifecycle: Open, then Publish and Subscribe, then Close, which hands over
// what has arrived and ends the server in the process. A lost connection to a
// cluster is made again for as long as the Bus is open.
package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
)

// DefaultPrefix precedes every subject, so that a cluster can be shared.
const DefaultPrefix = "patchbay."

// Times that a caller may have to wait.
const (
	startTimeout   = 5 * time.Second // for the server in the process
	connectTimeout = 5 * time.Second // for each server of a cluster
	flushTimeout   = 2 * time.Second // for a subscription to take effect
	drainTimeout   = 3 * time.Second // for subscribers to finish
)

// backlog bounds what is kept for the time a cluster is away; what does not
// fit is lost.
const backlog = 1 << 20

// Options configure a Bus.
type Options struct {
	URL    string // "" = in this process; else nats:// or tls:// URLs, separated by commas
	Prefix string // of every subject; "" = DefaultPrefix
	Log    *slog.Logger
}

// Bus implements event.Bus.
type Bus struct {
	prefix string
	conn   *nats.Conn
	server *server.Server // nil with a cluster
	closed chan struct{}  // closed when the connection is
	once   sync.Once
}

var _ event.Bus = (*Bus)(nil)

// Open starts the server in the process, or connects to the one at the URL,
// which must answer now; later it may come and go.
func Open(o Options) (*Bus, error) {
	b := &Bus{prefix: o.Prefix, closed: make(chan struct{})}
	if b.prefix == "" {
		b.prefix = DefaultPrefix
	}
	options := b.options(o.Log)
	if o.URL == "" {
		var err error
		if b.server, err = startServer(); err != nil {
			return nil, err
		}
		options = append(options, nats.InProcessServer(b.server))
	}
	conn, err := nats.Connect(o.URL, options...)
	if err != nil {
		b.stopServer()
		return nil, errs.Wrap(err, errs.Unavailable, "bus.unreachable",
			"The NATS server of bus.url does not answer. Start it, or leave bus.url empty for the bus in the process.")
	}
	b.conn = conn
	return b, nil
}

func startServer() (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "patchbay", DontListen: true, NoLog: true, NoSigs: true, MaxPayload: server.MAX_PAYLOAD_SIZE,
	})
	if err != nil {
		return nil, fmt.Errorf("bus: make the NATS server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(startTimeout) {
		s.Shutdown()
		return nil, errs.New(errs.Unavailable, "bus.start", "The NATS server in the process did not start in time.")
	}
	return s, nil
}

func (b *Bus) stopServer() {
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
}

func (b *Bus) options(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.Name("patchbay"), nats.Timeout(connectTimeout), nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond), nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.ReconnectBufSize(backlog), nats.DrainTimeout(drainTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("the connection to the bus is lost", "error", err)
			}
		}),
		nats.ReconnectHandler(func(c *nats.Conn) {
			log.Info("the connection to the bus is back", "server", c.ConnectedUrlRedacted())
		}),
		nats.ErrorHandler(func(_ *nats.Conn, s *nats.Subscription, err error) {
			subject := ""
			if s != nil {
				subject = strings.TrimPrefix(s.Subject, b.prefix)
			}
			log.Warn("the bus reports an error", "subject", subject, "error", err)
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
	}
}

// Publish implements event.Bus. While a cluster is away it keeps a little and
// then fails with errs.Unavailable.
func (b *Bus) Publish(subject string, data []byte) error {
	if err := b.conn.Publish(b.prefix+subject, data); err != nil {
		return errs.Wrap(err, errs.Unavailable, "bus.unavailable", "News between the nodes cannot be sent now.")
	}
	return nil
}

// Subscribe implements event.Bus. A "*" in the subject stands for one part
// between dots. When it returns, what this node publishes is heard; other
// nodes' messages follow as soon as their servers know.
func (b *Bus) Subscribe(subject string, fn func(subject string, data []byte)) (cancel func(), err error) {
	sub, err := b.conn.Subscribe(b.prefix+subject, func(m *nats.Msg) {
		fn(strings.TrimPrefix(m.Subject, b.prefix), m.Data)
	})
	if err != nil {
		return nil, errs.Wrap(err, errs.Unavailable, "bus.unavailable", "News between the nodes cannot be heard now.")
	}
	// Away just now: the client subscribes again by itself when it is back.
	_ = b.conn.FlushTimeout(flushTimeout)
	return func() { _ = sub.Unsubscribe() }, nil
}

// Close hands over what has arrived and ends the connection and the server in
// the process. Closing twice does nothing.
func (b *Bus) Close() error {
	var err error
	b.once.Do(func() {
		if err = b.conn.Drain(); err != nil {
			b.conn.Close()
			if errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrConnectionClosed) {
				err = nil // there is nobody to part from
			}
		}
		<-b.closed
		b.stopServer()
	})
	if err != nil {
		return fmt.Errorf("bus: close: %w", err)
	}
	return nil
}
