package mailrig

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Manner is how a Gate treats the mail that comes to it.
type Manner uint8

// The manners.
const (
	Pass       Manner = iota // as the server behind it answers
	HangUp                   // the connection ends before anything is said
	SayNothing               // the server takes the mail, and the connection ends before the answer
	NotNow                   // 451 with a pause in words, to each recipient
	Fail                     // 421: the service is not available
	Never                    // 550 to each recipient: there is nobody of that name
)

// Passed is a mail that the server behind a Gate took.
type Passed struct {
	To  string // of its envelope, the first
	Raw []byte // lines end in CRLF
}

// Gate is a way to Submissions that speaks plain SMTP, knows what went through,
// and misbehaves when it is told to.
type Gate struct {
	Address string

	to     string
	config *tls.Config

	mu     sync.Mutex
	manner Manner
	passed []Passed
}

// NewGate opens a gate, until the test ends.
func (r *Rig) NewGate(tb testing.TB) *Gate {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	g := &Gate{Address: l.Addr().String(), to: r.Submissions, config: r.TLS()}
	g.config.ServerName = "localhost"
	tb.Cleanup(func() { _ = l.Close() }) // ends the goroutine
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go g.serve(tb.Context(), conn)
		}
	}()
	return g
}

// Behave sets how it treats mail from now on.
func (g *Gate) Behave(m Manner) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.manner = m
}

// Passed returns the mails that went through, in their order.
func (g *Gate) Passed() []Passed {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]Passed(nil), g.passed...)
}

func (g *Gate) now() Manner {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.manner
}

func (g *Gate) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close() //nolint:errcheck // whoever called is told by it
	how := g.now()
	if how == HangUp {
		return
	}
	server, err := (&tls.Dialer{Config: g.config}).DialContext(ctx, "tcp", g.to)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // as above
	if how == Fail {
		_, _ = io.WriteString(conn, "421 4.3.2 not now\r\n") // the caller's to bear
		return
	}
	s := &session{gate: g, how: how, client: bufio.NewReader(conn), answer: conn, server: bufio.NewReader(server), ask: server}
	_ = s.run() // it ends as connections do
}

// session is one connection through a gate.
type session struct {
	gate   *Gate
	how    Manner
	client *bufio.Reader
	answer io.Writer
	server *bufio.Reader
	ask    io.Writer
	to     string
}

// run passes lines on, one command after the other.
func (s *session) run() error {
	if err := s.reply(s.answer); err != nil { // the greeting
		return err
	}
	for {
		line, err := s.client.ReadString('\n')
		if err != nil {
			return err
		}
		word := strings.ToUpper(line)
		if refusal := s.refuses(word); refusal != "" {
			if _, err := io.WriteString(s.answer, refusal); err != nil {
				return err
			}
			continue
		}
		if _, err := io.WriteString(s.ask, line); err != nil {
			return err
		}
		if err := s.reply(s.answer); err != nil {
			return err
		}
		if strings.HasPrefix(word, "DATA") {
			if err := s.mail(); err != nil {
				return err
			}
		}
	}
}

func (s *session) refuses(word string) string {
	if !strings.HasPrefix(word, "RCPT TO:") {
		return ""
	}
	s.to, _, _ = strings.Cut(strings.TrimPrefix(strings.ToLower(word), "rcpt to:<"), ">")
	switch s.how {
	case NotNow:
		return "451 4.7.1 too many messages, try again later\r\n"
	case Never:
		return "550 5.1.1 there is nobody of that name\r\n"
	case Pass, HangUp, SayNothing, Fail:
	}
	return ""
}

// mail passes a mail on, and what the server says of it.
func (s *session) mail() error {
	var raw bytes.Buffer
	for {
		line, err := s.client.ReadBytes('\n')
		if err != nil {
			return err
		}
		raw.Write(line)
		if string(line) == ".\r\n" {
			break
		}
	}
	if _, err := s.ask.Write(raw.Bytes()); err != nil {
		return err
	}
	var said bytes.Buffer
	if err := s.reply(&said); err != nil {
		return err
	}
	if strings.HasPrefix(said.String(), "250") {
		s.gate.mu.Lock()
		s.gate.passed = append(s.gate.passed, Passed{To: s.to, Raw: bytes.TrimSuffix(raw.Bytes(), []byte(".\r\n"))})
		s.gate.mu.Unlock()
	}
	if s.how == SayNothing {
		return io.ErrClosedPipe
	}
	_, err := s.answer.Write(said.Bytes())
	return err
}

// reply passes an answer of the server on, all its lines.
func (s *session) reply(to io.Writer) error {
	for {
		line, err := s.server.ReadString('\n')
		if err != nil {
			return err
		}
		if _, err := io.WriteString(to, line); err != nil {
			return err
		}
		if len(line) < 4 || line[3] != '-' {
			return nil
		}
	}
}
