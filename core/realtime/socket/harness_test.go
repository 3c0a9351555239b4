package socket_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// clock is the transport's time: it moves when the test says so.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	ticks chan time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), ticks: make(chan time.Time)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// pass lets time pass and the transport look at its connections. When it
// returns the look has begun; after a second call it is over.
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	now := c.now
	c.mu.Unlock()
	c.ticks <- now
	c.ticks <- now
}

// server is a transport behind a listener.
type server struct {
	*clock
	t         *testing.T
	transport *socket.Transport
	listener  net.Listener
	rate      socket.Rate
	peers     chan *peer
	work      sync.WaitGroup
}

// peer is one connection as the server sees it, and its handler.
type peer struct {
	conn     *socket.Conn
	messages chan string
	drained  chan struct{}
	overrate chan struct{}
	closed   chan int
	onText   func(*peer, string)
}

func (p *peer) Message(payload []byte) {
	if p.onText != nil {
		p.onText(p, string(payload))
		return
	}
	p.messages <- string(payload)
}
func (p *peer) Overrate()       { p.overrate <- struct{}{} }
func (p *peer) Drained()        { p.drained <- struct{}{} }
func (p *peer) Closed(code int) { p.closed <- code }

// forms runs a test on both forms of the transport.
func forms(t *testing.T, run func(t *testing.T, o socket.Options)) {
	t.Helper()
	t.Run("epoll", func(t *testing.T) { run(t, socket.Options{}) })
	t.Run("portable", func(t *testing.T) { run(t, socket.Options{Portable: true}) })
}

func serve(t *testing.T, o socket.Options, rate socket.Rate, onText func(*peer, string)) *server {
	t.Helper()
	s := &server{clock: newClock(), t: t, rate: rate, peers: make(chan *peer, 10_000)}
	o.Now, o.Ticks, o.Logger = s.Now, s.ticks, slog.New(slog.DiscardHandler)
	var err error
	if s.transport, err = socket.Open(o); err != nil {
		t.Fatal(err)
	}
	if s.listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.work.Go(func() {
		for {
			nc, err := s.listener.Accept()
			if err != nil {
				return
			}
			if _, err := ws.Upgrade(nc); err != nil {
				t.Error("upgrade:", err)
				_ = nc.Close()
				continue
			}
			s.take(nc, nil, onText)
		}
	})
	t.Cleanup(func() {
		_ = s.listener.Close()
		s.work.Wait()
		s.transport.Close()
	})
	return s
}

// take hands an upgraded connection to the transport.
func (s *server) take(nc net.Conn, early []byte, onText func(*peer, string)) {
	p := &peer{
		messages: make(chan string, 10_000), drained: make(chan struct{}, 1000),
		overrate: make(chan struct{}, 10), closed: make(chan int, 10), onText: onText,
	}
	err := s.transport.Serve(nc, early, &s.rate, func(c *socket.Conn) socket.Handler {
		p.conn = c
		return p
	})
	if err != nil {
		s.t.Error("serve:", err)
		return
	}
	s.peers <- p
}

func (s *server) url() string { return "ws://" + s.listener.Addr().String() + "/" }

// dial connects with a real client.
func (s *server) dial(ctx context.Context) (*coder.Conn, *peer) {
	s.t.Helper()
	c, _, err := coder.Dial(ctx, s.url(), nil)
	if err != nil {
		s.t.Fatal("dial:", err)
	}
	c.SetReadLimit(1 << 22)
	s.t.Cleanup(func() { _ = c.CloseNow() })
	return c, await(s.t, s.peers, "the connection")
}

// raw connects with a client that may do everything wrong.
func (s *server) raw() (*rawClient, *peer) {
	s.t.Helper()
	nc, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	br, _, err := ws.Dialer{}.Upgrade(nc, mustURL(s.url()))
	if err != nil {
		s.t.Fatal(err)
	}
	r := bufio.NewReader(nc)
	if br != nil {
		r = br
	}
	return &rawClient{t: s.t, nc: nc, r: r}, await(s.t, s.peers, "the connection")
}

type rawClient struct {
	t  *testing.T
	nc net.Conn
	r  *bufio.Reader
}

func (c *rawClient) write(frames ...[]byte) {
	c.t.Helper()
	var all []byte
	for _, f := range frames {
		all = append(all, f...)
	}
	if _, err := c.nc.Write(all); err != nil {
		c.t.Fatal("write:", err)
	}
}

// frame reads one frame; ok is false at the end of the connection.
func (c *rawClient) frame() (op ws.OpCode, payload []byte, ok bool) {
	c.t.Helper()
	h, err := ws.ReadHeader(c.r)
	if err != nil {
		return 0, nil, false
	}
	payload = make([]byte, h.Length)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		c.t.Fatal("a frame is cut off:", err)
	}
	if h.Masked || !h.Fin || h.Rsv != 0 {
		c.t.Errorf("a bad frame came: %+v", h)
	}
	return h.OpCode, payload, true
}

// closes expects a close frame with the code, then the end.
func (c *rawClient) closes(code int) {
	c.t.Helper()
	op, payload, ok := c.frame()
	if !ok || op != ws.OpClose || len(payload) < 2 {
		c.t.Fatalf("got frame %v %q (%v), want a close frame", op, payload, ok)
	}
	if got := int(binary.BigEndian.Uint16(payload)); got != code {
		c.t.Fatalf("closed with %d %q, want %d", got, payload[2:], code)
	}
	if _, _, ok := c.frame(); ok {
		c.t.Fatal("something came after the close frame")
	}
}

// masked makes a client's frame.
func masked(fin bool, op ws.OpCode, payload []byte) []byte {
	f := ws.NewFrame(op, fin, append([]byte(nil), payload...))
	return ws.MustCompileFrame(ws.MaskFrameWith(f, [4]byte{1, 2, 3, 4}))
}

func text(s string) []byte { return masked(true, ws.OpText, []byte(s)) }

// await returns what a channel gives in time.
func await[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("did not happen: " + what)
		panic("unreachable")
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}
