package socket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	"github.com/gobwas/ws"

	"github.com/patchbay-im/patchbay/core/realtime/socket"
)

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

func echo(p *peer, s string) { p.conn.Send(socket.AppendText(nil, []byte(s))) }

// TestEcho sends messages of every length class through a real client.
func TestEcho(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, echo)
		c, _ := s.dial(t.Context())
		for _, n := range []int{0, 1, 125, 126, 127, 1000, 4096, 65535, 65536} {
			want := strings.Repeat("接", n/3) + strings.Repeat("x", n%3)
			if err := c.Write(t.Context(), coder.MessageText, []byte(want)); err != nil {
				t.Fatal(err)
			}
			kind, got, err := c.Read(t.Context())
			if err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
			if kind != coder.MessageText || string(got) != want {
				t.Fatalf("%d bytes came back as %d", n, len(got))
			}
		}
	})
}

// TestManyConnections keeps them apart under concurrency.
func TestManyConnections(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, echo)
		var wg sync.WaitGroup
		for n := range 50 {
			c, _ := s.dial(t.Context())
			wg.Go(func() {
				for i := range 40 {
					want := fmt.Sprintf("%d/%d %s", n, i, strings.Repeat("y", i*100))
					if err := c.Write(t.Context(), coder.MessageText, []byte(want)); err != nil {
						t.Error(err)
						return
					}
					if _, got, err := c.Read(t.Context()); err != nil || string(got) != want {
						t.Errorf("got %d bytes, %v; want %q", len(got), err, want[:5])
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

// TestFragments puts a message together whose parts come one byte at a time,
// with control frames in between (RFC 6455, section 5.4).
func TestFragments(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.raw()
		whole := bytes.Join([][]byte{
			masked(false, ws.OpText, []byte("你")), masked(true, ws.OpPing, []byte("are you there")),
			masked(false, ws.OpContinuation, nil), masked(true, ws.OpPong, nil), masked(true, ws.OpContinuation, []byte("好")),
			text("next"),
		}, nil)
		for i := range whole {
			c.write(whole[i : i+1])
		}
		equal(t, await(t, p.messages, "the message"), "你好")
		equal(t, await(t, p.messages, "the next message"), "next")
		op, payload, _ := c.frame()
		equal(t, op, ws.OpPong)
		equal(t, string(payload), "are you there")
	})
}

// TestBadStreams: each closes with the code that RFC 6455, section 7.4, gives
// it, and nothing of it is handed over.
func TestBadStreams(t *testing.T) {
	half := []byte{0xe4, 0xbd}
	big := bytes.Repeat([]byte("b"), socket.DefaultReadLimit)
	for _, test := range []struct {
		name string
		code int
		sent [][]byte
	}{
		{"binary", 1007, [][]byte{masked(true, ws.OpBinary, []byte{1})}},
		{"broken UTF-8", 1007, [][]byte{masked(true, ws.OpText, half)}},
		{"broken UTF-8 in fragments", 1007, [][]byte{masked(false, ws.OpText, half), masked(true, ws.OpContinuation, half)}},
		{"too big", 1009, [][]byte{masked(true, ws.OpText, append(big, 'b'))}},
		{"too big in fragments", 1009, [][]byte{masked(false, ws.OpText, big), masked(true, ws.OpContinuation, []byte("b"))}},
		{"too big by its header alone", 1009, [][]byte{masked(true, ws.OpText, append(big, 'b'))[:14]}},
		{"not masked", 1002, [][]byte{ws.MustCompileFrame(ws.NewTextFrame([]byte("x")))}},
		{"extension bit", 1002, [][]byte{{0xc1, 0x80, 0, 0, 0, 0}}},
		{"reserved opcode", 1002, [][]byte{{0x83, 0x80, 0, 0, 0, 0}}},
		{"long ping", 1002, [][]byte{masked(true, ws.OpPing, make([]byte, 126))}},
		{"fragmented ping", 1002, [][]byte{masked(false, ws.OpPing, nil)}},
		{"continuation of nothing", 1002, [][]byte{masked(true, ws.OpContinuation, nil)}},
		{"text within a text", 1002, [][]byte{masked(false, ws.OpText, nil), text("x")}},
		{"length with the top bit", 1002, [][]byte{{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}}},
		{"close with one byte", 1002, [][]byte{masked(true, ws.OpClose, []byte{3})}},
		{"close with a code never sent", 1002, [][]byte{masked(true, ws.OpClose, []byte{0x03, 0xed})}},
		{"close with a broken reason", 1002, [][]byte{masked(true, ws.OpClose, append([]byte{0x03, 0xe8}, half...))}},
		{"garbage", 1002, [][]byte{[]byte("GET / HTTP/1.1\r\n\r\n")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			forms(t, func(t *testing.T, o socket.Options) {
				s := serve(t, o, socket.Rate{}, nil)
				c, p := s.raw()
				c.write(test.sent...)
				c.closes(test.code)
				_ = c.nc.Close()
				equal(t, await(t, p.closed, "the end"), test.code)
				if len(p.messages) > 0 {
					t.Errorf("%q was handed over", <-p.messages)
				}
			})
		})
	}
}

// TestBadStreamKeepsWhatCameBefore: frames before the fault count.
func TestBadStreamKeepsWhatCameBefore(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.raw()
		c.write(text("good"), masked(true, ws.OpBinary, nil), text("late"))
		equal(t, await(t, p.messages, "the message"), "good")
		c.closes(1007)
		_ = c.nc.Close()
		await(t, p.closed, "the end")
		equal(t, len(p.messages), 0)
	})
}

// TestEarlyBytes are those that the HTTP server had read already.
func TestEarlyBytes(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, echo)
		client, nc := tcpPair(t)
		split := text("cut in two")
		s.take(nc, append(text("first"), split[:5]...), echo)
		if _, err := client.Write(split[5:]); err != nil {
			t.Fatal(err)
		}
		c := &rawClient{t: t, nc: client, r: bufioReader(client)}
		_, got, _ := c.frame()
		equal(t, string(got), "first")
		_, got, _ = c.frame()
		equal(t, string(got), "cut in two")
	})
}

