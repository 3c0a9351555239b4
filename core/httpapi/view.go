package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/view"
	"github.com/patchbay-im/patchbay/core/wire"
)

// rawFilter is a filter as it came, for the domain to check.
type rawFilter json.RawMessage

// UnmarshalJSON keeps the bytes.
func (r *rawFilter) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}

// MarshalJSON returns the bytes.
func (r rawFilter) MarshalJSON() ([]byte, error) { return json.RawMessage(r).MarshalJSON() }

// Schema describes it as an object with any members.
func (rawFilter) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "A filter: see /docs/api/filters."}
}

// viewBody is a saved view.
type viewBody struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Icon      string    `json:"icon,omitempty"`
	Scope     string    `json:"scope" enum:"personal,team,workspace"`
	TeamID    string    `json:"team_id,omitempty" doc:"Of a team's view."`
	Filter    rawFilter `json:"filter"`
	Sort      string    `json:"sort" enum:"updated_desc,waiting_asc,created_desc,created_asc,priority_desc"`
	Columns   []string  `json:"columns,omitempty"`
	Position  int       `json:"position"`
	CreatedBy string    `json:"created_by,omitempty" doc:"The member who made it."`
	UpdatedAt time.Time `json:"updated_at"`
}

func viewOf(v view.View) viewBody {
	out := viewBody{
		ID: string(v.ID), Name: v.Name, Icon: v.Icon, Scope: string(v.Scope), Filter: rawFilter(v.Filter), Sort: string(v.Sort),
		Columns: v.Columns, Position: v.Position, CreatedBy: string(v.CreatedBy), UpdatedAt: wire.Stamp(v.UpdatedAt),
	}
	if v.Scope == view.OfTeam {
		out.TeamID = v.Owner
	}
	return out
}

// viewRoutes come before the routes of one conversation: their paths would
// otherwise be taken for ids.
func (s *Server) viewRoutes() {
	tags := []string{"conversations"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath, Summary: "List conversations", Tags: tags,
		Description: "What view, filter and the other parameters select together. Merged conversations are in no list.",
	},
		identity.ConversationRead, s.listConversations)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath + "/query", Summary: "List conversations by a long filter", Tags: tags,
		Description: "As the list, with the filter in the body.",
	},
		identity.ConversationRead, s.queryConversations)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: conversationsPath + "/counts", Summary: "Count what is in views", Tags: tags,
		Description: "Counting stops at 1000. Of the built-in views, of teams and of labels what is open is counted. Views that you do not see are left out.",
	},
		identity.ConversationRead, s.countViews)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: conversationsPath + "/check", Summary: "Tell which conversations a list holds", Tags: tags,
		Description: "For a client that keeps a list up to date and cannot tell from a conversation alone whether it belongs.",
	},
		identity.ConversationRead, s.checkConversations)
	views := apiPrefix + "/workspaces/{workspace}/views"
	tags = []string{"views"}
	member(s, huma.Operation{Method: http.MethodGet, Path: views, Summary: "List your views", Tags: tags},
		identity.ConversationRead, s.listViews)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: views, Summary: "Save a view", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "One that others see needs catalog.manage.",
	},
		identity.ConversationRead, s.createView)
	member(s, huma.Operation{Method: http.MethodPatch, Path: views + "/{view}", Summary: "Change a view", Tags: tags},
		identity.ConversationRead, s.patchView)
	member(s, huma.Operation{Method: http.MethodDelete, Path: views + "/{view}", Summary: "Delete a view", Tags: tags, DefaultStatus: http.StatusNoContent},
		identity.ConversationRead, s.deleteView)
}

