package channeltest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func copiedRequest(r channel.StoredRequest) channel.StoredRequest {
	r.Request.Headers = maps.Clone(r.Request.Headers)
	r.Request.Body = append([]byte{}, r.Request.Body...)
	return r
}

func (f *Fake) waiting(inbox channel.InboxID) int {
	n := 0
	for _, r := range f.requests {
		if r.Inbox == inbox && r.State == channel.RequestWaiting {
			n++
		}
	}
	return n
}

// PutRequest implements channel.RequestStore.
func (f *Fake) PutRequest(_ context.Context, r channel.StoredRequest, limit int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i, ok := f.inboxes[r.Inbox]; !ok || i.Workspace != r.Workspace {
		return errs.Absent()
	}
	if f.waiting(r.Inbox) >= limit {
		return channel.Backlog()
	}
	f.requests[r.Request.ID] = channel.LoggedRequest{
		StoredRequest: copiedRequest(r), Ending: channel.Ending{State: channel.RequestWaiting}, Kept: r.Request.Size(),
	}
	return nil
}

// change lets do work on a request of a workspace, which must match.
func (f *Fake) change(workspace identity.WorkspaceID, id string, match func(channel.LoggedRequest) bool, do func(*channel.LoggedRequest)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r, ok := f.requests[id]; ok && r.Workspace == workspace && match(r) {
		do(&r)
		f.requests[id] = r
	}
}

func waits(r channel.LoggedRequest) bool { return r.State == channel.RequestWaiting }

// EndRequest implements channel.RequestStore.
func (f *Fake) EndRequest(_ context.Context, workspace identity.WorkspaceID, id string, e channel.Ending) error {
	f.change(workspace, id, waits, func(r *channel.LoggedRequest) {
		if e.State == channel.RequestGivenUp {
			e.Code, e.Detail = r.Code, r.Detail
		}
		if e.Bare {
			r.Request = channel.WebhookRequest{ID: r.Request.ID, Method: r.Request.Method}
		}
		e.Senders = nil // only an erasure reads them
		r.Ending, r.NextAt = e, time.Time{}
	})
	return nil
}

// ForgetRequest implements channel.RequestStore.
func (f *Fake) ForgetRequest(_ context.Context, workspace identity.WorkspaceID, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.requests[id].Workspace == workspace {
		delete(f.requests, id)
	}
	return nil
}

// RetryRequest implements channel.RequestStore.
func (f *Fake) RetryRequest(_ context.Context, workspace identity.WorkspaceID, id string, next time.Time, why channel.Result) error {
	f.change(workspace, id, waits, func(r *channel.LoggedRequest) {
		r.Attempts++
		r.NextAt, r.Code, r.Detail = next, why.Code, why.Detail
	})
	return nil
}

// sorted lists requests, the oldest first.
func (f *Fake) sorted(match func(channel.LoggedRequest) bool) []channel.LoggedRequest {
	var out []channel.LoggedRequest
	for _, r := range f.requests {
		if match(r) {
			r.StoredRequest = copiedRequest(r.StoredRequest)
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b channel.LoggedRequest) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), strings.Compare(a.Request.ID, b.Request.ID))
	})
	return out
}

// RequestsDue implements channel.RequestStore.
func (f *Fake) RequestsDue(_ context.Context, now time.Time, limit int) ([]channel.StoredRequest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []channel.StoredRequest
	for _, r := range f.sorted(func(r channel.LoggedRequest) bool { return waits(r) && !r.NextAt.After(now) }) {
		out = append(out, r.StoredRequest)
	}
	return out[:min(limit, len(out))], nil
}

