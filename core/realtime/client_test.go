package realtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	coder "github.com/coder/websocket"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
)

// client is a real WebSocket client that speaks JSON.
type client struct {
	t      *testing.T
	conn   *coder.Conn
	seen   []string // raw frames, as they came
	closed *coder.CloseError
}

// frame is anything the server says.
type frame struct {
	Op             string
	Ref            string
	Code           string
	Detail         string
	Epoch          string
	Feed           uint64
	Type           string
	MemberID       string `json:"member_id"`
	SessionID      string `json:"session_id"`
	HeartbeatMS    int    `json:"heartbeat_ms"`
	LeaseMS        int    `json:"lease_ms"`
	RetryMS        int    `json:"retry_ms"`
	LastPublicSeq  uint64 `json:"last_public_seq"`
	ConversationID string `json:"conversation_id"`
	Resync         bool
	Replayed       bool
	On             bool
	Available      bool
	Closed         bool
	WaitS          int        `json:"wait_s"`
	OpensAt        *time.Time `json:"opens_at"`
	Position       int
	Name           string
	Change         *change
	Conversation   json.RawMessage
	Message        *message
	Actor          struct{ Kind, ID, Name string }
	Members        []struct {
		MemberID string `json:"member_id"`
		Status   string
		Typing   bool
		Note     bool
	}
	raw string
}

type change struct {
	ID      string
	Seq     uint64
	Type    string
	Message *message
	Name    string
}

type message struct {
	ID          string
	ClientMsgID string `json:"client_msg_id"`
	Text        string
	Kind        string
	Sender      struct{ Kind, ID, Name string }
}

func (n *node) connect(path string) (*coder.Conn, error) {
	conn, _, err := coder.Dial(n.w.Context(), "ws://"+n.listener.Addr().String()+path, //nolint:bodyclose // an upgrade has none
		&coder.DialOptions{HTTPClient: narrow()})
	return conn, err
}

func (n *node) dial(path string) *client {
	n.w.Helper()
	conn, err := n.connect(path)
	if err != nil {
		n.w.Fatal("dial:", err)
	}
	conn.SetReadLimit(1 << 22)
	c := &client{t: n.w.T, conn: conn}
	n.w.Cleanup(func() { _ = conn.CloseNow() })
	return c
}

// narrow makes connections with a small buffer in the kernel.
func narrow() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil {
				err = nc.(*net.TCPConn).SetReadBuffer(kernelBuffer)
			}
			return nc, err
		},
	}}
}

// member connects a member and says hello.
func (n *node) member(id identity.MemberID, known string, feed uint64) *client {
	n.w.Helper()
	c := n.dial("/member/" + string(id))
	c.say(map[string]any{"op": "hello", "epoch": known, "feed": feed})
	return c
}

// ready connects a member who resumes at the head and reads until it is live.
func (n *node) ready(id identity.MemberID) *client {
	n.w.Helper()
	c := n.member(id, epoch, n.w.head())
	c.expect("ready")
	c.expect("presence")
	return c
}

// visitor connects a visitor and says hello.
func (n *node) visitor(w conversation.Welcome, known string, after uint64) *client {
	n.w.Helper()
	c := n.dial("/visitor/" + string(w.Visitor.Inbox))
	c.say(map[string]any{"op": "hello", "token": w.Token, "epoch": known, "after": after})
	return c
}

func (c *client) say(v any) {
	c.t.Helper()
	raw, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			c.t.Fatal(err)
		}
		raw = string(b)
	}
	if err := c.conn.Write(c.t.Context(), coder.MessageText, []byte(raw)); err != nil {
		c.t.Fatal("write:", err)
	}
}

// next reads a frame; nil when the server closed.
func (c *client) next() *frame {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	if closed, ok := errors.AsType[coder.CloseError](err); ok {
		c.closed = &closed
		return nil
	}
	if err != nil {
		c.t.Fatalf("read: %v; before it came %q", err, c.seen)
	}
	f := frame{raw: string(b)}
	if err := json.Unmarshal(b, &f); err != nil {
		c.t.Fatalf("%q: %v", b, err)
	}
	c.seen = append(c.seen, f.raw)
	return &f
}

// expect reads a frame of the given op.
func (c *client) expect(op string) *frame {
	c.t.Helper()
	f := c.next()
	if f == nil {
		c.t.Fatalf("closed with %v, want %q", c.closed, op)
	}
	if f.Op != op {
		c.t.Fatalf("got %s, want %q", f.raw, op)
	}
	return f
}

// await says something, if anything, and reads frames until one of the given op.
func (c *client) await(op string, say ...any) *frame {
	c.t.Helper()
	for _, v := range say {
		c.say(v)
	}
	for {
		f := c.next()
		if f == nil {
			c.t.Fatalf("closed with %v, want %q", c.closed, op)
		}
		if f.Op == op {
			return f
		}
	}
}

// refused expects an error frame with the code.
func (c *client) refused(code string) *frame {
	c.t.Helper()
	f := c.expect("error")
	if f.Code != code || f.Detail == "" {
		c.t.Fatalf("got %s, want the error %q", f.raw, code)
	}
	return f
}

// ends expects the end of the connection with the code.
func (c *client) ends(code int) {
	c.t.Helper()
	for f := c.next(); f != nil; f = c.next() {
		c.t.Logf("before the end: %s", f.raw)
	}
	if int(c.closed.Code) != code {
		c.t.Fatalf("closed with %v, want %d", c.closed, code)
	}
}

// quiet proves that nothing is on its way: the answer to a ping comes next.
func (c *client) quiet() {
	c.t.Helper()
	c.say(`{"op":"ping"}`)
	c.expect("pong")
}

// events reads n events, which must follow on after.
func (c *client) events(after uint64, n int) {
	c.t.Helper()
	for i := range n {
		if f := c.expect("event"); f.Feed != after+uint64(i)+1 {
			c.t.Fatalf("got feed %d, want %d", f.Feed, after+uint64(i)+1)
		}
	}
}

// changes reads n public changes, which must follow on after.
func (c *client) changes(after uint64, n int) {
	c.t.Helper()
	for i := range n {
		if f := c.await("change"); f.Change.Seq != after+uint64(i)+1 {
			c.t.Fatalf("got seq %d, want %d", f.Change.Seq, after+uint64(i)+1)
		}
	}
}

func equal[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// awaitValue returns what a channel gives in time.
func awaitValue[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("did not happen: " + what)
		panic("unreachable")
	}
}
