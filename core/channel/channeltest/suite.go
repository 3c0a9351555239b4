package channeltest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Fixture is an implementation under test.
type Fixture struct {
	Store    channel.Store
	Requests channel.RequestStore
	Secrets  channel.SecretStore
	Log      event.Log // of the same storage

	// Workspace makes a workspace.
	Workspace func(t testing.TB) identity.WorkspaceID
}

// Run runs the suite. open returns an empty, independent storage each time.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, run := range map[string]func(*world){
		"inbox":                 testInbox,
		"inboxes":               testInboxes,
		"inboxes of a plugin":   testInboxesOf,
		"inbox update":          testUpdate,
		"inbox update fails":    testUpdateFails,
		"one hook, one inbox":   testHook,
		"tenants apart":         testTenants,
		"request":               testRequest,
		"requests due":          testDue,
		"request retried, done": testRetry,
		"requests bounded":      testBounded,
		"requests logged":       testLogged,
		"requests listed":       testListed,
		"requests replayed":     testReplayed,
		"requests cut":          testCut,
		"identity secrets":      testSecrets,
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{T: t, f: open(t), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
			w.ids = id.NewSource(func() time.Time { return w.now })
			w.ws = w.f.Workspace(t)
			run(w)
		})
	}
}

// world is one test case.
type world struct {
	*testing.T
	f   Fixture
	ids id.Source
	now time.Time
	ws  identity.WorkspaceID
}

func (w *world) tick() time.Time {
	w.now = w.now.Add(time.Second)
	return w.now
}

func (w *world) draft(workspace identity.WorkspaceID, name string) channel.Inbox {
	return channel.Inbox{
		Workspace: workspace, ID: channel.InboxID(w.ids.New("inb")), Name: name, Plugin: "example/telegram",
		Config: json.RawMessage(`{"title":"你好","n":1}`), ConfigRevision: 1, HookHash: w.ids.New("hash"), Enabled: true,
		CreatedAt: w.tick(), UpdatedAt: w.now,
	}
}

func (w *world) inbox(name string) channel.Inbox {
	w.Helper()
	i := w.draft(w.ws, name)
	w.ok(w.f.Store.CreateInbox(w.Context(), i, nil))
	return i
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) absent(err error) {
	w.Helper()
	if !errs.Is(err, errs.NotFound) {
		w.Fatalf("got %v, want absent", err)
	}
}

func same[T any](w *world, got, want T) {
	w.Helper()
	if g, x := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != x {
		w.Fatalf("got  %s\nwant %s", g, x)
	}
}

func (w *world) event(subject channel.InboxID) event.Event {
	return event.Event{
		ID: w.ids.New("chg"), Workspace: string(w.ws), Type: channel.Changed, Subject: string(subject), At: w.now,
		Data: []byte(`{"id":"` + string(subject) + `"}`),
	}
}

// events checks what the workspace's feed holds.
func (w *world) events(want ...event.Event) {
	w.Helper()
	got, err := w.f.Log.Since(w.Context(), string(w.ws), 0, 100)
	w.ok(err)
	for i := range want {
		want[i].Feed = uint64(i + 1)
	}
	same(w, got, want)
}

func testInbox(w *world) {
	live := w.draft(w.ws, "官网 🙂")
	live.Live, live.Plugin, live.Enabled = true, "patchbay/webchat", false
	e := w.event(live.ID)
	w.ok(w.f.Store.CreateInbox(w.Context(), live, nil, e))
	got, err := w.f.Store.Inbox(w.Context(), live.ID)
	w.ok(err)
	same(w, got, live)
	got, err = w.f.Store.InboxByHook(w.Context(), live.HookHash)
	w.ok(err)
	same(w, got, live)
	_, err = w.f.Store.Inbox(w.Context(), "inb_none")
	w.absent(err)
	_, err = w.f.Store.InboxByHook(w.Context(), "none")
	w.absent(err)
	w.events(e)
	empty := w.draft(w.ws, "no configuration")
	empty.Config = nil
	w.ok(w.f.Store.CreateInbox(w.Context(), empty, nil))
	got, err = w.f.Store.Inbox(w.Context(), empty.ID)
	w.ok(err)
	same(w, string(got.Config), "{}")
}

func testInboxes(w *world) {
	a, b := w.inbox("a"), w.inbox("b")
	w.now = w.now.Add(-time.Hour)
	oldest := w.inbox("c")
	got, err := w.f.Store.Inboxes(w.Context(), w.ws)
	w.ok(err)
	same(w, got, []channel.Inbox{oldest, a, b})
	got, err = w.f.Store.Inboxes(w.Context(), "wsp_none")
	w.ok(err)
	same(w, len(got), 0)
}

