package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/telegram/api"
	"github.com/patchbay-im/patchbay/plugins/telegram/telegramrig"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// A customer writes, presses, edits, blocks; the file comes when it is asked for.
func TestPolling(t *testing.T) {
	d := newDesk(t, nil)
	alice := telegramrig.User(42, "Alice")
	photo := picture(t, 3, 2)
	first := d.bot.Write(alice, map[string]any{"text": "/start summer"})
	n := d.bot.Write(alice, map[string]any{"caption": "broken cup", "photo": []any{
		map[string]any{"file_id": "small", "file_unique_id": "s", "width": 1, "height": 1, "file_size": 10},
		map[string]any{"file_id": d.bot.AddFile(photo, 0), "file_unique_id": "b", "width": 3, "height": 2, "file_size": len(photo)},
	}})
	d.bot.EditIn(telegramrig.Private(alice), alice, n, map[string]any{"caption": "broken blue cup", "photo": []any{map[string]any{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}}})
	d.bot.Press(alice, n, "yes")
	d.bot.Block(alice)
	all := d.came(5)
	if in := all[0]; in.Kind != channel.KindEvent || in.ExternalID != fmt.Sprintf("42:%d", first) || in.Sender.Attributes["start"] != "summer" {
		t.Errorf("/start came as %+v", in)
	}
	in := all[1]
	if in.ExternalID != fmt.Sprintf("42:%d", n) || in.Sender.ID != "42" || in.Sender.Name != "Alice" || in.Content.Text != "broken cup" || in.SentAt.IsZero() ||
		len(in.Content.Attachments) != 1 || in.Content.Attachments[0].MediaType != "image/jpeg" || in.Trust.Verdict != channel.Vouched {
		t.Errorf("the photo came as %+v", in)
	}
	if in := all[2]; in.Kind != channel.KindEdit || in.Target != all[1].ExternalID || in.Content.Text != "broken blue cup" || in.ExternalID == all[1].ExternalID {
		t.Errorf("the edit came as %+v", in)
	}
	if in := all[3]; in.Kind != channel.KindEvent || in.Content.Text != "Pressed a button: yes" {
		t.Errorf("the press came as %+v", in)
	}
	if in := all[4]; in.Kind != channel.KindEvent || !strings.Contains(in.Content.Text, "Blocked") {
		t.Errorf("the blocking came as %+v", in)
	}
	d.until("the press is acknowledged", func() bool { return d.bot.Waiting() == 0 })
	data, _, err := d.plug.FetchFile(d.in.ID, in.Content.Attachments[0].Fetch, 1<<20)
	if err != nil || string(data) != string(photo) {
		t.Errorf("the file: %d bytes, %v", len(data), err)
	}
	d.until("all is confirmed", func() bool { return d.bot.Pending() == 0 })
	if h := d.health(); h.State != instance.OK || h.Detail != "https://t.me/shop_bot" {
		t.Errorf("the account is %+v", h)
	}
}

// Nothing is confirmed that the core does not have.
func TestConfirmedAfterCommit(t *testing.T) {
	d := newDesk(t, nil)
	d.until("it polls", func() bool { return d.far.Calls("getUpdates") > 0 })
	d.host.RefuseNext("Ingest", host.CodeUnavailable)
	d.bot.Write(telegramrig.User(42, "Alice"), map[string]any{"text": "hello"})
	if in := d.came(1)[0]; in.Content.Text != "hello" {
		t.Errorf("it came as %+v", in)
	}
	d.until("it is confirmed", func() bool { return d.bot.Pending() == 0 })
	if len(d.host.Ingested()) != 1 {
		t.Errorf("%d came", len(d.host.Ingested()))
	}
}

