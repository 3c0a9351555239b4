package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/message"
)

func textOf(s string) message.Content { return message.Text(s) }

const (
	one = "dlv_01HF0000000000000000000001"
	two = "dlv_01HF0000000000000000000002"
)

// talking is a desk with a customer who has written.
func talking(t *testing.T) (*desk, int) {
	t.Helper()
	d := newDesk(t, nil)
	n := d.bot.Write(telegramrig.User(42, "Alice"), map[string]any{"text": "hello"})
	d.came(1)
	return d, n
}

// An answer quotes what it answers, is changed, and is taken back.
func TestAnswer(t *testing.T) {
	d, n := talking(t)
	req := d.to("42", one, textOf("Hi *Alice* <b>&amp;</b>"))
	req.ReplyTo = d.host.Ingested()[0].ExternalID
	sent, err := d.plug.Send(req)
	if err != nil {
		t.Fatal(err)
	}
	m := d.bot.Sent()[0]
	if m.Text != req.Content.Text || m.ReplyTo != n || m.Chat != 42 || sent.MessageID == "" {
		t.Errorf("%+v as %+v", m, sent)
	}
	change := d.to("42", two, textOf("Hello Alice"))
	change.Act, change.Target = channel.Edit, sent.MessageID
	for range 2 { // the second one changes nothing
		if _, err := d.plug.Send(change); err != nil {
			t.Errorf("edit: %v", err)
		}
	}
	if m := d.bot.Sent()[0]; m.Text != "Hello Alice" || m.Edited != 1 {
		t.Errorf("changed to %+v", m)
	}
	change.Act = channel.Recall
	for range 2 { // what is gone is taken back
		if _, err := d.plug.Send(change); err != nil {
			t.Errorf("recall: %v", err)
		}
	}
	if m := d.bot.Sent()[0]; !m.Deleted {
		t.Errorf("it is %+v", m)
	}
	change.Act = channel.Edit
	if _, err := d.plug.Send(change); errs.As(err).Code != api.CodeGone {
		t.Errorf("an edit of what is gone: %v", err)
	}
	old, err := d.plug.Send(d.to("42", "dlv_01HF0000000000000000000003", textOf("old")))
	if err != nil {
		t.Fatal(err)
	}
	d.far.Pass(49 * time.Hour)
	change.Act, change.Target = channel.Recall, old.MessageID
	if _, err := d.plug.Send(change); errs.As(err).Code != api.CodeTooOld || errs.As(err).Source != errs.Rejected {
		t.Errorf("a recall after two days: %v", err)
	}
	if err := d.plug.Signal(channel.SignalRequest{Instance: d.in, Recipient: "42", Kind: channel.SignalTyping}); err != nil {
		t.Errorf("typing: %v", err)
	}
	if all := d.bot.Actions(); len(all) != 1 || all[0].Chat != 42 {
		t.Errorf("it showed %v", all)
	}
}

// Chatwoot #14389: files are uploaded as bytes, each as what it is; no address of
// ours is handed out.
func TestIssue14389FilesAreUploaded(t *testing.T) {
	d, _ := talking(t)
	send := func(delivery, name string, data []byte, mediaType string) telegramrig.Message {
		t.Helper()
		f := d.file(name, data)
		f.MediaType, f.Size = mediaType, int64(len(data))
		before := len(d.bot.Sent())
		if _, err := d.plug.Send(d.to("42", delivery, message.Content{Text: "look", Attachments: []message.Attachment{f}})); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all := d.bot.Sent()
		if len(all) != before+1 {
			t.Fatalf("%s: %d messages", name, len(all)-before)
		}
		return all[before]
	}
	for i, c := range []struct {
		name, mediaType, kind string
		data                  []byte
	}{
		{"cup.png", "image/png", "photo", picture(t, 4, 4)},
		{"long.png", "image/png", "document", picture(t, 1, 30)}, // no photo to Telegram
		{"torn.jpg", "image/jpeg", "document", []byte("no picture")},
		{"清单.pdf", "application/pdf", "document", []byte("%PDF-1.4")},
		{"note.ogg", "audio/ogg", "voice", []byte("OggS")},
		{"song.mp3", "audio/mpeg", "audio", []byte("ID3")},
		{"clip.mp4", "video/mp4", "video", []byte("....ftyp")},
		{"dance.gif", "image/gif", "animation", []byte("GIF89a")},
		{"page.html", "text/html; charset=utf-8", "document", []byte("<html>")},
	} {
		m := send("dlv_01HF000000000000000000001"+string(rune('0'+i)), c.name, c.data, c.mediaType)
		if m.Kind != c.kind || m.Filename != c.name || string(m.Data) != string(c.data) || m.Text != "look" {
			t.Errorf("%s came as %s %q with %d bytes, %q", c.name, m.Kind, m.Filename, len(m.Data), m.Text)
		}
	}
	large := d.file("large.zip", []byte("PK"))
	large.Size = 51 << 20
	if _, err := d.plug.Send(d.to("42", one, message.Content{Attachments: []message.Attachment{large}})); errs.As(err).Code != api.CodeTooLarge {
		t.Errorf("51 MB: %v", err)
	}
}