func testInboxesOf(w *world) {
	a := w.inbox("a")
	off := w.draft(w.ws, "off")
	off.Enabled = false
	other := w.draft(w.ws, "other plugin")
	other.Plugin = "patchbay/webchat"
	elsewhere := w.draft(w.f.Workspace(w.T), "elsewhere")
	for _, i := range []channel.Inbox{off, other, elsewhere} {
		w.ok(w.f.Store.CreateInbox(w.Context(), i, nil))
	}
	got, err := w.f.Store.InboxesOf(w.Context(), a.Plugin)
	w.ok(err)
	same(w, got, []channel.Inbox{a, elsewhere})
}

func testUpdate(w *world) {
	i := w.inbox("before")
	want := i
	want.Name, want.Config, want.ConfigRevision = "后来", json.RawMessage(`{"x":[1,2]}`), 2
	want.HookHash, want.Enabled, want.UpdatedAt = w.ids.New("hash"), false, w.tick()
	want.Acknowledgement = channel.Acknowledgement{Enabled: true, Texts: map[string]string{"zh-CN": "您好，{{contact.name}}"}}
	want.Rules = rules(w)
	e := w.event(i.ID)
	got, err := w.f.Store.UpdateInbox(w.Context(), w.ws, i.ID, func(x *channel.Inbox) ([]event.Event, error) {
		same(w, *x, i)
		*x = want
		return []event.Event{e}, nil
	})
	w.ok(err)
	same(w, got, want)
	got, err = w.f.Store.Inbox(w.Context(), i.ID)
	w.ok(err)
	same(w, got, want)
	_, err = w.f.Store.InboxByHook(w.Context(), i.HookHash)
	w.absent(err)
	w.events(e)
}

// rules are two, of which the first asks and does all that there is.
func rules(w *world) channel.Rules {
	when, err := filter.Parse([]byte(`{"and":[{"field":"from_domain","op":"is","value":"shop.example"},{"not":{"field":"automatic","op":"is","value":true}},{"field":"subject","op":"contains","value":"退款"}]}`), channel.AllRuleFields())
	w.ok(err)
	always, err := filter.Parse([]byte(`{"and":[]}`), channel.AllRuleFields())
	w.ok(err)
	return channel.Rules{Revision: 3, List: []channel.Rule{
		{ID: "rul_1", Name: "退款", Enabled: true, When: when, Then: channel.Effects{
			Team: "tea_1", Priority: "high", Labels: []string{"lab_1", "lab_2"}, Ticket: true, Type: "tty_1",
		}},
		{ID: "rul_2", Name: "the rest", When: always, Then: channel.Effects{Ignore: true}},
	}}
}

func testUpdateFails(w *world) {
	i := w.inbox("before")
	_, err := w.f.Store.UpdateInbox(w.Context(), w.ws, i.ID, func(x *channel.Inbox) ([]event.Event, error) {
		x.Name = "after"
		return []event.Event{w.event(i.ID)}, errs.New(errs.Conflict, "test", "no")
	})
	if !errs.Is(err, errs.Conflict) {
		w.Fatalf("got %v, want the error of the change", err)
	}
	got, err := w.f.Store.Inbox(w.Context(), i.ID)
	w.ok(err)
	same(w, got, i)
	w.events()
}

func testHook(w *world) {
	a, b := w.inbox("a"), w.draft(w.ws, "b")
	b.HookHash = a.HookHash
	if err := w.f.Store.CreateInbox(w.Context(), b, nil, w.event(b.ID)); !errs.Is(err, errs.Conflict) {
		w.Fatalf("a second inbox with the same hook gives %v", err)
	}
	w.events()
}

func testTenants(w *world) {
	i, other := w.inbox("mine"), w.f.Workspace(w.T)
	_, err := w.f.Store.UpdateInbox(w.Context(), other, i.ID, func(x *channel.Inbox) ([]event.Event, error) {
		x.Name = "stolen"
		return nil, nil
	})
	w.absent(err)
	got, err := w.f.Store.Inboxes(w.Context(), other)
	w.ok(err)
	same(w, len(got), 0)
	w.absent(w.f.Store.CreateInbox(w.Context(), w.draft("wsp_none", "nowhere"), nil))
	r := w.request(i)
	r.Workspace = other
	w.absent(w.f.Requests.PutRequest(w.Context(), r, 10))
	mine := w.request(i)
	w.ok(w.f.Requests.PutRequest(w.Context(), mine, 10))
	w.ok(w.f.Requests.ForgetRequest(w.Context(), other, mine.Request.ID))
	w.ok(w.f.Requests.EndRequest(w.Context(), other, mine.Request.ID, channel.Ending{State: channel.RequestProcessed}))
	w.ok(w.f.Requests.RetryRequest(w.Context(), other, mine.Request.ID, w.now.Add(time.Hour), channel.Result{}))
	same(w, w.due(w.now), []string{mine.Request.ID})
}

