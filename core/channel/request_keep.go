package channel

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// What is kept of the ended requests of one inbox. Those that were forged have
// bounds of their own, so that strangers push out nothing that is honest.
const (
	MaxKeptRequests = 10_000
	MaxKeptBytes    = 64 << 20
	MaxForged       = 200
	MaxForgedBytes  = 2 << 20
	maxForged       = 64 << 10 // a larger forged one is kept without what is raw
)

// cutBatch is how many requests one transaction removes.
const cutBatch = 200

// ending says what became of a request: refused is also one of which nothing
// came in.
func ending(answer WebhookAnswer, results []Result) Ending {
	out := Ending{State: RequestProcessed, Senders: sendersOf(answer.Inbound)}
	for _, r := range results {
		switch r.Outcome {
		case OutcomeAccepted:
			out.Accepted++
		case OutcomeDuplicate:
			out.Duplicates++
		case OutcomeRetry, OutcomeRejected, OutcomeUnknown:
			if out.Refused++; out.Code == "" {
				out.Code, out.Detail = r.Code, r.Detail
			}
		}
	}
	said := answer.Result
	switch {
	case said.Outcome == OutcomeRejected && said.Code == codeForged:
		out.State, out.Code, out.Detail = RequestForged, said.Code, said.Detail
	case said.Outcome == OutcomeRejected:
		out.State, out.Code, out.Detail = RequestRefused, said.Code, said.Detail
	case out.Refused > 0 && out.Accepted+out.Duplicates == 0:
		out.State = RequestRefused
	}
	return out
}

// sendersOf lists the people that items name, each once.
func sendersOf(items []Inbound) []string {
	var out []string
	for _, i := range items {
		for _, who := range []string{i.Sender.External, i.Recipient} {
			if who != "" && !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	return out
}

// room bounds what is kept of an inbox between two sweeps, in memory: beyond it
// a request is forgotten as soon as it ended.
type room struct {
	mu   sync.Mutex
	used map[roomKey]RequestCut
}

type roomKey struct {
	inbox  InboxID
	forged bool
}

// bounds is how much of a pile is kept.
func bounds(forged bool) RequestCut {
	if forged {
		return RequestCut{Count: MaxForged, Bytes: MaxForgedBytes}
	}
	return RequestCut{Count: MaxKeptRequests, Bytes: MaxKeptBytes}
}

// take reports whether another request is kept.
func (r *room) take(inbox InboxID, forged bool, size int64) bool {
	if forged {
		size = min(size, maxForged)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	key, most := roomKey{inbox, forged}, bounds(forged)
	u := r.used[key]
	if u.Count >= most.Count || u.Bytes+size > most.Bytes {
		return false
	}
	if r.used == nil {
		r.used = make(map[roomKey]RequestCut)
	}
	r.used[key] = RequestCut{Count: u.Count + 1, Bytes: u.Bytes + size}
	return true
}

func (r *room) empty() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.used)
}

// Trim removes what is kept of ended requests beyond the bounds of an inbox and
// the days of its workspace, some at a time. rest waits between two batches,
// unless the context ends.
func (h *Hooks) Trim(ctx context.Context, days func(context.Context, identity.WorkspaceID) (int, error), rest func(context.Context, time.Duration)) error {
	h.room.empty()
	piles, err := h.requests.RequestPiles(ctx)
	if err != nil {
		return err
	}
	for _, p := range piles {
		kept, err := days(ctx, p.Workspace)
		if err != nil {
			return err
		}
		if err := h.trim(ctx, p, h.now().AddDate(0, 0, -kept), rest); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hooks) trim(ctx context.Context, p RequestPile, before time.Time, rest func(context.Context, time.Duration)) error {
	most := bounds(p.Forged)
	cut := RequestCut{Count: max(p.Count-most.Count, 0), Bytes: max(p.Bytes-most.Bytes, 0), Before: before}
	if cut.Count == 0 && cut.Bytes == 0 && !p.Oldest.Before(before) {
		return nil
	}
	for ctx.Err() == nil {
		begun := h.now()
		gone, err := h.requests.CutRequests(ctx, p, cut, cutBatch)
		if err != nil || gone.Count < cutBatch {
			return err
		}
		cut.Count, cut.Bytes = max(cut.Count-gone.Count, 0), max(cut.Bytes-gone.Bytes, 0)
		rest(ctx, 2*h.now().Sub(begun))
	}
	return nil
}
