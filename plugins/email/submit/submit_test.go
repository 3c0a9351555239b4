package submit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/plugins/email/submit"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

const (
	shop = "shop@" + mailrig.Domain
	ann  = "ann@" + mailrig.Domain
)

func password(secret string) endpoint.Credentials {
	return endpoint.Credentials{Username: shop, Password: secret}
}

func sender(t *testing.T, o submit.Options) *submit.Sender {
	t.Helper()
	o.Dial = mailrig.Dial
	s, err := submit.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mail is a small one from the shop.
func mail(id string, to ...string) submit.Mail {
	text := mailrig.Message(id, "answer "+id, "text")
	return submit.Mail{From: shop, To: to, MessageID: "<" + id + "@world.test>", Content: bytes.NewReader(text), Size: int64(len(text))}
}

// rig has Postfix, and the accounts of the shop and of a customer.
func rig(t *testing.T) *mailrig.Rig {
	t.Helper()
	r := mailrig.Start(t, mailrig.Options{Postfix: true})
	if err := errors.Join(r.Account(t.Context(), shop, "secret"), r.Account(t.Context(), ann, "hers")); err != nil {
		t.Fatal(err)
	}
	return r
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for !is() {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func count(t *testing.T, r *mailrig.Rig, user, folder string) int {
	t.Helper()
	s, err := r.Status(t.Context(), user, folder)
	if err != nil {
		t.Fatal(err)
	}
	return s.Messages
}

// Through a real Postfix: protected in either way, signed in by password or
// token, to several, of whom some are refused.
func TestSend(t *testing.T) {
	t.Parallel()
	r := rig(t)
	r.Token("good", shop)
	tokens := endpoint.Credentials{Username: shop, Token: func(_ context.Context, refused string) (string, error) {
		if refused == "" {
			return "over", nil
		}
		return "good", nil
	}}
	for i, o := range []submit.Options{
		{Server: r.Server(r.Submission, endpoint.StartTLS), Credentials: password("secret")},
		{Server: r.Server(r.Submissions, endpoint.TLS), Credentials: password("secret")},
		{Server: r.Server(r.Submissions, endpoint.TLS), Credentials: tokens},
		{Server: r.Server(r.SMTP, endpoint.Plain)},
	} {
		s := sender(t, o)
		if err := s.Check(t.Context()); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
		got, err := s.Send(t.Context(), mail(strconv.Itoa(i), ann, "gone@"+mailrig.Domain, "busy@"+mailrig.Domain))
		if err != nil || len(got.Recipients) != 3 || got.Recipients[0].Err != nil || !strings.Contains(got.Answer, "queued as") {
			t.Fatalf("%d: %+v, %v", i, got, err)
		}
		gone, busy := got.Recipients[1].Err, got.Recipients[2].Err
		if gone.Source != errs.Rejected || gone.Code != errs.CodeInvalidRecipient || !strings.Contains(gone.Detail, "5.1.1") || busy.Source != errs.FarSide || len(got.Refused()) != 2 {
			t.Errorf("%d: gone: %v; busy: %v", i, gone, busy)
		}
		eventually(t, "it arrives", func() bool { return count(t, r, ann, "INBOX") == i+1 })
	}
}

// What a server answers, and what it means.
func TestAnswers(t *testing.T) { //nolint:tparallel // what arrived is counted after all of them
	t.Parallel()
	r := rig(t)
	good := submit.Options{Server: r.Server(r.Submissions, endpoint.TLS), Credentials: password("secret")}
	for name, tt := range map[string]struct {
		o      func(*submit.Options)
		m      func(*submit.Mail)
		source errs.Source
		code   string
	}{
		"nobody is there":        {m: func(m *submit.Mail) { m.To = []string{"gone@" + mailrig.Domain} }, source: errs.Rejected, code: errs.CodeInvalidRecipient},
		"later":                  {m: func(m *submit.Mail) { m.To = []string{"gone@" + mailrig.Domain, "busy@" + mailrig.Domain} }, source: errs.FarSide, code: errs.CodeUnavailable},
		"full":                   {m: func(m *submit.Mail) { m.To = []string{"full@" + mailrig.Domain} }, source: errs.FarSide, code: errs.CodeUnavailable},
		"refused for its text":   {m: func(m *submit.Mail) { m.Content = bytes.NewReader(mailrig.Message("v", "a virus", "x")) }, source: errs.Rejected, code: endpoint.CodeRefused},
		"too large":              {m: func(m *submit.Mail) { m.Size = 70_000_000 }, source: errs.Rejected, code: endpoint.CodeTooLarge},
		"larger than it says":    {m: func(m *submit.Mail) { m.Content = io.MultiReader(m.Content, lines(61_000_000)) }, source: errs.Rejected, code: endpoint.CodeTooLarge},
		"no recipient":           {m: func(m *submit.Mail) { m.To = nil }, source: errs.Rejected, code: errs.CodeInvalidRecipient},
		"another command":        {m: func(m *submit.Mail) { m.To = []string{"a@b>\r\nRCPT TO:<x@y"} }, source: errs.Rejected, code: errs.CodeInvalidRecipient},
		"a wrong password":       {o: func(o *submit.Options) { o.Credentials = password("wrong") }, source: errs.FarSide, code: errs.CodeAuthExpired},
		"nobody listens":         {o: func(o *submit.Options) { o.Server.Port = 1 }, source: errs.FarSide, code: errs.CodeUnavailable},
		"an unknown certificate": {o: func(o *submit.Options) { o.Server.TLS = nil }, source: errs.Rejected, code: endpoint.CodeCertificate},
		"no sign-in there":       {o: func(o *submit.Options) { o.Server = r.Server(r.SMTP, endpoint.StartTLS) }, source: errs.Rejected, code: endpoint.CodeNoSignIn},
		"not signed in": {
			o: func(o *submit.Options) { o.Credentials = endpoint.Credentials{} },
			m: func(m *submit.Mail) { m.To = []string{"x@elsewhere.example"} }, source: errs.Rejected, code: endpoint.CodeRefused,
		},
		"a certificate of STARTTLS": {o: func(o *submit.Options) { o.Server = r.Server(r.Submission, endpoint.StartTLS); o.Server.TLS = nil }, source: errs.Rejected, code: endpoint.CodeCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			o, m := good, mail("a", ann)
			if tt.o != nil {
				tt.o(&o)
			}
			if tt.m != nil {
				tt.m(&m)
			}
			_, err := sender(t, o).Send(t.Context(), m)
			if e := errs.As(err); e == nil || e.Source != tt.source || e.Code != tt.code || strings.Contains(e.Error(), "wrong") {
				t.Errorf("got %v", err)
			}
		})
	}
	if n := count(t, r, ann, "INBOX"); n != 0 {
		t.Errorf("%d arrived", n)
	}
}

// lines are many bytes.
func lines(n int) io.Reader {
	const line = "0123456789abcdefghijklmnopqrstuvwxyz\r\n"
	return strings.NewReader(strings.Repeat(line, n/len(line)))
}

// What is cut before the end was not sent and can be tried again; what is cut
// after it is not known, whatever became of it, and is not sent again. Where the
// Sent folder has it, it was sent.
func TestCut(t *testing.T) {
	t.Parallel()
	r := rig(t)
	folder := &sent{}
	cut := func(where mailrig.Where) (*submit.Sender, *mailrig.Cutter) {
		c := mailrig.Cut(t, r.SMTP, where)
		return sender(t, submit.Options{Server: r.Server(c.Address, endpoint.Plain), Sent: folder}), c
	}
	s, c := cut(mailrig.InContent)
	large := mail("large", ann)
	large.Content, large.Size = io.MultiReader(large.Content, lines(38_000_000)), 0
	if _, err := s.Send(t.Context(), large); errs.As(err) == nil || errs.As(err).Source != errs.FarSide || c.Cuts.Load() != 1 {
		t.Errorf("within the mail: %v", err)
	}
	s, c = cut(mailrig.BeforeDot)
	if got, err := s.Send(t.Context(), mail("before", ann)); errs.As(err) == nil || errs.As(err).Source != errs.InDoubt || c.Cuts.Load() != 1 || got.Recipients[0].Err == nil {
		t.Errorf("before the final dot: %+v, %v", got, err)
	}
	s, c = cut(mailrig.AfterDot)
	if _, err := s.Send(t.Context(), mail("after", ann)); errs.As(err) == nil || errs.As(err).Code != errs.CodeInDoubt || c.Cuts.Load() != 1 {
		t.Errorf("after the final dot: %v", err)
	}
	eventually(t, "the last one arrives", func() bool { return count(t, r, ann, "INBOX") == 1 })
	if strings.Join(folder.asked, " ") != "<before@world.test> <after@world.test>" {
		t.Errorf("the Sent folder was asked for %v", folder.asked)
	}
	folder.has = true
	if got, err := s.Send(t.Context(), mail("found", ann)); err != nil || len(got.Refused()) != 0 {
		t.Errorf("it is in the Sent folder: %+v, %v", got, err)
	}
	folder.has, folder.err = true, errors.New("the folder cannot be opened")
	if _, err := s.Send(t.Context(), mail("lost", ann)); errs.As(err) == nil || errs.As(err).Source != errs.InDoubt {
		t.Errorf("nobody can look: %v", err)
	}
}

type sent struct {
	asked []string
	has   bool
	err   error
}

func (s *sent) Has(_ context.Context, messageID string) (bool, error) {
	s.asked = append(s.asked, messageID)
	return s.has, s.err
}

// Addresses beyond ASCII leave where the server takes them, and are refused in
// words where it does not.
func TestAddressesBeyondASCII(t *testing.T) {
	t.Parallel()
	r := rig(t)
	s := sender(t, submit.Options{Server: r.Server(r.Submissions, endpoint.TLS), Credentials: password("secret")})
	m := mail("utf8", "李雷@"+mailrig.LaterDomain)
	m.UTF8 = true
	if _, err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is queued", func() bool {
		q, err := r.Queue(t.Context())
		return err == nil && len(q) == 1 && q[0].Recipients[0].Address == "李雷@"+mailrig.LaterDomain
	})
	m = mail("ascii", ann) // a server without the extension
	m.UTF8 = true
	old := old(t)
	if _, err := sender(t, submit.Options{Server: old}).Send(t.Context(), m); errs.As(err) == nil || errs.As(err).Code != endpoint.CodeUnsupported {
		t.Errorf("got %v", err)
	}
}

