package channeltest

import (
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func processed(at time.Time) channel.Ending {
	return channel.Ending{State: channel.RequestProcessed, At: at}
}

// put stores a request of an inbox; ended unless its state is waiting.
func (w *world) put(i channel.Inbox, state channel.RequestState) channel.StoredRequest {
	w.Helper()
	r := w.request(i)
	w.ok(w.f.Requests.PutRequest(w.Context(), r, 100))
	if state != channel.RequestWaiting {
		w.ok(w.f.Requests.EndRequest(w.Context(), i.Workspace, r.Request.ID, channel.Ending{State: state, At: w.tick()}))
	}
	return r
}

func (w *world) logged(r channel.StoredRequest) channel.LoggedRequest {
	w.Helper()
	got, err := w.f.Requests.Request(w.Context(), r.Workspace, r.Inbox, r.Request.ID)
	w.ok(err)
	return got
}

// testLogged: what became of a request stays beside it, and is told of it alone.
func testLogged(w *world) {
	i := w.inbox("a")
	r := w.put(i, channel.RequestWaiting)
	same(w, w.logged(r), channel.LoggedRequest{StoredRequest: r, Ending: channel.Ending{State: channel.RequestWaiting}, Kept: r.Request.Size()})

	w.ok(w.f.Requests.RetryRequest(w.Context(), w.ws, r.Request.ID, w.now.Add(time.Minute), channel.Result{Code: "down", Detail: "it is"}))
	e := channel.Ending{
		State: channel.RequestProcessed, At: w.tick(), Took: 1500 * time.Microsecond, Code: "odd", Detail: "one was", Accepted: 2, Duplicates: 1, Refused: 3,
		Senders: []string{"alice"},
	}
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, r.Request.ID, e))
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, r.Request.ID, channel.Ending{State: channel.RequestRefused, At: w.now})) // once
	w.ok(w.f.Requests.RetryRequest(w.Context(), w.ws, r.Request.ID, w.now, channel.Result{Code: "late"}))
	e.Senders = nil
	r.Attempts, r.NextAt = 1, time.Time{}
	same(w, w.logged(r), channel.LoggedRequest{StoredRequest: r, Ending: e, Kept: r.Request.Size()})
	same(w, len(w.due(w.now.Add(time.Hour))), 0)

	up := w.put(i, channel.RequestWaiting)
	w.ok(w.f.Requests.RetryRequest(w.Context(), w.ws, up.Request.ID, w.now, channel.Result{Code: "down", Detail: "it is"}))
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, up.Request.ID, channel.Ending{State: channel.RequestGivenUp, At: w.tick()}))
	got := w.logged(up)
	same(w, []any{got.State, got.Code, got.Detail}, []any{channel.RequestGivenUp, "down", "it is"})

	bare := w.put(i, channel.RequestWaiting)
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, bare.Request.ID, channel.Ending{State: channel.RequestForged, At: w.tick(), Bare: true}))
	got = w.logged(bare)
	same(w, []any{got.Bare, got.Request, got.Kept}, []any{true, channel.WebhookRequest{ID: bare.Request.ID, Method: "POST"}, bare.Request.Size()})

	w.ok(w.f.Requests.ForgetRequest(w.Context(), w.ws, r.Request.ID))
	for _, where := range []channel.StoredRequest{
		r, {Workspace: w.f.Workspace(w), Inbox: i.ID, Request: up.Request}, {Workspace: w.ws, Inbox: "inb_other", Request: up.Request}, {Workspace: w.ws, Inbox: i.ID},
	} {
		_, err := w.f.Requests.Request(w.Context(), where.Workspace, where.Inbox, where.Request.ID)
		w.absent(err)
	}
}

func testListed(w *world) {
	i, other := w.inbox("a"), w.inbox("b")
	states := channel.RequestStates()
	all := make([]channel.StoredRequest, 0, len(states))
	for _, s := range states {
		all = append(all, w.put(i, s))
		w.put(other, s)
	}
	list := func(f channel.RequestFilter, p page.Request) ([]string, string) {
		got, err := w.f.Requests.Requests(w.Context(), w.ws, i.ID, f, p)
		w.ok(err)
		var out []string
		for _, r := range got.Items {
			if r.Request.Body != nil || r.Request.Headers != nil || r.Request.Path != "" || r.Kept == 0 {
				w.Errorf("a list has what is raw, or no size: %+v", r)
			}
			out = append(out, r.Request.ID)
		}
		return out, got.Next
	}
	var newest []string
	for _, r := range slices.Backward(all) {
		newest = append(newest, r.Request.ID)
	}
	first, next := list(channel.RequestFilter{}, page.Request{Limit: 3})
	second, end := list(channel.RequestFilter{}, page.Request{Limit: 3, Cursor: next})
	same(w, append(first, second...), newest)
	same(w, end, "")
	some, _ := list(channel.RequestFilter{States: []channel.RequestState{channel.RequestRefused, channel.RequestGivenUp}}, page.Request{})
	same(w, some, []string{all[4].Request.ID, all[2].Request.ID})
	since, _ := list(channel.RequestFilter{Since: all[3].ReceivedAt}, page.Request{})
	same(w, since, newest[:2])
	for _, cursor := range []string{"x", page.Encode("a", "b")} {
		if _, err := w.f.Requests.Requests(w.Context(), w.ws, i.ID, channel.RequestFilter{}, page.Request{Cursor: cursor}); !errs.Is(err, errs.Invalid) {
			w.Errorf("the cursor %q gives %v", cursor, err)
		}
	}
	none, err := w.f.Requests.Requests(w.Context(), w.f.Workspace(w), i.ID, channel.RequestFilter{}, page.Request{})
	w.ok(err)
	same(w, len(none.Items), 0)
}