// A file that Telegram does not hand out, and one that is gone, are refused with
// their reason.
func TestFilesThatCannotBeHad(t *testing.T) {
	d := newDesk(t, nil)
	for what, id := range map[string]string{api.CodeTooLarge: d.bot.AddFile([]byte("x"), 21<<20), api.CodeFileGone: "never-was"} {
		_, _, err := d.plug.FetchFile(d.in.ID, id, 1<<30)
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Chatwoot #13510: one person has one conversation, with no key of the far side's
// that could open another.
func TestIssue13510SingleThread(t *testing.T) {
	d := newDesk(t, nil)
	alice := telegramrig.User(42, "Alice")
	d.bot.Write(alice, map[string]any{"text": "one"})
	n := d.bot.Write(alice, map[string]any{"text": "two"})
	d.bot.Write(alice, map[string]any{"text": "three", "reply_to_message": map[string]any{"message_id": n, "date": 1, "chat": telegramrig.Private(alice), "text": "two"}})
	for _, in := range d.came(3) {
		if in.Sender.ID != "42" || in.Thread != "" {
			t.Errorf("%+v", in)
		}
	}
	if in := d.came(3)[2]; len(in.References) != 1 || in.References[0] != fmt.Sprintf("42:%d", n) || in.Content.Quoted != "> two" {
		t.Errorf("the reply came as %+v", in)
	}
}

// Chatwoot #3033: a group is left out with a word, or it is a customer of its own;
// what its members write never lands in their private conversations.
func TestIssue3033Groups(t *testing.T) {
	alice, bob, team := telegramrig.User(42, "Alice"), telegramrig.User(43, "Bob"), telegramrig.Group(-500, "Tea lovers")
	t.Run("ignored", func(t *testing.T) {
		d := newDesk(t, nil)
		d.until("it polls", func() bool { return d.far.Calls("getUpdates") > 0 })
		d.bot.Join(team, alice)
		d.bot.WriteIn(team, alice, map[string]any{"text": "hello all"})
		d.bot.Write(bob, map[string]any{"text": "private"})
		if in := d.came(1)[0]; in.Sender.ID != "43" {
			t.Errorf("%+v", in)
		}
		d.until("the group is told", func() bool { return len(d.bot.Sent()) == 1 })
		if m := d.bot.Sent()[0]; m.Chat != -500 || !strings.Contains(m.Text, "https://t.me/shop_bot") {
			t.Errorf("it was told %+v", m)
		}
		if len(d.host.Ingested()) != 1 {
			t.Errorf("%d came", len(d.host.Ingested()))
		}
	})
	t.Run("a conversation", func(t *testing.T) {
		d := newDesk(t, map[string]any{"groups": "conversation"})
		d.bot.WriteIn(team, alice, map[string]any{"text": "hello"})
		d.bot.WriteIn(team, bob, map[string]any{"text": "me too"})
		d.bot.WriteIn(team, bob, map[string]any{"new_chat_title": "Coffee"}) // says nothing
		grown := d.bot.Grow(team, -100500)
		d.bot.WriteIn(grown, alice, map[string]any{"text": "still here"})
		all := d.came(3)
		for i, want := range []string{"Alice hello", "Bob me too", "Alice still here"} {
			if in := all[i]; in.Sender.ID != "-500" || in.Sender.Name != "Tea lovers" || !in.Sender.Group || in.Member == nil || in.Member.Name+" "+in.Content.Text != want {
				t.Errorf("%+v", in)
			}
		}
		if all[0].Member.ID != "42" || all[1].Member.ID != "43" || all[2].Member.ID != "42" {
			t.Errorf("of %v, %v, %v", all[0].Member, all[1].Member, all[2].Member)
		}
		d.bot.EditIn(grown, bob, 2, map[string]any{"text": "me three"})
		d.bot.Join(grown, alice) // it was there: no news
		if in := d.came(4)[3]; in.Kind != channel.KindEdit || in.Member == nil || in.Member.ID != "43" || in.Content.Text != "me three" {
			t.Errorf("an edit came as %+v", in)
		}
		if sent, err := d.plug.Send(d.to("-500", "dlv_01HF0000000000000000000001", textOf("welcome"))); err != nil || !strings.HasPrefix(sent.MessageID, "-100500:") {
			t.Errorf("%+v, %v", sent, err)
		}
	})
}

// Zammad #2379: one person who writes to two bots is known to each by itself.
func TestZammad2379TwoBots(t *testing.T) {
	d := newDesk(t, nil)
	const other = "220201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
	second := d.far.AddBot(other, "second_bot")
	beside := d.host.Connect(instance.Instance{Config: d.config(nil), Secrets: instance.Secrets{"/token": other}})
	alice := telegramrig.User(42, "Alice")
	contact := map[string]any{"contact": map[string]any{"phone_number": "8613800138000", "first_name": "Alice", "user_id": 42}}
	d.bot.Write(alice, contact)
	second.Write(alice, contact)
	seen := map[string]string{}
	for _, in := range d.came(2) {
		seen[in.Instance] = in.Sender.ID
		if in.Sender.Phone != "" || in.Sender.Email != "" { // it would join contacts
			t.Errorf("%+v", in.Sender)
		}
	}
	if len(seen) != 2 || seen[d.in.ID] != "42" || seen[beside.ID] != "42" {
		t.Errorf("they came as %v", seen)
	}
}

// Telegram lets one ask for updates: another one is named in the account's state,
// and so is a webhook of another program, which is not touched.
func TestSomebodyElseReceives(t *testing.T) {
	d := newDesk(t, nil)
	d.until("it polls", func() bool { return d.far.Calls("getUpdates") > 0 })
	conflict := telegramrig.Fault{Status: http.StatusConflict}
	d.far.Fail("getUpdates", conflict, conflict, conflict)
	d.bot.Write(telegramrig.User(42, "Alice"), map[string]any{"text": "hello"}) // wakes it
	d.until("it is told", func() bool { return d.health().Code == api.CodeConflict })
	if h := d.health(); h.State != instance.Down || !strings.Contains(h.Detail, "Another program") {
		t.Errorf("the account is %+v", h)
	}
	d.until("it goes on", func() bool { return d.health().State == instance.OK && len(d.host.Ingested()) == 1 })

	far := telegramrig.Start(t)
	far.AddBot(token, "shop_bot")
	hook(t, far, "https://other.example/hook")
	d.host.Connect(d.instance(map[string]any{"server": far.URL}))
	d.until("it is told", func() bool { return strings.Contains(d.health().Detail, "webhook") })
	if far.Calls("deleteWebhook") != 0 {
		t.Error("another program's webhook was deleted")
	}
}

// hook sets a webhook as another program does.
func hook(t *testing.T, far *telegramrig.Server, url string) {
	t.Helper()
	resp, err := http.Get(far.URL + "/bot" + token + "/setWebhook?url=" + url) //nolint:noctx // of a test
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close() // it says true
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
}

// A token that is revoked is told at once.
func TestRevoked(t *testing.T) {
	d := newDesk(t, nil)
	d.until("it polls", func() bool { return d.far.Calls("getUpdates") > 0 })
	d.bot.Revoke()
	d.until("it is told", func() bool { return d.health().Code == errs.CodeAuthExpired })
	_, err := d.plug.Send(d.to("42", "dlv_01HF0000000000000000000001", textOf("hello")))
	if e := errs.As(err); e.Source != errs.FarSide || e.Code != errs.CodeAuthExpired {
		t.Errorf("sending: %v", err)
	}
}

// hooked is the inbox's address: what is posted to it goes to the plugin.
func (d *desk) hooked() (address string) {
	d.Helper()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(d.post(r).Status) //nolint:contextcheck // the plugin gets one of the core's
	}))
	d.Cleanup(web.Close)
	return web.URL + "/hooks/x/"
}

