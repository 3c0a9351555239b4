package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
)

// checked is what Check says of an account.
func checked(t *testing.T, c mailbox.Config) error {
	t.Helper()
	r, err := mailbox.New(c)
	if err != nil {
		return err
	}
	_, err = r.Check(t.Context())
	return err
}

// Chatwoot #15812: credentials that are rejected, again and again for long, end
// the reading; a server that is away or busy never does (#13560), and what it
// rejected once it may take again.
func TestRejectedIsNotUnreachable(t *testing.T) {
	t.Parallel()
	r := rig(t)
	for name, change := range map[string]func(*mailbox.Config){
		"imap": func(*mailbox.Config) {},
		"pop3": func(c *mailbox.Config) { c.Protocol, c.Server = mailbox.POP3, r.Server(r.POP3, endpoint.StartTLS) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk()
			c := account(t, r, d)
			change(&c)
			if err := checked(t, c); err != nil {
				t.Fatal(err)
			}
			c.Credentials.Password = "wrong"
			if e := errs.As(checked(t, c)); e == nil || e.Code != errs.CodeAuthExpired || e.Source != errs.FarSide || strings.Contains(e.Error(), "wrong") {
				t.Errorf("a wrong password: %v", e)
			}
			c.GiveUp = mailbox.GiveUp{Times: 3, After: time.Nanosecond}
			reader, err := mailbox.New(c)
			if err != nil {
				t.Fatal(err)
			}
			if err := reader.Run(t.Context()); !endpoint.CredentialsRejected(err) || len(d.told(mailbox.Lost)) != 3 {
				t.Errorf("rejected for long: %v, told %v", err, d.told(mailbox.Lost))
			}
			d = newDesk()
			c.Notice, c.GiveUp = d.notice, mailbox.GiveUp{Times: 3, After: time.Hour}
			stop := run(t, c)
			eventually(t, "many rejections", func() bool { return len(d.told(mailbox.Lost)) > 5 })
			if err := stop(); err != nil {
				t.Errorf("rejected for a moment: %v", err)
			}
			d = newDesk()
			c.Notice, c.GiveUp = d.notice, mailbox.GiveUp{Times: 1, After: time.Nanosecond}
			c.Server.Port = 1
			stop = run(t, c)
			eventually(t, "many tries", func() bool { return len(d.told(mailbox.Lost)) > 5 })
			if err := stop(); err != nil {
				t.Errorf("unreachable for long: %v", err)
			}
			if e := errs.As(d.told(mailbox.Lost)[0].Err); e.Code != errs.CodeUnavailable || e.Source != errs.FarSide {
				t.Errorf("unreachable: %v", e)
			}
		})
	}
}

// Chatwoot #13688, #15823: a password that was changed and then corrected is
// taken without anybody's help.
func TestCorrectedPassword(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	run(t, account(t, r, d))
	ready(t, d)
	if err := errors.Join(r.Account(t.Context(), shop, "changed"), r.Kick(t.Context(), shop)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is rejected", func() bool {
		lost := d.told(mailbox.Lost)
		return len(lost) > 1 && endpoint.CredentialsRejected(lost[len(lost)-1].Err)
	})
	deliver(t, r, "a")
	if err := r.Account(t.Context(), shop, "secret"); err != nil {
		t.Fatal(err)
	}
	wait(t, d, "a")
}

// tokens are host.Tokens with what the host would give next.
type tokens struct {
	mu      sync.Mutex
	current string
	next    string
	refused []string
	err     error
}

func (k *tokens) Access(_ context.Context, pointer, refused string) (host.Token, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if pointer != "/sign_in" {
		return host.Token{}, errors.New("another field")
	}
	if refused != "" {
		k.refused = append(k.refused, refused)
		if k.err != nil {
			return host.Token{}, k.err
		}
		k.current = k.next
	}
	return host.Token{Value: k.current}, nil
}

