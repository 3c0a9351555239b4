package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/push"
	"github.com/patchbay-im/patchbay/core/push/pushtest"
)

const (
	ws  = identity.WorkspaceID("wsp_1")
	acc = identity.AccountID("acc_1")
	mem = identity.MemberID("mem_1")
	ses = identity.SessionID("ses_1")
)

// world is a sender over a fake ledger and a strict push service, on the clock
// of a synctest bubble.
type world struct {
	*testing.T
	ledger  *pushtest.Fake
	service *pushtest.Service
	browser *pushtest.Browser
	pushes  *push.Service
	log     bytes.Buffer

	mu    sync.Mutex
	door  error
	news  map[notification.ID]notification.Notification
	prefs notification.Preferences
	n     int
}

func (w *world) Account(context.Context, identity.AccountID) (identity.Account, error) {
	return identity.Account{ID: acc, Locale: "zh-CN"}, nil
}

func (w *world) Recheck(context.Context, identity.SessionID, identity.WorkspaceID) (identity.Scope, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return identity.Scope{}, w.door
}

func (w *world) Fresh(_ context.Context, _ identity.WorkspaceID, id notification.ID) (notification.Told, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, ok := w.news[id]
	return notification.Told{Notification: n, As: w.prefs}, ok, nil
}

func (w *world) Render(n notification.Notification) (json.RawMessage, string, error) {
	shape, err := json.Marshal(map[string]string{"id": string(n.ID), "text": n.Text, "actor": n.Actor.Name})
	return shape, "/conversations/all/" + string(n.Conversation), err
}

func (w *world) Check(address string) error {
	if !strings.HasPrefix(address, "http") {
		return errs.New(errs.Invalid, "webhook.url", "The address is refused.")
	}
	return nil
}

// Post hands a request to the service in the bubble itself.
func (w *world) Post(ctx context.Context, address string, headers [][2]string, body []byte) push.Answer {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return push.Answer{Code: "refused"}
	}
	for _, h := range headers {
		r.Header.Set(h[0], h[1])
	}
	status, after := w.service.Answer(r)
	return push.Answer{Status: status, RetryAfter: after}
}

// run runs a test in a bubble, in which the clock stands at midnight of 2000.
func run(t *testing.T, say push.Say, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, ledger: pushtest.NewFake(), service: pushtest.NewQuiet(), news: map[notification.ID]notification.Notification{}, prefs: notification.Default()}
		signer, err := push.NewSigner(func(string) []byte { return bytes.Repeat([]byte{3}, 32) }, "https://desk.example.com")
		if err != nil {
			t.Fatal(err)
		}
		sender := push.NewSender(push.SenderDeps{
			Ledger: w.ledger, Accounts: w, Doors: w, News: w, Renderer: w, Poster: w, Signer: signer, Now: time.Now,
			Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		})
		w.pushes = &push.Service{Store: w.ledger, Signer: signer, Poster: w, Sender: sender, Now: time.Now}
		w.ledger.Begin(ses, acc)
		w.ledger.Join(mem, acc)
		w.browser = w.service.Subscribe(t, signer.Public())
		d := w.browser.Draft()
		d.Say = say
		if _, err := w.pushes.Subscribe(t.Context(), identity.Session{ID: ses, Account: acc}, d); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { sender.Run(ctx); close(done) }()
		defer func() { stop(); <-done }()
		test(w)
		if refused := w.browser.Refused(); len(refused) > 0 {
			t.Errorf("the push service refuses: %v", refused)
		}
	})
}

func (w *world) tell(kind notification.Kind, of string) notification.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	n := notification.Notification{
		Workspace: ws, Member: mem, ID: notification.ID(fmt.Sprint("ntf_", w.n)), Kind: kind, At: time.Now(), Text: "Where is my order?",
		Actor: identity.Actor{Kind: identity.ActorContact, ID: "con_1", Name: "Zhang Wei"},
	}
	if of != "" {
		n.Conversation = "cnv_" + "1"
	}
	w.news[n.ID] = n
	w.ledger.Notify(n)
	w.pushes.Sender.Wake()
	return n.ID
}

func (w *world) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) got(n int) []pushtest.Message {
	w.Helper()
	got := w.browser.Got()
	if len(got) != n {
		w.Fatalf("%d messages, want %d: %+v", len(got), n, got)
	}
	return got
}

