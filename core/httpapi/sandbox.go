package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/sandbox"
	"github.com/patchbay-im/patchbay/core/wire"
)

// sandboxBody is a workspace to try things out in, as its parent sees it.
type sandboxBody struct {
	ID         string     `json:"id" doc:"The id of the workspace that it is: everything in it is asked for under /workspaces/{id}."`
	Name       string     `json:"name"`
	State      string     `json:"state" enum:"filling,ready,ended" doc:"filling: its sample data is being made. ended: nobody used it for too long; it is gone."`
	MadeBy     string     `json:"made_by" doc:"The member whose it is. It opens to nobody else."`
	MadeByName string     `json:"made_by_name"`
	Mine       bool       `json:"mine"`
	CreatedAt  time.Time  `json:"created_at"`
	FilledAt   *time.Time `json:"filled_at,omitempty" doc:"When its sample data was made."`
	UsedAt     *time.Time `json:"used_at,omitempty" doc:"When somebody last entered it, to the hour."`
	EndsAt     *time.Time `json:"ends_at,omitempty" doc:"When it ends by itself if nobody enters it until then."`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
}

// sandboxesBody lists a workspace's sandboxes, the oldest first.
type sandboxesBody struct {
	Items  []sandboxBody     `json:"items" nullable:"false"`
	Limits sandboxLimitsBody `json:"limits"`
}

// sandboxLimitsBody is how many there may be, by the server's configuration.
type sandboxLimitsBody struct {
	PerMember    int `json:"per_member"`
	PerWorkspace int `json:"per_workspace"`
	IdleDays     int `json:"idle_days" doc:"A sandbox that nobody enters for so many days ends by itself; 0 = it does not."`
}

func (s *Server) sandboxOf(scope identity.Scope, x sandbox.Sandbox) sandboxBody {
	return sandboxBody{
		ID: string(x.ID), Name: x.Name, State: string(x.State), MadeBy: string(x.Maker), MadeByName: x.MakerName, Mine: x.Maker == scope.Member(),
		CreatedAt: wire.Stamp(x.CreatedAt), FilledAt: stampOf(x.FilledAt), UsedAt: stampOf(x.UsedAt), EndsAt: stampOf(s.Sandboxes.EndsAt(x)), EndedAt: stampOf(x.EndedAt),
	}
}

func (s *Server) sandboxRoutes() {
	base, tags := apiPrefix+"/workspaces/{workspace}/sandboxes", []string{"sandboxes"}
	one := base + "/{sandbox}"
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base, Summary: "List sandboxes", Tags: tags,
		Description: "Those of everybody in the workspace. One that ended because nobody used it is listed for 30 days.",
	}, identity.SandboxManage, s.listSandboxes)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base, Summary: "Make a sandbox", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "A workspace of your own with sample data, of which you are the owner and only member. API keys, webhooks and limits are as in a real one; nothing reaches a customer. It is ready when the answer comes, as a rule: see state.",
	}, identity.SandboxManage, s.createSandbox)
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Get a sandbox", Tags: tags}, identity.SandboxManage, s.getSandbox)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: one + "/reset", Summary: "Reset a sandbox", Tags: tags, DefaultStatus: http.StatusAccepted,
		Description: "What is in it goes and the sample data is made anew, within seconds: state tells. Its API keys, webhooks, inboxes, roles, settings and audit log stay.",
	}, identity.SandboxManage, s.resetSandbox)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: one, Summary: "Delete a sandbox", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "It is closed at once and for good, its API keys with it. What was in it follows within minutes.",
	}, identity.SandboxManage, s.deleteSandbox)
}

func (s *Server) listSandboxes(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[sandboxesBody], error) {
	all, err := s.Sandboxes.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	l := s.Sandboxes.Limits
	out := sandboxesBody{Items: []sandboxBody{}, Limits: sandboxLimitsBody{PerMember: l.PerMember, PerWorkspace: l.PerWorkspace, IdleDays: int(l.Idle / (24 * time.Hour))}}
	for _, x := range all {
		out.Items = append(out.Items, s.sandboxOf(scope, x))
	}
	return &body[sandboxesBody]{Body: out}, nil
}

type createSandboxInput struct {
	WorkspacePath
	Body struct {
		Name   string `json:"name,omitempty" doc:"Absent: one after you."`
		Locale string `json:"locale,omitempty" enum:"en,zh-CN" doc:"Of the sample data. Absent: the workspace's."`
	}
}

func (s *Server) createSandbox(ctx context.Context, scope identity.Scope, in *createSandboxInput) (*body[sandboxBody], error) {
	x, err := s.Sandboxes.Make(ctx, scope, sandbox.Draft{Name: in.Body.Name, Locale: in.Body.Locale})
	if err != nil {
		return nil, err
	}
	return &body[sandboxBody]{Body: s.sandboxOf(scope, x)}, nil
}

// SandboxPath is the path parameters of a sandbox.
type SandboxPath struct {
	WorkspacePath
	Sandbox string `path:"sandbox"`
}

func (s *Server) getSandbox(ctx context.Context, scope identity.Scope, in *SandboxPath) (*body[sandboxBody], error) {
	x, err := s.Sandboxes.Get(ctx, scope, identity.WorkspaceID(in.Sandbox))
	if err != nil {
		return nil, err
	}
	return &body[sandboxBody]{Body: s.sandboxOf(scope, x)}, nil
}

func (s *Server) resetSandbox(ctx context.Context, scope identity.Scope, in *SandboxPath) (*body[sandboxBody], error) {
	x, err := s.Sandboxes.Reset(ctx, scope, identity.WorkspaceID(in.Sandbox))
	if err != nil {
		return nil, err
	}
	return &body[sandboxBody]{Body: s.sandboxOf(scope, x)}, nil
}

func (s *Server) deleteSandbox(ctx context.Context, scope identity.Scope, in *SandboxPath) (*struct{}, error) {
	return nil, s.Sandboxes.Delete(ctx, scope, identity.WorkspaceID(in.Sandbox))
}
