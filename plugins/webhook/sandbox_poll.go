package main

import (
	"context"

	"github.com/patchbay-im/patchbay/plugins/webhook/mapping"
	"github.com/patchbay-im/patchbay/plugins/webhook/shape"
	"github.com/patchbay-im/patchbay/sdk/errs"
)

// mostShown is how many items of a page are shown.
const mostShown = 10

// polled is what the page shows of fetching: the last round, how far it came, and
// what could not be taken.
func (s sandbox) polled(ctx context.Context, made *plan) (any, error) {
	k := stand{s.p.env.State(made.in.ID)}
	at, _, err := k.place(ctx)
	if err != nil {
		return nil, unlessDenied(err)
	}
	round, err := k.round(ctx)
	if err != nil {
		return nil, err
	}
	refused, err := k.refused(ctx)
	return map[string]any{
		"every_s": int(made.every().Seconds()), "what": made.poll.What(), "cursor": made.poll.At(at, s.p.now()).Cursor, "round": round, "refused": refused,
	}, err
}

// unlessDenied leaves an error out that says what the page cannot change: the workspace
// does not allow the state.
func unlessDenied(err error) error {
	if e := errs.As(err); e != nil && e.Source == errs.Rejected {
		return nil
	}
	return err
}

// fetch asks for the page that comes next, shows what its items would become, and
// takes none of them.
func (s sandbox) fetch(ctx context.Context, made *plan, _ posted) (any, error) {
	if made.poll == nil {
		return nil, errs.Reject("not_polled", "This inbox does not fetch.")
	}
	at, _, err := stand{s.p.env.State(made.in.ID)}.place(ctx)
	if unlessDenied(err) != nil {
		return nil, err
	}
	page, err := s.p.page(ctx, made, at)
	out := map[string]any{"status": page.Status, "count": len(page.Items), "cursor": page.Then.Cursor, "found": page.Found, "more": !page.Over}
	if e := errs.As(err); e != nil {
		out["error"] = shape.Fault{Code: e.Code, Message: e.Detail}
		return out, nil //nolint:nilerr // it is what the page shows
	}
	items := page.Items[:min(len(page.Items), mostShown)]
	results := make([]mapping.Result, 0, len(items))
	for _, one := range made.read(items) {
		results = append(results, mapping.Result{Kind: one.kind, Message: one.in, Fault: one.fault})
	}
	out["results"] = results
	return out, nil
}

// restart has the next round begin where the form says: what could not be read
// before is read again, and what is here already is taken once all the same.
func (s sandbox) restart(ctx context.Context, made *plan, _ posted) (any, error) {
	if made.poll == nil {
		return nil, errs.Reject("not_polled", "This inbox does not fetch.")
	}
	return map[string]any{}, stand{s.p.env.State(made.in.ID)}.restart(ctx)
}