// old is a server that can do nothing that RFC 821 cannot.
func old(t *testing.T) endpoint.Server {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close() //nolint:errcheck // a test's
		_, _ = io.WriteString(conn, "220 old\r\n")
		buffer := make([]byte, 512)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			answer := "250 ok\r\n"
			if bytes.HasPrefix(buffer[:n], []byte("EHLO")) {
				answer = "502 what\r\n"
			}
			_, _ = io.WriteString(conn, answer)
		}
	}()
	return endpoint.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: endpoint.Plain}
}

// Libredesk #250: an attachment leaves as it is, arrives as it is, and lies once
// in the Sent folder, however often it is put there.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	r := rig(t)
	text := append(mailrig.Message("big", "a file", ".\nFrom here\n"), []byte(strings.Repeat("0123456789+/=\r\n", 200_000))...)
	received := make(chan []byte, 1)
	c := mailbox.Config{
		Protocol: mailbox.IMAP, Server: r.Server(r.IMAPS, endpoint.TLS), Dial: mailrig.Dial, Credentials: endpoint.Credentials{Username: ann, Password: "hers"},
		Cursors: cursors{}, Now: time.Now, Since: time.Now().Add(-time.Hour), SpoolDir: t.TempDir(),
		Handle: func(_ context.Context, raw *mailbox.Raw) error {
			all, err := io.ReadAll(raw.Open())
			received <- all
			return err
		},
	}
	reader, err := mailbox.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- reader.Run(ctx) }()
	s := sender(t, submit.Options{Server: r.Server(r.Submission, endpoint.StartTLS), Credentials: password("secret")})
	m := submit.Mail{From: shop, To: []string{ann}, MessageID: "<big@world.test>", Content: bytes.NewReader(text), Size: int64(len(text))}
	if _, err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-received:
		if !bytes.HasSuffix(got, text) {
			t.Errorf("%d bytes came of %d", len(got), len(text))
		}
	case <-time.After(20 * time.Second):
		t.Error("nothing came")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	c.Credentials = password("secret")
	if reader, err = mailbox.New(c); err != nil {
		t.Fatal(err)
	}
	folder, err := reader.Sent()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if there, err := folder.Has(t.Context(), m.MessageID); err != nil || there != (i > 0) {
			t.Errorf("%d: there: %v, %v", i, there, err)
		}
		if put, err := folder.Put(t.Context(), m.MessageID, bytes.NewReader(text), m.Size); err != nil || put != (i == 0) {
			t.Errorf("%d: put: %v, %v", i, put, err)
		}
	}
	if got, err := r.Status(t.Context(), shop, "Sent"); err != nil || got.Messages != 1 || got.Unseen != 0 {
		t.Errorf("in the Sent folder: %+v, %v", got, err)
	}
	if err := r.Delete(t.Context(), shop, "Sent"); err != nil {
		t.Fatal(err)
	}
	if put, err := folder.Put(t.Context(), m.MessageID, bytes.NewReader(text), m.Size); err != nil || !put {
		t.Errorf("a folder that is gone is made again: %v, %v", put, err)
	}
}

// cursors keep nothing: each test reads once.
type cursors map[string][]byte

func (c cursors) Load(_ context.Context, key string) ([]byte, error) { return c[key], nil }

func (c cursors) Save(_ context.Context, key string, value []byte) error {
	c[key] = value
	return nil
}
