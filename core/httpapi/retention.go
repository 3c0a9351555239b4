package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/retention"
	"github.com/patchbay-im/patchbay/core/wire"
)

// retentionRule is how long one kind of thing is kept.
type retentionRule struct {
	Kind        string `json:"kind" enum:"conversations,files,contacts,page_views,webhook_deliveries,notifications,exports,channel_requests"`
	Days        int    `json:"days,omitempty" doc:"As the workspace set it; absent: default_days."`
	DefaultDays int    `json:"default_days,omitempty" doc:"Absent: for ever."`
	MinDays     int    `json:"min_days"`
	MaxDays     int    `json:"max_days"`
}

// retentionBody is the rules of a workspace.
type retentionBody struct {
	Rules     []retentionRule `json:"rules" nullable:"false"`
	UpdatedAt *time.Time      `json:"updated_at,omitempty"`
	UpdatedBy string          `json:"updated_by,omitempty" doc:"A name."`
	RunAt     *time.Time      `json:"run_at,omitempty" doc:"When the rules were last carried out to the end; absent: not since they were changed."`
}

func retentionOf(p retention.Policy) retentionBody {
	out := retentionBody{UpdatedAt: stampOf(p.UpdatedAt), UpdatedBy: p.UpdatedBy.Name, RunAt: stampOf(p.RunAt)}
	for _, l := range retention.Limits() {
		out.Rules = append(out.Rules, retentionRule{Kind: string(l.Kind), Days: p.Rules[l.Kind], DefaultDays: l.Default, MinDays: l.Min, MaxDays: l.Max})
	}
	return out
}

// retentionForecast is what a rule would delete now.
type retentionForecast struct {
	Kind   string     `json:"kind"`
	Count  int64      `json:"count"`
	Bytes  int64      `json:"bytes,omitempty" doc:"Of files and exports."`
	Oldest *time.Time `json:"oldest_at,omitempty"`
}

func (s *Server) retentionRoutes() {
	path, tags := apiPrefix+"/workspaces/{workspace}/retention", []string{"data"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "Read how long things are kept", Tags: tags}, identity.RetentionManage, s.getRetention)
	member(s, huma.Operation{
		Method: http.MethodPatch, Path: path, Summary: "Change how long things are kept", Tags: tags,
		Description: "Days by kind; 0 = as the product keeps it. What is older begins to be deleted within a minute, for good: ask for a preview first.",
	}, identity.RetentionManage, s.patchRetention)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path + "/preview", Summary: "See what rules would delete now", Tags: tags,
		Description: "Nothing is changed. Kinds that are not asked about are left out.",
	}, identity.RetentionManage, s.previewRetention)
}

func (s *Server) getRetention(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[retentionBody], error) {
	return asOne(retentionOf)(s.Retention.Policy(ctx, scope))
}

type patchRetentionInput struct {
	WorkspacePath
	Body struct {
		Conversations *int `json:"conversations,omitempty" minimum:"0" doc:"Resolved ones, by their last change."`
		Files         *int `json:"files,omitempty" minimum:"0" doc:"Of messages and tickets. Their names stay."`
		Contacts      *int `json:"contacts,omitempty" minimum:"0" doc:"Without a conversation or a ticket, by when they were last seen or changed."`
		PageViews     *int `json:"page_views,omitempty" minimum:"0"`
		Webhooks      *int `json:"webhook_deliveries,omitempty" minimum:"0" doc:"What was sent and answered."`
		Notifications *int `json:"notifications,omitempty" minimum:"0"`
		Exports       *int `json:"exports,omitempty" minimum:"0"`
		Requests      *int `json:"channel_requests,omitempty" minimum:"0" doc:"Raw requests of channels that are no longer waiting."`
	}
}

func (s *Server) patchRetention(ctx context.Context, scope identity.Scope, in *patchRetentionInput) (*body[retentionBody], error) {
	patch := retention.Patch{}
	b := in.Body
	for kind, days := range map[retention.Kind]*int{
		retention.Conversations: b.Conversations, retention.Files: b.Files, retention.Contacts: b.Contacts, retention.PageViews: b.PageViews,
		retention.Webhooks: b.Webhooks, retention.Notifications: b.Notifications, retention.Exports: b.Exports, retention.Requests: b.Requests,
	} {
		if days != nil {
			patch[kind] = *days
		}
	}
	return asOne(retentionOf)(s.Retention.Update(ctx, scope, patch))
}

type previewRetentionInput struct {
	WorkspacePath
	Conversations int `query:"conversations" minimum:"0" doc:"Days; 0 = not asked about."`
	Files         int `query:"files" minimum:"0"`
	Contacts      int `query:"contacts" minimum:"0"`
	PageViews     int `query:"page_views" minimum:"0"`
	Webhooks      int `query:"webhook_deliveries" minimum:"0"`
	Notifications int `query:"notifications" minimum:"0"`
	Exports       int `query:"exports" minimum:"0"`
	Requests      int `query:"channel_requests" minimum:"0"`
}

func (s *Server) previewRetention(ctx context.Context, scope identity.Scope, in *previewRetentionInput) (*body[list[retentionForecast]], error) {
	found, err := s.Retention.Preview(ctx, scope, retention.Patch{
		retention.Conversations: in.Conversations, retention.Files: in.Files, retention.Contacts: in.Contacts, retention.PageViews: in.PageViews,
		retention.Webhooks: in.Webhooks, retention.Notifications: in.Notifications, retention.Exports: in.Exports, retention.Requests: in.Requests,
	})
	if err != nil {
		return nil, err
	}
	out := &body[list[retentionForecast]]{Body: list[retentionForecast]{Items: make([]retentionForecast, 0, len(found))}}
	for _, f := range found {
		one := retentionForecast{Kind: string(f.Kind), Count: f.Count, Bytes: f.Bytes}
		if !f.Oldest.IsZero() {
			at := wire.Stamp(f.Oldest)
			one.Oldest = &at
		}
		out.Body.Items = append(out.Body.Items, one)
	}
	return out, nil
}