// Libredesk #97: signing in by OAuth (XOAUTH2), and what happens when the token
// of an hour is over.
func TestOAuth(t *testing.T) {
	t.Parallel()
	r := rig(t)
	r.Token("first", shop)
	r.Token("second", shop)
	for name, change := range map[string]func(*mailbox.Config){
		"imap": func(*mailbox.Config) {},
		"pop3": func(c *mailbox.Config) {
			c.Protocol, c.Server, c.Poll = mailbox.POP3, r.Server(r.POP3S, endpoint.TLS), 10*time.Second
		},
	} {
		k, d := &tokens{current: "first", next: "second"}, newDesk()
		c := account(t, r, d)
		c.Credentials = endpoint.Tokens(k, "/sign_in", shop)
		change(&c)
		if err := checked(t, c); err != nil || len(k.refused) != 0 {
			t.Fatalf("%s: a good token: %v, refused %v", name, err, k.refused)
		}
		k.current = "over"
		if err := checked(t, c); err != nil || len(k.refused) != 1 || k.refused[0] != "over" {
			t.Errorf("%s: a token that is over: %v, refused %v", name, err, k.refused)
		}
		k.current, k.next = "over", "over too"
		if e := errs.As(checked(t, c)); e == nil || e.Code != errs.CodeAuthExpired || strings.Contains(e.Error(), "over too") {
			t.Errorf("%s: no good token: %v", name, e)
		}
		k.current, k.err = "over", errs.Unavailable(nil, "the host cannot refresh it now")
		if e := errs.As(checked(t, c)); e == nil || e.Code != errs.CodeUnavailable {
			t.Errorf("%s: a host that is away is no rejection: %v", name, e)
		}
		k.err = nil
		k.current, k.next = "first", "second"
		c.Credentials.Username = "other@" + "shop.test"
		if e := errs.As(checked(t, c)); e == nil || e.Code != errs.CodeAuthExpired {
			t.Errorf("%s: another's token: %v", name, e)
		}
	}
}

// A long session outlives its token; the next one gets another.
func TestTokenRevoked(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	r.Token("first", shop)
	k := &tokens{current: "first", next: "second"}
	c := account(t, r, d)
	c.Credentials = endpoint.Tokens(k, "/sign_in", shop)
	run(t, c)
	ready(t, d)
	r.Revoke("first")
	r.Token("second", shop)
	if err := r.Kick(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	deliver(t, r, "a")
	wait(t, d, "a")
}

// memory is an IMAP server in this process, which does what it is told.
func memory(t *testing.T, caps imap.CapSet, insecure bool, session func(imapserver.Session) imapserver.Session) (endpoint.Server, *imapmemserver.User) {
	t.Helper()
	u := imapmemserver.NewUser(shop, "secret")
	if err := u.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	all := imapmemserver.New()
	all.AddUser(u)
	s := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			if session == nil {
				return all.NewSession(), nil, nil
			}
			return session(all.NewSession()), nil, nil
		},
		Caps: caps, InsecureAuth: insecure,
	})
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l) //nolint:errcheck // ends with Close
	t.Cleanup(func() { _ = s.Close() })
	return endpoint.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: endpoint.Plain}, u
}

// refusing is a session whose sign-in answers as some servers do.
type refusing struct {
	imapserver.Session
	err error
}

func (r refusing) Login(string, string) error { return r.err }

