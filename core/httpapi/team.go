package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/wire"
)

// teamBody is a group of members that share a queue.
type teamBody struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	MemberIDs   []string  `json:"member_ids"`
	InboxIDs    []string  `json:"inbox_ids" doc:"New conversations of these inboxes wait for this team."`
	CreatedAt   time.Time `json:"created_at"`
}

func teamOf(t team.Team) teamBody {
	return teamBody{
		ID: string(t.ID), Name: t.Name, Description: t.Description, MemberIDs: strs(t.Members), InboxIDs: strs(t.Inboxes),
		CreatedAt: wire.Stamp(t.CreatedAt),
	}
}

// strs turns named strings into plain ones; never nil.
func strs[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}

func (s *Server) teamRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/teams"
	tags := []string{"teams"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List teams", Tags: tags}, identity.TeamRead, s.listTeams)
	member(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Make a team", Tags: tags, DefaultStatus: http.StatusCreated}, identity.TeamManage, s.createTeam)
	member(s, huma.Operation{Method: http.MethodPatch, Path: path + "/{team}", Summary: "Change a team", Tags: tags}, identity.TeamManage, s.patchTeam)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: path + "/{team}", Summary: "Delete a team", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "What waits for the team goes to the queue of everybody.",
	}, identity.TeamManage, s.deleteTeam)
}

type listTeamsInput struct {
	WorkspacePath
	Paging
}

func (s *Server) listTeams(ctx context.Context, scope identity.Scope, in *listTeamsInput) (*body[list[teamBody]], error) {
	return asList(teamOf)(s.Teams.List(ctx, scope, in.request()))
}

// TeamPath is the path parameters of one team.
type TeamPath struct {
	WorkspacePath
	Team string `path:"team"`
}

// teamPatch is what a team becomes.
type teamPatch struct {
	Name        *string   `json:"name,omitempty"`
	Description *string   `json:"description,omitempty"`
	MemberIDs   *[]string `json:"member_ids,omitempty"`
	InboxIDs    *[]string `json:"inbox_ids,omitempty" doc:"An inbox belongs to one team."`
}

func (p teamPatch) domain() team.Patch {
	out := team.Patch{Name: p.Name, Description: p.Description, Inboxes: p.InboxIDs}
	if p.MemberIDs != nil {
		members := make([]identity.MemberID, len(*p.MemberIDs))
		for i, m := range *p.MemberIDs {
			members[i] = identity.MemberID(m)
		}
		out.Members = &members
	}
	return out
}

type createTeamInput struct {
	WorkspacePath
	Body teamPatch
}

func (s *Server) createTeam(ctx context.Context, scope identity.Scope, in *createTeamInput) (*body[teamBody], error) {
	return asOne(teamOf)(s.Teams.Create(ctx, scope, in.Body.domain()))
}

type patchTeamInput struct {
	TeamPath
	Body teamPatch
}

func (s *Server) patchTeam(ctx context.Context, scope identity.Scope, in *patchTeamInput) (*body[teamBody], error) {
	return asOne(teamOf)(s.Teams.Update(ctx, scope, team.ID(in.Team), in.Body.domain()))
}

func (s *Server) deleteTeam(ctx context.Context, scope identity.Scope, in *TeamPath) (*struct{}, error) {
	return nil, s.Teams.Delete(ctx, scope, team.ID(in.Team))
}
