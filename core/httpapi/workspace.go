package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/wire"
)

// WorkspacePath is the path parameters of a workspace. It is exported, as every
// type that an input embeds: huma passes over embedded types that are not.
type WorkspacePath struct {
	Workspace string `path:"workspace"`
}

// workspaceBody is a tenant.
type workspaceBody struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	Locale    string       `json:"locale" enum:"en,zh-CN"`
	Settings  settingsBody `json:"settings"`
	Sandbox   bool         `json:"sandbox" doc:"It is one to try things out in: what happens in it reaches no customer."`
	ParentID  string       `json:"parent_id,omitempty" doc:"Of a sandbox: the workspace that it belongs to."`
	CreatedAt time.Time    `json:"created_at"`
}

// settingsBody is what a workspace chose.
type settingsBody struct {
	WrapUpSeconds     int                `json:"wrap_up_seconds" doc:"How long a member is given no new work after resolving a conversation; 0 = not at all."`
	Rating            ratingSettingsBody `json:"rating"`
	UnattendedSeconds int                `json:"unattended_seconds" doc:"Members are told of a customer who has waited for so long while nobody who could answer is available; 0 = they are not told. 60 in a new workspace."`
	Tickets           ticketSettingsBody `json:"tickets"`
	Offers            offerSettingsBody  `json:"offers"`
}

// offerSettingsBody is how work that waits is given to members.
type offerSettingsBody struct {
	Mode   string `json:"mode" enum:"assign,offer" doc:"assign: what waits is the member's at once. offer: the member accepts or rejects it."`
	Ring   int    `json:"ring_s" doc:"An offer rings for so many seconds, then the conversation goes to the next member. 20 in a new workspace."`
	Misses int    `json:"misses" doc:"After so many offers in a row that they did not answer, a member is away. 2 in a new workspace."`
}

// ticketSettingsBody is what becomes of tickets by itself.
type ticketSettingsBody struct {
	CloseAfterDays int `json:"close_after_days" doc:"A solved ticket closes by itself after so many days; 0 = never. 7 in a new workspace."`
}

// ratingSettingsBody is whether and how customers are asked for a rating.
type ratingSettingsBody struct {
	Enabled bool   `json:"enabled"`
	Ask     string `json:"ask" enum:"widget,link,both"`
	Scale   int    `json:"scale" doc:"Scores are 1 to this."`
}

func workspaceOf(w identity.Workspace) *body[workspaceBody] {
	return &body[workspaceBody]{Body: workspaceBody{
		ID: string(w.ID), Name: w.Name, Locale: w.Locale, Sandbox: w.Sandbox(), ParentID: string(w.Parent), CreatedAt: wire.Stamp(w.CreatedAt),
		Settings: settingsBody{
			WrapUpSeconds:     int(w.Settings.WrapUp / time.Second),
			UnattendedSeconds: int(w.Settings.Unattended / time.Second),
			Tickets:           ticketSettingsBody{CloseAfterDays: w.Settings.CloseTickets},
			Offers: offerSettingsBody{
				Mode: string(w.Settings.Offers.Mode), Ring: int(w.Settings.Offers.Ring / time.Second), Misses: w.Settings.Offers.Misses,
			},
			Rating: ratingSettingsBody{
				Enabled: w.Settings.RatingAsk != "", Ask: string(cmp.Or(w.Settings.RatingAsk, identity.RatingByWidget)), Scale: conversation.MaxScore,
			},
		},
	}}
}

func (s *Server) workspaceRoutes() {
	path := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"workspaces"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "Get a workspace", Tags: tags}, identity.WorkspaceRead, s.getWorkspace)
	member(s, huma.Operation{Method: http.MethodPatch, Path: path, Summary: "Change a workspace", Tags: tags}, identity.WorkspaceManage, s.patchWorkspace)
	member(s, huma.Operation{Method: http.MethodGet, Path: path + "/checklist", Summary: "What is left to set up", Tags: tags}, identity.WorkspaceRead, s.checklist)
}

func (s *Server) getWorkspace(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[workspaceBody], error) {
	w, err := s.Identity.Workspaces.Get(ctx, scope)
	if err != nil {
		return nil, err
	}
	return workspaceOf(w), nil
}

