package channel_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// intake is the webhooks of an office, with what the plugin was asked and what
// was committed.
type intake struct {
	*office
	*channel.Hooks
	receiver *receiver
	asked    []channel.WebhookRequest
	answer   func(r channel.WebhookRequest) (channel.WebhookAnswer, error)
}

func newIntake(t *testing.T) *intake {
	t.Helper()
	in := &intake{office: newOffice(t), receiver: &receiver{}}
	in.plugins.OnWebhook = func(ctx context.Context, inbox channel.Inbox, r channel.WebhookRequest) (channel.WebhookAnswer, error) {
		if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > 3*time.Second {
			t.Errorf("the plugin may take until %v", deadline)
		}
		if due, err := in.store.RequestsDue(ctx, in.at.Add(time.Hour), 1); err != nil || len(due) == 0 {
			t.Error("the plugin sees a request that is not stored")
		}
		in.asked = append(in.asked, r)
		return in.answer(r)
	}
	in.accepting()
	in.Hooks = channel.NewHooks(in.store, in.store, in.plugins, in.receiver, in.now)
	return in
}

// accepting lets the plugin parse every request as one message.
func (in *intake) accepting() {
	in.answer = func(r channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{
			Status: 200, Body: []byte("thanks"), Result: channel.Result{Outcome: channel.OutcomeAccepted},
			Inbound: []channel.Inbound{{Inbox: "inb_forged", External: string(r.Body), Content: channel.Content{Text: "hi"}}},
		}, nil
	}
}

// failing makes the plugin fail.
func (in *intake) failing(err error) {
	in.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) { return channel.WebhookAnswer{}, err }
}

// waiting lists the bodies of the stored requests that are due within a time.
func (in *intake) waiting(within time.Duration) []string {
	in.Helper()
	due, err := in.store.RequestsDue(in.Context(), in.at.Add(within), 1000)
	in.ok(err)
	var out []string
	for _, r := range due {
		out = append(out, string(r.Request.Body))
	}
	return out
}

// handle hands a request in, which must be taken.
func (in *intake) handle(token, body string) channel.WebhookAnswer {
	in.Helper()
	a, err := in.Handle(in.Context(), token, channel.WebhookRequest{Method: http.MethodPost, Path: "/", Body: []byte(body)})
	in.ok(err)
	return a
}

// replay replays what is due and checks how many were tried and dropped.
func (in *intake) replay(tried, dropped int) {
	in.Helper()
	gotTried, gotDropped, err := in.Replay(in.Context())
	in.ok(err)
	if gotTried != tried || gotDropped != dropped {
		in.Errorf("tried %d and dropped %d, want %d and %d", gotTried, gotDropped, tried, dropped)
	}
}

func (in *intake) pass(d time.Duration) { in.at = in.at.Add(d) }

// receiver records what is committed.
type receiver struct {
	items   []channel.Inbound
	scopes  []identity.Scope
	err     error
	results []channel.Result // instead of accepting
	early   map[string]bool  // what is wanted again, by its external id
}

// Receive implements channel.Receiver.
func (r *receiver) Receive(_ context.Context, scope identity.Scope, items []channel.Inbound) ([]channel.Result, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.items, r.scopes = append(r.items, items...), append(r.scopes, scope)
	if r.results != nil {
		return r.results, nil
	}
	out := make([]channel.Result, len(items))
	for i := range out {
		out[i].Outcome = channel.OutcomeAccepted
		if r.early[items[i].External] {
			out[i] = channel.Result{Outcome: channel.OutcomeRetry, Code: "target_early"}
		}
	}
	return out, nil
}

// came lists the external ids of what was committed.
func (r *receiver) came() []string {
	var out []string
	for _, i := range r.items {
		out = append(out, i.External)
	}
	return out
}

func TestHookIsStoredParsedCommittedAnswered(t *testing.T) {
	in := newIntake(t)
	inbox, token := in.inbox(mail)
	request := channel.WebhookRequest{
		Method: http.MethodPost, Path: "/callback", Query: "signature=1", Headers: map[string][]string{"X-Signature": {"a", "b"}},
		Body: []byte("m1"), Remote: "192.0.2.1",
	}
	a, err := in.Handle(t.Context(), token, request)
	in.ok(err)
	if a.Status != 200 || string(a.Body) != "thanks" {
		t.Errorf("answered %+v", a)
	}
	got := in.asked[0]
	if got.ID == "" || got.Replay || got.Method != http.MethodPost || got.Path != "/callback" || got.Query != "signature=1" || got.Remote != "192.0.2.1" ||
		string(got.Body) != "m1" || !maps.EqualFunc(got.Headers, request.Headers, slices.Equal) {
		t.Errorf("the plugin saw %+v", got)
	}
	if len(in.receiver.items) != 1 || in.receiver.items[0].Inbox != inbox.ID {
		t.Errorf("committed %+v: a plugin brings in for the inbox that was asked only", in.receiver.items)
	}
	want := identity.Scope{Workspace: home, Actor: identity.Actor{Kind: identity.ActorPlugin, ID: string(mail)}}
	if in.receiver.scopes[0] != want {
		t.Errorf("in the scope %+v", in.receiver.scopes[0])
	}
	if w := in.waiting(time.Hour); len(w) != 0 {
		t.Errorf("still waiting: %q", w)
	}
}

