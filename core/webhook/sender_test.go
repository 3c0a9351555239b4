package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/webhook"
	"github.com/patchbay-im/patchbay/core/webhook/webhooktest"
)

const ws = identity.WorkspaceID("wsp_1")

// world is the use cases, the recorder and the sender over a fake ledger, on
// the clock of a synctest bubble.
type world struct {
	*testing.T
	feed     *eventtest.Feed
	fake     *webhooktest.Fake
	poster   *webhooktest.Poster
	service  *webhook.Service
	recorder *webhook.Recorder
	sender   *webhook.Sender
	secrets  map[string]string // by kid

	mu       sync.Mutex
	disabled []webhook.ID
	stop     context.CancelFunc
}

func (w *world) WebhookDisabled(_ context.Context, e webhook.Endpoint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disabled = append(w.disabled, e.ID)
}

// start makes a world and runs its sender.
func start(t *testing.T, on func(ctx context.Context, r webhooktest.Request) webhook.Attempt) *world {
	t.Helper()
	w := &world{T: t, feed: eventtest.NewFeed(), poster: &webhooktest.Poster{On: on}, secrets: make(map[string]string)}
	w.fake = webhooktest.NewFake(w.feed)
	w.service = webhook.NewService(webhook.Deps{
		Store: w.fake, Log: w.fake, Renderer: webhooktest.Renderer{}, Filters: webhooktest.Filters{}, Poster: w.poster,
		Sealer: channeltest.Sealer{}, Inboxes: webhooktest.Inboxes{"inb_cnv_1": ws}, Now: time.Now,
	})
	w.recorder = webhook.NewRecorder(w.fake, w.fake, webhooktest.Renderer{}, webhooktest.Filters{}, time.Now)
	w.sender = webhook.NewSender(webhook.SenderDeps{
		Store: w.fake, Ledger: w.fake, Log: w.fake, Poster: w.poster, Sealer: channeltest.Sealer{}, Notifier: w,
		Policy: webhook.DefaultPolicy(), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.sender.Run(ctx); close(done) }()
	w.stop = func() { cancel(); <-done }
	return w
}

// owner is who makes endpoints.
func owner() identity.Scope { return identity.SystemScope(ws) }

func (w *world) endpoint(url string, events ...string) webhook.ID {
	w.Helper()
	e, secret, err := w.service.Create(w.Context(), owner(), webhook.Draft{URL: &url, Events: &events})
	w.must(err)
	w.secrets[e.Secrets[0].KID] = secret
	return e.ID
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// happen appends events of conversations to the feed, and records and sends them.
func (w *world) happen(conversations ...string) {
	w.Helper()
	head, err := w.feed.Head(w.Context(), string(ws))
	w.must(err)
	for i, c := range conversations {
		n := head + uint64(i) + 1
		w.feed.Append(event.Event{ID: fmt.Sprintf("chg_%d", n), Workspace: string(ws), Type: "message.created", Subject: c, Seq: n, At: time.Now()})
	}
	w.record()
}

// record looks at what is new in the feed, from where the ledger left off.
func (w *world) record() {
	w.Helper()
	after, err := w.recorder.Start(w.Context(), ws)
	w.must(err)
	events, err := w.feed.Since(w.Context(), string(ws), after, 1000)
	w.must(err)
	if len(events) > 0 {
		w.must(w.recorder.Observe(w.Context(), events))
	}
	w.sender.Wake()
}

// ids lists the events that were sent to an address, in order.
func (w *world) ids(url string) []string {
	var out []string
	for _, r := range w.poster.Sent() {
		var body struct{ ID string }
		w.must(json.Unmarshal([]byte(r.Body), &body))
		if r.URL == url {
			out = append(out, body.ID)
		}
	}
	return out
}

func fails(code string) webhook.Attempt {
	return webhook.Attempt{Status: 500, Code: code, Detail: "no"}
}

// TestSigned checks the signature of every request as a receiver would.
func TestSigned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, nil)
		defer w.stop()
		id := w.endpoint("https://a.example", "*")
		_, second, err := w.service.Rotate(t.Context(), owner(), id, time.Hour)
		w.must(err)
		e, err := w.service.Get(t.Context(), owner(), id)
		w.must(err)
		w.secrets[e.Secrets[1].KID] = second
		w.happen("cnv_1")
		synctest.Wait()
		time.Sleep(2 * time.Hour) // the bubble's clock
		w.happen("cnv_1")
		synctest.Wait()
		for i, want := range []int{2, 1} {
			r := w.poster.Sent()[i]
			parts := strings.Split(r.Headers[webhook.HeaderSignature], ",")
			at, ok := strings.CutPrefix(parts[0], "t=")
			if !ok || len(parts) != 1+2*want || r.Headers[webhook.HeaderEvent] != "message.created" || !strings.HasPrefix(r.Headers[webhook.HeaderDelivery], "whd_") {
				t.Fatalf("request %d has headers %v", i, r.Headers)
			}
			for j := 1; j < len(parts); j += 2 {
				kid := strings.TrimPrefix(parts[j], "kid=")
				mac := hmac.New(sha256.New, []byte(w.secrets[kid]))
				mac.Write([]byte(at + "." + r.Body))
				if parts[j+1] != "v1="+hex.EncodeToString(mac.Sum(nil)) {
					t.Errorf("request %d: the signature of %s is wrong", i, kid)
				}
			}
		}
	})
}

