package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/sdk"
	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/plugintest"
)

// asking is an inbox whose messages are fetched from a list.
type asking struct {
	*door
	far *listing
}

func newAsking(t *testing.T, config map[string]any) *asking {
	t.Helper()
	a := &asking{far: newListing(t), door: &door{TB: t, host: plugintest.NewHost(t, plugintest.Manifest(manifest)), at: time.Now()}}
	a.in = a.host.Connect(a.far.inbox(t, config))
	a.p = newPlugin(a.host.Env(), time.Now)
	a.p.fast = 10 * time.Millisecond
	t.Cleanup(func() {
		if _, err := a.p.Drain(t.Context(), instance.DrainRequest{}); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	a.configure()
	return a
}

func (a *asking) configure() {
	a.Helper()
	if _, err := a.p.Configure(a.Context(), instance.ConfigureRequest{Instance: a.in}); err != nil {
		a.Fatal(err)
	}
}

// until waits for what happens by itself.
func (a *asking) until(what string, is func() bool) {
	a.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			a.Fatalf("not in time: %s; health %+v", what, a.health())
		}
	}
}

func (a *asking) health() instance.Health {
	a.Helper()
	got, err := a.p.CheckHealth(a.Context(), instance.CheckHealthRequest{Instance: a.in})
	if err != nil {
		a.Fatal(err)
	}
	return got.Health
}

// texts are those that came, in their order.
func (a *asking) texts() []string {
	var out []string
	for _, in := range a.host.Ingested() {
		out = append(out, in.Content.Text)
	}
	return out
}

func said1(id, text string) row {
	return row{ID: id, Who: map[string]any{"id": "u-1"}, Text: text}
}

// polledView is what the page shows of fetching.
type polledView struct {
	Polled *struct {
		Cursor  string
		Round   *Round
		Refused Refused
	}
	Posts   bool
	Traffic []struct {
		What, Code string
		Status     int
		Fetched    bool
		Items      []struct{ ID, Code string }
	}
}

func (a *asking) view() polledView {
	a.Helper()
	var got polledView
	if err := a.call("overview", posted{}, &got); err != nil {
		a.Fatal(err)
	}
	return got
}

// TestRefusedItems: what the form cannot read does not hold up the rest, is
// counted, listed and told, and comes when the form is mended and it starts over.
func TestRefusedItems(t *testing.T) {
	a := newAsking(t, map[string]any{"map_text": "text"})
	a.far.add(said1("1", "one"), said1("2", ""), said1("3", "three"), row{ID: "4", Text: "nobody"}, said1("5", "five"))
	a.until("the good ones come", func() bool { return strings.Join(a.texts(), " ") == "one three five" })
	a.until("health tells", func() bool { return a.health().Code == codeRefused })
	if h := a.health(); h.State != instance.Degraded || !strings.Contains(h.Detail, "2 messages") {
		t.Errorf("%+v", h)
	}
	a.until("the page tells", func() bool { v := a.view(); return v.Polled.Cursor == "5" && v.Polled.Refused.Total == 2 })
	view := a.view()
	if r := view.Polled.Refused; r.Items[0].ID != "4" || r.Items[0].Field != "/sender/id" || r.Items[1].ID != "2" || r.Items[1].Field != "/text" || view.Posts {
		t.Errorf("%+v", view)
	}
	if e := view.Traffic[0]; !e.Fetched || e.What != "GET /list" || e.Status != 200 || e.Items[0].Code == "" {
		t.Errorf("%+v", e)
	}
	for _, value := range a.host.State(a.in.ID) {
		if strings.Contains(string(value), "nobody") || strings.Contains(string(value), listingToken) {
			t.Errorf("it keeps %s", value)
		}
	}
	a.in.Config = []byte(strings.Replace(string(a.in.Config), `"map_text":"text"`, `"map_text":"Said: {{text}}"`, 1))
	a.in.Revision++
	a.configure()
	a.until("the mended form is well", func() bool { return a.health() == instance.Health{} })
	var nothing struct{}
	if err := a.call("restart", posted{}, &nothing); err != nil {
		t.Fatal(err)
	}
	a.until("what could not be read comes", func() bool { return len(a.texts()) == 4 })
	if got := a.texts(); got[3] != "Said: " {
		t.Errorf("%q", got)
	}
	a.until("the other one is told again", func() bool { v := a.view(); return v.Polled.Refused.Total == 1 && v.Polled.Cursor == "5" })
}