// A message of several parts: each is sent once, though one fails in between, and
// all of them are taken back.
func TestPartsAreSentOnce(t *testing.T) {
	d, _ := talking(t)
	content := message.Content{Text: strings.Repeat("🙂", 3000), Attachments: []message.Attachment{d.file("a.pdf", []byte("%PDF-a")), d.file("b.pdf", []byte("%PDF-b"))}}
	req := d.to("42", one, content)
	d.far.Fail("sendDocument", telegramrig.Fault{Status: http.StatusTooManyRequests, After: 3})
	_, err := d.plug.Send(req)
	if e := errs.As(err); e.Source != errs.FarSide || e.Code != errs.CodeRateLimited || e.RetryAfter != 3*time.Second {
		t.Fatalf("429: %v", err)
	}
	sent, err := d.plug.Send(req)
	if err != nil {
		t.Fatal(err)
	}
	all := d.bot.Sent()
	if len(all) != 4 || all[0].Text+all[1].Text != content.Text || string(all[2].Data) != "%PDF-a" || string(all[3].Data) != "%PDF-b" {
		t.Fatalf("%d messages", len(all))
	}
	req.Suspect = true
	if again, err := d.plug.Send(req); err != nil || again.MessageID != sent.MessageID || len(d.bot.Sent()) != 4 {
		t.Errorf("again: %+v, %v, %d messages", again, err, len(d.bot.Sent()))
	}
	change := d.to("42", two, textOf("short"))
	change.Act, change.Target = channel.Edit, sent.MessageID
	if _, err := d.plug.Send(change); errs.As(err).Code != "several_parts" {
		t.Errorf("an edit of two texts: %v", err)
	}
	change.Act = channel.Recall
	if _, err := d.plug.Send(change); err != nil {
		t.Error(err)
	}
	for _, m := range d.bot.Sent() {
		if !m.Deleted {
			t.Errorf("%d is still there", m.ID)
		}
	}
}