func TestClientCloses(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.dial(t.Context())
		if err := c.Close(4000, "enough"); err != nil {
			t.Error("the close handshake failed:", err)
		}
		equal(t, await(t, p.closed, "the end"), 4000)
		equal(t, p.conn.Send(socket.AppendText(nil, []byte("late"))), socket.Refused)

		raw, p := s.raw()
		raw.write(masked(true, ws.OpClose, nil))
		op, payload, _ := raw.frame()
		equal(t, op, ws.OpClose)
		equal(t, len(payload), 0)
		equal(t, await(t, p.closed, "the end"), socket.CodeNoStatus)
	})
}

func TestServerCloses(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.dial(t.Context())
		equal(t, p.conn.Send(socket.AppendText(nil, []byte("last words"))) != socket.Refused, true)
		p.conn.Close(4401, "session ended")
		p.conn.Close(1000, "too late")
		equal(t, p.conn.Send(socket.AppendText(nil, []byte("never"))), socket.Refused)
		if _, got, err := c.Read(t.Context()); err != nil || string(got) != "last words" {
			t.Fatalf("got %q, %v", got, err)
		}
		_, _, err := c.Read(t.Context())
		var closed coder.CloseError
		if !errors.As(err, &closed) || closed.Code != 4401 || closed.Reason != "session ended" {
			t.Fatalf("got %v", err)
		}
		equal(t, await(t, p.closed, "the end"), 4401)
	})
}