func TestHookOfNobody(t *testing.T) {
	in := newIntake(t)
	inbox, token := in.inbox(mail)
	in.plugins.OnWebhook = nil
	for _, wrong := range []string{"", "x", token + "x", token[1:], inbox.HookHash} {
		_, err := in.Handle(t.Context(), wrong, channel.WebhookRequest{Body: []byte("m1")})
		in.refused(err, errs.NotFound, "not_found")
	}
	_, err := in.Update(t.Context(), as(identity.RoleOwner), inbox.ID, channel.Edit{Enabled: new(false)})
	in.ok(err)
	_, err = in.Handle(t.Context(), token, channel.WebhookRequest{Body: []byte("m1")})
	in.refused(err, errs.NotFound, "not_found")
	if w := in.waiting(time.Hour); len(w) != 0 {
		t.Errorf("stored %q", w)
	}
}

func TestHookWithThePluginDown(t *testing.T) {
	in := newIntake(t)
	_, token := in.inbox(mail)
	in.failing(channeltest.Down())
	for n := range 3 {
		if a := in.handle(token, fmt.Sprint("m", n)); a.Status != 202 || len(a.Body) != 0 {
			t.Errorf("answered %+v", a)
		}
		in.pass(time.Millisecond)
	}
	in.replay(0, 0) // they are their handlers' for now
	if w := in.waiting(time.Minute); !slices.Equal(w, []string{"m0", "m1", "m2"}) {
		t.Fatalf("waiting: %q", w)
	}
	in.asked = nil
	in.accepting()
	in.pass(10 * time.Second)
	in.replay(3, 0)
	if got := in.receiver.came(); !slices.Equal(got, []string{"m0", "m1", "m2"}) {
		t.Errorf("committed %q", got)
	}
	for _, r := range in.asked {
		if !r.Replay {
			t.Errorf("the plugin is not told that %s is a replay", r.ID)
		}
	}
	in.replay(0, 0)
}

func TestHookKeepsItsIDWhenReplayed(t *testing.T) {
	in := newIntake(t)
	_, token := in.inbox(mail)
	in.failing(channeltest.Down())
	in.handle(token, "m1")
	in.pass(10 * time.Second)
	in.replay(1, 0)
	if len(in.asked) != 2 || in.asked[0].ID != in.asked[1].ID || in.asked[0].ID == "" {
		t.Errorf("asked %+v", in.asked)
	}
}

func TestHookThatThePluginPutsOff(t *testing.T) {
	for name, status := range map[string]int{"no status": 0, "the host's default": 200, "the plugin's own": 503} {
		t.Run(name, func(t *testing.T) {
			in := newIntake(t)
			_, token := in.inbox(mail)
			in.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
				return channel.WebhookAnswer{Status: status, Result: channel.Result{Outcome: channel.OutcomeRetry, Code: "unknown_instance"}}, nil
			}
			for _, body := range []string{"m1", "m2"} {
				if a := in.handle(token, body); a.Status != 202 {
					t.Errorf("answered %d: the request is taken, and not processed", a.Status)
				}
				in.pass(time.Millisecond)
			}
			in.pass(10 * time.Second)
			in.replay(2, 0) // each on its own: the plugin is there
			in.accepting()
			in.pass(2 * time.Second)
			in.replay(2, 0)
			if got := in.receiver.came(); !slices.Equal(got, []string{"m1", "m2"}) {
				t.Errorf("committed %q", got)
			}
		})
	}
}

// An item that the core wants again keeps its request, and holds up no other.
func TestHookThatIsTooEarly(t *testing.T) {
	in := newIntake(t)
	_, token := in.inbox(mail)
	in.receiver.early = map[string]bool{"m1": true}
	if a := in.handle(token, "m1"); a.Status != 202 {
		t.Errorf("answered %d", a.Status)
	}
	if a := in.handle(token, "m2"); a.Status == 202 {
		t.Error("what is not too early waits")
	}
	in.pass(10 * time.Second)
	in.replay(1, 0)
	in.receiver.early = nil
	in.pass(time.Minute)
	in.replay(1, 0)
	in.pass(time.Hour)
	in.replay(0, 0)
	if got := in.receiver.came(); !slices.Equal(got, []string{"m1", "m2", "m1", "m1"}) {
		t.Errorf("brought %q", got)
	}
}

