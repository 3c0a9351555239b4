package realtime_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/lxzan/gws"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
)

// The benchmarks compare the gateway with bare gws, which does nothing but
// hold connections. The clients are another process, so that the figures are
// the server's alone.

// crowdEnv makes the test binary the clients' process.
const crowdEnv = "PATCHBAY_TEST_CROWD"

// TestCrowd is the clients' process: it opens connections, says what it is
// told to, waits until each has answered, and reads until its input ends.
func TestCrowd(t *testing.T) {
	order := os.Getenv(crowdEnv)
	if order == "" {
		t.Skip("the clients of the benchmarks")
	}
	var address, path string
	var n int
	if _, err := fmt.Sscan(order, &address, &path, &n); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	frames := newTally()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = join(t, address, path)
		all.Go(func() { count(conns[i], frames) })
	}
	fmt.Println("joined")
	for want := int64(0); ; { // each number asked for is answered when so many frames have come
		if _, err := fmt.Scan(&want); err != nil {
			break
		}
		frames.await(want)
		fmt.Println("got")
	}
	for _, c := range conns {
		_ = c.Close()
	}
	all.Wait()
}

// tally counts and lets wait for a number.
type tally struct {
	mu      sync.Mutex
	changed *sync.Cond
	n       int64
}

func newTally() *tally {
	t := &tally{}
	t.changed = sync.NewCond(&t.mu)
	return t
}

func (t *tally) add() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n++
	t.changed.Signal()
}

func (t *tally) await(n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.n < n {
		t.changed.Wait()
	}
}

// count reads frames until the end.
func count(nc net.Conn, frames *tally) {
	r := bufio.NewReaderSize(nc, 2048)
	for {
		h, err := ws.ReadHeader(r)
		if err != nil {
			return
		}
		if _, err := r.Discard(int(h.Length)); err != nil {
			return
		}
		frames.add()
	}
}

func join(t *testing.T, address, path string) net.Conn {
	nc, err := net.Dial("tcp", address) //nolint:noctx // a benchmark's
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse("ws://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := (ws.Dialer{}).Upgrade(nc, u); err != nil {
		t.Fatal(err)
	}
	hello := `{"op":"hello","token":"t","epoch":"","after":0}`
	if strings.HasPrefix(path, "/member") {
		hello = `{"op":"hello","epoch":"","feed":0}`
	}
	frame := ws.MaskFrame(ws.NewTextFrame([]byte(hello)))
	if err := ws.WriteFrame(nc, frame); err != nil {
		t.Fatal(err)
	}
	h, err := ws.ReadHeader(nc)
	if err == nil {
		_, err = io.CopyN(io.Discard, nc, h.Length)
	}
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// crowd starts the clients; when it returns they have joined. got waits until
// all of them together have read so many frames.
func crowd(b *testing.B, l net.Listener, path string, n int) (got func(frames int)) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestCrowd$", "-test.v=false")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %d", crowdEnv, l.Addr(), path, n))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	ok(b, err)
	out, err := cmd.StdoutPipe()
	ok(b, err)
	ok(b, cmd.Start())
	answers := bufio.NewReader(out)
	expect := func(want string) {
		if line, err := answers.ReadString('\n'); line != want+"\n" {
			b.Fatalf("the clients answer %q, %v", line, err)
		}
	}
	expect("joined")
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return func(frames int) {
		_, err := fmt.Fprintln(in, frames)
		ok(b, err)
		expect("got")
	}
}