// TestStartsWithTheInbox: what is written while a system does not answer for the
// first time is not missed by a cursor that is a time.
func TestStartsWithTheInbox(t *testing.T) {
	a := newAsking(t, map[string]any{"poll_url": "/list?after=0&limit=9&t={{cursor}}", "poll_cursor": "time", "poll_start": "", "poll_overlap_s": 0})
	a.p.forget(a.in.ID)
	if err := (stand{a.p.env.State(a.in.ID)}).restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.far.behave(http.StatusServiceUnavailable, "")
	begun := time.Now()
	a.configure()
	asked := a.far.requests()
	a.until("it is asked in vain", func() bool { return a.far.requests() > asked+1 })
	if at, err := time.Parse(time.RFC3339Nano, a.view().Polled.Cursor); err != nil || at.Before(begun.Add(-time.Second)) || at.After(time.Now()) {
		t.Errorf("it starts at %v", a.view().Polled.Cursor)
	}
	first := a.view().Polled.Cursor
	a.until("it is asked again", func() bool { return a.far.requests() > asked+2 })
	if now := a.view().Polled.Cursor; now != first {
		t.Errorf("the start moved from %s to %s", first, now)
	}
}

// TestSameForEver: a system that ignores the cursor costs requests and nothing
// else: its messages come once, and the log is not flooded.
func TestSameForEver(t *testing.T) {
	a := newAsking(t, map[string]any{"poll_url": "/list?limit=9&ignored={{cursor}}"})
	a.far.add(said1("1", "one"), said1("2", "two"))
	a.until("many rounds", func() bool { return a.far.requests() > 12 })
	if got := a.texts(); strings.Join(got, " ") != "one two" {
		t.Errorf("%q", got)
	}
	a.until("a round is over", func() bool { r := a.view().Polled.Round; return r != nil && r.Again == 2 && r.Taken == 0 })
	if n := len(a.view().Traffic); n > 2 {
		t.Errorf("%d entries", n)
	}
}