// TestOrderAndRetries lets one conversation's first event fail for a while.
func TestOrderAndRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		w := start(t, func(_ context.Context, r webhooktest.Request) webhook.Attempt {
			if broken && strings.Contains(r.Body, `"chg_2"`) {
				return fails(webhook.CodeStatus)
			}
			return webhook.Attempt{Status: 200}
		})
		defer w.stop()
		w.endpoint("https://a.example", "message.created")
		w.happen("cnv_1", "cnv_2", "cnv_1", "cnv_2") // 2 to 5: 1 is the endpoint's own
		synctest.Wait()
		if got := strings.Join(w.ids("https://a.example"), " "); !strings.Contains(got, "chg_3") || !strings.Contains(got, "chg_5") || strings.Contains(got, "chg_4") {
			t.Fatalf("sent %s: cnv_2 goes on, cnv_1 waits", got)
		}
		time.Sleep(time.Minute)
		broken = false
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		got := w.ids("https://a.example")
		if n := len(got); n < 6 || got[n-1] != "chg_4" || got[n-2] != "chg_2" {
			t.Errorf("sent %v", got)
		}
	})
}

// TestScheduleAndDeath counts the attempts at one delivery, and their time.
func TestScheduleAndDeath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, func(context.Context, webhooktest.Request) webhook.Attempt { return fails(webhook.CodeStatus) })
		defer w.stop()
		id := w.endpoint("https://a.example", "*")
		began := time.Now()
		w.happen("cnv_1")
		time.Sleep(40 * time.Hour)
		list, err := w.service.Deliveries(t.Context(), owner(), id, webhook.Dead, page.Request{})
		w.must(err)
		if len(list.Items) != 1 || list.Items[0].Attempts != 13 {
			t.Fatalf("dead: %+v", list.Items)
		}
		if took := list.Items[0].SettledAt.Sub(began); took < 17*time.Hour || took > 27*time.Hour {
			t.Errorf("it died after %v", took)
		}
		n := len(w.poster.Sent())
		w.happen("cnv_1") // a later one is tried, and waits behind nobody
		synctest.Wait()
		if len(w.poster.Sent()) != n+1 {
			t.Errorf("%d requests after %d", len(w.poster.Sent()), n)
		}
	})
}

// TestDisabled lets an endpoint fail for days, then replays what died.
func TestDisabled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		w := start(t, func(context.Context, webhooktest.Request) webhook.Attempt {
			if broken {
				return fails(webhook.CodeTimeout)
			}
			return webhook.Attempt{Status: 204}
		})
		defer w.stop()
		id := w.endpoint("https://a.example", "message.created")
		for range 5 {
			w.happen("cnv_1")
			time.Sleep(18 * time.Hour)
		}
		e, err := w.service.Get(t.Context(), owner(), id)
		w.must(err)
		if e.Health != webhook.Disabled || len(w.disabled) != 1 {
			t.Fatalf("health %s, told %v", e.Health, w.disabled)
		}
		n := len(w.poster.Sent())
		w.happen("cnv_1")
		time.Sleep(time.Hour)
		if len(w.poster.Sent()) != n {
			t.Error("a disabled endpoint was sent something")
		}
		if _, err := w.service.Replay(t.Context(), owner(), id, webhook.Selection{}); !errs.Is(err, errs.Conflict) {
			t.Errorf("a replay to a disabled endpoint: %v", err)
		}
		broken = false
		on := true
		_, err = w.service.Update(t.Context(), owner(), id, webhook.Draft{Active: &on})
		w.must(err)
		replayed, err := w.service.Replay(t.Context(), owner(), id, webhook.Selection{State: webhook.Dead})
		w.must(err)
		w.sender.Wake()
		time.Sleep(time.Minute)
		synctest.Wait()
		sent := w.ids("https://a.example")[n:]
		if replayed != 6 || len(sent) != 6 || !ordered(sent) {
			t.Errorf("%d replayed, sent %v", replayed, sent)
		}
	})
}

// ordered reports whether ids come in the order of their numbers.
func ordered(ids []string) bool {
	last := 0
	for _, id := range ids {
		var n int
		if _, err := fmt.Sscanf(id, "chg_%d", &n); err != nil || n < last {
			return false
		}
		last = n
	}
	return true
}

// TestSlowDelaysNobody hangs one endpoint; the other is told at once.
func TestSlowDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		most, now := 0, 0
		w := start(t, func(ctx context.Context, r webhooktest.Request) webhook.Attempt {
			if r.URL == "https://slow.example" {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				<-ctx.Done()
				mu.Lock()
				now--
				mu.Unlock()
				return fails(webhook.CodeTimeout)
			}
			return webhook.Attempt{Status: 200}
		})
		defer w.stop()
		w.endpoint("https://slow.example", "message.created")
		w.endpoint("https://fast.example", "message.created")
		var all []string
		for i := range 40 {
			all = append(all, fmt.Sprint("cnv_", i))
		}
		w.happen(all...)
		synctest.Wait() // no time passes
		if got := w.ids("https://fast.example"); len(got) != 40 {
			t.Errorf("the fast endpoint was told of %d of 40", len(got))
		}
		if most > 8 {
			t.Errorf("%d requests at once to one endpoint", most)
		}
	})
}