func ok(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// idle is a workspace in which nothing happens.
type idle struct{ realtime.Conversations }

func (idle) Authenticate(_ context.Context, inbox channel.InboxID, _ string) (conversation.Visitor, error) {
	return conversation.Visitor{
		Workspace: "wsp_01KJMMA6GV20P9Z00M9MN1HJN1", ID: conversation.VisitorID("vis_" + strconv.FormatInt(time.Now().UnixNano(), 36) + "XXXXXXXXXXXXXX"),
		Inbox: inbox, Name: "Visitor", TokenHash: strings.Repeat("h", 64), ExpiresAt: time.Now().Add(time.Hour),
		Attributes: map[string]string{
			"page_url": "https://shop.example/tea/sets/green?from=search", "page_title": "Green tea sets | Tea & Time",
			"referrer": "https://search.example/", "locale": "zh-CN",
		},
	}, nil
}

func (idle) VisitorChanges(context.Context, conversation.Visitor, uint64, int) ([]conversation.Change, *conversation.Conversation, error) {
	return nil, nil, nil
}

func (idle) Since(context.Context, string, uint64, int) ([]event.Event, error) { return nil, nil }
func (idle) Head(context.Context, string) (uint64, error)                      { return 0, nil }
func (idle) Hydrate(context.Context, identity.WorkspaceID, []event.Event) (map[string]conversation.Change, map[conversation.ID]conversation.Conversation, error) {
	return nil, nil, nil
}
func (idle) Publish(string, []byte) error { return nil }
func (idle) Subscribe(string, func(string, []byte)) (func(), error) {
	return func() {}, nil
}
func (idle) Heartbeat(context.Context, identity.WorkspaceID, identity.MemberID, string) {}
func (idle) Gone(context.Context, identity.WorkspaceID, identity.MemberID, string)      {}
func (idle) Snapshot(context.Context, identity.WorkspaceID) ([]realtime.MemberPresence, error) {
	return nil, nil
}

func (idle) Place(context.Context, identity.WorkspaceID, conversation.ID) (realtime.QueuePlace, error) {
	return realtime.QueuePlace{}, nil
}

func gateway(b *testing.B, l net.Listener, portable bool) *realtime.Gateway {
	b.Helper()
	var i idle
	g := realtime.New(realtime.Options{
		Conversations: i, Log: i, Hydrator: i, Presence: i, Queue: i, Bus: i, Epoch: "e", Node: "n",
		Now: time.Now, Logger: slog.New(slog.DiscardHandler), Tuning: realtime.Tuning{Portable: portable},
	})
	ok(b, g.Start(b.Context()))
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = g.Drain(ctx)
	})
	scope := identity.Scope{Workspace: "wsp_1", Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Role: identity.RoleAgent}}
	go accept(l, func(nc net.Conn, path string) {
		if strings.HasPrefix(path, "/member") {
			g.Member(nc, scope, func(context.Context) (identity.Scope, error) { return scope, nil })
			return
		}
		g.Visitor(nc, "inb_01KJMMA6GV20P9Z00M9MN1HJN1", "")
	})
	return g
}

func accept(l net.Listener, serve func(nc net.Conn, path string)) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		path := ""
		up := ws.Upgrader{OnRequest: func(uri []byte) error {
			path = string(uri)
			return nil
		}}
		if _, err := up.Upgrade(nc); err != nil {
			_ = nc.Close()
			continue
		}
		serve(nc, path)
	}
}

// bare holds connections with gws and its smallest buffers.
type bare struct {
	gws.BuiltinEventHandler
	mu  sync.Mutex
	all []*gws.Conn
}

func (h *bare) OnMessage(c *gws.Conn, m *gws.Message) {
	_ = m.Close()
	_ = c.WriteMessage(gws.OpcodeText, []byte(`{"op":"ready"}`))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, c)
}

func (h *bare) serve(l net.Listener) {
	up := gws.NewUpgrader(h, &gws.ServerOption{ReadBufferSize: 512})
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(nc)
		request, err := http.ReadRequest(r)
		if err != nil {
			_ = nc.Close()
			continue
		}
		c, err := up.UpgradeFromConn(nc, bufio.NewReaderSize(nc, 512), &http.Request{Method: http.MethodGet, Header: request.Header, URL: &url.URL{}})
		if err != nil {
			_ = nc.Close()
			continue
		}
		go c.ReadLoop()
	}
}

func listen(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a benchmark's
	ok(b, err)
	b.Cleanup(func() { _ = l.Close() })
	return l
}

// resident is the process's memory in bytes, after giving back what is free.
func resident(b *testing.B) int {
	b.Helper()
	for range 4 { // each halves the stacks that were needed once
		runtime.GC()
	}
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/statm")
	ok(b, err)
	var size, pages int
	_, err = fmt.Fscan(bytes.NewReader(raw), &size, &pages)
	ok(b, err)
	return pages * os.Getpagesize()
}

