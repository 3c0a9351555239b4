package realtime

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

// Gateway serves the live connections of one node. Make one with New.
type Gateway struct {
	o        Options
	pong     []byte
	pool     pool
	hubs     hubs
	rooms    rooms
	feeds    feeds
	places   places
	typists  typists
	attended time.Time // when it was kept last who waits; of the ticks alone
	lookers  lookers
	watchers watchers
	readers  readers
	sessions sync.WaitGroup
	lastConn atomic.Uint64

	mu        sync.Mutex
	transport *socket.Transport // nil unless started
	draining  bool
	cancels   []func()
}

// Member connections are asked again what they may at least so often.
const recheckEvery = time.Minute

// retrySpread is over what time the clients of a drained node come back, when
// they are few.
const retrySpread = 3 * time.Second

// New returns a gateway. Connections that come before Start or after Drain are
// closed at once; their clients try again.
func New(o Options) *Gateway {
	o.Tuning = o.Tuning.withDefaults()
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	return &Gateway{o: o, pong: socket.AppendText(nil, []byte(pong))}
}

// Start opens the transport, listens on the bus and starts the workers. What
// it starts lasts until Drain, not until ctx ends.
func (g *Gateway) Start(ctx context.Context) error {
	transport, err := socket.Open(socket.Options{
		Portable: g.o.Tuning.Portable, WriteLimit: g.o.Tuning.WriteLimit,
		Now: g.o.Now, Ticks: g.o.Tuning.Ticks, OnTick: g.tick, Logger: g.o.Logger,
	})
	if err != nil {
		return fmt.Errorf("realtime: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	g.pool.start(ctx, g.o.Tuning.Workers)
	cancels := []func(){cancel}
	for prefix, fn := range map[string]func(identity.WorkspaceID, []byte){
		event.SubjectTyping: g.typingNews, event.SubjectPresence: g.presenceNews,
		event.SubjectQueue: g.queueNews, event.SubjectRights: g.rightsNews,
		event.SubjectDraft: g.draftNews, event.SubjectRead: g.readNews, event.SubjectVisitors: g.visitorNews,
		event.SubjectNotify: g.notificationNews, event.SubjectLook: g.looked, event.SubjectWhisper: g.whisperNews,
	} {
		stop, err := g.o.Bus.Subscribe(prefix+"*", func(subject string, data []byte) {
			fn(identity.WorkspaceID(subject[len(prefix):]), data)
		})
		if err != nil {
			for _, c := range cancels {
				c()
			}
			transport.Close()
			g.pool.close()
			return fmt.Errorf("realtime: subscribe to %s: %w", prefix, err)
		}
		cancels = append(cancels, stop)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.transport, g.cancels = transport, cancels
	return nil
}

// Member serves a member's connection, on which the upgrade is done and the
// scope holds member.read. check says whether the session and the rights
// behind it still stand, and with which scope: an Unauthenticated error closes
// with 4401, a Forbidden or NotFound one with 4403.
func (g *Gateway) Member(conn net.Conn, scope identity.Scope, check func(ctx context.Context) (identity.Scope, error)) {
	g.serve(conn, &g.o.Tuning.MemberRate, func() *session { return &newMember(g, scope, check).session })
}

// Visitor serves the connection of somebody who says to be a visitor of the
// live inbox, and shows it by the token in the first frame. remote is the
// network address, for the log.
func (g *Gateway) Visitor(conn net.Conn, inbox channel.InboxID, remote string) {
	g.o.Logger.Debug("a visitor connected", "inbox_id", string(inbox), "remote", remote)
	g.serve(conn, &g.o.Tuning.VisitorRate, func() *session { return &newVisitor(g, g.rooms.of(inbox)).session })
}

// serve hands a connection to the transport, which makes the session.
func (g *Gateway) serve(conn net.Conn, rate *socket.Rate, newSession func() *session) {
	conn, early := unwrap(conn)
	g.mu.Lock()
	transport := g.transport
	refuse := transport == nil || g.draining
	if !refuse {
		g.sessions.Add(1)
	}
	g.mu.Unlock()
	if refuse {
		_ = conn.Close()
		return
	}
	var s *session
	err := transport.Serve(conn, early, rate, func(c *socket.Conn) socket.Handler {
		s = newSession()
		s.conn = c
		g.o.Metrics.Opened(s.side.kind())
		return s
	})
	switch {
	case s == nil:
		g.o.Logger.Warn("a connection could not be taken over", "error", err)
		g.sessions.Done()
	case g.isDraining(): // Drain may have missed it
		s.submit(func(context.Context) { s.bye(retrySpread) })
	}
}

// unwrap returns the connection below an HTTP server's wrapper, without
// deadlines, and what the wrapper has read ahead. Clients may not speak before
// the answer to their handshake (RFC 6455, section 4.1), but some do.
func unwrap(conn net.Conn) (raw net.Conn, early []byte) {
	w, ok := conn.(interface{ UnsafeConn() net.Conn })
	if !ok {
		return conn, nil
	}
	raw = w.UnsafeConn()
	past := time.Unix(1, 0)
	if raw.SetReadDeadline(past) == nil {
		buf := make([]byte, 4096)
		n, _ := conn.Read(buf) // from the wrapper's buffer, or not at all
		early = buf[:n]
	}
	_ = raw.SetDeadline(time.Time{})
	return raw, early
}

// connID names a connection over all nodes.
func (g *Gateway) connID() string {
	return g.o.Node + "-" + strconv.FormatUint(g.lastConn.Add(1), 36)
}

func (g *Gateway) isDraining() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.draining
}

// Drain takes the gateway out of service: new connections are refused, each
// open one finishes the requests it has sent, gets a bye with a time to come
// back at, and is closed with 1012. When ctx ends first, the rest is cut off.
// It returns when nothing of the gateway runs any more.
func (g *Gateway) Drain(ctx context.Context) error {
	g.mu.Lock()
	transport, draining := g.transport, g.draining
	g.draining = true
	g.mu.Unlock()
	if transport == nil || draining {
		return nil
	}
	all := transport.Handlers()
	spread := max(retrySpread, time.Duration(len(all))*time.Millisecond)
	for _, h := range all {
		if s, ok := h.(*session); ok {
			s.submit(func(context.Context) { s.bye(spread) })
		}
	}
	gone := make(chan struct{})
	go func() {
		g.sessions.Wait()
		close(gone)
	}()
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		err = fmt.Errorf("realtime: drain: %w", ctx.Err())
	}
	g.shut(transport, err != nil)
	<-gone
	return err
}

// shut ends everything, in the order in which it depends on each other.
func (g *Gateway) shut(transport *socket.Transport, abort bool) {
	stopWork, subscriptions := g.cancels[0], g.cancels[1:]
	for _, cancel := range subscriptions {
		cancel()
	}
	if abort {
		stopWork()
	}
	transport.Close()
	g.pool.close()
	stopWork()
}
