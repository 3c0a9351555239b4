package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/lxzan/gws"
)

// Socket is a WebSocket to the server.
type Socket struct {
	conn   *gws.Conn
	frame  func([]byte)
	closed chan struct{}
	code   int
	reason string
}

// Dialing says how a socket is opened.
type Dialing struct {
	URL    string
	Header http.Header
	From   string // local address; "" = any
	// Frame is called with every text frame, one after the other. The bytes are
	// valid until it returns.
	Frame func(frame []byte)
}

// Dial opens a socket and reads it until it closes. When the handshake is
// refused the error is a *Problem, if the server said one.
func Dial(ctx context.Context, o Dialing) (*Socket, error) {
	s := &Socket{frame: o.Frame, closed: make(chan struct{})}
	conn, res, err := gws.NewClient(s, &gws.ClientOption{
		Addr: o.URL, RequestHeader: o.Header, HandshakeTimeout: 5 * time.Second, CheckUtf8Enabled: false,
		NewDialer: func() (gws.Dialer, error) { return contextDialer{ctx, Dialer(o.From)}, nil },
	})
	if err != nil {
		return nil, refused(res, err)
	}
	s.conn = conn
	go conn.ReadLoop()
	return s, nil
}

// contextDialer gives up when the context ends.
type contextDialer struct {
	ctx context.Context //nolint:containedctx // gws dials without one
	d   *net.Dialer
}

// Dial implements gws.Dialer.
func (c contextDialer) Dial(network, address string) (net.Conn, error) {
	return c.d.DialContext(c.ctx, network, address) //nolint:wrapcheck // it says where to
}

func refused(res *http.Response, err error) error {
	if res == nil || res.StatusCode == http.StatusSwitchingProtocols {
		return fmt.Errorf("open a socket: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing to be done
	p := &Problem{}
	_ = json.NewDecoder(res.Body).Decode(p) // or the status alone
	p.Status = res.StatusCode
	return p
}

// Send sends a frame as JSON.
func (s *Socket) Send(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode a frame: %w", err)
	}
	return s.SendText(text)
}

// SendText sends a text frame.
func (s *Socket) SendText(text []byte) error { return s.write(gws.OpcodeText, text) }

// SendBinary sends a binary frame.
func (s *Socket) SendBinary(b []byte) error { return s.write(gws.OpcodeBinary, b) }

func (s *Socket) write(op gws.Opcode, b []byte) error {
	if err := s.conn.WriteMessage(op, b); err != nil {
		return fmt.Errorf("write a frame: %w", err)
	}
	return nil
}

// Cut drops the connection without a word, as a lost network does.
func (s *Socket) Cut() { _ = s.conn.NetConn().Close() }

// Close says goodbye, and waits at most a second for the other side.
func (s *Socket) Close() {
	_ = s.conn.WriteClose(1000, nil)
	select {
	case <-s.closed:
	case <-time.After(time.Second):
		s.Cut()
	}
}

// Closed is closed when the socket is.
func (s *Socket) Closed() <-chan struct{} { return s.closed }

// CloseCode is why the other side closed; 0 = it did not say. Valid once
// Closed is.
func (s *Socket) CloseCode() (code int, reason string) { return s.code, s.reason }

// OnOpen implements gws.Event.
func (s *Socket) OnOpen(*gws.Conn) {}

// OnClose implements gws.Event.
func (s *Socket) OnClose(_ *gws.Conn, err error) {
	if c, ok := errors.AsType[*gws.CloseError](err); ok {
		s.code, s.reason = int(c.Code), string(c.Reason)
	}
	close(s.closed)
}

// OnPing implements gws.Event.
func (s *Socket) OnPing(conn *gws.Conn, payload []byte) { _ = conn.WritePong(payload) }

// OnPong implements gws.Event.
func (s *Socket) OnPong(*gws.Conn, []byte) {}

// OnMessage implements gws.Event.
func (s *Socket) OnMessage(_ *gws.Conn, m *gws.Message) {
	if s.frame != nil && m.Opcode == gws.OpcodeText {
		s.frame(m.Bytes())
	}
	_ = m.Close()
}