// BenchmarkIdle measures the memory of an idle session that is authenticated
// and subscribed. Run it with -benchtime=1x.
func BenchmarkIdle(b *testing.B) {
	const n = 8000
	measure := func(b *testing.B, path string, l net.Listener) {
		b.Helper()
		for range b.N {
			before := resident(b)
			crowd(b, l, path, n)
			b.ReportMetric(float64(resident(b)-before)/1024/n, "KiB/conn")
		}
		b.ReportMetric(0, "ns/op")
	}
	for name, portable := range map[string]bool{"epoll": false, "portable": true} {
		for _, path := range []string{"/visitor", "/member"} {
			b.Run(name+path, func(b *testing.B) {
				l := listen(b)
				gateway(b, l, portable)
				measure(b, path, l)
			})
		}
	}
	b.Run("gws", func(b *testing.B) {
		l := listen(b)
		go new(bare).serve(l)
		measure(b, "/visitor", l)
	})
}

// BenchmarkFanOut shows one event to 1,000 members: one operation is 1,000
// deliveries.
func BenchmarkFanOut(b *testing.B) {
	const n = 1000
	measure := func(b *testing.B, got func(int), extra int, publish func(i int)) {
		b.Helper()
		got(extra)
		before, i := cpu(b), 0
		for b.Loop() {
			i++
			publish(i)
			got(extra + i*n)
		}
		b.ReportMetric(float64(cpu(b)-before)/float64(i)/n, "cpu-ns/delivery")
	}
	for name, portable := range map[string]bool{"epoll": false, "portable": true} {
		b.Run(name, func(b *testing.B) {
			l := listen(b)
			g := gateway(b, l, portable)
			got := crowd(b, l, "/member", n)
			measure(b, got, n, func(i int) { g.Publish("wsp_1", []realtime.Item{sample(uint64(i))}) })
		})
	}
	b.Run("gws", func(b *testing.B) {
		l := listen(b)
		h := new(bare)
		go h.serve(l)
		got := crowd(b, l, "/member", n)
		payload := bytes.Repeat([]byte("e"), 900)
		measure(b, got, 0, func(int) {
			bc := gws.NewBroadcaster(gws.OpcodeText, payload)
			for _, c := range h.all {
				_ = bc.Broadcast(c)
			}
			_ = bc.Close()
		})
	})
}

func cpu(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	ok(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// sample is an ordinary message.
func sample(feed uint64) realtime.Item {
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	actor := identity.Actor{Kind: identity.ActorContact, ID: "con_01KJMMA6GV20P9Z00M9MN1HJN1", Name: "Visitor"}
	m := conversation.Message{
		ID: "msg_01KJMMA6GV20P9Z00M9MN1HJN1", Conversation: "cnv_01KJMMA6GV20P9Z00M9MN1HJN1", ClientID: "0193-uuid", Kind: conversation.Text,
		Sender: actor, Text: "Hello, is the green tea set still in stock?", CreatedAt: at,
	}
	return realtime.Item{
		Event: event.Event{ID: "chg_1", Workspace: "wsp_1", Feed: feed, Type: "message.created", Subject: string(m.Conversation), Seq: feed, At: at},
		Change: &conversation.Change{
			ID: "chg_01KJMMA6GV20P9Z00M9MN1HJN1", Conversation: m.Conversation, Seq: feed, PublicSeq: feed, Type: conversation.MessageCreated, At: at,
			Actor: actor, Message: &m,
		},
		Conversation: &conversation.Conversation{
			ID: m.Conversation, Inbox: "inb_1", Contact: "con_01KJMMA6GV20P9Z00M9MN1HJN1", Recipient: "vis_1", State: conversation.Open,
			Responder: conversation.ResponderQueue, LastSeq: feed, CreatedAt: at, UpdatedAt: at, ContactName: "Visitor",
			Last: conversation.Preview{Text: m.Text, Sender: identity.ActorContact, Kind: conversation.Text, At: at},
		},
	}
}