// What nobody saw the end of is in doubt; what certainly did not happen is tried
// again.
func TestDoubt(t *testing.T) {
	for what, c := range map[string]struct {
		fault   telegramrig.Fault
		source  errs.Source
		arrived int
	}{
		"cut after it was done": {telegramrig.Fault{Cut: true}, errs.InDoubt, 1},
		"a gateway's 502":       {telegramrig.Fault{Status: 502, Body: "<html>Bad Gateway</html>"}, errs.InDoubt, 0},
		"a gateway's 502, JSON": {telegramrig.Fault{Status: 502}, errs.InDoubt, 0},
		"no JSON at all":        {telegramrig.Fault{Status: 200, Body: "<html>"}, errs.InDoubt, 0},
		"Telegram's own 500":    {telegramrig.Fault{Status: 500}, errs.FarSide, 0},
		"a proxy's 403":         {telegramrig.Fault{Status: 403, Body: "<html>blocked</html>"}, errs.FarSide, 0},
		"slow down":             {telegramrig.Fault{Status: 429, After: 1}, errs.FarSide, 0},
	} {
		t.Run(what, func(t *testing.T) {
			d, _ := talking(t)
			d.far.Fail("sendMessage", c.fault)
			req := d.to("42", one, textOf("hello"))
			_, err := d.plug.Send(req)
			if e := errs.As(err); err == nil || e.Source != c.source || len(d.bot.Sent()) != c.arrived {
				t.Fatalf("%v, %d arrived", err, len(d.bot.Sent()))
			}
			if c.source == errs.InDoubt { // the core asks whether it arrived: nobody knows still
				req.Suspect = true
				if _, err := d.plug.Send(req); errs.As(err) == nil || errs.As(err).Source != errs.InDoubt || len(d.bot.Sent()) != c.arrived {
					t.Errorf("suspect: %v, %d arrived", err, len(d.bot.Sent()))
				}
			}
			req.Suspect = false // again, or because a person said so
			if _, err := d.plug.Send(req); err != nil || len(d.bot.Sent()) != c.arrived+1 {
				t.Errorf("again: %v, %d arrived", err, len(d.bot.Sent()))
			}
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		d, _ := talking(t)
		d.in = d.host.Connect(d.instance(map[string]any{"server": "http://127.0.0.1:1"}))
		if _, err := d.plug.Send(d.to("42", one, textOf("hello"))); errs.As(err).Source != errs.FarSide {
			t.Errorf("%v", err)
		}
	})
	t.Run("never begun", func(t *testing.T) {
		d, _ := talking(t)
		req := d.to("42", one, textOf("hello"))
		req.Suspect = true
		if _, err := d.plug.Send(req); err != nil || len(d.bot.Sent()) != 1 {
			t.Errorf("%v, %d arrived", err, len(d.bot.Sent()))
		}
	})
}

// What Telegram refuses is refused with a reason of its own.
func TestRefusals(t *testing.T) {
	d, _ := talking(t)
	bob := telegramrig.User(43, "Bob")
	d.bot.Write(bob, map[string]any{"text": "bye"})
	d.bot.Block(bob)
	for i, c := range []struct {
		recipient, text, code string
	}{
		{"43", "hello", api.CodeBlocked},
		{"99", "hello", errs.CodeInvalidRecipient},
		{"nobody", "hello", errs.CodeInvalidRecipient},
		{"42", "  ", errs.CodeBadRequest},
	} {
		_, err := d.plug.Send(d.to(c.recipient, "dlv_01HF000000000000000000001"+string(rune('0'+i)), textOf(c.text)))
		if e := errs.As(err); err == nil || e.Source != errs.Rejected || e.Code != c.code {
			t.Errorf("to %s: %v, want %s", c.recipient, err, c.code)
		}
	}
	place := message.Content{Location: &message.Location{Latitude: 31.2, Longitude: 121.5, Name: "Shop", Address: "Nanjing Road 1"}}
	if _, err := d.plug.Send(d.to("42", two, place)); err != nil || !strings.HasPrefix(d.bot.Sent()[0].Text, "Shop 31.2") {
		t.Errorf("a place: %v", err)
	}
}

func TestSplit(t *testing.T) {
	family := "👩\u200d👩\u200d👧"
	for _, text := range []string{
		"", "short", strings.Repeat("a", 4096), strings.Repeat("a", 4097), strings.Repeat("🙂", 4096), strings.Repeat(family, 1500),
		strings.Repeat("a word ", 2000), strings.Repeat("a line\r\n", 2000), strings.Repeat("e\u0301", 5000), strings.Repeat("🇨🇳", 3000), strings.Repeat("\u200d", 9000),
	} {
		all := split(text, api.MaxText)
		if strings.Join(all, "") != text {
			t.Errorf("%.10q: it is changed", text)
		}
		for i, piece := range all {
			if units(piece) > api.MaxText || piece == "" && len(all) > 1 {
				t.Errorf("%.10q: piece %d has %d units", text, i, units(piece))
			}
			if i > 0 && (strings.HasPrefix(piece, "\u0301") || strings.HasPrefix(piece, "\n") || strings.HasPrefix(piece, "\u200d") && !strings.HasPrefix(text, "\u200d")) {
				t.Errorf("%.10q: piece %d begins in the middle of a character", text, i)
			}
		}
	}
}