func meant(w identity.WorkspaceID, inbox channel.InboxID, q channel.RequestFilter) func(channel.LoggedRequest) bool {
	return func(r channel.LoggedRequest) bool {
		return r.Workspace == w && r.Inbox == inbox && (len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
			!r.ReceivedAt.Before(q.Since) && (q.ID == "" || r.Request.ID == q.ID)
	}
}

// listed is a request of a list, without what is raw.
func listed(r channel.LoggedRequest) channel.LoggedRequest {
	r.Request = channel.WebhookRequest{ID: r.Request.ID, Method: r.Request.Method}
	r.Bare = false
	return r
}

// Requests implements channel.RequestLogStore.
func (f *Fake) Requests(_ context.Context, w identity.WorkspaceID, inbox channel.InboxID, q channel.RequestFilter, p page.Request) (page.Page[channel.LoggedRequest], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out page.Page[channel.LoggedRequest]
	key, err := page.Decode(p.Cursor, 1)
	if err != nil {
		return out, err
	}
	from := 0
	if key != nil {
		if from, err = strconv.Atoi(key[0]); err != nil {
			return out, errs.New(errs.Invalid, "page.cursor_invalid", "The cursor is not one we gave out. Start again without it.")
		}
	}
	all := f.sorted(meant(w, inbox, q))
	slices.Reverse(all)
	all = all[min(from, len(all)):]
	if size := p.Size(); len(all) > size {
		all, out.Next = all[:size], page.Encode(strconv.Itoa(from+size))
	}
	for _, r := range all {
		out.Items = append(out.Items, listed(r))
	}
	return out, nil
}

// Request implements channel.RequestLogStore.
func (f *Fake) Request(_ context.Context, w identity.WorkspaceID, inbox channel.InboxID, id string) (channel.LoggedRequest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.sorted(meant(w, inbox, channel.RequestFilter{ID: id}))
	if id == "" || len(all) == 0 {
		return channel.LoggedRequest{}, errs.Absent()
	}
	if all[0].Bare {
		all[0].Request.Body = nil
	}
	return all[0], nil
}

// ReplayRequests implements channel.RequestLogStore.
func (f *Fake) ReplayRequests(_ context.Context, w identity.WorkspaceID, inbox channel.InboxID, q channel.RequestReplay) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	room := min(q.Limit, q.Waiting-f.waiting(inbox))
	if room <= 0 {
		return 0, channel.Backlog()
	}
	is := meant(w, inbox, q.RequestFilter)
	all := f.sorted(func(r channel.LoggedRequest) bool {
		return is(r) && !r.Bare && (!waits(r) || r.ReceivedAt.Before(q.Settled))
	})
	all = all[:min(room, len(all))]
	for _, r := range all {
		r.WaitsSince, r.NextAt, r.Attempts, r.Ending = q.At, q.At, 0, channel.Ending{State: channel.RequestWaiting}
		f.requests[r.Request.ID] = r
	}
	return len(all), nil
}

// RequestPiles implements channel.RequestLogStore.
func (f *Fake) RequestPiles(context.Context) ([]channel.RequestPile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	piles := make(map[string]channel.RequestPile)
	for _, r := range f.requests {
		if waits(r) {
			continue
		}
		forged := r.State == channel.RequestForged
		key := string(r.Workspace) + " " + string(r.Inbox) + " " + strconv.FormatBool(forged)
		p, ok := piles[key]
		if !ok || r.At.Before(p.Oldest) {
			p.Oldest = r.At
		}
		p.Workspace, p.Inbox, p.Forged, p.Count, p.Bytes = r.Workspace, r.Inbox, forged, p.Count+1, p.Bytes+r.Kept
		piles[key] = p
	}
	var out []channel.RequestPile
	for _, key := range slices.Sorted(maps.Keys(piles)) {
		out = append(out, piles[key])
	}
	return out, nil
}

// CutRequests implements channel.RequestLogStore.
func (f *Fake) CutRequests(_ context.Context, p channel.RequestPile, c channel.RequestCut, limit int) (channel.RequestCut, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.sorted(func(r channel.LoggedRequest) bool {
		return r.Workspace == p.Workspace && r.Inbox == p.Inbox && !waits(r) && (r.State == channel.RequestForged) == p.Forged
	})
	slices.SortStableFunc(all, func(a, b channel.LoggedRequest) int { return a.At.Compare(b.At) })
	var gone channel.RequestCut
	for _, r := range all[:min(limit, len(all))] {
		if gone.Count < c.Count || gone.Bytes < c.Bytes || r.At.Before(c.Before) {
			gone.Count, gone.Bytes = gone.Count+1, gone.Bytes+r.Kept
			delete(f.requests, r.Request.ID)
		}
	}
	return gone, nil
}
