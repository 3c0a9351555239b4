package mailtest_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/internal/rig"
	"github.com/patchbay-im/patchbay/plugins/email/mailcorpus"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	read "github.com/patchbay-im/patchbay/plugins/email/message"
)

const (
	ownerEmail    = "owner@office.example"
	ownerPassword = "correct horse battery staple"
	emailPlugin   = "patchbay/email"
	authority     = "mx.shop.test"
	patience      = 5 * time.Minute

	officeSignature = "Shop Test\nhttps://shop.test/" // below all that is sent
)

// long reports whether everything is sent, and not the short form that runs
// with all tests: make mail-real.
func long() bool { return os.Getenv("PATCHBAY_TEST_LONG") != "" }

// workshop is where the product is built, once for all tests.
var workshop string

var built = sync.OnceValues(func() (rig.Product, error) {
	return rig.Build(context.Background(), workshop, "", "email")
})

func TestMain(m *testing.M) {
	var err error
	if workshop, err = os.MkdirTemp("", "patchbay-mailtest-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(workshop)
	os.Exit(code)
}

// office is the product with a mailbox, and the mail servers beside it.
type office struct {
	*testing.T
	mail    *mailrig.Rig
	options rig.Options
	server  *rig.Server
	owner   rig.Member
	out     rig.Output
	inbox   string
	wire    *smtp.Client
}

func openOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, mail: mailrig.Start(t, mailrig.Options{Postfix: true})}
	o.must(o.mail.Account(t.Context(), mailcorpus.Mailbox, "secret"))
	product, err := built()
	o.must(err)
	o.options = rig.Options{Product: product, DataDir: filepath.Join(t.TempDir(), "data"), Log: &o.out, Env: []string{
		"PATCHBAY_ADMIN_EMAIL=" + ownerEmail, "PATCHBAY_ADMIN_PASSWORD=" + ownerPassword, "PATCHBAY_OUTBOUND_ALLOW_NETWORKS=127.0.0.0/8",
	}}
	o.start()
	t.Cleanup(func() { o.server.Kill() })
	o.connect()
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// start starts the server, after the first time on the same data at the same address.
func (o *office) start() {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), time.Minute)
	defer cancel()
	var err error
	o.server, err = rig.Launch(o.Context(), o.options)
	o.must(err)
	o.options.Address = o.server.Address
	if _, err := o.server.Ready(ctx); err != nil {
		o.Fatal(err, o.out.Tail())
	}
	o.owner, err = rig.NewAPI(o.server.URL()).SignIn(ctx, ownerEmail, ownerPassword)
	o.must(err)
}

// connect makes the mailbox an inbox, and waits until it is read.
func (o *office) connect() {
	o.Helper()
	o.eventually("the plugin", func() bool { return o.pid() > 0 })
	var inbox struct{ ID string }
	o.call(http.MethodPost, "/inboxes", map[string]any{
		"name": "Support", "plugin": emailPlugin, "secrets": map[string]string{"/password": "secret"},
		"config": map[string]any{
			"address": mailcorpus.Mailbox, "name": "Support", "provider": "other", "incoming": o.mail.IMAPS, "outgoing": o.mail.Submissions,
			"security": "tls", "certificates": o.mail.Certificate(), "plus_addresses": true, "authserv_id": authority, "signature": officeSignature,
		},
	}, &inbox)
	o.inbox = inbox.ID
	o.eventually("the mailbox", func() bool {
		var one struct{ Status struct{ State string } }
		o.call(http.MethodGet, "/inboxes/"+o.inbox, nil, &one)
		return one.Status.State == "ok"
	})
}

func (o *office) call(method, path string, in, out any) {
	o.Helper()
	if _, err := o.owner.Call(o.Context(), method, o.owner.At(path), in, out); err != nil {
		o.Fatalf("%s %s: %v\n%s", method, path, err, o.out.Tail())
	}
}

func (o *office) eventually(what string, so func() bool) {
	o.Helper()
	if !rig.Await(o.Context(), patience, so) {
		o.Fatalf("%s never came\n%s", what, o.out.Tail())
	}
}

// pid is the plugin's process; 0 = it does not run.
func (o *office) pid() int {
	o.Helper()
	var list struct {
		Items []struct {
			ID, State string
			PID       int
		}
	}
	o.call(http.MethodGet, "/plugins", nil, &list)
	for _, p := range list.Items {
		if p.ID == emailPlugin && p.State == "ready" {
			return p.PID
		}
	}
	return 0
}

