package realtime_test

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/patchbay-im/patchbay/core/bus"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/conversation/conversationtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/realtime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// kernelBuffer keeps the kernel from hiding that somebody does not read.
const kernelBuffer = 64 << 10

const epoch = "epoch-1"

// clock moves when the test says so.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	ticks chan time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// advance lets time pass; when it returns, all that is due has been looked at.
func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	now := c.now
	c.mu.Unlock()
	c.ticks <- now
	c.ticks <- now
}

// skip lets time pass unseen.
func (c *clock) skip(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type memberID = identity.MemberID

// world is a workspace with its storage in memory, the real use cases, a real
// bus and gateways behind real sockets.
type world struct {
	*conversationtest.World
	*clock
	fake    *conversationtest.Fake
	service *conversation.Service
	calls   *calls // what the gateways call instead of service
	bus     *bus.Bus
	nodes   []*node

	mu       sync.Mutex
	checks   map[identity.MemberID]func() (identity.Scope, error)
	homes    map[identity.MemberID]identity.WorkspaceID // of members of other workspaces
	presence *presence
	queue    *queue

	supervision *supervision
	metrics     *metrics
	unread      *unread
	pumped      uint64
	lastNode    atomic.Uint64
	typed       []conversation.ID // that members were told to write in, beyond a far side
}

// memberTypes takes what gateways tell of members who write.
func (w *world) memberTypes(_ context.Context, _ identity.WorkspaceID, id conversation.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.typed = append(w.typed, id)
}

// typedIn returns where members were told to write.
func (w *world) typedIn() []conversation.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.typed)
}

// node is one gateway with its listener.
type node struct {
	*realtime.Gateway
	w        *world
	listener net.Listener
}

// forms runs a test on both forms of the transport.
func forms(t *testing.T, run func(t *testing.T, tuning realtime.Tuning)) {
	t.Helper()
	t.Run("epoll", func(t *testing.T) { run(t, realtime.Tuning{}) })
	t.Run("portable", func(t *testing.T) { run(t, realtime.Tuning{Portable: true}) })
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		fake:     conversationtest.NewFake(),
		clock:    &clock{now: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), ticks: make(chan time.Time)},
		checks:   make(map[identity.MemberID]func() (identity.Scope, error)),
		homes:    make(map[identity.MemberID]identity.WorkspaceID),
		presence: &presence{events: make(chan string, 1000)}, queue: &queue{}, supervision: &supervision{}, metrics: &metrics{}, unread: &unread{},
	}
	w.World = conversationtest.NewWorld(t, w.fake.Fixture())
	b, err := bus.Open(bus.Options{Log: slog.New(slog.DiscardHandler)})
	w.OK(err)
	w.service = conversation.NewService(conversation.Deps{
		Store: w.fake, Reader: w.fake, Marks: w.fake, Visitors: w.fake, Writing: w.fake, Inboxes: w.fake.Inboxes,
		Plugins: plugins{}, Members: members{w.F.Identities}, Teams: w.fake.Teams, Catalog: w.fake.Catalog, Now: w.Now,
		Contacts: w.fake.Contacts, Keys: channeltest.Keys{}, Bus: b,
	})
	w.calls = &calls{Conversations: w.service}
	w.bus = b
	t.Cleanup(func() { w.OK(b.Close()) })
	return w
}

// pass lets time pass, once everything is written: a writer that has not come
// to say so would count as stuck when the clock jumps.
func (w *world) pass(d time.Duration) {
	w.Helper()
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		waiting := 0
		for _, n := range w.nodes {
			waiting += n.Waiting()
		}
		if waiting == 0 {
			break
		}
		if time.Now().After(deadline) {
			w.Fatal("somebody does not read")
		}
	}
	w.advance(d)
}

// node starts a gateway that the test ends.
func (w *world) node(tuning realtime.Tuning) *node {
	w.Helper()
	tuning.Ticks = w.ticks
	n := &node{w: w, Gateway: realtime.New(realtime.Options{
		Conversations: w.calls, Log: w.calls.log(w.fake.Feed), Hydrator: w.fake, Presence: w.presence, Queue: w.queue, Supervision: w.supervision, Notifications: w.unread, Bus: w.bus,
		Epoch: epoch, Node: "node" + string(rune('a'+w.lastNode.Add(1))), Now: w.Now,
		Logger: slog.New(slog.DiscardHandler), Metrics: w.metrics, Tuning: tuning, MemberTypes: w.memberTypes,
	})}
	w.OK(n.Start(w.Context()))
	w.nodes = append(w.nodes, n)
	var err error
	n.listener, err = new(net.ListenConfig).Listen(w.Context(), "tcp", "127.0.0.1:0")
	w.OK(err)
	var work sync.WaitGroup
	work.Go(n.accept)
	w.Cleanup(func() {
		_ = n.listener.Close()
		work.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		w.OK(n.Drain(ctx))
	})
	return n
}

