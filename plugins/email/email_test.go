package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/email/address"
	"github.com/patchbay-im/patchbay/plugins/email/compose"
	"github.com/patchbay-im/patchbay/plugins/email/endpoint"
	"github.com/patchbay-im/patchbay/plugins/email/mailbox"
	"github.com/patchbay-im/patchbay/plugins/email/mailrig"
	"github.com/patchbay-im/patchbay/plugins/email/message"
	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	said "github.com/patchbay-im/patchbay/sdk/message"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

const (
	care  = "care@" + mailrig.Domain
	alice = "alice@" + mailrig.Domain
)

// desk is the plugin with a mailbox on real servers.
type desk struct {
	*testing.T
	rig  *mailrig.Rig
	host *plugintest.Host
	plug *plugintest.Plugin
	in   instance.Instance
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{T: t, rig: mailrig.Start(t, mailrig.Options{Postfix: true})}
	for _, who := range []string{care, alice} {
		if err := d.rig.Account(t.Context(), who, "secret"); err != nil {
			t.Fatal(err)
		}
	}
	d.host = plugintest.NewHost(t, plugintest.Manifest(manifest))
	d.in = d.host.Connect(instance.Instance{Config: d.config(nil), Secrets: instance.Secrets{"/password": "secret"}})
	d.plug = plugintest.InProcess(t, d.host, sdk.Plugin{Manifest: manifest, Channel: open})
	d.until("it knows from where to read", func() bool {
		for key := range d.host.State(d.in.ID) {
			if strings.HasPrefix(key, "place/") && strings.Contains(strings.ToUpper(key), "INBOX") {
				return true
			}
		}
		return false
	})
	return d
}

func (d *desk) config(change map[string]any) json.RawMessage {
	d.Helper()
	config := map[string]any{
		"address": care, "name": "{agent} · Shop", "provider": "other", "incoming": d.rig.IMAPS, "outgoing": d.rig.Submissions,
		"security": "tls", "certificates": d.rig.Certificate(),
	}
	maps.Copy(config, change)
	out, err := json.Marshal(config)
	if err != nil {
		d.Fatal(err)
	}
	return out
}

