package channel_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/channel/channeltest"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// log lists what became of the requests of an inbox, the oldest first.
func (in *intake) log(inbox channel.InboxID) []channel.LoggedRequest {
	in.Helper()
	got, err := in.store.Requests(in.Context(), home, inbox, channel.RequestFilter{}, page.Request{})
	in.ok(err)
	slices.Reverse(got.Items)
	return got.Items
}

// became checks the states of an inbox's requests, the oldest first.
func (in *intake) became(inbox channel.InboxID, want ...channel.RequestState) {
	in.Helper()
	var got []channel.RequestState
	for _, r := range in.log(inbox) {
		got = append(got, r.State)
	}
	if !slices.Equal(got, want) {
		in.Errorf("became %q, want %q", got, want)
	}
}

func TestHookKeepsWhatBecameOfARequest(t *testing.T) {
	in := newIntake(t)
	inbox, token := in.inbox(mail)
	in.handle(token, "m1")
	in.pass(time.Second)
	in.receiver.results = []channel.Result{{Outcome: channel.OutcomeRejected, Code: "target", Detail: "no such message"}}
	in.handle(token, "m2")
	in.pass(time.Second)
	in.receiver.results = nil
	for _, code := range []string{"bad_signature", "odd"} {
		in.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
			return channel.WebhookAnswer{Status: 400, Result: channel.Result{Outcome: channel.OutcomeRejected, Code: code, Detail: "why"}}, nil
		}
		in.handle(token, code)
		in.pass(time.Second)
	}
	in.became(inbox.ID, channel.RequestProcessed, channel.RequestRefused, channel.RequestForged, channel.RequestRefused)
	log := in.log(inbox.ID)
	if log[0].Accepted != 1 || log[1].Code != "target" || log[1].Refused != 1 || log[2].Code != "bad_signature" || log[3].Detail != "why" {
		t.Errorf("the log says %+v", log)
	}
	kept, err := in.store.Request(t.Context(), home, inbox.ID, log[0].Request.ID)
	in.ok(err)
	if string(kept.Request.Body) != "m1" {
		t.Errorf("kept %q", kept.Request.Body)
	}
}

// Killed between the commit and the mark, a request waits as if nothing had
// happened; what it brought is in already and counts as a duplicate.
func TestHookKilledBeforeTheMark(t *testing.T) {
	in := newIntake(t)
	inbox, token := in.inbox(mail)
	dead := channel.NewHooks(in.store, unmarked{in.store}, in.plugins, in.receiver, in.now)
	a, err := dead.Handle(t.Context(), token, channel.WebhookRequest{Method: http.MethodPost, Body: []byte("m1")})
	in.ok(err)
	if a.Status != 202 || len(in.receiver.items) != 1 {
		t.Fatalf("answered %d, committed %d", a.Status, len(in.receiver.items))
	}
	in.became(inbox.ID, channel.RequestWaiting)
	in.receiver.results = []channel.Result{{Outcome: channel.OutcomeDuplicate}}
	in.pass(10 * time.Second)
	in.replay(1, 0)
	in.became(inbox.ID, channel.RequestProcessed)
	if log := in.log(inbox.ID); log[0].Duplicates != 1 || log[0].Accepted != 0 {
		t.Errorf("the log says %+v", log[0])
	}
}

// unmarked is a store whose process is killed before it notes what became.
type unmarked struct{ *channeltest.Fake }

// EndRequest implements channel.RequestStore.
func (unmarked) EndRequest(context.Context, identity.WorkspaceID, string, channel.Ending) error {
	return errors.New("killed")
}

func TestHookForgetsWhatHasNoRoom(t *testing.T) {
	in := newIntake(t)
	inbox, token := in.inbox(mail)
	in.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: 401, Result: channel.Result{Outcome: channel.OutcomeRejected, Code: "bad_signature"}}, nil
	}
	for range channel.MaxForged + 5 {
		in.handle(token, "x")
	}
	in.accepting()
	in.handle(token, "honest") // has room of its own
	in.pass(time.Second)
	total := func() int {
		piles, err := in.store.RequestPiles(t.Context())
		in.ok(err)
		n := 0
		for _, p := range piles {
			n += p.Count
		}
		return n
	}
	if got := total(); got != channel.MaxForged+1 {
		t.Errorf("%d are kept", got)
	}
	days := func(context.Context, identity.WorkspaceID) (int, error) { return 7, nil }
	rest := func(context.Context, time.Duration) {}
	in.ok(in.Trim(t.Context(), days, rest)) // there is room again, and what is kept stays
	in.answer = func(channel.WebhookRequest) (channel.WebhookAnswer, error) {
		return channel.WebhookAnswer{Status: 401, Result: channel.Result{Outcome: channel.OutcomeRejected, Code: "bad_signature"}}, nil
	}
	large := in.handle(token, strings.Repeat("x", 100<<10))
	if large.Status != 401 || total() != channel.MaxForged+2 {
		t.Errorf("answered %d, kept %d", large.Status, total())
	}
	got, err := in.store.Request(t.Context(), home, inbox.ID, newestOf(in, inbox.ID))
	in.ok(err)
	if !got.Bare {
		t.Error("a large forged request is kept as it is")
	}
	in.ok(in.Trim(t.Context(), days, rest))
	if n := total(); n > channel.MaxForged+1 || n == 0 {
		t.Errorf("after trimming %d are kept", n)
	}
	in.pass(8 * 24 * time.Hour)
	in.ok(in.Trim(t.Context(), days, rest))
	if n := total(); n != 0 {
		t.Errorf("a day too old: %d are kept", n)
	}
}

func newestOf(in *intake, inbox channel.InboxID) string {
	in.Helper()
	log := in.log(inbox)
	return log[len(log)-1].Request.ID
}
