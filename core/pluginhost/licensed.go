package pluginhost

import (
	"context"
	"errors"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/extension"
	"github.com/patchbay-im/patchbay/core/license"
	sold "github.com/patchbay-im/patchbay/sdk/license"
	"github.com/patchbay-im/patchbay/sdk/manifest"
)

// Paid implements license.Vendors.
func (h *Host) Paid() []license.Terms {
	var out []license.Terms
	for _, s := range h.order {
		if t, paid := s.terms(); paid {
			out = append(out, t)
		}
	}
	return out
}

// TermsOf implements license.Vendors.
func (h *Host) TermsOf(plugin license.PluginID) (license.Terms, bool) {
	s, err := h.find(channel.PluginID(plugin))
	if err != nil {
		return license.Terms{}, false
	}
	return s.terms()
}

// terms are those that the plugin is sold on; false: it is free.
func (s *supervisor) terms() (license.Terms, bool) {
	m := s.installed().manifest
	if m.Commerce == nil {
		return license.Terms{}, false
	}
	return license.Terms{
		Plugin: license.PluginID(s.id), Product: m.ProductOf(), Model: m.Commerce.Model, OnExpiry: license.OnExpiry(m.Commerce.OnExpiry),
		BuyURL: m.Commerce.BuyURL, TrialDays: m.Commerce.TrialDays,
	}, true
}

// ProductOf implements license.Vendors.
func (h *Host) ProductOf(token string) string { return sold.Product(token) }

// ReadLicense implements license.Vendors.
func (h *Host) ReadLicense(plugin license.PluginID, token string) (license.Document, error) {
	s, err := h.find(channel.PluginID(plugin))
	if err != nil {
		return license.Document{}, err
	}
	vendor, _ := s.installed().manifest.VendorOf()
	l, err := vendor.Read(token)
	if err != nil {
		return license.Document{}, unreadable(err)
	}
	return license.Document{
		Number: l.ID, Vendor: l.Vendor, Product: l.Product, Trial: l.Trial, IssuedAt: l.IssuedAt, BeginsAt: l.NotBefore,
		At: atOf(vendor, l),
	}, nil
}

// unreadable words why a token is refused.
func unreadable(err error) error {
	code := "license.malformed"
	switch {
	case errors.Is(err, sold.ErrKey):
		code = "license.unknown_key"
	case errors.Is(err, sold.ErrSignature):
		code = "license.signature"
	case errors.Is(err, sold.ErrProduct):
		code = "license.product"
	}
	text := err.Error()
	sentence := string(text[0]-'a'+'A') + cut(valid(text[1:]), maxDetail) + "."
	return errs.Wrap(err, errs.Invalid, code, sentence).WithFields(errs.Field{Pointer: "/token", Code: code, Detail: sentence})
}

// Serves implements license.Vendors.
func (h *Host) Serves(ctx context.Context, plugin license.PluginID) (bool, error) {
	ports := h.ports.Load()
	if ports == nil {
		return false, nil
	}
	inboxes, err := ports.Workspaces.InboxesOf(ctx, channel.PluginID(plugin))
	if err != nil || len(inboxes) > 0 {
		return err == nil, err
	}
	connections, err := ports.Connections.ConnectionsOf(ctx, extension.PluginID(plugin))
	return len(connections) > 0, err
}

// barred says why a plugin does less than it could; nil when it does everything.
func (h *Host) barred(id channel.PluginID) error {
	s, known := h.byID[id]
	if !known || s.installed().manifest.Commerce == nil { // it is free
		return nil
	}
	ports := h.ports.Load()
	if ports == nil || ports.Desks.Licenses == nil {
		return nil
	}
	return ports.Desks.Licenses.Barred(license.PluginID(id))
}

// writes reports whether a call changes something at the far side: it needs a
// license, where the plugin is sold. Looking things up needs none.
func writes(call string) bool {
	return slices.Contains([]string{"Upsert", "AddActivity", "ActOnPanel", "CallPanel"}, call)
}

// licensed refuses a plugin's own writes while its license is over. What comes
// in, what it keeps and what it reads goes on.
func (d *desk) licensed(scope string) error {
	if d.plugin.Commerce == nil || d.ports.Desks.Licenses == nil ||
		!slices.Contains([]string{"messages:send", "conversations:write", "contacts:write", "tickets:write", "tools:invoke"}, scope) {
		return nil
	}
	err := d.ports.Desks.Licenses.Barred(license.PluginID(d.id))
	if err == nil {
		return nil
	}
	e := errs.As(err)
	return status.Error(codes.FailedPrecondition, e.Code+": "+e.Message)
}

// atOf is the standing of a license as the domain knows it.
func atOf(v sold.Vendor, l sold.License) func(now time.Time) license.Entitlement {
	return func(now time.Time) license.Entitlement {
		at := v.At(l, now)
		out := license.Entitlement{
			Edition: l.Edition, Features: l.Features, Limits: l.Limits, Customer: l.Customer, ExpiresAt: l.ExpiresAt,
			MaintainedUntil: l.MaintainedUntil, GraceUntil: at.GraceUntil, Perpetual: at.Perpetual,
			TooNew: (at.State == sold.Grace || at.State == sold.TooNew) && l.ExpiresAt.IsZero(),
		}
		switch at.State {
		case sold.Trial:
			out.State = license.Trial
		case sold.Valid:
			out.State = license.Valid
		case sold.Grace:
			out.State = license.Grace
		case sold.Expired, sold.TooNew:
			out.State = license.Expired
		case sold.NotYet:
			out.State = license.NotYet
		case sold.None:
			out.State = license.None
		}
		return out
	}
}

// toolWrites reports whether a tool changes something at the far side.
func (h *Host) toolWrites(plugin extension.PluginID, name string) bool {
	s, ok := h.byID[channel.PluginID(plugin)]
	return ok && slices.ContainsFunc(s.installed().manifest.Tools, func(t manifest.Tool) bool { return t.Name == name && t.Writes })
}
