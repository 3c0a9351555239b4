package httpapi

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/license"
	"github.com/patchbay-im/patchbay/core/wire"
)

// standingBody is where a paid plugin stands.
type standingBody struct {
	Model           string     `json:"model" enum:"subscription,one_time"`
	Product         string     `json:"product" doc:"What its licenses name."`
	State           string     `json:"state" enum:"none,trial,valid,grace,expired"`
	HostTrial       bool       `json:"host_trial" doc:"No license was given: the trial of the manifest runs, or ran."`
	Edition         string     `json:"edition,omitempty"`
	ExpiresAt       *time.Time `json:"expires_at,omitempty" doc:"Absent: never."`
	GraceUntil      *time.Time `json:"grace_until,omitempty" doc:"In the state grace: everything still works until then."`
	MaintainedUntil *time.Time `json:"maintained_until,omitempty" doc:"Versions that were released before run for ever."`
	Perpetual       bool       `json:"perpetual" doc:"This version runs for ever."`
	TooNew          bool       `json:"too_new" doc:"This version was released after the maintenance ended: an older one runs for ever."`
	OnExpiry        string     `json:"on_expiry" enum:"receive_only,read_only" doc:"What goes on without a license."`
	Barred          bool       `json:"barred" doc:"on_expiry applies now."`
	BuyURL          string     `json:"buy_url,omitempty"`
}

func standingOf(s license.Standing) *standingBody {
	return &standingBody{
		Model: s.Model, Product: s.Product, State: string(s.State), HostTrial: s.HostTrial, Edition: s.Edition,
		ExpiresAt: stamp(s.ExpiresAt), GraceUntil: stamp(s.GraceUntil), MaintainedUntil: stamp(s.MaintainedUntil),
		Perpetual: s.Perpetual, TooNew: s.TooNew, OnExpiry: string(s.OnExpiry), Barred: s.Barred() != nil, BuyURL: s.BuyURL,
	}
}

// licenseBody is a license that was added: never the token.
type licenseBody struct {
	ID              string           `json:"id"`
	Number          string           `json:"number" doc:"The vendor's."`
	Product         string           `json:"product"`
	Plugin          string           `json:"plugin,omitempty" doc:"Absent: no installed plugin takes it."`
	Vendor          string           `json:"vendor,omitempty"`
	Customer        string           `json:"customer,omitempty"`
	Edition         string           `json:"edition,omitempty"`
	Features        []string         `json:"features"`
	Limits          map[string]int64 `json:"limits"`
	Trial           bool             `json:"trial"`
	State           string           `json:"state,omitempty" enum:"not_yet,trial,valid,grace,expired" doc:"Absent: it cannot be read."`
	Problem         string           `json:"problem,omitempty" doc:"Why it cannot be read."`
	IssuedAt        *time.Time       `json:"issued_at,omitempty"`
	BeginsAt        *time.Time       `json:"begins_at,omitempty" doc:"Absent: at once."`
	ExpiresAt       *time.Time       `json:"expires_at,omitempty" doc:"Absent: never."`
	GraceUntil      *time.Time       `json:"grace_until,omitempty"`
	MaintainedUntil *time.Time       `json:"maintained_until,omitempty"`
	Perpetual       bool             `json:"perpetual"`
	AddedAt         time.Time        `json:"added_at"`
	AddedBy         string           `json:"added_by,omitempty"`
}

func licenseOf(l license.License) licenseBody {
	e, d := l.Entitlement, l.Document
	out := licenseBody{
		ID: l.ID, Number: d.Number, Product: l.Product, Plugin: string(l.Plugin), Vendor: d.Vendor, Customer: e.Customer, Edition: e.Edition,
		Features: append([]string{}, e.Features...), Limits: map[string]int64{}, Trial: d.Trial, State: string(e.State), Problem: l.Problem,
		IssuedAt: stamp(d.IssuedAt), BeginsAt: stamp(d.BeginsAt), ExpiresAt: stamp(e.ExpiresAt), GraceUntil: stamp(e.GraceUntil),
		MaintainedUntil: stamp(e.MaintainedUntil), Perpetual: e.Perpetual, AddedAt: wire.Stamp(l.AddedAt), AddedBy: l.AddedBy,
	}
	maps.Copy(out.Limits, e.Limits)
	return out
}

type addLicense struct {
	WorkspacePath
	Body struct {
		Token string `json:"token" minLength:"1" maxLength:"9000" doc:"As the vendor sent it; white space around it counts for nothing."`
	}
}

type licensePath struct {
	WorkspacePath
	License string `path:"license"`
}

func (s *Server) licenseRoutes() {
	base := apiPrefix + "/workspaces/{workspace}/licenses"
	member(s, huma.Operation{Method: http.MethodGet, Path: base, Summary: "List the licenses of paid plugins", Tags: []string{"plugins"}, Description: "They are the installation's, and the same in every workspace. The tokens are never shown."},
		identity.PluginManage, func(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[licenseBody]], error) {
			all, err := s.Licenses.List(ctx, scope)
			if err != nil {
				return nil, err
			}
			out := &body[list[licenseBody]]{Body: list[licenseBody]{Items: make([]licenseBody, len(all))}}
			for i, l := range all {
				out.Body.Items[i] = licenseOf(l)
			}
			return out, nil
		})
	member(s, huma.Operation{Method: http.MethodPost, Path: base, Summary: "Add a license of a paid plugin", Tags: []string{"plugins"}, DefaultStatus: http.StatusCreated, Description: "It is verified on this server and told to nobody else."},
		identity.PluginManage, func(ctx context.Context, scope identity.Scope, in *addLicense) (*body[licenseBody], error) {
			l, err := s.Licenses.Add(ctx, scope, in.Body.Token)
			if err != nil {
				return nil, err
			}
			return &body[licenseBody]{Body: licenseOf(l)}, nil
		})
	member(s, huma.Operation{Method: http.MethodDelete, Path: base + "/{license}", Summary: "Remove a license", Tags: []string{"plugins"}, DefaultStatus: http.StatusNoContent, Description: "What it allowed ends at once. Nothing else is removed."},
		identity.PluginManage, func(ctx context.Context, scope identity.Scope, in *licensePath) (*struct{}, error) {
			return nil, s.Licenses.Remove(ctx, scope, in.License)
		})
}