func (w *world) request(i channel.Inbox) channel.StoredRequest {
	at := w.tick()
	return channel.StoredRequest{
		Workspace: i.Workspace, Inbox: i.ID, ReceivedAt: at, WaitsSince: at, NextAt: at,
		Request: channel.WebhookRequest{
			ID: w.ids.New("whk"), Method: "POST", Path: "/a/路", Query: "x=%00&y=1", Remote: "192.0.2.1",
			Headers: map[string][]string{"X-Sign": {"a", "b\xff\x00"}, "Empty": {""}},
			Body:    []byte("\x00\xff raw 字节 " + strings.Repeat("b", 100_000)),
		},
	}
}

func (w *world) due(now time.Time) []string {
	w.Helper()
	got, err := w.f.Requests.RequestsDue(w.Context(), now, 10)
	w.ok(err)
	var ids []string
	for _, r := range got {
		ids = append(ids, r.Request.ID)
	}
	return ids
}

func testRequest(w *world) {
	r := w.request(w.inbox("a"))
	w.ok(w.f.Requests.PutRequest(w.Context(), r, 10))
	bare := channel.StoredRequest{
		Workspace: r.Workspace, Inbox: r.Inbox, ReceivedAt: w.tick(), WaitsSince: w.now, NextAt: w.now,
		Request: channel.WebhookRequest{ID: w.ids.New("whk"), Method: "GET", Path: "/"},
	}
	w.ok(w.f.Requests.PutRequest(w.Context(), bare, 10))
	got, err := w.f.Requests.RequestsDue(w.Context(), w.now, 10)
	w.ok(err)
	bare.Request.Body = []byte{}
	same(w, got, []channel.StoredRequest{r, bare})
}

func testDue(w *world) {
	i := w.inbox("a")
	var ids []string
	for range 3 {
		r := w.request(i)
		w.ok(w.f.Requests.PutRequest(w.Context(), r, 10))
		ids = append(ids, r.Request.ID)
	}
	later := w.request(i)
	later.NextAt = w.now.Add(time.Minute)
	w.ok(w.f.Requests.PutRequest(w.Context(), later, 10))
	same(w, w.due(w.now), ids)
	same(w, len(w.due(w.now.Add(-time.Hour))), 0)
	same(w, w.due(w.now.Add(time.Minute)), append(ids, later.Request.ID))
	got, err := w.f.Requests.RequestsDue(w.Context(), w.now, 2)
	w.ok(err)
	same(w, len(got), 2)
}

func testRetry(w *world) {
	r := w.request(w.inbox("a"))
	w.ok(w.f.Requests.PutRequest(w.Context(), r, 10))
	for n := 1; n <= 2; n++ {
		w.ok(w.f.Requests.RetryRequest(w.Context(), w.ws, r.Request.ID, w.now.Add(time.Minute), channel.Result{}))
		same(w, len(w.due(w.now)), 0)
		got, err := w.f.Requests.RequestsDue(w.Context(), w.now.Add(time.Minute), 10)
		w.ok(err)
		if len(got) != 1 || got[0].Attempts != n || !got[0].NextAt.Equal(w.now.Add(time.Minute)) {
			w.Fatalf("after retry %d: %+v", n, got)
		}
	}
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, r.Request.ID, processed(w.now)))
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, r.Request.ID, processed(w.now)))
	w.ok(w.f.Requests.RetryRequest(w.Context(), w.ws, r.Request.ID, w.now, channel.Result{}))
	same(w, len(w.due(w.now.Add(time.Hour))), 0)
}

func testBounded(w *world) {
	full, free := w.inbox("full"), w.inbox("free")
	for range 2 {
		w.ok(w.f.Requests.PutRequest(w.Context(), w.request(full), 2))
	}
	if err := w.f.Requests.PutRequest(w.Context(), w.request(full), 2); !errs.Is(err, errs.RateLimited) {
		w.Fatalf("one too many gives %v", err)
	}
	w.ok(w.f.Requests.PutRequest(w.Context(), w.request(free), 2))
	ids := w.due(w.now)
	same(w, len(ids), 3)
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, ids[0], processed(w.now)))
	w.ok(w.f.Requests.PutRequest(w.Context(), w.request(full), 2))
}