// until waits for what the plugin or a server does by itself.
func (d *desk) until(what string, is func() bool) {
	d.Helper()
	end := time.Now().Add(time.Minute) // beside other suites
	for !is() {
		if time.Now().After(end) {
			d.Fatalf("not in time: %s\n%s\n%s", what, d.rig.Log(), d.host.Logs())
		}
		select {
		case <-d.Context().Done():
			d.Fatal(d.Context().Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// write sends a mail from the world to the mailbox, through Postfix.
func (d *desk) write(from string, raw []byte) {
	d.Helper()
	c, err := smtp.Dial(d.rig.SMTP)
	if err != nil {
		d.Fatal(err)
	}
	defer c.Close() //nolint:errcheck // Quit says it
	if err := c.Mail(from); err != nil {
		d.Fatal(err)
	}
	if err := c.Rcpt(care); err != nil {
		d.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		d.Fatal(err)
	}
	if _, err := w.Write(raw); err != nil {
		d.Fatal(err)
	}
	if err := w.Close(); err != nil {
		d.Fatal(err)
	}
	if err := c.Quit(); err != nil {
		d.Fatal(err)
	}
}

// mail writes one.
func (d *desk) mail(m compose.Mail) []byte {
	d.Helper()
	if m.Date.IsZero() {
		m.Date = time.Now()
	}
	written, err := compose.Write(m)
	if err != nil {
		d.Fatal(err)
	}
	return written.Raw
}

// came waits until so many items have come, and returns them.
func (d *desk) came(n int) []channel.Inbound {
	d.Helper()
	d.until(fmt.Sprintf("%d items", n), func() bool { return len(d.host.Ingested()) >= n })
	return d.host.Ingested()
}

// inboxOf reads what a person has got.
func (d *desk) inboxOf(who string, n int) []*message.Message {
	d.Helper()
	d.until(who+" gets mail", func() bool {
		s, err := d.rig.Status(d.Context(), who, "INBOX")
		return err == nil && s.Messages >= n
	})
	var out []*message.Message
	ctx, cancel := context.WithCancel(d.Context())
	defer cancel()
	reader, err := mailbox.New(mailbox.Config{
		Protocol: mailbox.IMAP, Server: d.rig.Server(d.rig.IMAPS, endpoint.TLS),
		Credentials: endpoint.Credentials{Username: who, Password: "secret"}, Dial: mailrig.Dial, Cursors: noCursors{}, Now: time.Now,
		Since: time.Now().Add(-time.Hour),
		Handle: func(_ context.Context, raw *mailbox.Raw) error {
			var data bytes.Buffer
			if _, err := data.ReadFrom(raw.Open()); err != nil {
				return err
			}
			if out = append(out, message.Read(data.Bytes(), message.Limits{})); len(out) == n {
				cancel()
			}
			return nil
		},
	})
	if err != nil {
		d.Fatal(err)
	}
	if err := reader.Run(ctx); err != nil {
		d.Fatal(err)
	}
	return out
}

// A customer writes, an agent answers with a file and a copy, the customer's
// answer names the delivery that it answers.
func TestConversation(t *testing.T) {
	d := newDesk(t)
	d.write(alice, d.mail(compose.Mail{
		ID: "first@world.test", From: address.Address{Name: "Alice 王", Email: alice}, To: []address.Address{{Email: care}}, Subject: "订单 42",
		Text: "Where is it?\n", HTML: `<p>Where is it? <img src="cid:pic@world.test"></p>`,
		Inline:      []message.File{{Name: "pic.png", Type: "image/png", ContentID: "pic@world.test", Data: []byte("\x89PNG\r\n\x1a\n0000")}},
		Attachments: []message.File{{Name: "清单.txt", Type: "text/plain", Data: []byte("two cups")}},
	}))
	in := d.came(1)[0]
	if in.ExternalID != "first@world.test" || in.Sender.ID != alice || in.Sender.Name != "Alice 王" || in.Sender.Email != alice || in.Content.Text != "Where is it?" ||
		!strings.Contains(in.Content.HTML, "cid:pic@world.test") || in.Content.Envelope.Subject != "订单 42" || in.Trust.Verdict != channel.Unverified ||
		in.Automatic || in.NoReply || in.Echo || in.Answers != "" {
		t.Errorf("it came as %+v", in)
	}
	files := in.Content.Attachments
	if len(files) != 3 || files[0].ContentID != "pic@world.test" || files[1].Filename != "清单.txt" || !files[2].Original {
		t.Fatalf("its files: %+v", files)
	}
	file := d.host.AddFile(d.host.AddConversation(conversationOf(d.in.ID)), "label.pdf", []byte("%PDF-1.4"))
	answer := channel.SendRequest{
		Instance: d.in, DeliveryID: "dlv_01HF0000000000000000000001", ConversationID: "cnv_01HF0000000000000000000002", Recipient: alice,
		Content: said.Content{
			Text: "On its way.\n谢谢", Attachments: []said.Attachment{file},
			Envelope: &said.Envelope{Subject: "Re: 订单 42", To: []said.Party{{Address: alice, Name: "Alice"}}, CC: []said.Party{{Address: "x@" + mailrig.LaterDomain}}},
		},
		Author: said.AuthorAgent, AuthorName: "Bob", References: []string{"first@world.test"},
	}
	sent, err := d.plug.Send(answer)
	if err != nil || !strings.HasSuffix(sent.MessageID, "@"+mailrig.Domain) {
		t.Fatalf("%+v, %v", sent, err)
	}
	got := d.inboxOf(alice, 1)[0]
	if got.ID != sent.MessageID || got.From[0].Name != "Bob · Shop" || got.From[0].Email != care || got.Subject != "Re: 订单 42" || len(got.Cc) != 1 ||
		len(got.InReplyTo) != 1 || got.InReplyTo[0] != "first@world.test" || !strings.HasPrefix(got.Text, "On its way.\n谢谢") ||
		len(got.Attachments) != 1 || got.Attachments[0].Name != "label.pdf" {
		t.Errorf("she got %+v", got)
	}
	// The same delivery after a crash is not sent again.
	answer.Suspect = true
	if again, err := d.plug.Send(answer); err != nil || again.MessageID != sent.MessageID {
		t.Errorf("%+v, %v", again, err)
	}
	d.until("it is filed", func() bool {
		s, err := d.rig.Status(t.Context(), care, "Sent")
		return err == nil && s.Messages == 1
	})
	d.write(alice, d.mail(compose.Mail{
		ID: "second@world.test", From: address.Address{Email: alice}, To: []address.Address{{Email: care}}, Subject: "something else", Text: "Thanks!\n",
		InReplyTo: sent.MessageID,
	}))
	reply := d.came(2)[1]
	if reply.Answers != answer.DeliveryID || reply.Content.Text != "Thanks!" || reply.References[len(reply.References)-1] != sent.MessageID {
		t.Errorf("her answer came as %+v", reply)
	}
	if s, err := d.rig.Status(t.Context(), alice, "INBOX"); err != nil || s.Messages != 1 {
		t.Errorf("she has %+v, %v", s, err)
	}
	// Somebody wants it sent again; a crash in that does not send it a third time.
	for _, suspect := range []bool{false, true} {
		answer.Suspect = suspect
		if again, err := d.plug.Send(answer); err != nil || again.MessageID != sent.MessageID {
			t.Errorf("%+v, %v", again, err)
		}
	}
	if got := d.inboxOf(alice, 2); len(got) != 2 || got[1].ID != sent.MessageID {
		t.Errorf("she has %d", len(got))
	}
}

// What comes back, what a machine wrote, what a colleague sent from elsewhere,
// and who pretends.
func TestWhatIsNoQuestion(t *testing.T) {
	d := newDesk(t)
	sent, err := d.plug.Send(channel.SendRequest{
		Instance: d.in, DeliveryID: "dlv_01HF0000000000000000000001", ConversationID: "cnv_01HF0000000000000000000002",
		Recipient: "nobody@" + mailrig.Domain, Content: said.Text("hello"),
	})
	if err == nil { // Postfix may find out later that there is nobody
		status := d.came(1)[0]
		if status.Kind != channel.KindStatus || status.Status.State != channel.Failed || status.DeliveryID != "dlv_01HF0000000000000000000001" || status.Target != sent.MessageID {
			t.Errorf("the bounce came as %+v", status)
		}
	} else if e := errs.As(err); e.Source != errs.Rejected {
		t.Errorf("a refused recipient: %v", err)
	}
	before := len(d.host.Ingested())
	out := append([]byte("Auto-Submitted: auto-replied\r\n"), d.mail(compose.Mail{
		ID: "away@world.test", From: address.Address{Email: alice}, To: []address.Address{{Email: care}}, Subject: "Out of office", Text: "I am away.\n",
	})...)
	d.write(alice, out)
	if in := d.came(before + 1)[before]; !in.Automatic || !in.NoReply || in.Content.Text != "I am away." {
		t.Errorf("an absence came as %+v", in)
	}
	d.write("evil@world.test", d.mail(compose.Mail{
		ID: "forged@world.test", From: address.Address{Email: care}, To: []address.Address{{Email: care}}, Subject: "boss", Text: "Pay this.\n",
		InReplyTo: strings.Replace(sent.MessageID, "0", "1", 1),
	}))
	if in := d.came(before + 2)[before+1]; in.Echo || in.Answers != "" || !in.NoReply || in.Trust.Verdict == channel.Verified || in.Sender.ID != care {
		t.Errorf("a forged colleague came as %+v", in)
	}
	// Another mail under a Message-ID that is known is not lost.
	d.write(alice, d.mail(compose.Mail{
		ID: "away@world.test", From: address.Address{Email: alice}, To: []address.Address{{Email: care}}, Subject: "Scan", Text: "Page two.\n",
	}))
	if in := d.came(before + 3)[before+2]; in.Content.Text != "Page two." || in.ExternalID == "away@world.test" {
		t.Errorf("a repeated id came as %+v", in)
	}
	d.file(d.mail(compose.Mail{
		ID: "phone@shop.test", From: address.Address{Name: "Bob", Email: care}, To: []address.Address{{Email: alice}}, Subject: "Re: hi", Text: "From my phone.\n",
		InReplyTo: "first@world.test",
	}))
	if err := d.rig.Kick(t.Context(), care); err != nil { // else it is looked for after half a minute
		t.Fatal(err)
	}
	if in := d.came(before + 4)[before+3]; !in.Echo || in.Recipient != alice || in.Content.Text != "From my phone." || in.Sender.ID != care {
		t.Errorf("a colleague's mail came as %+v", in)
	}
}

// The reader goes on where it was: a process that is killed loses nothing and
// repeats nothing.
func TestKilledInBetween(t *testing.T) {
	d := newDesk(t)
	program := plugintest.Build(t, ".")
	if code := d.plug.Stop(10 * time.Second); code != 0 {
		t.Fatalf("it ends with %d", code)
	}
	const many = 60
	for i := range many {
		raw := d.mail(compose.Mail{
			ID: fmt.Sprintf("n%d@world.test", i), From: address.Address{Email: alice}, To: []address.Address{{Email: care}}, Subject: "n", Text: fmt.Sprintf("number %d\n", i),
		})
		if err := d.rig.Deliver(t.Context(), alice, care, raw); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int{7, 23, 41} {
		p := plugintest.Process(t, d.host, program)
		d.until("it reads on", func() bool { return len(d.host.Ingested()) >= at })
		p.Kill()
	}
	plugintest.Process(t, d.host, program)
	for i, in := range d.came(many) {
		if want := fmt.Sprintf("number %d", i); in.Content.Text != want {
			t.Errorf("%d: %q", i, in.Content.Text)
		}
	}
	if n := len(d.host.Ingested()); n != many {
		t.Errorf("%d came", n)
	}
}

// A wrong password, a wrong port and a wrong certificate are said where they are
// mended.
func TestValidateConfig(t *testing.T) {
	d := newDesk(t)
	for what, c := range map[string]struct {
		change   map[string]any
		password string
		pointers string
	}{
		"right":                  {nil, "secret", ""},
		"a wrong password":       {nil, "wrong", "/password"},
		"no password":            {nil, "", "/password"},
		"nobody listens":         {map[string]any{"incoming": "127.0.0.1:1"}, "secret", "/incoming"},
		"no server":              {map[string]any{"outgoing": ""}, "secret", "/outgoing"},
		"the wrong protocol":     {map[string]any{"outgoing": d.rig.IMAPS}, "secret", "/outgoing"},
		"another's certificate":  {map[string]any{"certificates": ""}, "secret", "/incoming /outgoing"},
		"no certificate":         {map[string]any{"certificates": "hello"}, "secret", "/certificates"},
		"a password of the past": {map[string]any{"provider": "microsoft"}, "secret", "/password"},
	} {
		var got []string
		for _, p := range d.plug.Validate(instance.ValidateConfigRequest{
			Config: d.config(c.change), Secrets: instance.Secrets{"/password": c.password}, Probe: true, Locale: "en",
		}) {
			got = append(got, p.Pointer)
			t.Logf("%s: %s %s", what, p.Pointer, p.Message)
		}
		if strings.Join(got, " ") != c.pointers {
			t.Errorf("%s: %q, want %q", what, got, c.pointers)
		}
	}
}