// What servers say when they do not let us in, and what we make of it.
func TestWordsOfRefusal(t *testing.T) {
	t.Parallel()
	caps := imap.CapSet{imap.CapIMAP4rev1: {}}
	for said, want := range map[imap.Error]string{
		{Code: imap.ResponseCodeAuthenticationFailed, Text: "Invalid credentials (Failure), try again"}: errs.CodeAuthExpired,
		{Text: "LOGIN Login error or password error"}:                                                   errs.CodeAuthExpired,
		{Code: imap.ResponseCodeUnavailable, Text: "Temporary authentication failure."}:                 errs.CodeUnavailable,
		{Code: imap.ResponseCodeLimit, Text: "Maximum number of connections"}:                           errs.CodeUnavailable,
		{Code: imap.ResponseCodeAlert, Text: "Too many simultaneous connections. (Failure)"}:            errs.CodeUnavailable,
		{Text: "User is authenticated but not connected."}:                                              errs.CodeUnavailable,
		{Text: "LOGIN Unsafe Login. Please contact us for help"}:                                        endpoint.CodeRefused,
		{Code: imap.ResponseCodeContactAdmin, Text: "ask somebody"}:                                     endpoint.CodeRefused,
		{Code: imap.ResponseCodeAlert, Text: "Your account is not enabled for IMAP use."}:               endpoint.CodeRefused,
	} {
		said.Type = imap.StatusResponseTypeNo
		at, _ := memory(t, caps, true, func(s imapserver.Session) imapserver.Session { return refusing{s, &said} })
		d := newDesk()
		c := mailbox.Config{
			Protocol: mailbox.IMAP, Server: at, Dial: mailrig.Dial, Credentials: endpoint.Credentials{Username: shop, Password: "secret"},
			Cursors: d, Handle: d.handle, Now: time.Now,
		}
		if e := errs.As(checked(t, c)); e == nil || e.Code != want || !strings.Contains(e.Detail, said.Text) {
			t.Errorf("%s: got %v, want %s", said.Text, e, want)
		}
	}
}

// What a server cannot do is said in plain words, with a code.
func TestServersThatCannot(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	good := account(t, r, d)
	closed, _ := memory(t, imap.CapSet{imap.CapIMAP4rev1: {}}, false, nil) // passwords over TLS alone, and has none
	for name, tt := range map[string]struct {
		change func(*mailbox.Config)
		code   string
	}{
		"a certificate of nobody's":      {func(c *mailbox.Config) { c.Server.TLS = nil }, endpoint.CodeCertificate},
		"a certificate for another name": {func(c *mailbox.Config) { c.Server.TLS = r.TLS(); c.Server.TLS.ServerName = "mail.example" }, endpoint.CodeCertificate},
		"TLS on the port for STARTTLS":   {func(c *mailbox.Config) { c.Server = r.Server(r.IMAP, endpoint.TLS) }, endpoint.CodeNoTLS},
		"no STARTTLS":                    {func(c *mailbox.Config) { c.Server = closed; c.Server.Security = endpoint.StartTLS }, endpoint.CodeNoTLS},
		"no password without TLS":        {func(c *mailbox.Config) { c.Server = closed }, endpoint.CodeNoTLS},
		"no OAuth": {func(c *mailbox.Config) {
			c.Server = closed
			c.Credentials = endpoint.Tokens(&tokens{current: "x"}, "/sign_in", shop)
		}, endpoint.CodeNoSignIn},
		"plain over a network": {func(c *mailbox.Config) {
			c.Server = endpoint.Server{Host: "mail.example", Port: 143, Security: endpoint.Plain}
		}, endpoint.CodePlain},
		"no host":                 {func(c *mailbox.Config) { c.Server.Host = "" }, endpoint.CodeAddress},
		"POP3 with STARTTLS, TLS": {func(c *mailbox.Config) { c.Protocol, c.Server = mailbox.POP3, r.Server(r.POP3S, endpoint.TLS) }, ""},
		"POP3 on IMAP's port":     {func(c *mailbox.Config) { c.Protocol = mailbox.POP3 }, errs.CodeUnavailable},
		"STARTTLS":                {func(c *mailbox.Config) { c.Server = r.Server(r.IMAP, endpoint.StartTLS) }, ""},
		"plain on this machine":   {func(c *mailbox.Config) { c.Server = r.Server(r.IMAP, endpoint.Plain) }, ""},
	} {
		c := good
		tt.change(&c)
		err := checked(t, c)
		if tt.code == "" && err != nil || tt.code != "" && (err == nil || errs.As(err).Code != tt.code) {
			t.Errorf("%s: %v, want %q", name, err, tt.code)
		}
	}
}

