package mailbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// popConn speaks POP3 (RFC 1939, 2449, 2595, 5034).
type popConn struct {
	c    *Config
	conn net.Conn
	text *textproto.Conn
	caps map[string][]string // in upper case, with their arguments
	free func() bool         // of the context's hold on the connection
}

// refusal is what a server said with -ERR.
type refusal string

// Error implements error.
func (r refusal) Error() string { return "pop3: -ERR " + string(r) }

// openPOP connects and signs in. When ctx ends the connection is closed.
func openPOP(ctx context.Context, c *Config) (*popConn, error) {
	var p *popConn
	err := c.Credentials.SignIn(ctx, c.Server, func(choose endpoint.Mechanism) error {
		conn, err := c.Server.Connect(ctx, c.Dial)
		if err != nil {
			return err
		}
		fresh := &popConn{c: c, free: context.AfterFunc(ctx, func() { _ = conn.Close() })}
		fresh.use(conn)
		if err := fresh.greet(ctx, choose); err != nil {
			fresh.close()
			return err
		}
		p = fresh
		return nil
	})
	return p, err
}

func (p *popConn) use(conn net.Conn) {
	p.conn, p.text = conn, textproto.NewConn(conn)
}

// close ends the connection. Run makes many under one context, which must not
// keep them all.
func (p *popConn) close() {
	p.free()
	_ = p.conn.Close() // QUIT was said, or nothing is to be lost
}

func (p *popConn) greet(ctx context.Context, choose endpoint.Mechanism) error {
	if err := p.within(p.c.Answer); err != nil {
		return err
	}
	if err := p.answer(); err != nil {
		return p.busy(err)
	}
	if err := p.capabilities(); err != nil {
		return err
	}
	if p.c.Server.Security == endpoint.StartTLS {
		if err := p.upgrade(ctx); err != nil {
			return err
		}
	}
	return p.signIn(choose)
}

// upgrade begins TLS. What came before it counts no more.
func (p *popConn) upgrade(ctx context.Context) error {
	if err := p.command("STLS"); err != nil {
		if said, ok := errors.AsType[refusal](err); ok {
			return endpoint.Refusal(endpoint.CodeNoTLS, "The mail server does not do STARTTLS on this port.", string(said), err)
		}
		return err
	}
	over := tls.Client(p.conn, p.c.Server.Config())
	shaking, cancel := context.WithTimeout(ctx, p.c.Answer)
	defer cancel()
	if err := over.HandshakeContext(shaking); err != nil {
		return endpoint.Unreachable(err)
	}
	p.use(over)
	return p.capabilities()
}

// capabilities asks what the server can do. One that does not know the question
// can do the old things.
func (p *popConn) capabilities() error {
	p.caps = make(map[string][]string)
	if err := p.command("CAPA"); err != nil {
		if _, ok := errors.AsType[refusal](err); ok {
			return nil
		}
		return err
	}
	lines, err := p.lines()
	for _, line := range lines {
		words := strings.Fields(strings.ToUpper(line))
		if len(words) > 0 {
			p.caps[words[0]] = words[1:]
		}
	}
	return err
}

func (p *popConn) signIn(choose endpoint.Mechanism) error {
	mechanism, err := choose(p.caps["SASL"])
	switch {
	case err == nil:
		err = p.authenticate(mechanism)
	case p.c.Credentials.Token != nil:
		return err
	default:
		if strings.ContainsAny(p.c.Credentials.Username+p.c.Credentials.Password, "\r\n") {
			return errs.Reject("config_invalid", "A user name or a password has no line breaks.")
		}
		if err = p.command("USER " + p.c.Credentials.Username); err == nil {
			err = p.command("PASS " + p.c.Credentials.Password)
		}
	}
	if said, ok := errors.AsType[refusal](err); ok {
		return endpoint.SignInFailed(judgePOP(string(said)), string(said), err)
	}
	return err
}

// judgePOP reads the codes of RFC 2449 and 3206 before the words.
func judgePOP(said string) endpoint.Verdict {
	for code, verdict := range map[string]endpoint.Verdict{
		"[AUTH]": endpoint.Rejected, "[IN-USE]": endpoint.Busy, "[LOGIN-DELAY]": endpoint.Busy, "[SYS/TEMP]": endpoint.Busy, "[SYS/PERM]": endpoint.Refused,
	} {
		if strings.HasPrefix(strings.ToUpper(said), code) {
			return verdict
		}
	}
	return endpoint.Judge(said)
}

func (p *popConn) authenticate(m sasl.Client) error {
	name, first, err := m.Start()
	if err != nil {
		return err
	}
	line := "AUTH " + name
	const longest = 255 - 2 // RFC 5034, section 4
	initial := base64.StdEncoding.EncodeToString(first)
	if first != nil && len(line)+1+len(initial) <= longest {
		line, first = line+" "+initial, nil
	}
	for {
		said, more, err := p.exchange(line)
		if err != nil || !more {
			return err
		}
		reply := first
		if first = nil; reply == nil {
			challenge, err := base64.StdEncoding.DecodeString(said)
			if err != nil {
				return endpoint.Unreachable(err)
			}
			if reply, err = m.Next(challenge); err != nil {
				return err
			}
		}
		line = base64.StdEncoding.EncodeToString(reply)
	}
}

