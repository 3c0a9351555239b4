package target_test

import (
	"context"
	"crypto/tls"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
)

const (
	shop     = "shop@" + mailrig.Domain
	password = "correct horse 电池"
)

// inbox reads an account's mails by POP3, the oldest first.
func inbox(t *testing.T, r *mailrig.Rig, user string) []*mail.Message {
	t.Helper()
	conn, err := (&tls.Dialer{Config: r.TLS()}).DialContext(t.Context(), "tcp", r.POP3S)
	if err != nil {
		t.Fatal(err)
	}
	c := textproto.NewConn(conn)
	defer c.Close() //nolint:errcheck // what it said was read
	say := func(line string) string {
		if line != "" {
			if err := c.PrintfLine("%s", line); err != nil {
				t.Fatal(err)
			}
		}
		got, err := c.ReadLine()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	say("")
	say("USER " + user)
	if got := say("PASS " + password); !strings.HasPrefix(got, "+OK") {
		t.Fatal(got)
	}
	var out []*mail.Message
	for n := 1; ; n++ {
		if got := say("RETR " + string(rune('0'+n))); !strings.HasPrefix(got, "+OK") {
			return out
		}
		m, err := mail.ReadMessage(c.DotReader())
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		m.Body = strings.NewReader(string(body))
		out = append(out, m)
	}
}

// arrived waits for an account's nth mail.
func arrived(t *testing.T, r *mailrig.Rig, user string, n int) *mail.Message {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for {
		if all := inbox(t, r, user); len(all) >= n {
			return all[n-1]
		}
		if time.Now().After(end) {
			t.Fatalf("the %d. mail never came", n)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

// TestMail sends by a real Postfix into a real mailbox.
func TestMail(t *testing.T) {
	r := mailrig.Start(t, mailrig.Options{Postfix: true})
	if err := r.Account(t.Context(), shop, password); err != nil {
		t.Fatal(err)
	}
	good := target.Mail{
		Dial: dial, Server: r.Submission, Security: target.StartTLS, User: shop, Password: password, From: shop, To: []string{shop}, TLS: r.TLS(), Now: time.Now,
	}
	m := message(target.Line{
		Text: "林晓：客户回复你", Note: "收件箱 网站", Said: "Alice: .\r\n.\r\nBcc: everybody@world.test", Link: "https://desk.example.com/conversations/all/cnv_1?at=9&b=" + strings.Repeat("long", 30),
	})
	m.Title = "Patchbay：2 条通知\r\nBcc: everybody@world.test"
	if err := good.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := good.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	secured := good
	secured.Server, secured.Security = r.Submissions, target.TLS
	if err := secured.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := arrived(t, r, shop, 2)
	if subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject")); err != nil || subject != "Patchbay：2 条通知 Bcc: everybody@world.test" {
		t.Errorf("the subject is %q, %v", subject, err)
	}
	for name, want := range map[string]string{"To": "<" + shop + ">", "Auto-Submitted": "auto-generated", "Bcc": "", "From": `"Patchbay" <` + shop + ">"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(got.Body))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"- 林晓：客户回复你 · 收件箱 网站\n", "  > Alice: . . Bcc: everybody@world.test\n", "  " + m.Lines[0].Link + "\n"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
	if n := len(inbox(t, r, shop)); n != 2 {
		t.Errorf("there are %d mails: trying sends none", n)
	}
	if first := inbox(t, r, shop)[0]; first.Header.Get("Message-Id") == got.Header.Get("Message-Id") {
		t.Error("two mails have one id")
	}
	refusals(t, r, good, m)
}

// refusals are what a mail server refuses, and what that means.
func refusals(t *testing.T, r *mailrig.Rig, good target.Mail, m target.Message) {
	t.Helper()
	later := "x@" + mailrig.LaterDomain
	for name, tt := range map[string]struct {
		change func(*target.Mail)
		title  string
		sort   target.Sort
		code   string
	}{
		"wrong password":           {func(m *target.Mail) { m.Password = "wrong" }, "", target.Paused, target.CodeSignIn},
		"unknown certificate":      {func(m *target.Mail) { m.TLS = nil }, "", target.Paused, target.CodeTLS},
		"unknown certificate, TLS": {func(m *target.Mail) { m.Server, m.Security, m.TLS = r.Submissions, target.TLS, nil }, "", target.Paused, target.CodeTLS},
		"no TLS there":             {func(m *target.Mail) { m.Security = target.TLS }, "", target.Paused, target.CodeTLS},
		"no server":                {func(m *target.Mail) { m.Server = "127.0.0.1:1" }, "", target.Later, target.CodeTrouble},
		"no such address": {func(m *target.Mail) {
			m.Server, m.User, m.To = r.SMTP, "", []string{"x@world.test"}
		}, "", target.Never, target.CodeRecipient},
		"one of two": {func(m *target.Mail) {
			m.Server, m.User, m.To = r.SMTP, "", []string{"x@world.test", later}
		}, "", target.Partly, target.CodeRecipient},
		"nobody":       {func(m *target.Mail) { m.To = nil }, "", target.Never, target.CodeRecipient},
		"what it says": {func(m *target.Mail) { m.Server, m.User = r.SMTP, "" }, "a virus", target.Never, target.CodeContent},
		"a mail server that hangs": {func(m *target.Mail) {
			l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			m.Server = l.Addr().String()
		}, "", target.Later, target.CodeTrouble},
	} {
		t.Run(name, func(t *testing.T) {
			to, said := good, m
			tt.change(&to)
			if tt.title != "" {
				said.Title = tt.title
			}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			f := target.FailureOf(to.Send(ctx, said))
			if f == nil || f.Sort != tt.sort || f.Code != tt.code {
				t.Fatalf("it is %+v", f)
			}
		})
	}
}
