package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/wire"
)

// skillBody is something that members can, better or worse.
type skillBody struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Members   []abilityBody `json:"members" doc:"Who has it."`
	CreatedAt time.Time     `json:"created_at"`
}

// abilityBody is how well a member can something.
type abilityBody struct {
	MemberID string `json:"member_id"`
	Level    int    `json:"level"`
}

func skillOf(k queue.Skill) skillBody {
	out := skillBody{ID: string(k.ID), Name: k.Name, Members: []abilityBody{}, CreatedAt: wire.Stamp(k.CreatedAt)}
	for _, a := range k.Members {
		out.Members = append(out.Members, abilityBody{string(a.Member), a.Level})
	}
	return out
}

func (s *Server) skillRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	path, tags := base+"/skills", []string{"queues"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "List skills", Tags: tags}, identity.TeamRead, s.listSkills)
	member(s, huma.Operation{Method: http.MethodPost, Path: path, Summary: "Make a skill", Tags: tags, DefaultStatus: http.StatusCreated}, identity.TeamManage, s.createSkill)
	member(s, huma.Operation{Method: http.MethodPatch, Path: path + "/{skill}", Summary: "Rename a skill", Tags: tags}, identity.TeamManage, s.renameSkill)
	member(s, huma.Operation{
		Method: http.MethodDelete, Path: path + "/{skill}", Summary: "Delete a skill", Tags: tags, DefaultStatus: http.StatusNoContent,
		Description: "Members lose it. One that a queue asks for cannot be deleted.",
	}, identity.TeamManage, s.deleteSkill)
	member(s, huma.Operation{Method: http.MethodGet, Path: base + "/members/{member}/skills", Summary: "Read the skills of a member", Tags: tags}, identity.TeamRead, s.memberSkills)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: base + "/members/{member}/skills", Summary: "Say which skills a member has", Tags: tags,
		Description: "Work that the member has stays theirs.",
	}, identity.TeamManage, s.setMemberSkills)
}

type listSkillsInput struct {
	WorkspacePath
	Paging
}

func (s *Server) listSkills(ctx context.Context, scope identity.Scope, in *listSkillsInput) (*body[list[skillBody]], error) {
	return asList(skillOf)(s.Queues.ListSkills(ctx, scope, in.request()))
}

// SkillPath is the path parameters of one skill.
type SkillPath struct {
	WorkspacePath
	Skill string `path:"skill"`
}

// skillName is what a skill is called.
type skillName struct {
	Name string `json:"name"`
}

type createSkillInput struct {
	WorkspacePath
	Body skillName
}

func (s *Server) createSkill(ctx context.Context, scope identity.Scope, in *createSkillInput) (*body[skillBody], error) {
	return asOne(skillOf)(s.Queues.CreateSkill(ctx, scope, in.Body.Name))
}

type renameSkillInput struct {
	SkillPath
	Body skillName
}

func (s *Server) renameSkill(ctx context.Context, scope identity.Scope, in *renameSkillInput) (*body[skillBody], error) {
	return asOne(skillOf)(s.Queues.RenameSkill(ctx, scope, queue.SkillID(in.Skill), in.Body.Name))
}

func (s *Server) deleteSkill(ctx context.Context, scope identity.Scope, in *SkillPath) (*struct{}, error) {
	return nil, s.Queues.DeleteSkill(ctx, scope, queue.SkillID(in.Skill))
}

// MemberSkillsPath is the path parameters of the skills of a member.
type MemberSkillsPath struct {
	WorkspacePath
	Member string `path:"member"`
}

// memberSkills is what a member can.
type memberSkills struct {
	Skills []needBody `json:"skills"`
}

func (s *Server) memberSkills(ctx context.Context, scope identity.Scope, in *MemberSkillsPath) (*body[memberSkills], error) {
	return skillsOfMember(s.Queues.Abilities(ctx, scope, identity.MemberID(in.Member)))
}

type setMemberSkillsInput struct {
	MemberSkillsPath
	Body memberSkills
}

func (s *Server) setMemberSkills(ctx context.Context, scope identity.Scope, in *setMemberSkillsInput) (*body[memberSkills], error) {
	return skillsOfMember(s.Queues.SetAbilities(ctx, scope, identity.MemberID(in.Member), needsFrom(in.Body.Skills)))
}

func skillsOfMember(has []queue.Need, err error) (*body[memberSkills], error) {
	if err != nil {
		return nil, err
	}
	return &body[memberSkills]{Body: memberSkills{needsOf(has)}}, nil
}