func (w *world) list() []push.Subscription {
	w.Helper()
	all, err := w.pushes.List(w.Context(), identity.Session{ID: ses, Account: acc})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func TestTold(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		id := w.tell(notification.Reply, "cnv_1")
		w.wait(push.Delay - time.Millisecond)
		w.got(0)
		w.wait(time.Second)
		m := w.got(1)[0]
		l := m.Letter
		if l.Locale != "zh-CN" || l.Workspace != string(ws) || l.Tag != "reply.cnv_1" || l.Path != "/conversations/all/cnv_1" ||
			!strings.Contains(string(l.Notification), string(id)) || !strings.Contains(string(l.Notification), "Where is my order?") {
			w.Errorf("%+v", l)
		}
		if h := m.Header; h.Get("Urgency") != "high" || len(h.Get("Topic")) != 32 || h.Get("TTL") != "14397" {
			w.Errorf("%v", h)
		}
		w.tell(notification.Reply, "cnv_1")
		w.tell(notification.Rating, "")
		w.wait(5 * time.Second)
		all := w.got(3)
		if all[1].Header.Get("Topic") != m.Header.Get("Topic") || all[2].Header.Get("Topic") == m.Header.Get("Topic") || all[2].Header.Get("Urgency") != "normal" {
			w.Errorf("%v, %v", all[1].Header, all[2].Header)
		}
		if x := w.list()[0]; x.SentAt.IsZero() || x.Code != "" {
			w.Errorf("%+v", x)
		}
	})
}

func TestWithoutWords(t *testing.T) {
	run(t, push.SayKind, func(w *world) {
		w.tell(notification.Reply, "cnv_1")
		w.wait(5 * time.Second)
		if text := string(w.got(1)[0].Letter.Notification); strings.Contains(text, "order") || strings.Contains(text, "Zhang") {
			w.Error(text)
		}
	})
}

func TestNotTold(t *testing.T) {
	for name, prepare := range map[string]func(w *world, id notification.ID){
		"read": func(w *world, id notification.ID) { delete(w.news, id) },
		"not by browser": func(w *world, _ notification.ID) {
			w.prefs.Rules[notification.Mention] = notification.Rule{InApp: true}
		},
		"quiet": func(w *world, _ notification.ID) {
			w.prefs.Quiet = &notification.Quiet{From: "22:00", To: "08:30", Timezone: "Asia/Shanghai"}
		},
		"not let in": func(w *world, _ notification.ID) { w.door = identity.TwoFactorRequired() },
		"no member":  func(w *world, _ notification.ID) { w.door = errs.Absent() },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, push.SayAll, func(w *world) {
				id := w.tell(notification.Mention, "cnv_1")
				w.mu.Lock()
				prepare(w, id)
				w.mu.Unlock()
				w.wait(time.Minute)
				w.got(0)
				w.mu.Lock()
				w.door, w.prefs = nil, notification.Default()
				w.mu.Unlock()
				w.wait(time.Minute)
				w.got(0) // nor later
				w.tell(notification.Mention, "cnv_1")
				w.wait(time.Minute)
				w.got(1)
			})
		})
	}
}

// In the other part of the day the same quiet hours are over.
func TestQuietHoursAreOver(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		w.prefs.Quiet = &notification.Quiet{From: "22:00", To: "08:30", Timezone: "Asia/Shanghai"} // now it is 08:00 there
		w.wait(31 * time.Minute)
		w.tell(notification.Mention, "cnv_1")
		w.wait(time.Minute)
		w.got(1)
	})
}

func TestFlood(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		for range 9 {
			w.tell(notification.Mention, "")
		}
		w.wait(10 * time.Second)
		if l := w.got(1)[0].Letter; l.More != 9 || l.Notification != nil {
			w.Errorf("%+v", l)
		}
		for range 60 { // one a second
			w.tell(notification.Mention, "")
			w.wait(time.Second)
		}
		w.wait(2 * time.Minute)
		got, told := w.browser.Got(), 0
		for _, m := range got {
			told += max(1, m.Letter.More)
		}
		if told != 69 || len(got) > 13 {
			w.Errorf("%d things in %d pushes", told, len(got))
		}
	})
}