// post hands a request to the plugin.
func (d *desk) post(r *http.Request) channel.ReceiveResponse {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return channel.ReceiveResponse{Status: http.StatusBadRequest}
	}
	out, err := d.plug.Receive(channel.ReceiveRequest{Instance: d.in, Method: r.Method, Header: r.Header, Body: body})
	if out.Status == 0 {
		if out.Status = http.StatusOK; err != nil {
			out.Status = http.StatusServiceUnavailable
		}
	}
	return out
}

// What is posted comes in once and in order; a wrong secret, none, and rubbish are
// refused; switching there and back loses nothing.
func TestWebhook(t *testing.T) {
	d := newDesk(t, nil)
	alice := telegramrig.User(42, "Alice")
	d.bot.Write(alice, map[string]any{"text": "polled"})
	d.came(1)
	address := d.hooked()
	d.host.Connect(d.hookedInstance(address))
	for i := range 20 {
		d.bot.Write(alice, map[string]any{"text": fmt.Sprintf("posted %d", i)})
	}
	for i, in := range d.came(21)[1:] {
		if want := fmt.Sprintf("posted %d", i); in.Content.Text != want {
			t.Errorf("%q came, want %q", in.Content.Text, want)
		}
	}
	body := `{"update_id":1,"message":{"message_id":9000,"date":1700000000,"chat":{"id":42,"type":"private"},"from":{"id":42,"first_name":"Alice"},"text":"again"}}`
	for given, want := range map[string]int{"": 401, "wrong": 401, secret + "x": 401, secret: 200} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", given)
		if got := d.post(r); got.Status != want || (len(got.Messages) == 1) != (want == 200) {
			t.Errorf("with the secret %q: %d, %v", given, got.Status, got.Messages)
		}
	}
	for range 2 { // a replay, of an update that is old
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Telegram-Bot-Api-Secret-Token", secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", resp, err)
		}
		_ = resp.Body.Close() // it is empty
	}
	if n := len(d.host.Ingested()); n != 22 {
		t.Errorf("%d came", n)
	}
	d.host.Connect(d.instance(nil))
	d.bot.Write(alice, map[string]any{"text": "polled again"})
	if in := d.came(23)[22]; in.Content.Text != "polled again" {
		t.Errorf("it came as %+v", in)
	}
	if len(d.host.Ingested()) != 23 {
		t.Errorf("%d came", len(d.host.Ingested()))
	}
}