func testReplayed(w *world) {
	i := w.inbox("a")
	refused, forged, given := w.put(i, channel.RequestRefused), w.put(i, channel.RequestForged), w.put(i, channel.RequestGivenUp)
	bare := w.put(i, channel.RequestWaiting)
	w.ok(w.f.Requests.EndRequest(w.Context(), w.ws, bare.Request.ID, channel.Ending{State: channel.RequestRefused, At: w.now, Bare: true}))
	failed := channel.RequestFilter{States: []channel.RequestState{channel.RequestRefused, channel.RequestGivenUp}}
	again := func(ws identity.WorkspaceID, f channel.RequestFilter, limit int) int {
		n, err := w.f.Requests.ReplayRequests(w.Context(), ws, i.ID, replay(f, w.tick(), limit, 10))
		w.ok(err)
		return n
	}
	same(w, again(w.f.Workspace(w), failed, 10), 0)
	same(w, again(w.ws, failed, 1), 1) // the oldest
	same(w, w.due(w.now), []string{refused.Request.ID})
	same(w, again(w.ws, failed, 10), 1)
	same(w, w.due(w.now), []string{refused.Request.ID, given.Request.ID})
	got := w.logged(given)
	given.WaitsSince, given.NextAt = w.now, w.now
	same(w, got, channel.LoggedRequest{StoredRequest: given, Ending: channel.Ending{State: channel.RequestWaiting}, Kept: given.Request.Size()})

	// As many wait as may.
	_, err := w.f.Requests.ReplayRequests(w.Context(), w.ws, i.ID, replay(channel.RequestFilter{ID: forged.Request.ID}, w.now, 10, 2))
	if !errs.Is(err, errs.RateLimited) {
		w.Errorf("beyond what may wait: %v", err)
	}
	// One that waits is tried at once, unless it just came.
	fresh := w.put(i, channel.RequestWaiting)
	w.ok(w.f.Requests.RetryRequest(w.Context(), w.ws, fresh.Request.ID, w.now.Add(time.Hour), channel.Result{}))
	same(w, again(w.ws, channel.RequestFilter{ID: fresh.Request.ID}, 1), 0)
	w.now = w.now.Add(time.Minute)
	same(w, again(w.ws, channel.RequestFilter{ID: fresh.Request.ID}, 1), 1)
	same(w, w.due(w.now), []string{refused.Request.ID, given.Request.ID, fresh.Request.ID})
}

func replay(f channel.RequestFilter, at time.Time, limit, waiting int) channel.RequestReplay {
	return channel.RequestReplay{RequestFilter: f, At: at, Settled: at.Add(-10 * time.Second), Limit: limit, Waiting: waiting}
}

func testCut(w *world) {
	i := w.inbox("a")
	var honest []channel.StoredRequest
	for _, s := range []channel.RequestState{channel.RequestProcessed, channel.RequestRefused, channel.RequestGivenUp, channel.RequestProcessed} {
		honest = append(honest, w.put(i, s))
	}
	first := w.logged(honest[0]).At
	forged := w.put(i, channel.RequestForged)
	w.put(i, channel.RequestWaiting)
	size := honest[0].Request.Size()
	pile := channel.RequestPile{Workspace: w.ws, Inbox: i.ID, Count: 4, Bytes: 4 * size, Oldest: first}
	bad := channel.RequestPile{Workspace: w.ws, Inbox: i.ID, Forged: true, Count: 1, Bytes: size, Oldest: w.logged(forged).At}
	piles, err := w.f.Requests.RequestPiles(w.Context())
	w.ok(err)
	same(w, piles, []channel.RequestPile{pile, bad})

	cut := func(p channel.RequestPile, c channel.RequestCut, limit int) channel.RequestCut {
		gone, err := w.f.Requests.CutRequests(w.Context(), p, c, limit)
		w.ok(err)
		return gone
	}
	same(w, cut(pile, channel.RequestCut{Before: first}, 10), channel.RequestCut{})
	same(w, cut(pile, channel.RequestCut{Count: 3}, 1), channel.RequestCut{Count: 1, Bytes: size})
	same(w, cut(pile, channel.RequestCut{Bytes: 1}, 10), channel.RequestCut{Count: 1, Bytes: size})
	same(w, cut(pile, channel.RequestCut{Before: w.now.Add(time.Hour)}, 10), channel.RequestCut{Count: 2, Bytes: 2 * size})
	same(w, cut(bad, channel.RequestCut{Count: 1}, 10), channel.RequestCut{Count: 1, Bytes: size})
	left, err := w.f.Requests.Requests(w.Context(), w.ws, i.ID, channel.RequestFilter{}, page.Request{})
	w.ok(err)
	if len(left.Items) != 1 || left.Items[0].State != channel.RequestWaiting {
		w.Errorf("left: %+v", left.Items)
	}
}
