package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// roleBody is what members who have it may do.
type roleBody struct {
	ID          string     `json:"id" doc:"The name of a built-in role, or rol_..."`
	Name        string     `json:"name" doc:"Empty for a built-in role, which is named in the reader's language."`
	Description string     `json:"description"`
	Permissions []string   `json:"permissions" nullable:"false"`
	Reach       string     `json:"reach" enum:"all,team,own" doc:"Which conversations, tickets and contacts its members see: all; those of their teams, assigned to them, followed or made by them; or only their own."`
	BuiltIn     bool       `json:"built_in" doc:"It does not change."`
	Members     int        `json:"members" doc:"How many have it, suspended ones included."`
	MayGive     bool       `json:"may_give" doc:"You may give it to others, and change who has it."`
	CreatedAt   *time.Time `json:"created_at,omitempty"`
}

func roleOf(scope identity.Scope, r identity.RoleDefinition) roleBody {
	out := roleBody{
		ID: string(r.ID), Name: r.Name, Description: r.Description, Permissions: strs(r.Permissions), Reach: string(r.Reach),
		BuiltIn: r.ID.BuiltIn(), Members: r.Members, MayGive: scope.MayGive(r), CreatedAt: wire.StampOrNil(r.CreatedAt),
	}
	if out.Permissions == nil {
		out.Permissions = []string{}
	}
	return out
}

func (s *Server) roleRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"roles"}
	one := base + "/roles/{role}"
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/permissions", Summary: "List what roles can allow", Tags: tags}, identity.RoleRead, s.listPermissions)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/roles", Summary: "List roles", Tags: tags,
		Description: "The built-in ones first, then those that the workspace made by name.",
	}, identity.RoleRead, s.listRoles)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/roles", Summary: "Make a role", Tags: tags, DefaultStatus: http.StatusCreated,
		Description: "Nobody gives what they do not hold: 422 role.beyond_yours. Permissions come with those that they are of no use without.",
	}, identity.RoleManage, s.createRole)
	member(s, huma.Operation{Method: http.MethodGet, Path: one, Summary: "Read a role", Tags: tags}, identity.RoleRead, s.getRole)
	member(s, huma.Operation{
		Method: http.MethodPatch, Path: one, Summary: "Change a role", Tags: tags,
		Description: "Open connections of its members follow within two seconds. Nobody changes the role that they have themselves (409 role.own), nor a built-in one (409 role.built_in).",
	}, identity.RoleManage, s.patchRole)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: one, Summary: "Delete a role", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "409 role.in_use while a member has it or somebody is invited to it.",
	}, identity.RoleManage, s.deleteRole)
}

// allowedBody is one thing that a role can allow.
type allowedBody struct {
	Name  string   `json:"name"`
	Group string   `json:"group"`
	Needs []string `json:"needs" nullable:"false" doc:"What a role gets along with it."`
	// MayGive is of who asks.
	MayGive bool `json:"may_give" doc:"A role that you make may hold it."`
}

// allowancesBody is the catalogue of permissions.
type allowancesBody struct {
	Items []allowedBody `json:"items" nullable:"false"`
}

func (s *Server) listPermissions(_ context.Context, scope identity.Scope, _ *WorkspacePath) (*body[allowancesBody], error) {
	out := allowancesBody{Items: []allowedBody{}}
	for _, c := range identity.Catalogue() {
		needs := strs(c.Permission.Needs())
		if needs == nil {
			needs = []string{}
		}
		out.Items = append(out.Items, allowedBody{Name: string(c.Permission), Group: string(c.Group), Needs: needs, MayGive: scope.MayGivePermission(c.Permission)})
	}
	return &body[allowancesBody]{Body: out}, nil
}

// rolesBody is every role of a workspace.
type rolesBody struct {
	Items []roleBody `json:"items" nullable:"false"`
	Next  string     `json:"next,omitempty" doc:"Always absent: there are few."`
}

func (s *Server) listRoles(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[rolesBody], error) {
	all, err := s.Identity.Roles.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := rolesBody{Items: make([]roleBody, len(all))}
	for i, r := range all {
		out.Items[i] = roleOf(scope, r)
	}
	return &body[rolesBody]{Body: out}, nil
}

// rolePatch is what a role becomes; what is absent stays.
type rolePatch struct {
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	Permissions *[]string `json:"permissions,omitempty" maxItems:"200"`
	Reach       *string   `json:"reach,omitempty" enum:"all,team,own"`
}

func (p rolePatch) domain() identity.RolePatch {
	out := identity.RolePatch{Name: p.Name, Description: p.Description}
	if p.Permissions != nil {
		permissions := wire.IDs[identity.Permission](*p.Permissions)
		out.Permissions = &permissions
	}
	if p.Reach != nil {
		reach := identity.ReachKind(*p.Reach)
		out.Reach = &reach
	}
	return out
}

type createRoleInput struct {
	WorkspacePath
	Body rolePatch
}

func (s *Server) createRole(ctx context.Context, scope identity.Scope, in *createRoleInput) (*body[roleBody], error) {
	r, err := s.Identity.Roles.Create(ctx, scope, in.Body.domain())
	if err != nil {
		return nil, err
	}
	return &body[roleBody]{Body: roleOf(scope, r)}, nil
}

// RolePath is the path parameters of one role.
type RolePath struct {
	WorkspacePath
	Role string `path:"role"`
}

func (s *Server) getRole(ctx context.Context, scope identity.Scope, in *RolePath) (*body[roleBody], error) {
	r, err := s.Identity.Roles.Get(ctx, scope, identity.Role(in.Role))
	if err != nil {
		return nil, err
	}
	return &body[roleBody]{Body: roleOf(scope, r)}, nil
}

type patchRoleInput struct {
	RolePath
	Body rolePatch
}

func (s *Server) patchRole(ctx context.Context, scope identity.Scope, in *patchRoleInput) (*body[roleBody], error) {
	r, err := s.Identity.Roles.Update(ctx, scope, identity.Role(in.Role), in.Body.domain())
	if err != nil {
		return nil, err
	}
	return &body[roleBody]{Body: roleOf(scope, r)}, nil
}

func (s *Server) deleteRole(ctx context.Context, scope identity.Scope, in *RolePath) (*struct{}, error) {
	return nil, s.Identity.Roles.Delete(ctx, scope, identity.Role(in.Role))
}