// TestLongReasonIsCut: a close frame carries at most 123 bytes of reason, which
// must still be UTF-8.
func TestLongReasonIsCut(t *testing.T) {
	s := serve(t, socket.Options{}, socket.Rate{}, nil)
	c, p := s.dial(t.Context())
	p.conn.Close(4403, strings.Repeat("禁", 100))
	_, _, err := c.Read(t.Context())
	var closed coder.CloseError
	if !errors.As(err, &closed) || closed.Reason != strings.Repeat("禁", 41) {
		t.Fatalf("got %v", err)
	}
}

// TestNothingAfterClose: what a client sends after the server's close frame is
// not handed over, and a client that never answers is cut off in time.
func TestNothingAfterClose(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.raw()
		p.conn.Close(1012, "")
		c.write(text("ignored"))
		c.closes(1012)
		s.pass(socket.DefaultCloseTimeout - time.Second)
		select {
		case <-p.closed:
			t.Fatal("cut off early")
		default:
		}
		s.pass(time.Second)
		equal(t, await(t, p.closed, "the cut"), 1012)
		equal(t, len(p.messages), 0)
	})
}

func TestPeerVanishes(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.raw()
		_ = c.nc.Close()
		equal(t, await(t, p.closed, "the end"), socket.CodeAbnormal)
	})
}

func TestTimeouts(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, echo)
		silent, p := s.raw()
		silent.write(text("anything"), text("but no hello")) // keeps nothing alive
		silent.frame()
		silent.frame()
		until(t, func() bool { return p.conn.Waiting() == 0 })
		s.pass(socket.DefaultFirstTimeout - time.Second)
		equal(t, len(p.closed), 0)
		s.pass(time.Second)
		silent.closes(socket.CodeTimeout)
		_ = silent.nc.Close()
		equal(t, await(t, p.closed, "the end"), socket.CodeTimeout)

		c, p := s.raw()
		p.conn.Established(62500 * time.Millisecond)
		for range 3 {
			s.pass(61 * time.Second)
			c.write(text("beat"))
			_, got, ok := c.frame()
			equal(t, ok, true)
			equal(t, string(got), "beat")
			until(t, func() bool { return p.conn.Waiting() == 0 })
		}
		s.pass(62 * time.Second)
		c.closes(socket.CodeTimeout)
	})
}

func TestRate(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{PerSecond: 20, Burst: 40}, nil)
		c, p := s.raw()
		p.conn.Established(time.Hour)
		for range 3 { // 20 a second are fine for ever, whatever kind they are
			for range 10 {
				c.write(text("x"), masked(true, ws.OpPong, nil))
			}
			for range 10 {
				await(t, p.messages, "a message within the rate")
			}
			s.pass(time.Second)
		}
		s.pass(10 * time.Second)
		for range 41 {
			c.write(text("y"))
		}
		await(t, p.overrate, "the complaint")
		c.closes(socket.CodePolicy)
		_ = c.nc.Close()
		equal(t, await(t, p.closed, "the end"), socket.CodePolicy)
		equal(t, len(p.messages), 40)
	})
}

// TestSlowReader: the queue of a peer that does not read is bounded; when it
// reads at last, what it gets is whole frames and then close 4409.
func TestSlowReader(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		o.WriteLimit = 256 << 10
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.raw()
		frame := socket.AppendText(nil, bytes.Repeat([]byte("s"), 10_000))
		frame = socket.AppendText(frame, []byte("second of two"))
		sent := 1
		if p.conn.Send(frame) == socket.Queued {
			await(t, p.drained, "a first write")
		}
		for p.conn.Send(frame) != socket.Refused {
			if sent++; sent > 10_000 {
				t.Fatal("the queue has no bound")
			}
			if w := p.conn.Waiting(); w > o.WriteLimit+len(frame) {
				t.Fatalf("%d bytes wait", w)
			}
		}
		got := 0
		for {
			op, payload, ok := c.frame()
			if !ok {
				t.Fatal("no close frame")
			}
			if op == ws.OpClose {
				equal(t, string(payload[:2]), "\x11\x39") // 4409
				break
			}
			if got++; len(payload) != 10_000 && string(payload) != "second of two" {
				t.Fatalf("a frame of %d bytes", len(payload))
			}
		}
		if got == 0 || got >= 2*sent { // what waited was dropped
			t.Errorf("%d of %d frames came", got, 2*sent)
		}
		_ = c.nc.Close()
		equal(t, await(t, p.closed, "the end"), socket.CodeSlowReader)
	})
}