type listConversationsInput struct {
	Workspace string `path:"workspace"`
	Paging
	View    string `query:"view" maxLength:"40" doc:"mine, unassigned, all, mentions, team, participating, or the id of a saved view. Absent: all."`
	Filter  string `query:"filter" maxLength:"16384" doc:"A filter as JSON: see /docs/api/filters."`
	State   string `query:"state" enum:"open,snoozed,resolved,any" default:"any"`
	Inbox   string `query:"inbox" maxLength:"40"`
	Contact string `query:"contact" maxLength:"40"`
	Team    string `query:"team" maxLength:"40"`
	Queue   string `query:"queue" maxLength:"40"`
	Label   string `query:"label" maxLength:"40"`
	Sort    string `query:"sort" enum:"updated_desc,waiting_asc,created_desc,created_asc,priority_desc" doc:"Absent: the view's order, or updated_desc."`
}

func (s *Server) listConversations(ctx context.Context, scope identity.Scope, in *listConversationsInput) (*body[list[wire.Conversation]], error) {
	a := view.Ask{
		View: in.View, Filter: json.RawMessage(in.Filter), Team: in.Team, Queue: in.Queue, Label: in.Label, Inbox: in.Inbox, Contact: in.Contact, Sort: view.Sort(in.Sort),
	}
	if in.State != "any" {
		a.State = conversation.State(in.State)
	}
	return s.findConversations(ctx, scope, a, in.request())
}

type queryConversationsInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		View   string    `json:"view,omitempty" maxLength:"40"`
		Filter rawFilter `json:"filter,omitempty"`
		Sort   string    `json:"sort,omitempty" enum:"updated_desc,waiting_asc,created_desc,created_asc,priority_desc"`
		Limit  int       `json:"limit,omitempty" minimum:"1" maximum:"200" default:"50"`
		Cursor string    `json:"cursor,omitempty" maxLength:"500"`
	}
}

func (s *Server) queryConversations(ctx context.Context, scope identity.Scope, in *queryConversationsInput) (*body[list[wire.Conversation]], error) {
	b := in.Body
	return s.findConversations(ctx, scope, view.Ask{View: b.View, Filter: json.RawMessage(b.Filter), Sort: view.Sort(b.Sort)},
		page.Request{Limit: b.Limit, Cursor: b.Cursor})
}

type checkConversationsInput struct {
	Workspace string `path:"workspace"`
	Body      struct {
		IDs     []string  `json:"ids" minItems:"1" maxItems:"50" nullable:"false"`
		View    string    `json:"view,omitempty" maxLength:"40"`
		Filter  rawFilter `json:"filter,omitempty"`
		State   string    `json:"state,omitempty" enum:"open,snoozed,resolved,any"`
		Inbox   string    `json:"inbox,omitempty" maxLength:"40"`
		Contact string    `json:"contact,omitempty" maxLength:"40"`
		Team    string    `json:"team,omitempty" maxLength:"40"`
		Queue   string    `json:"queue,omitempty" maxLength:"40"`
		Label   string    `json:"label,omitempty" maxLength:"40"`
	}
}

// checkBody is which of the conversations a list holds.
type checkBody struct {
	IDs []conversation.ID `json:"ids" nullable:"false" doc:"In the order given."`
}

func (s *Server) checkConversations(ctx context.Context, scope identity.Scope, in *checkConversationsInput) (*body[checkBody], error) {
	b := in.Body
	a := view.Ask{View: b.View, Filter: json.RawMessage(b.Filter), Team: b.Team, Queue: b.Queue, Label: b.Label, Inbox: b.Inbox, Contact: b.Contact}
	if b.State != "any" {
		a.State = conversation.State(b.State)
	}
	held, err := s.Views.Check(ctx, scope, a, named[conversation.ID](b.IDs))
	if err != nil {
		return nil, err
	}
	return &body[checkBody]{Body: checkBody{IDs: held}}, nil
}