// TestChosen sends each endpoint what it asks for.
func TestChosen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, nil)
		defer w.stop()
		add := func(url string, d webhook.Draft) {
			d.URL = &url
			_, _, err := w.service.Create(t.Context(), owner(), d)
			w.must(err)
		}
		add("https://type.example", webhook.Draft{Events: &[]string{"note.created"}})
		add("https://filter.example", webhook.Draft{Events: &[]string{"*"}, Filter: json.RawMessage(`{"only":"cnv_2"}`)})
		add("https://inbox.example", webhook.Draft{Events: &[]string{"message.created"}, Inboxes: &[]string{"inb_cnv_1"}})
		add("https://all.example", webhook.Draft{Events: &[]string{"*"}})
		off := false
		add("https://off.example", webhook.Draft{Events: &[]string{"*"}, Active: &off})
		w.happen("cnv_1", "cnv_2")
		w.happen("cnv_3", "tkt_by_hand", "gone_1")
		synctest.Wait()
		for url, want := range map[string]int{"https://all.example": 5, "https://type.example": 0, "https://filter.example": 2, "https://inbox.example": 1, "https://off.example": 0} {
			if got := w.ids(url); len(got) != want {
				t.Errorf("%s was sent %v, want %d", url, got, want)
			}
		}
	})
}

// TestEchoedSecretsAreTakenOut looks at the log of an endpoint that answers
// with what it was sent.
func TestEchoedSecretsAreTakenOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := start(t, nil)
		defer w.stop()
		w.poster.On = func(_ context.Context, r webhooktest.Request) webhook.Attempt {
			for _, secret := range w.secrets {
				return webhook.Attempt{Status: 400, Code: webhook.CodeStatus, Body: secret + " " + r.Headers[webhook.HeaderSignature], Headers: [][2]string{{"Server", secret}}}
			}
			return webhook.Attempt{}
		}
		id := w.endpoint("https://a.example", "*")
		w.happen("cnv_1")
		synctest.Wait()
		list, err := w.service.Deliveries(t.Context(), owner(), id, "", page.Request{})
		w.must(err)
		found, err := w.service.Delivery(t.Context(), owner(), list.Items[0].ID)
		w.must(err)
		tested, err := w.service.Test(t.Context(), owner(), id)
		w.must(err)
		for _, a := range []webhook.Attempt{found.Attempts[0], tested.Attempt} {
			text := fmt.Sprint(a)
			for _, secret := range w.secrets {
				if strings.Contains(text, secret) || strings.Contains(text, "v1="+strings.Repeat("0", 0)+"a") && !strings.Contains(text, "[redacted]") {
					t.Errorf("kept: %s", text)
				}
			}
			if strings.Count(text, "[redacted]") < 3 {
				t.Errorf("kept: %s", text)
			}
		}
	})
}

// TestRefusals asks for endpoints that there cannot be.
func TestRefusals(t *testing.T) {
	w := start(t, nil)
	defer w.stop()
	long := strings.Repeat("x", 201)
	good, star := "https://a.example", []string{"*"}
	for name, tt := range map[string]struct {
		draft   webhook.Draft
		pointer string
	}{
		"no address":    {webhook.Draft{Events: &star}, "/url"},
		"plain http":    {webhook.Draft{URL: new("http://a.example"), Events: &star}, "/url"},
		"a space":       {webhook.Draft{URL: new("https://a.example/ x"), Events: &star}, "/url"},
		"no events":     {webhook.Draft{URL: &good}, "/events"},
		"unknown event": {webhook.Draft{URL: &good, Events: &[]string{"message.created", "webhook.changed"}}, "/events/1"},
		"description":   {webhook.Draft{URL: &good, Events: &star, Description: &long}, "/description"},
		"NUL":           {webhook.Draft{URL: &good, Events: &star, Description: new("a\x00")}, "/description"},
		"foreign inbox": {webhook.Draft{URL: &good, Events: &star, Inboxes: &[]string{"inb_theirs"}}, "/inbox_ids/0"},
	} {
		_, _, err := w.service.Create(t.Context(), owner(), tt.draft)
		if e := errs.As(err); e == nil || e.Kind != errs.Invalid || len(e.Fields) == 0 || e.Fields[0].Pointer != tt.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := w.service.Create(t.Context(), owner(), webhook.Draft{URL: &good, Events: &star, Filter: json.RawMessage(`{}`)}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a wrong filter: %v", err)
	}
	id := w.endpoint(good, "*")
	e, err := w.service.Get(t.Context(), owner(), id)
	w.must(err)
	if err := w.service.Expire(t.Context(), owner(), id, e.Secrets[0].KID); !errs.Is(err, errs.Conflict) {
		t.Errorf("the last secret ends: %v", err)
	}
}