// TestStuckReader: without any progress the connection ends.
func TestStuckReader(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		o.WriteLimit = 8 << 20
		s := serve(t, o, socket.Rate{}, nil)
		_, p := s.raw()
		p.conn.Established(time.Hour)
		frame := socket.AppendText(nil, bytes.Repeat([]byte("s"), 60_000))
		for p.conn.Waiting() < 4<<20 {
			if p.conn.Send(frame) == socket.Refused {
				t.Fatal("refused")
			}
		}
		s.pass(socket.DefaultWriteTimeout - time.Second)
		equal(t, len(p.closed), 0)
		until(t, func() bool { // what the kernel still takes counts as progress
			s.pass(time.Second)
			return len(p.closed) > 0
		})
		equal(t, <-p.closed, socket.CodeSlowReader)
	})
}

// TestDrained follows when a peer that was slow reads.
func TestDrained(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		o.WriteLimit = 8 << 20
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.raw()
		frame := socket.AppendText(nil, bytes.Repeat([]byte("s"), 60_000))
		sent := 0
		for p.conn.Waiting() < 1<<20 {
			p.conn.Send(frame)
			sent++
		}
		for len(p.drained) > 0 {
			<-p.drained // the portable form queues even what goes at once
		}
		for range sent {
			if _, payload, ok := c.frame(); !ok || len(payload) != 60_000 {
				t.Fatal("a frame is missing")
			}
		}
		await(t, p.drained, "the notice")
		equal(t, p.conn.Waiting(), 0)
	})
}

// TestConcurrentSenders: frames stay whole, and each sender's stay in order.
func TestConcurrentSenders(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		c, p := s.dial(t.Context())
		const senders, each = 8, 300
		for n := range senders {
			go func() {
				for i := range each {
					p.conn.Send(socket.AppendText(nil, fmt.Appendf(nil, "%d %d %s", n, i, strings.Repeat("z", i%200))))
				}
			}()
		}
		var next [senders]int
		for range senders * each {
			_, got, err := c.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var n, i int
			if _, err := fmt.Sscanf(string(got), "%d %d", &n, &i); err != nil || next[n] != i {
				t.Fatalf("got %q, want number %d", got, next[n])
			}
			next[n]++
		}
	})
}

// TestCloseOfTransport ends everything and refuses what comes later.
func TestCloseOfTransport(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, nil)
		var peers []*peer
		for range 20 {
			_, p := s.raw()
			peers = append(peers, p)
		}
		equal(t, len(s.transport.Handlers()), 20)
		s.transport.Close()
		for _, p := range peers {
			equal(t, len(p.closed), 1) // all were told before Close returned
		}
		client, nc := tcpPair(t)
		err := s.transport.Serve(nc, nil, nil, func(*socket.Conn) socket.Handler {
			t.Error("a closed transport served")
			return nil
		})
		if !errors.Is(err, socket.ErrClosed) {
			t.Errorf("got %v", err)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("the connection is still open: %v", err)
		}
	})
}

// TestClientGivesUp: a client whose context ends while it waits leaves nothing.
func TestClientGivesUp(t *testing.T) {
	forms(t, func(t *testing.T, o socket.Options) {
		s := serve(t, o, socket.Rate{}, echo)
		c, p := s.dial(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, _, err := c.Read(ctx); err == nil {
			t.Fatal("read something")
		}
		equal(t, await(t, p.closed, "the end"), socket.CodeAbnormal)
	})
}