// crashPlugin ends the plugin's process at once, and waits for the next.
func (o *office) crashPlugin() {
	o.Helper()
	var old int
	o.eventually("the plugin's process", func() bool { old = o.pid(); return old > 0 })
	o.must(syscall.Kill(old, syscall.SIGKILL))
	o.eventually("another process of the plugin", func() bool { p := o.pid(); return p > 0 && p != old })
}

// crash ends the server at once, and starts it again.
func (o *office) crash() {
	o.Helper()
	o.server.Kill()
	o.start()
}

// send hands a mail to Postfix, as the world does. from is the envelope's; "" =
// a server's own.
func (o *office) send(from string, raw []byte) {
	o.Helper()
	if o.wire == nil {
		conn, err := (&net.Dialer{}).DialContext(o.Context(), "tcp", o.mail.SMTP)
		o.must(err)
		o.wire, err = smtp.NewClient(conn, "mx.shop.test")
		o.must(err)
		o.must(o.wire.Hello("world.test"))
		o.Cleanup(func() { _ = o.wire.Close() })
	}
	// Not o.wire.Mail, which asks for SMTPUTF8: Dovecot has none, and most mail does without.
	for _, line := range []string{"MAIL FROM:<" + from + "> BODY=8BITMIME", "RCPT TO:<" + mailcorpus.Mailbox + ">"} {
		id, err := o.wire.Text.Cmd("%s", line)
		o.must(err)
		o.wire.Text.StartResponse(id)
		_, _, err = o.wire.Text.ReadResponse(250)
		o.wire.Text.EndResponse(id)
		o.must(err)
	}
	w, err := o.wire.Data()
	o.must(err)
	_, err = w.Write(raw)
	if err := errors.Join(err, w.Close()); err != nil {
		o.Fatalf("Postfix does not take the mail: %v\n%.500s", err, raw)
	}
}

// talk is a conversation with what was written in it.
type talk struct {
	rig.Conversation
	Messages []message
}

// message is as much of a message as these tests read.
type message struct {
	ID, Text, Quoted, Delivery string
	Sender                     rig.Actor
	Elsewhere, Automatic       bool
	Trust                      struct{ Verdict string }
	Envelope                   *struct {
		From struct{ Address string }
	}
}

// talks reads the whole inbox.
func (o *office) talks() []talk {
	o.Helper()
	var out []talk
	for cursor := ""; ; {
		var list struct {
			Items []rig.Conversation
			Next  string `json:"next_cursor"`
		}
		o.call(http.MethodGet, "/conversations?state=any&sort=created_asc&limit=200&inbox="+o.inbox+"&cursor="+cursor, nil, &list)
		for _, c := range list.Items {
			out = append(out, talk{c, o.messages(c.ID)})
		}
		if cursor = list.Next; cursor == "" {
			return out
		}
	}
}

func (o *office) messages(conversation string) []message {
	o.Helper()
	var out []message
	for after := uint64(0); ; {
		var page struct {
			Items []struct {
				Seq     uint64
				Type    string
				Message *message
			}
			More bool `json:"has_more"`
		}
		o.call(http.MethodGet, fmt.Sprintf("/conversations/%s/timeline?limit=200&after=%d", conversation, after), nil, &page)
		for _, ch := range page.Items {
			if after = ch.Seq; ch.Type == "message.created" && ch.Message != nil {
				out = append(out, *ch.Message)
			}
		}
		if !page.More {
			return out
		}
	}
}

// sentAs is the Message-ID under which a message of ours left.
func (o *office) sentAs(conversation, id string) string {
	o.Helper()
	var sent string
	o.eventually("an answer", func() bool {
		var trace struct {
			Items []struct {
				ProviderID string `json:"provider_id"`
			}
		}
		o.call(http.MethodGet, "/conversations/"+conversation+"/messages/"+id+"/delivery", nil, &trace)
		for _, step := range trace.Items {
			if step.ProviderID != "" {
				sent = step.ProviderID
			}
		}
		return sent != ""
	})
	return sent
}

// sentFolder reads the Sent folder: the Reply-To of each mail, by Message-ID.
func (o *office) sentFolder() map[string]string {
	o.Helper()
	name, domain, _ := strings.Cut(mailcorpus.Mailbox, "@")
	files, err := filepath.Glob(filepath.Join(o.mail.Dir(), "mail", domain, name, ".Sent", "*", "*"))
	o.must(err)
	out := map[string]string{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil { // Dovecot has renamed it
			continue
		}
		if m := read.Read(raw, read.Limits{}); len(m.ReplyTo) == 1 {
			out[m.ID] = m.ReplyTo[0].Email
		}
	}
	return out
}
