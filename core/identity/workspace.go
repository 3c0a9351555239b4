package identity

import (
	"cmp"
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/page"
)

// Workspaces are the use cases of tenants.
type Workspaces struct{ *commons }

// WorkspacePatch names what changes; nil stays as it is.
type WorkspacePatch struct {
	Name   *string
	Locale *string
	Rating RatingPatch

	WrapUp       *time.Duration // see Settings
	Unattended   *time.Duration // see Settings
	CloseTickets *int           // see Settings
	Offers       OfferPatch
}

// OfferPatch changes Settings.Offers; nil stays as it is.
type OfferPatch struct {
	Mode   *OfferMode
	Ring   *time.Duration
	Misses *int
}

func (p OfferPatch) check(c *check) {
	if m := p.Mode; m != nil && *m != AssignWork && *m != OfferWork {
		c.Refuse("/settings/offers/mode", "enum", "Work is assigned or offered: assign or offer.")
	}
	if r := p.Ring; r != nil && (*r < MinRing || *r > MaxRing || *r%time.Second != 0) {
		c.Refuse("/settings/offers/ring_s", "out_of_range", "An offer rings for 5 to 120 seconds.")
	}
	if n := p.Misses; n != nil && (*n < 1 || *n > MaxMisses) {
		c.Refuse("/settings/offers/misses", "out_of_range", "A member is away after 1 to 10 offers that they did not answer.")
	}
}

func (p OfferPatch) apply(o *OfferSettings) {
	set(&o.Mode, p.Mode)
	set(&o.Ring, p.Ring)
	set(&o.Misses, p.Misses)
}

// RatingPatch changes Settings.RatingAsk; nil stays as it is.
type RatingPatch struct {
	Enabled *bool
	Ask     *RatingAsk // RatingByWidget when it is turned on without one
}

func (p RatingPatch) apply(now RatingAsk) RatingAsk {
	on, ask := now != "", now
	if p.Enabled != nil {
		on = *p.Enabled
	}
	if p.Ask != nil {
		ask = *p.Ask
	}
	if !on {
		return ""
	}
	return cmp.Or(ask, RatingByWidget)
}

// All lists every tenant by id: for the application itself, which starts what
// runs once per workspace.
func (s *Workspaces) All(ctx context.Context, request page.Request) (page.Page[Workspace], error) {
	return s.Stores.Workspaces.Workspaces(ctx, request)
}

// Get returns the scope's workspace. Needs WorkspaceRead.
func (s *Workspaces) Get(ctx context.Context, scope Scope) (Workspace, error) {
	if err := scope.Require(WorkspaceRead); err != nil {
		return Workspace{}, err
	}
	return s.Stores.Workspaces.Workspace(ctx, scope.Workspace)
}

// Update changes the scope's workspace. Needs WorkspaceManage.
func (s *Workspaces) Update(ctx context.Context, scope Scope, patch WorkspacePatch) (Workspace, error) {
	if err := scope.Require(WorkspaceManage); err != nil {
		return Workspace{}, err
	}
	c := &check{}
	if patch.Name != nil {
		name := c.name("/name", *patch.Name)
		patch.Name = &name
	}
	if patch.Locale != nil {
		c.locale("/locale", *patch.Locale)
	}
	if patch.WrapUp != nil {
		c.seconds("/settings/wrap_up_seconds", "A wrap-up lasts", *patch.WrapUp, MaxWrapUp)
	}
	if patch.Unattended != nil {
		c.seconds("/settings/unattended_seconds", "Members are told after", *patch.Unattended, MaxUnattended)
	}
	if d := patch.CloseTickets; d != nil && (*d < 0 || *d > MaxCloseTickets) {
		c.Refuse("/settings/tickets/close_after_days", "out_of_range", "Solved tickets close after 1 to 365 days, or never: 0.")
	}
	patch.Offers.check(c)
	if a := patch.Rating.Ask; a != nil && *a != RatingByWidget && *a != RatingByLink && *a != RatingByBoth {
		c.Refuse("/settings/rating/ask", "enum", "Ask in the widget, by link, or both.")
	}
	if err := c.err(); err != nil {
		return Workspace{}, err
	}
	record := Record(ctx, scope, WorkspaceEdited, event.Party{Kind: "workspace", ID: string(scope.Workspace)})
	return s.Stores.Workspaces.ChangeWorkspace(ctx, scope.Workspace, func(w *Workspace) error {
		before := *w
		set(&w.Name, patch.Name)
		set(&w.Locale, patch.Locale)
		set(&w.Settings.WrapUp, patch.WrapUp)
		set(&w.Settings.Unattended, patch.Unattended)
		set(&w.Settings.CloseTickets, patch.CloseTickets)
		patch.Offers.apply(&w.Settings.Offers)
		w.Settings.RatingAsk = patch.Rating.apply(w.Settings.RatingAsk)
		w.UpdatedAt = s.time()
		record.Target = w.target()
		record.Say(w.since(before))
		return nil
	}, s.audited(scope.Workspace, WorkspaceChanged, string(scope.Workspace), record))
}

// since says what became of the workspace.
func (w Workspace) since(before Workspace) event.Differences {
	d := event.Differences{}
	d.Note("name", before.Name, w.Name)
	d.Note("locale", before.Locale, w.Locale)
	d.Note("wrap_up_seconds", before.Settings.WrapUp.Seconds(), w.Settings.WrapUp.Seconds())
	d.Note("unattended_seconds", before.Settings.Unattended.Seconds(), w.Settings.Unattended.Seconds())
	d.Note("ticket_close_days", before.Settings.CloseTickets, w.Settings.CloseTickets)
	d.Note("offer_mode", string(before.Settings.Offers.Mode), string(w.Settings.Offers.Mode))
	d.Note("offer_ring_seconds", before.Settings.Offers.Ring.Seconds(), w.Settings.Offers.Ring.Seconds())
	d.Note("offer_misses", before.Settings.Offers.Misses, w.Settings.Offers.Misses)
	d.Note("rating", string(before.Settings.RatingAsk), string(w.Settings.RatingAsk))
	return d
}