// TestNewestFirstPolled: pages of a list that begins with the newest come in the
// order in which they were written.
func TestNewestFirstPolled(t *testing.T) {
	for name, config := range map[string]map[string]any{
		"whole":  {"poll_url": "/list?order=newest&limit=4&page={{page}}", "poll_cursor": "none", "poll_order": "newest"},
		"cursor": {"poll_url": "/list?order=newest&limit=4&page={{page}}&after={{cursor}}", "poll_order": "newest"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAsking(t, config)
			var want []string
			for round := range 3 {
				rows := make([]row, 10)
				for i := range rows {
					word := fmt.Sprintf("w%d", 10*round+i)
					rows[i], want = said1(word, word), append(want, word)
				}
				a.far.add(rows...)
				a.until("they come", func() bool { return len(a.texts()) == len(want) })
			}
			if got := a.texts(); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestDirections: a list with both sides of a talk: what staff wrote is an echo,
// what nobody wrote is left out.
func TestDirections(t *testing.T) {
	a := newAsking(t, map[string]any{
		"map_direction": "dir", "map_staff": "Agent, out", "map_skip": "system", "map_author": "who.name", "map_recipient": "who.to", "map_delivery": "who.ours",
	})
	a.far.add(
		row{ID: "1", Who: map[string]any{"id": "u-1"}, Text: "hello", Dir: "in"},
		row{ID: "2", Who: map[string]any{"id": "a-9", "to": "u-1", "name": "Mei", "ours": "dlv_1"}, Text: "good day", Dir: "AGENT"},
		row{ID: "3", Who: map[string]any{"id": "x"}, Text: "Mei joined", Dir: "system"},
		row{ID: "4", Who: map[string]any{"id": "u-1"}, Text: "still there?", Dir: "of a kind nobody named"},
	)
	a.until("they come", func() bool { return len(a.host.Ingested()) == 3 })
	got := a.host.Ingested()
	if e := got[1]; !e.Echo || e.Recipient != "u-1" || e.Sender.Name != "Mei" || e.Sender.ID != "" || e.DeliveryID != "dlv_1" || got[0].Echo || got[2].Echo {
		t.Errorf("%+v", got)
	}
	a.until("the round is told", func() bool { return a.view().Polled.Refused.Total == 0 && a.health() == instance.Health{} })
}

// late is a core in which an answer to u-1 is on its way.
type late struct {
	sdk.Host
	way *atomic.Bool
}

// Ingest does as the core does with what may be the answer.
func (l late) Ingest(ctx context.Context, all ...channel.Inbound) error {
	for _, in := range all {
		if in.Echo && in.Recipient == "u-1" && l.way.Load() {
			return errs.Unavailable(nil, "something of this conversation is on its way").WithCode("echo_pending")
		}
		if err := l.Host.Ingest(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

// TestEchoWaits: an echo that may be an answer on its way holds nobody else up,
// and comes when that is known.
func TestEchoWaits(t *testing.T) {
	var way atomic.Bool
	way.Store(true)
	a := newAsking(t, map[string]any{"map_direction": "dir", "map_staff": "out"})
	a.p.forget(a.in.ID)
	a.p.env.Host = late{a.p.env.Host, &way}
	a.configure()
	a.far.add(said1("1", "one"), row{ID: "2", Who: map[string]any{"id": "u-1"}, Text: "an answer", Dir: "out"}, said1("3", "three"), said1("4", "four"), said1("5", "five"))
	a.until("the others come", func() bool { return len(a.texts()) == 4 })
	a.until("the page tells", func() bool { r := a.view().Polled.Round; return r != nil && r.Waiting == 1 })
	if h := a.health(); h != (instance.Health{}) {
		t.Errorf("nothing is wrong: %+v", h)
	}
	way.Store(false)
	a.until("it comes", func() bool { return len(a.texts()) == 5 })
	a.until("the cursor moves", func() bool { return a.view().Polled.Cursor == "5" })
}

// TestStandardList: a list in the guide's shape needs no mapping; who is written
// to says that the company wrote.
func TestStandardList(t *testing.T) {
	d := &door{TB: t, host: plugintest.NewHost(t, plugintest.Manifest(manifest)), at: time.Now()}
	d.in = d.host.Connect(newListing(t).inbox(t, map[string]any{"shape": "standard"}))
	var c config
	if err := d.in.Decode(&c); err != nil {
		t.Fatal(err)
	}
	made, problems := planned(c, wordsIn(""))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var items []any
	if err := json.Unmarshal([]byte(`[{"id":"m","sender":{"id":"u"},"text":"hi"},{"id":"e","recipient":"u","text":"good day"},{"id":"x","sender":{"id":"u"},"texd":"hi"},7]`), &items); err != nil {
		t.Fatal(err)
	}
	got := made.read(items)
	if got[0].kind != "messages" || got[0].fault != nil || got[1].kind != "echoes" || got[1].fault != nil || got[2].fault == nil || got[2].fault.Field != "/texd" || got[3].fault == nil {
		t.Errorf("%+v", got)
	}
}

// TestPolledTrouble: what a system answers says how the inbox fares; it is asked
// less often then, and well again when it answers.
func TestPolledTrouble(t *testing.T) {
	a := newAsking(t, nil)
	a.far.add(said1("1", "one"))
	a.until("it comes", func() bool { return len(a.texts()) == 1 })
	for status, want := range map[int]instance.Health{
		http.StatusUnauthorized: {State: instance.Down, Code: errs.CodeAuthExpired}, http.StatusForbidden: {State: instance.Down, Code: errs.CodeAuthExpired},
		http.StatusServiceUnavailable: {State: instance.Degraded, Code: errs.CodeUnavailable}, http.StatusNotFound: {State: instance.Down, Code: errs.CodeBadRequest},
	} {
		a.far.behave(status, "")
		a.until(http.StatusText(status), func() bool { h := a.health(); return h.State == want.State && h.Code == want.Code })
		if a.view().Traffic[0].Code != want.Code {
			a.until("it is in the log", func() bool { return a.view().Traffic[0].Code == want.Code })
		}
		a.far.behave(0, "")
		a.configure()
		a.until("it is well", func() bool { return a.health() == instance.Health{} })
	}
	a.far.behave(http.StatusTooManyRequests, "3600")
	a.until("it is busy", func() bool { return a.health().Code == errs.CodeRateLimited })
	if got := pauseAfter(1, 10*time.Second, errs.RateLimited(time.Hour, "")); got != time.Hour {
		t.Errorf("asked for a pause: %v", got)
	}
	for n, want := range map[int]time.Duration{0: 10 * time.Second, 1: 10 * time.Second, 2: 20 * time.Second, 20: 15 * time.Minute} {
		if got := pauseAfter(n, 10*time.Second, errs.Unavailable(nil, "")); got != want {
			t.Errorf("after %d failures %v", n, got)
		}
	}
	if got := pauseAfter(5, time.Hour, nil); got != time.Hour {
		t.Errorf("never more often than the form says: %v", got)
	}
}

// TestProbe: Test in the form names the field that has to be mended, and takes
// nothing; the page shows what comes of the first items.
func TestProbe(t *testing.T) {
	a := newAsking(t, map[string]any{"poll_every_s": 3600})
	a.far.add(said1("1", "one"))
	a.until("it comes", func() bool { return len(a.texts()) == 1 })
	probe := func(in instance.Instance) string {
		got, err := a.p.ValidateConfig(t.Context(), instance.ValidateConfigRequest{Config: in.Config, Secrets: in.Secrets, Probe: true})
		if err != nil || len(got.Problems) > 1 {
			t.Fatal(got, err)
		}
		if len(got.Problems) == 0 {
			return ""
		}
		if one := got.Problems[0]; one.Message == "" || strings.Contains(one.Message, listingToken) {
			t.Errorf("%+v", one)
		}
		return got.Problems[0].Pointer
	}
	for pointer, config := range map[string]map[string]any{
		"": {}, "/poll_items": {"poll_items": "/nowhere"}, "/poll_cursor_at": {"poll_cursor_at": "no"}, "/map_sender": {"map_sender": "who.no"},
		"/map_text": {"map_text": "no"}, "/poll_url": {"poll_url": "/nowhere?{{cursor}}"}, "/map_id": {"map_id": "no"},
	} {
		if got := probe(a.far.inbox(t, config)); got != pointer {
			t.Errorf("%s: %q", pointer, got)
		}
	}
	in := a.far.inbox(t, nil)
	in.Secrets = nil
	if got := probe(in); got != "/authorization" {
		t.Errorf("signed out: %q", got)
	}
	a.p.forget(a.in.ID) // nobody fetches now
	made, _ := planned(decoded(t, a.in), wordsIn(""))
	made.in = a.in
	a.far.add(said1("2", "two"), said1("3", ""))
	got, err := sandbox{p: a.p}.fetch(t.Context(), made, posted{})
	if err != nil {
		t.Fatal(err)
	}
	encoded, _ := json.Marshal(got)
	var shown struct {
		Count   int
		Cursor  string
		Results []struct {
			Message struct{ Text string }
			Error   *struct{ Field string }
		}
	}
	if err := json.Unmarshal(encoded, &shown); err != nil || shown.Count != 2 || shown.Cursor != "3" || shown.Results[0].Message.Text != "two" || shown.Results[1].Error.Field != "/text" {
		t.Errorf("%s %v", encoded, err)
	}
	if len(a.texts()) != 1 {
		t.Errorf("it takes something: %q", a.texts())
	}
}

func decoded(t *testing.T, in instance.Instance) (c config) {
	t.Helper()
	if err := in.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGuide: the worked example of docs/use/webhook.md becomes what it says.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/use/webhook.md")
	if err != nil {
		t.Fatal(err)
	}
	_, behind, _ := strings.Cut(string(text), "## A system that cannot call out")
	_, behind, _ = strings.Cut(behind, "```json\n")
	answer, _, _ := strings.Cut(behind, "```")
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "1041" {
			_, _ = io.WriteString(w, answer)
			return
		}
		_, _ = io.WriteString(w, `{"data": {"items": []}}`)
	}))
	defer far.Close()
	a := &asking{door: &door{TB: t, host: plugintest.NewHost(t, plugintest.Manifest(manifest)), at: time.Now()}}
	a.in = a.host.Connect(instance.Instance{Config: json.RawMessage(`{"receive":"polled","poll_url":"` + far.URL + `/api/messages?after={{cursor}}",
		"poll_items":"/data/items","poll_cursor_at":"no","poll_start":"1041","shape":"mapped","map_id":"no","map_sender":"client.id","map_text":"message",
		"map_name":"client.name","map_direction":"from","map_staff":"agent","map_skip":"system","map_author":"by"}`)})
	a.p = newPlugin(a.host.Env(), time.Now)
	a.configure()
	a.until("they come", func() bool { return len(a.texts()) == 2 })
	if got := a.host.Ingested(); got[0].Sender.Name != "Alice" || got[0].Content.Text != "Where is my order?" || !got[1].Echo || got[1].Sender.Name != "Mei" || got[1].Recipient != "u-7" {
		t.Errorf("%+v", got)
	}
	if _, err := a.p.Drain(t.Context(), instance.DrainRequest{}); err != nil {
		t.Error(err)
	}
}

// TestEchoesMapped: a mapped system posts what its staff wrote to /echoes, or all
// of it with a field that says who wrote.
func TestEchoesMapped(t *testing.T) {
	d := newDoor(t, `{"shape":"mapped","map_id":"no","map_sender":"who","map_text":"q","map_direction":"from","map_staff":"us","map_skip":"nobody"}`)
	got, _ := d.post(d.request("/echoes", `{"no":1,"who":"u","q":"hello"}`))
	if m := got.Messages; got.Status != 200 || len(m) != 1 || !m[0].Echo || m[0].Recipient != "u" {
		t.Errorf("%d %+v", got.Status, m)
	}
	got, answer := d.post(d.request("/messages", `[{"no":2,"who":"u","q":"a","from":"them"},{"no":3,"who":"u","q":"b","from":"us"},{"no":4,"from":"nobody"}]`))
	if m := got.Messages; len(m) != 2 || m[0].Echo || !m[1].Echo || answer.Results[2].Status != "left_out" {
		t.Errorf("%s %+v", got.Body, m)
	}
	if got, answer = d.post(d.request("/messages", `{"no":4,"from":"nobody"}`)); got.Status != 200 || answer.Status != "left_out" || len(got.Messages) != 0 {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got, _ = d.post(d.request("/messages", `{"no":3,"who":"u","q":"b","from":"us"}`)); len(got.Messages) != 1 {
		t.Errorf("the same again: %+v", got)
	}
}