type patchWorkspaceInput struct {
	WorkspacePath
	Body struct {
		Name     *string        `json:"name,omitempty"`
		Locale   *string        `json:"locale,omitempty" enum:"en,zh-CN"`
		Settings *settingsPatch `json:"settings,omitempty" doc:"What is left out stays as it is."`
	}
}

// settingsPatch names the settings that change.
type settingsPatch struct {
	WrapUpSeconds     *int `json:"wrap_up_seconds,omitempty" minimum:"0" maximum:"600" doc:"0 = no wrap-up."`
	UnattendedSeconds *int `json:"unattended_seconds,omitempty" minimum:"0" maximum:"3600" doc:"0 = members are not told."`
	Rating            *struct {
		Enabled *bool   `json:"enabled,omitempty"`
		Ask     *string `json:"ask,omitempty" enum:"widget,link,both"`
	} `json:"rating,omitempty" doc:"Whether customers are asked to rate what was resolved."`
	Tickets *struct {
		CloseAfterDays *int `json:"close_after_days,omitempty" minimum:"0" maximum:"365" doc:"0 = solved tickets stay as they are."`
	} `json:"tickets,omitempty"`
	Offers *struct {
		Mode   *string `json:"mode,omitempty" enum:"assign,offer"`
		Ring   *int    `json:"ring_s,omitempty" minimum:"5" maximum:"120"`
		Misses *int    `json:"misses,omitempty" minimum:"1" maximum:"10"`
	} `json:"offers,omitempty" doc:"Whether members are asked before what waits becomes theirs."`
}

func (p *settingsPatch) into(out *identity.WorkspacePatch) {
	if p == nil {
		return
	}
	out.WrapUp, out.Unattended = seconds(p.WrapUpSeconds), seconds(p.UnattendedSeconds)
	if p.Tickets != nil {
		out.CloseTickets = p.Tickets.CloseAfterDays
	}
	if o := p.Offers; o != nil {
		out.Offers = identity.OfferPatch{Mode: (*identity.OfferMode)(o.Mode), Ring: seconds(o.Ring), Misses: o.Misses}
	}
	if p.Rating != nil {
		out.Rating = identity.RatingPatch{Enabled: p.Rating.Enabled, Ask: (*identity.RatingAsk)(p.Rating.Ask)}
	}
}

// seconds is a number of them, if there is one.
func seconds(n *int) *time.Duration {
	if n == nil {
		return nil
	}
	d := time.Duration(*n) * time.Second
	return &d
}

func (s *Server) patchWorkspace(ctx context.Context, scope identity.Scope, in *patchWorkspaceInput) (*body[workspaceBody], error) {
	patch := identity.WorkspacePatch{Name: in.Body.Name, Locale: in.Body.Locale}
	in.Body.Settings.into(&patch)
	w, err := s.Identity.Workspaces.Update(ctx, scope, patch)
	if err != nil {
		return nil, err
	}
	return workspaceOf(w), nil
}

// checklistItem is one step from an empty installation to a real conversation.
type checklistItem struct {
	Key  string `json:"key" enum:"inbox,conversation,reply,team"`
	Done bool   `json:"done"`
}

// checklistBody is all steps in order.
type checklistBody struct {
	Items []checklistItem `json:"items"`
}

// checklist is computed from what is there, so it cannot go stale. A step that
// is about what the member may not see is not theirs, and is left out.
func (s *Server) checklist(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[checklistBody], error) {
	items := []checklistItem{}
	step := func(key string, done bool) { items = append(items, checklistItem{Key: key, Done: done}) }
	if scope.May(identity.InboxRead) {
		inboxes, err := s.Inboxes.List(ctx, scope)
		if err != nil {
			return nil, err
		}
		step("inbox", len(inboxes) > 0)
	}
	if scope.May(identity.ConversationRead) {
		conversations, err := s.Conversations.List(ctx, scope, conversation.Filter{}, page.Request{Limit: page.MaxLimit})
		if err != nil {
			return nil, err
		}
		step("conversation", len(conversations.Items) > 0)
		step("reply", slices.ContainsFunc(conversations.Items, func(c conversation.Conversation) bool {
			return c.Last.Kind == conversation.Text && c.Last.Sender == identity.ActorMember
		}))
	}
	members, err := s.Identity.Members.List(ctx, scope, page.Request{Limit: 2})
	if err != nil {
		return nil, err
	}
	step("team", len(members.Items) > 1)
	return &body[checklistBody]{Body: checklistBody{Items: items}}, nil
}