func TestLater(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		w.browser.Say(pushtest.Answer{Status: 429, RetryAfter: "600"}, pushtest.Answer{Status: 503})
		w.tell(notification.Mention, "")
		w.wait(9 * time.Minute)
		w.got(0)
		if x := w.list()[0]; x.Code != "busy" || x.Failures != 1 {
			w.Errorf("%+v", x)
		}
		w.wait(5 * time.Minute)
		w.got(1)
		if x := w.list()[0]; x.Code != "" || x.Failures != 0 {
			w.Errorf("%+v", x)
		}
	})
}

func TestNoNewsAnyMore(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		for range 100 {
			w.browser.Say(pushtest.Answer{Status: 500})
		}
		w.tell(notification.Mention, "")
		w.wait(6 * time.Hour)
		tries := 100 - w.browser.Left()
		if next, err := w.ledger.Next(w.Context()); err != nil || !next.IsZero() || tries < 10 || tries > 25 {
			w.Errorf("%d tries, next %v, %v", tries, next, err)
		}
	})
}

func TestGone(t *testing.T) {
	for _, status := range []int{404, 410} {
		run(t, push.SayAll, func(w *world) {
			w.browser.Say(pushtest.Answer{Status: status})
			w.tell(notification.Mention, "")
			w.wait(time.Minute)
			if all := w.list(); len(all) != 0 {
				w.Errorf("%d: %+v", status, all)
			}
		})
	}
	run(t, push.SayAll, func(w *world) {
		w.door = identity.SessionEnded()
		w.tell(notification.Mention, "")
		w.wait(time.Minute)
		if all := w.list(); len(all) != 0 {
			w.Errorf("the session ended: %+v", all)
		}
	})
}

func TestRefused(t *testing.T) {
	for status, code := range map[int]string{400: "refused", 401: "key", 403: "key", 413: "large"} {
		run(t, push.SayAll, func(w *world) {
			w.browser.Say(pushtest.Answer{Status: status}, pushtest.Answer{Status: status})
			w.tell(notification.Mention, "")
			w.wait(time.Minute)
			w.tell(notification.Mention, "")
			w.wait(time.Minute)
			if x := w.list()[0]; x.Code != code {
				w.Errorf("%d: %+v", status, x)
			}
			if n := strings.Count(w.log.String(), "a push service refuses"); n != 1 {
				w.Errorf("%d: %d times in the log", status, n)
			}
			w.tell(notification.Mention, "")
			w.wait(time.Minute)
			w.got(1)
			if x := w.list()[0]; x.Code != "" {
				w.Errorf("%d: %+v", status, x)
			}
		})
	}
}

func TestTry(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		in := identity.Session{ID: ses, Account: acc}
		try := func(want push.Result) {
			w.Helper()
			if got, err := w.pushes.Test(w.Context(), in, "en"); err != nil || got != want {
				w.Fatalf("%+v, %v", got, err)
			}
		}
		try(push.Result{Sent: true})
		if l := w.got(1)[0].Letter; !l.Test || l.Locale != "en" {
			w.Errorf("%+v", l)
		}
		w.browser.Say(pushtest.Answer{Status: 403}, pushtest.Answer{Status: 410})
		try(push.Result{Code: "key"})
		try(push.Result{Code: "gone"})
		if _, err := w.pushes.Test(w.Context(), in, "en"); !errs.Is(err, errs.NotFound) {
			w.Errorf("%v", err)
		}
	})
	run(t, push.SayAll, func(w *world) {
		for range 20 {
			_, err := w.pushes.Test(w.Context(), identity.Session{ID: ses, Account: acc}, "en")
			if errs.Is(err, errs.RateLimited) {
				return
			}
		}
		w.Error("tried without end")
	})
}

func TestSubscribeRefuses(t *testing.T) {
	run(t, push.SayAll, func(w *world) {
		good := w.browser.Draft()
		for pointer, spoil := range map[string]func(d *push.Draft){
			"/endpoint": func(d *push.Draft) { d.Endpoint = "ftp://x" },
			"/key":      func(d *push.Draft) { d.Key = d.Key[:40] },
			"/auth":     func(d *push.Draft) { d.Auth = "AAAA" },
			"/say":      func(d *push.Draft) { d.Say = "much" },
		} {
			d := good
			spoil(&d)
			_, err := w.pushes.Subscribe(w.Context(), identity.Session{ID: ses, Account: acc}, d)
			if e := errs.As(err); e == nil || e.Code != "push.subscription" || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer {
				w.Errorf("%s: %+v", pointer, err)
			}
		}
	})
}