// quiet is a connection to a server that does not say that it has IDLE.
type quiet struct{ net.Conn }

func (q quiet) Read(to []byte) (int, error) {
	n, err := q.Conn.Read(to)
	copy(to, bytes.ReplaceAll(to[:n], []byte(" IDLE"), []byte(" XDLE")))
	if bytes.Contains(to[:n], []byte("idling")) {
		return 0, errors.New("it was made to idle")
	}
	return n, err
}

// A server that announces nothing is asked.
func TestWithoutIdle(t *testing.T) {
	t.Parallel()
	at, u := memory(t, imap.CapSet{imap.CapIMAP4rev1: {}}, true, nil)
	d := newDesk()
	run(t, mailbox.Config{
		Protocol: mailbox.IMAP, Server: at, Credentials: endpoint.Credentials{Username: shop, Password: "secret"},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := mailrig.Dial(ctx, network, address)
			return quiet{conn}, err
		},
		Cursors: d, Handle: d.handle, Notice: d.notice, Now: time.Now, Poll: time.Nanosecond, // the least is taken
	})
	ready(t, d)
	text := "Message-ID: <a@world.test>\r\n\r\ntext\r\n"
	begun := time.Now()
	if _, err := u.Append("INBOX", literal{strings.NewReader(text)}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	wait(t, d, "a")
	if took := time.Since(begun); took < 5*time.Second || len(d.told(mailbox.Connected)) != 1 {
		t.Errorf("it was announced after %v, in %d sessions", took, len(d.told(mailbox.Connected)))
	}
}

type literal struct{ *strings.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// NetEase's servers refuse to open a folder for a program that did not say who it
// is ("Unsafe Login").
func TestIntroducesItself(t *testing.T) {
	t.Parallel()
	r, d := rig(t), newDesk()
	run(t, account(t, r, d))
	ready(t, d)
	eventually(t, "it said its name", func() bool { return strings.Contains(r.Log(), "ID sent: name=Patchbay") })
}

// deaf is a connection that hears nothing any more, once it is stuck.
type deaf struct {
	net.Conn
	stuck *atomic.Bool
}

func (d deaf) Read(to []byte) (int, error) {
	for {
		n, err := d.Conn.Read(to)
		if err != nil || !d.stuck.Load() {
			return n, err
		}
	}
}

// A server that keeps the connection and says nothing more, as after a firewall
// forgot about it, is left, and what came is read.
func TestServerThatHangs(t *testing.T) {
	t.Parallel()
	for _, protocol := range []mailbox.Protocol{mailbox.IMAP, mailbox.POP3} {
		t.Run(string(protocol), func(t *testing.T) {
			t.Parallel()
			r := rig(t)
			d, stuck, opened := newDesk(), new(atomic.Bool), new(atomic.Int32)
			c := account(t, r, d)
			c.Server = r.Server(r.IMAP, endpoint.Plain)
			which := int32(1)
			if protocol == mailbox.POP3 {
				c.Protocol, c.Server = protocol, r.Server(r.POP3, endpoint.Plain)
				which = 2 // the first one has ended when there is a place
			}
			c.Poll, c.Answer = 10*time.Second, 500*time.Millisecond
			c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := mailrig.Dial(ctx, network, address)
				if opened.Add(1) == which {
					return deaf{conn, stuck}, err
				}
				return conn, err
			}
			run(t, c)
			ready(t, d)
			stuck.Store(true)
			deliver(t, r, "a")
			wait(t, d, "a")
			if lost := d.told(mailbox.Lost); len(lost) != 1 || errs.As(lost[0].Err).Code != errs.CodeUnavailable {
				t.Errorf("told %v", lost)
			}
		})
	}
}