func (s *Server) findConversations(ctx context.Context, scope identity.Scope, a view.Ask, p page.Request) (*body[list[wire.Conversation]], error) {
	found, err := s.Views.Find(ctx, scope, a, p)
	if err != nil {
		return nil, err
	}
	seen, err := s.withUnreadMarks(ctx, scope, found.Items)
	if err != nil {
		return nil, err
	}
	return &body[list[wire.Conversation]]{Body: list[wire.Conversation]{Items: seen, NextCursor: found.Next}}, nil
}

// withUnreadMarks returns conversations as the caller sees them.
func (s *Server) withUnreadMarks(ctx context.Context, scope identity.Scope, found []conversation.Conversation) ([]wire.Conversation, error) {
	ids := make([]conversation.ID, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	read, err := s.Conversations.Read(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	out := make([]wire.Conversation, len(found))
	for i, c := range found {
		out[i] = withUnread(c, read[c.ID])
	}
	return out, nil
}

type countViewsInput struct {
	Workspace string `path:"workspace"`
	Views     string `query:"views" maxLength:"1300" doc:"Names of built-in views and ids of saved ones, of teams and of labels, with commas between; at most 30. Absent: the built-in views."`
}

// countsBody is how much is in views.
type countsBody struct {
	Counts map[string]int `json:"counts" doc:"By view; 1000 means that or more."`
}

func (s *Server) countViews(ctx context.Context, scope identity.Scope, in *countViewsInput) (*body[countsBody], error) {
	var names []string
	for name := range strings.SplitSeq(in.Views, ",") {
		if name != "" {
			names = append(names, name)
		}
	}
	if names == nil {
		for _, b := range view.Builtins() {
			names = append(names, string(b))
		}
	}
	counts, err := s.Views.Counts(ctx, scope, names)
	if err != nil {
		return nil, err
	}
	return &body[countsBody]{Body: countsBody{Counts: counts}}, nil
}

func (s *Server) listViews(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[viewBody]], error) {
	views, err := s.Views.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	return listOf(page.Page[view.View]{Items: views}, viewOf), nil
}

// viewDraft is a view to be saved; absent members stay as they are.
type viewDraft struct {
	Name     *string   `json:"name,omitempty"`
	Icon     *string   `json:"icon,omitempty"`
	Scope    *string   `json:"scope,omitempty" enum:"personal,team,workspace" doc:"Who sees it; absent in a new one: you alone."`
	TeamID   *string   `json:"team_id,omitempty" doc:"With scope team."`
	Filter   rawFilter `json:"filter,omitempty"`
	Sort     *string   `json:"sort,omitempty" enum:"updated_desc,waiting_asc,created_desc,created_asc,priority_desc"`
	Columns  *[]string `json:"columns,omitempty"`
	Position *int      `json:"position,omitempty"`
}

func (d viewDraft) draft() view.Draft {
	return view.Draft{
		Name: d.Name, Icon: d.Icon, Scope: (*view.Visibility)(d.Scope), Team: d.TeamID, Filter: json.RawMessage(d.Filter),
		Sort: (*view.Sort)(d.Sort), Columns: d.Columns, Position: d.Position,
	}
}

type createViewInput struct {
	Workspace string `path:"workspace"`
	Body      viewDraft
}

func (s *Server) createView(ctx context.Context, scope identity.Scope, in *createViewInput) (*body[viewBody], error) {
	return asOne(viewOf)(s.Views.Create(ctx, scope, in.Body.draft()))
}

// ViewPath is the path parameters of one view.
type ViewPath struct {
	Workspace string `path:"workspace"`
	View      string `path:"view"`
}

type patchViewInput struct {
	ViewPath
	Body viewDraft
}

func (s *Server) patchView(ctx context.Context, scope identity.Scope, in *patchViewInput) (*body[viewBody], error) {
	return asOne(viewOf)(s.Views.Update(ctx, scope, view.ID(in.View), in.Body.draft()))
}

func (s *Server) deleteView(ctx context.Context, scope identity.Scope, in *ViewPath) (*struct{}, error) {
	return nil, s.Views.Delete(ctx, scope, view.ID(in.View))
}
