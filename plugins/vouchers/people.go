package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/plugins/vouchers/ledger"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/hook"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
)

// The events that plugin.yaml asks for.
const (
	contactChanged = "contact.changed"
	contactErased  = "erasure.changed"
)

// Intercept is asked about nothing.
func (*plugin) Intercept(context.Context, hook.InterceptRequest) (hook.InterceptResponse, error) {
	return hook.Allow(), nil
}

// OnEvents follows merges and erasures of customers.
func (p *plugin) OnEvents(ctx context.Context, req hook.OnEventsRequest) (hook.OnEventsResponse, error) {
	book, err := p.open(ctx, req.Instance)
	if err != nil {
		return hook.OnEventsResponse{}, err
	}
	var out hook.OnEventsResponse
	for _, e := range req.Events {
		err := p.follow(ctx, req.Instance, book, e)
		out.Results = append(out.Results, err)
		if err != nil && errs.As(err).Source != errs.Rejected {
			break // it comes again, with what is after it
		}
	}
	return out, nil
}

func (p *plugin) follow(ctx context.Context, in instance.Instance, book *ledger.Ledger, e hook.Event) error {
	var data struct{ ID string }
	switch e.Type {
	case hook.TypeGap:
		return p.recheck(ctx, in, book, e.ID)
	case contactChanged, contactErased:
		if err := json.Unmarshal(e.Data, &data); err != nil || data.ID == "" {
			return errs.Reject(errs.CodeBadRequest, "The event names no contact.")
		}
	default:
		return nil
	}
	if e.Type == contactErased {
		return unavailable(book.Forget(ctx, data.ID))
	}
	known, err := book.Knows(ctx, data.ID)
	if err != nil || !known {
		return unavailable(err)
	}
	return p.see(ctx, in, book, data.ID)
}

// see looks at what became of a contact.
func (p *plugin) see(ctx context.Context, in instance.Instance, book *ledger.Ledger, id string) error {
	c, err := p.host(in.ID).Contacts.Get(ctx, id)
	if e := errs.As(err); e != nil && e.Source == errs.Rejected && e.Code == host.CodeNotFound {
		return unavailable(book.Forget(ctx, id))
	}
	if err != nil {
		return err
	}
	return unavailable(book.Merge(ctx, id, c.MergedInto))
}

// How a recheck goes on: in turns that leave time for the answer.
const (
	recheckPage = 100
	recheckTurn = 5 * time.Second
)

// recheck looks at everybody whom the ledger knows: it was not told for a while.
// What one call does not reach, the next one of the same event does.
func (p *plugin) recheck(ctx context.Context, in instance.Instance, book *ledger.Ledger, event string) error {
	until := p.now().Add(recheckTurn)
	after := p.reached(in.ID, event)
	for {
		page, err := book.Contacts(ctx, after, recheckPage)
		if err != nil || len(page) == 0 {
			return unavailable(err)
		}
		for _, id := range page {
			if id != "" {
				err = p.see(ctx, in, book, id)
			}
			if err == nil {
				after = id
				p.reach(in.ID, event, after)
			}
			if err == nil && p.now().After(until) {
				err = errs.Unavailable(nil, "There are more customers to look at.").WithCode("recheck").WithRetryAfter(time.Second)
			}
			if err != nil {
				return err
			}
		}
	}
}

// place is how far a recheck is.
type place struct{ event, after string }

func (p *plugin) reached(in, event string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.rechecks[in]; at.event == event {
		return at.after
	}
	return ""
}

func (p *plugin) reach(in, event, after string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rechecks[in] = place{event, after}
}

// unavailable says of a failure of the database that it may pass.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return errs.Unavailable(err, "The database of the vouchers does not answer.")
}
