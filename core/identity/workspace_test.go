package identity_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

func TestWorkspace(t *testing.T) {
	o := newOffice(t)
	one, two := o.founded(ownerEmail), o.founded("two@example.com")
	scope, before := o.scope(one.Member), o.head(one.Workspace.ID)
	_, err := o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Name: new(""), Locale: new("xx")})
	o.refuses(err, "/name required", "/locale invalid_locale")
	w, err := o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Name: new("客服"), Locale: new("zh-CN")})
	o.ok(err)
	got, err := o.Workspaces.Get(t.Context(), scope)
	o.ok(err)
	equal(t, got, w)
	equal(t, got.Name+" "+got.Locale, "客服 zh-CN")
	equal(t, o.events(one.Workspace.ID, before), []string{"workspace.changed " + string(one.Workspace.ID)})

	for _, d := range []time.Duration{-time.Second, 601 * time.Second, 1500 * time.Millisecond} {
		_, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{WrapUp: &d})
		o.refuses(err, "/settings/wrap_up_seconds out_of_range")
	}
	w, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{WrapUp: new(identity.MaxWrapUp)})
	o.ok(err)
	offers := identity.NewSettings().Offers
	equal(t, w.Settings, identity.Settings{WrapUp: 10 * time.Minute, Unattended: time.Minute, CloseTickets: 7, Offers: offers})
	w, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Name: new("客服部")})
	o.ok(err)
	equal(t, w.Settings.WrapUp, 10*time.Minute) // what is left out stays

	for _, d := range []time.Duration{-time.Second, identity.MaxUnattended + time.Second, 1500 * time.Millisecond} {
		_, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Unattended: &d})
		o.refuses(err, "/settings/unattended_seconds out_of_range")
	}
	for _, d := range []time.Duration{0, identity.MaxUnattended} {
		w, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Unattended: &d})
		o.ok(err)
		equal(t, w.Settings, identity.Settings{WrapUp: 10 * time.Minute, Unattended: d, CloseTickets: 7, Offers: offers})
	}

	for _, days := range []int{-1, identity.MaxCloseTickets + 1} {
		_, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{CloseTickets: &days})
		o.refuses(err, "/settings/tickets/close_after_days out_of_range")
	}
	for _, days := range []int{0, identity.MaxCloseTickets} {
		w, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{CloseTickets: &days})
		o.ok(err)
		equal(t, w.Settings.CloseTickets, days)
	}
	for pointer, patch := range map[string]identity.OfferPatch{
		"/settings/offers/mode enum": {Mode: new(identity.OfferMode("ask"))}, "/settings/offers/misses out_of_range": {Misses: new(0)},
		"/settings/offers/ring_s out_of_range": {Ring: new(identity.MinRing - time.Second)},
	} {
		_, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Offers: patch})
		o.refuses(err, pointer)
	}
	offers = identity.OfferSettings{Mode: identity.OfferWork, Ring: identity.MaxRing, Misses: identity.MaxMisses}
	w, err = o.Workspaces.Update(t.Context(), scope, identity.WorkspacePatch{Offers: identity.OfferPatch{Mode: &offers.Mode, Ring: &offers.Ring, Misses: &offers.Misses}})
	o.ok(err)
	equal(t, w.Settings.Offers, offers)

	other, err := o.Workspaces.Get(t.Context(), o.scope(two.Member))
	o.ok(err)
	equal(t, other, two.Workspace)
	all, err := o.Workspaces.All(t.Context(), page.Request{})
	o.ok(err)
	equal(t, len(all.Items), 2)
}