// accept upgrades connections as an HTTP server would: /member/<id> and /visitor/<inbox>.
func (n *node) accept() {
	for {
		nc, err := n.listener.Accept()
		if err != nil {
			return
		}
		_ = nc.(*net.TCPConn).SetWriteBuffer(kernelBuffer)
		path := ""
		_, err = ws.Upgrader{OnRequest: func(uri []byte) error {
			path = string(uri)
			return nil
		}}.Upgrade(nc)
		if err != nil {
			_ = nc.Close()
			continue
		}
		side, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if side == "visitor" {
			n.Visitor(nc, channel.InboxID(id), "127.0.0.1")
			continue
		}
		scope, _ := n.w.check(identity.MemberID(id))
		n.Member(nc, scope, func(context.Context) (identity.Scope, error) { return n.w.check(identity.MemberID(id)) })
	}
}

// check is what the HTTP side would ask: the session and the rights.
func (w *world) check(id identity.MemberID) (identity.Scope, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if fn := w.checks[id]; fn != nil {
		return fn()
	}
	workspace := w.WS
	if home, ok := w.homes[id]; ok {
		workspace = home
	}
	return identity.Scope{
		Workspace: workspace,
		Actor:     identity.Actor{Kind: identity.ActorMember, ID: string(id), Name: "Agent " + string(id[len(id)-4:]), Role: identity.RoleAgent},
	}, nil
}

func (w *world) setCheck(id identity.MemberID, fn func() (identity.Scope, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checks[id] = fn
}

func (w *world) scope(id identity.MemberID) identity.Scope {
	w.Helper()
	s, err := w.check(id)
	w.OK(err)
	return s
}

// agent adds a member.
func (w *world) agent() identity.Member {
	w.Helper()
	name := uuid.NewString()[:8]
	return w.Member(w.WS, name+"@example.com", name, 5)
}

// welcome opens a visitor session.
func (w *world) welcome() conversation.Welcome {
	w.Helper()
	out, err := w.service.OpenSession(w.Context(), w.Live.ID, conversation.Knock{
		Request: channel.SessionRequest{PageURL: "https://shop.example/tea", PageTitle: "Tea 茶", Locale: "zh-CN"},
	})
	w.OK(err)
	return out
}

// write lets a visitor write through the use case.
func (w *world) write(v conversation.Visitor, text string) conversation.Posted {
	w.Helper()
	p, err := w.service.VisitorSend(w.Context(), v, conversation.VisitorPost{ClientID: uuid.NewString(), Text: text})
	w.OK(err)
	return p
}

// post lets a member write through the use case.
func (w *world) post(m identity.MemberID, id conversation.ID, kind conversation.MessageKind, text string) conversation.Posted {
	w.Helper()
	p, err := w.service.Post(w.Context(), w.scope(m), conversation.Post{Conversation: id, ClientID: uuid.NewString(), Kind: kind, Text: text})
	w.OK(err)
	return p
}

// items returns what the pump of a node would publish after a feed number.
func (w *world) items(after uint64, limit int) []realtime.Item {
	w.Helper()
	events, err := w.fake.Feed.Since(w.Context(), string(w.WS), after, limit)
	w.OK(err)
	changes, conversations, err := w.fake.Hydrate(w.Context(), w.WS, events)
	w.OK(err)
	out := make([]realtime.Item, len(events))
	for i, e := range events {
		out[i].Event = e
		if c, ok := changes[e.ID]; ok {
			out[i].Change = &c
		}
		if c, ok := conversations[conversation.ID(e.Subject)]; ok {
			out[i].Conversation = &c
		}
	}
	return out
}

// pump publishes what was committed since the last pump to the nodes.
func (w *world) pump(nodes ...*node) {
	w.Helper()
	for {
		items := w.items(w.pumped, 200)
		if len(items) == 0 {
			return
		}
		for _, n := range nodes {
			n.Publish(w.WS, items)
		}
		w.pumped = items[len(items)-1].Event.Feed
	}
}

func (w *world) head() uint64 {
	w.Helper()
	head, err := w.fake.Feed.Head(w.Context(), string(w.WS))
	w.OK(err)
	return head
}

// plugins lets every visitor in.
type plugins struct{ channel.Plugins }

func (plugins) Types() []channel.Type { return nil }

func (plugins) OpenSession(context.Context, channel.Inbox, channel.SessionRequest) (channel.SessionAnswer, error) {
	return channel.SessionAnswer{Allow: true, Name: "Visitor"}, nil
}

// members is the colleagues of the use cases.
type members struct{ stores identity.Stores }

func (m members) Member(ctx context.Context, scope identity.Scope, id identity.MemberID) (identity.Member, error) {
	return m.stores.Members.Member(ctx, scope.Workspace, id)
}