// exchange says a line of an AUTH, and returns a challenge, or the end.
func (p *popConn) exchange(line string) (challenge string, more bool, err error) {
	if err := p.say(line); err != nil {
		return "", false, err
	}
	got, err := p.text.ReadLine()
	if err != nil {
		return "", false, endpoint.Unreachable(err)
	}
	if challenge, more = strings.CutPrefix(got, "+ "); more || got == "+" {
		return challenge, true, nil
	}
	return "", false, verdictOf(got)
}

// within bounds what comes next.
func (p *popConn) within(d time.Duration) error {
	if err := p.conn.SetDeadline(time.Now().Add(d)); err != nil { //nolint:forbidigo // of a socket
		return endpoint.Unreachable(err)
	}
	return nil
}

func (p *popConn) say(line string) error {
	if err := p.within(p.c.Answer); err != nil {
		return err
	}
	if err := p.text.PrintfLine("%s", line); err != nil {
		return endpoint.Unreachable(err)
	}
	return nil
}

// command says a line and returns the answer; one that begins with -ERR is a
// refusal.
func (p *popConn) command(line string) error {
	if err := p.say(line); err != nil {
		return err
	}
	return p.answer()
}

func (p *popConn) answer() error {
	line, err := p.text.ReadLine()
	if err != nil {
		return endpoint.Unreachable(err)
	}
	return verdictOf(line)
}

func verdictOf(line string) error {
	if strings.HasPrefix(line, "+OK") {
		return nil
	}
	if said, ok := strings.CutPrefix(line, "-ERR"); ok {
		return refusal(strings.TrimSpace(said))
	}
	return endpoint.Unreachable(errors.New("the answer is no POP3"))
}

// busy is the error of a command that a server refused for no fault of ours.
func (p *popConn) busy(err error) error {
	if said, ok := errors.AsType[refusal](err); ok {
		return endpoint.SignInFailed(endpoint.Busy, string(said), err)
	}
	return err
}

const maxListed = 100_000 // mails in a mailbox

// lines reads an answer of several lines.
func (p *popConn) lines() ([]string, error) {
	in := bufio.NewScanner(p.text.DotReader())
	var out []string
	for in.Scan() {
		if out = append(out, in.Text()); len(out) > maxListed {
			return nil, errs.Reject(endpoint.CodeTooLarge, "There are more than 100,000 mails in the mailbox. Read it over IMAP, or have old mail deleted.")
		}
	}
	if err := in.Err(); err != nil {
		return nil, endpoint.Unreachable(err)
	}
	return out, nil
}

// popMail is a mail as the server lists it.
type popMail struct {
	number string // in this session
	uidl   string
	size   int64
}

// list lists the mail, in the server's order.
func (p *popConn) list() ([]popMail, error) {
	if err := p.command("UIDL"); err != nil {
		if said, ok := errors.AsType[refusal](err); ok {
			return nil, endpoint.Refusal(endpoint.CodeNoUIDL, "The mail server does not say which mail is which (UIDL). Read it over IMAP.", string(said), err)
		}
		return nil, err
	}
	lines, err := p.lines()
	if err != nil {
		return nil, err
	}
	out := make([]popMail, 0, len(lines))
	at := make(map[string]int, len(lines))
	for _, line := range lines {
		if words := strings.Fields(line); len(words) == 2 {
			at[words[0]] = len(out)
			out = append(out, popMail{number: words[0], uidl: words[1]})
		}
	}
	if err := p.command("LIST"); err != nil {
		return nil, p.busy(err)
	}
	if lines, err = p.lines(); err != nil {
		return nil, err
	}
	for _, line := range lines {
		words := strings.Fields(line)
		if i, ok := at[words[0]]; ok && len(words) > 1 {
			out[i].size, _ = strconv.ParseInt(words[1], 10, 64) // not known otherwise
		}
	}
	return out, nil
}

// retrieve reads a mail: whole, or with lines its headers and so many lines.
func (p *popConn) retrieve(m popMail, lines int, into func(io.Reader) error) error {
	line := "RETR " + m.number
	if lines >= 0 {
		line = "TOP " + m.number + " " + strconv.Itoa(lines)
	}
	if err := p.command(line); err != nil {
		return err
	}
	const slowest = 16 << 10 // bytes a second
	if err := p.within(p.c.Answer + time.Duration(m.size/slowest)*time.Second); err != nil {
		return err
	}
	body := p.text.DotReader()
	if err := into(&crlf{from: bufio.NewReader(body)}); err != nil {
		return endpoint.Unreachable(err)
	}
	if _, err := io.Copy(io.Discard, body); err != nil { // the rest
		return endpoint.Unreachable(err)
	}
	return nil
}

// crlf gives lines the ends back that textproto takes away: signatures (DKIM) are
// made over them.
type crlf struct {
	from    *bufio.Reader
	pending bool // a LF whose CR was given
}

// Read implements io.Reader.
func (c *crlf) Read(to []byte) (n int, err error) {
	for n < len(to) {
		if c.pending {
			to[n], c.pending = '\n', false
			n++
			continue
		}
		b, err := c.from.ReadByte()
		if err != nil {
			return n, err
		}
		if b == '\n' {
			b, c.pending = '\r', true
		}
		to[n] = b
		n++
	}
	return n, nil
}

func (p *popConn) quit() error {
	err := p.command("QUIT")
	p.close()
	return p.busy(err)
}
