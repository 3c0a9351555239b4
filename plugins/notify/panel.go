package main

import (
	"context"
	"strconv"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/phrase"
	"github.com/patchbay-im/patchbay/plugins/notify/queue"
	"github.com/patchbay-im/patchbay/plugins/notify/target"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/panel"
	"github.com/patchbay-im/patchbay/sdk/panel/card"
)

const actionTest = "test"

// Render implements panel.Panel: how the target fares, and a button that sends
// a message to it.
func (p *plugin) Render(ctx context.Context, req panel.RenderRequest) (panel.RenderResponse, error) {
	shown, err := p.card(ctx, req.Instance, req.Context)
	return panel.RenderResponse{Card: shown}, err
}

func (p *plugin) card(ctx context.Context, in instance.Instance, at panel.Context) (card.Card, error) {
	t := phrase.For(at.Locale)
	plan, err := p.planned(in)
	if err != nil {
		return card.Card{}, err
	}
	d, err := queue.Read(ctx, p.host(in.ID).State)
	if err != nil {
		return card.Card{}, err
	}
	waiting := len(d.Items) + d.More
	if d.Batch != nil {
		waiting += len(d.Batch.Items) + d.Batch.More
	}
	last, fault := t.Never, t.Fine
	zone := plan.rules.Zone
	if !d.Last.IsZero() {
		last = d.Last.In(zone).Format("2006-01-02 15:04")
	}
	if d.Fault != nil && d.Config == in.Revision {
		fault = t.Problem(d.Fault.Code)
	}
	facts := card.Facts{{Title: t.Waiting, Value: strconv.Itoa(waiting)}, {Title: t.Last, Value: last}, {Title: t.Fault, Value: fault}}
	if until, silent := plan.rules.Silent(p.now()); silent {
		facts = append(facts, card.Fact{Title: t.Quiet, Value: until.Format("15:04")})
	}
	parts := []card.Element{facts}
	if at.Allows(panel.MayManage) {
		parts = append(parts, card.Buttons{card.Submit{Title: t.Send, Action: actionTest}})
	}
	return card.New(parts...), nil
}

// Act implements panel.Actor.
func (p *plugin) Act(ctx context.Context, req panel.ActRequest) (panel.ActResponse, error) {
	t := phrase.For(req.Context.Locale)
	switch {
	case req.Action != actionTest:
		return panel.ActResponse{}, errs.Reject("unknown_action", t.NoAction)
	case !req.Context.Allows(panel.MayManage):
		return panel.ActResponse{}, errs.Reject("not_allowed", t.NotManager)
	}
	plan, err := p.planned(req.Instance)
	if err != nil {
		return panel.ActResponse{}, err
	}
	free := false
	state, pace := p.host(req.Instance.ID).State, plan.target.Pace()
	_, err = queue.Change(ctx, state, func(d *queue.Document) bool {
		now := p.now().UTC()
		if free = d.Room(now, pace.PerMinute, pace.Gap) <= 0; free {
			d.Sent = append(d.Sent, now)
		}
		return free
	})
	if err != nil {
		return panel.ActResponse{}, err
	}
	if !free {
		return panel.ActResponse{Message: t.Many, Failed: true}, nil
	}
	f := target.FailureOf(plan.target.Send(ctx, plan.language.Test(req.Instance.Name)))
	_, err = queue.Change(ctx, state, func(d *queue.Document) bool {
		tested(d, f, p.now().UTC(), req.Instance.Revision)
		return true
	})
	if err != nil {
		return panel.ActResponse{}, err
	}
	shown, err := p.card(ctx, req.Instance, req.Context)
	if f != nil {
		return panel.ActResponse{Card: shown, Message: t.Problem(f.Code), Failed: true}, err
	}
	return panel.ActResponse{Card: shown, Message: t.Sent}, err
}

// tested writes down what became of a test message. One that arrives ends the
// pause.
func tested(d *queue.Document, f *target.Failure, now time.Time, revision uint64) {
	d.Config = revision
	if f == nil {
		d.Fault, d.Last, d.Hold, d.Tries = nil, now, time.Time{}, 0
		return
	}
	d.Fault = &queue.Fault{Code: f.Code, Sort: string(f.Sort), At: now}
}