func (d *desk) hookedInstance(address string) instance.Instance {
	in := d.instance(map[string]any{"mode": "webhook"})
	in.Secrets["/webhook_url"] = address
	return in
}

// A process that is killed loses nothing, and repeats nothing.
func TestKilledWhilePolling(t *testing.T) {
	d := &desk{T: t, far: telegramrig.Start(t)}
	d.bot = d.far.AddBot(token, "shop_bot")
	d.host = plugintest.NewHost(t, plugintest.Manifest(manifest))
	d.in = d.host.Connect(d.instance(nil))
	program := plugintest.Build(t, ".")
	const many = 200
	write := func(from, to int) {
		for i := from; i < to; i++ {
			d.bot.Write(telegramrig.User(int64(42+i%3), "Alice"), map[string]any{"text": fmt.Sprintf("number %d", i)})
		}
	}
	written := 0
	for _, at := range []int{20, 70, 150} {
		write(written, at+30)
		written = at + 30
		p := plugintest.Process(t, d.host, program)
		d.until("it reads on", func() bool { return len(d.host.Ingested()) >= at })
		p.Kill()
	}
	write(written, many)
	plugintest.Process(t, d.host, program)
	last := map[string]int{}
	for _, in := range d.came(many) {
		var n int
		if _, err := fmt.Sscanf(in.Content.Text, "number %d", &n); err != nil {
			t.Fatal(err)
		}
		if before, ok := last[in.Sender.ID]; ok && n != before+3 {
			t.Errorf("%s: %d comes after %d", in.Sender.ID, n, before)
		}
		last[in.Sender.ID] = n
	}
	d.until("all is confirmed", func() bool { return d.bot.Pending() == 0 })
	if n := len(d.host.Ingested()); n != many {
		t.Errorf("%d came", n)
	}
}

// Two processes of the installation ask in turn, never both.
func TestOneOfSeveralPolls(t *testing.T) {
	d := newDesk(t, nil)
	d.until("it polls", func() bool { return d.far.Calls("getUpdates") > 0 })
	other := plugintest.InProcess(t, d.host, plugin())
	d.bot.Write(telegramrig.User(42, "Alice"), map[string]any{"text": "one"})
	d.came(1)
	if h := d.health(); h.State != instance.OK {
		t.Errorf("the account is %+v", h)
	}
	if code := d.plug.Stop(10 * time.Second); code != 0 {
		t.Fatalf("it ends with %d", code)
	}
	d.bot.Write(telegramrig.User(42, "Alice"), map[string]any{"text": "two"})
	d.came(2)
	_ = other
}