func TestHookThatThePluginRefuses(t *testing.T) {
	in := newIntake(t)
	_, token := in.inbox(mail)
	in.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: 401, Result: channel.Result{Outcome: channel.OutcomeRejected, Code: "bad_signature"}}, nil
	}
	if a := in.handle(token, "m1"); a.Status != 401 {
		t.Errorf("answered %d", a.Status)
	}
	if w := in.waiting(time.Hour); len(w) != 0 {
		t.Errorf("a forged request waits: %q", w)
	}
}

func TestHookWithTheStoreDown(t *testing.T) {
	in := newIntake(t)
	_, token := in.inbox(mail)
	in.receiver.err = errs.New(errs.Unavailable, "storage.io", "The disk failed.")
	if a := in.handle(token, "m1"); a.Status != 202 || string(a.Body) == "thanks" {
		t.Errorf("answered %+v before the commit", a)
	}
	in.receiver.err = nil
	in.pass(10 * time.Second)
	in.replay(1, 0)
	if got := in.receiver.came(); !slices.Equal(got, []string{"m1"}) {
		t.Errorf("committed %q", got)
	}
	// A request that could not even be stored is not taken.
	in.plugins.OnWebhook = nil
	full := channel.NewHooks(in.store, fullStore{in.store}, in.plugins, in.receiver, in.now)
	_, err := full.Handle(t.Context(), token, channel.WebhookRequest{Body: []byte("m2")})
	in.refused(err, errs.RateLimited, "hook.backlog")
}

// fullStore takes no more requests.
type fullStore struct{ *channeltest.Fake }

// PutRequest implements channel.RequestStore.
func (f fullStore) PutRequest(ctx context.Context, r channel.StoredRequest, limit int) error {
	if limit != channel.MaxHookWaiting {
		return errors.New("another limit than the one that is told")
	}
	return f.Fake.PutRequest(ctx, r, 0)
}

func TestReplayWaitsLongerEachTime(t *testing.T) {
	in := newIntake(t)
	_, token := in.inbox(mail)
	in.failing(channeltest.Down())
	in.handle(token, "m1")
	in.pass(10 * time.Second)
	for _, seconds := range []int{2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 300} {
		in.replay(1, 0)
		in.pass(time.Duration(seconds)*time.Second - 1)
		in.replay(0, 0)
		in.pass(1)
	}
}

func TestReplayGivesUp(t *testing.T) {
	in := newIntake(t)
	inbox, token := in.inbox(mail)
	in.failing(channeltest.Down())
	in.handle(token, "m1")
	in.pass(72 * time.Hour)
	in.replay(1, 0)
	in.pass(time.Hour)
	in.asked = nil
	in.replay(1, 1)
	if w := in.waiting(1000 * time.Hour); len(w) != 0 || len(in.asked) != 0 {
		t.Errorf("still waiting: %q, asked %d times", w, len(in.asked))
	}
	in.became(inbox.ID, channel.RequestGivenUp)
}

// One plugin that hangs must cost the others nothing, and a request that makes
// its plugin hang must not take those behind it along.
func TestReplayAsksAPluginThatDoesNotAnswerOnce(t *testing.T) {
	in := newIntake(t)
	_, bad := in.inbox(mail)
	_, good := in.inbox(chat)
	in.failing(channeltest.Down())
	for n := range 5 {
		in.handle(bad, fmt.Sprint("b", n))
		in.handle(good, fmt.Sprint("g", n))
		in.pass(time.Millisecond)
	}
	hangs := func(r channel.WebhookRequest) bool { return r.Body[0] == 'b' }
	accept := in.accepted()
	in.answer = func(r channel.WebhookRequest) (channel.WebhookAnswer, error) {
		if hangs(r) {
			return channel.WebhookAnswer{}, channeltest.Down()
		}
		return accept(r)
	}
	in.asked = nil
	in.pass(10 * time.Second)
	in.replay(6, 0)
	if got := in.receiver.came(); !slices.Equal(got, []string{"g0", "g1", "g2", "g3", "g4"}) || len(in.asked) != 6 {
		t.Errorf("committed %q, asked %d times", got, len(in.asked))
	}
	// Now it is b0 alone that hangs.
	hangs = func(r channel.WebhookRequest) bool { return string(r.Body) == "b0" }
	in.pass(2 * time.Second)
	in.replay(1, 0)
	in.pass(time.Second)
	in.replay(4, 0)
	if got := in.receiver.came()[5:]; !slices.Equal(got, []string{"b1", "b2", "b3", "b4"}) {
		t.Errorf("behind the one that hangs came %q", got)
	}
}

// accepted is the answer of a plugin that accepts.
func (in *intake) accepted() func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
	in.accepting()
	return in.answer
}
