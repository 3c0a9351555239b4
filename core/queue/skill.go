package queue

import (
	"context"
	"fmt"

	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// ListSkills returns a page of skills, with who has them. Needs TeamRead.
func (s *Service) ListSkills(ctx context.Context, scope identity.Scope, request page.Request) (page.Page[Skill], error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return page.Page[Skill]{}, err
	}
	return s.skills.Skills(ctx, scope.Workspace, request)
}

// CreateSkill makes a skill, which nobody has. Needs TeamManage.
func (s *Service) CreateSkill(ctx context.Context, scope identity.Scope, name string) (Skill, error) {
	if err := manages(scope); err != nil {
		return Skill{}, err
	}
	var w wrong
	at := s.at()
	k := Skill{Workspace: scope.Workspace, ID: SkillID(s.ids.New("skl")), Name: w.Name("/name", name, MaxName), CreatedAt: at}
	if err := w.err(); err != nil {
		return Skill{}, err
	}
	created := s.changed(scope.Workspace, SkillChanged, string(k.ID), at)
	d := event.Differences{}
	d.Note("name", "", k.Name)
	created.Audit = identity.Record(ctx, scope, "skill.created", k.target()).Say(d)
	return k, s.skills.CreateSkill(ctx, k, created)
}

// RenameSkill gives a skill another name. Needs TeamManage.
func (s *Service) RenameSkill(ctx context.Context, scope identity.Scope, id SkillID, name string) (Skill, error) {
	if err := manages(scope); err != nil {
		return Skill{}, err
	}
	var w wrong
	name = w.Name("/name", name, MaxName)
	if err := w.err(); err != nil {
		return Skill{}, err
	}
	before, err := s.skills.Skill(ctx, scope.Workspace, id)
	if err != nil {
		return Skill{}, err
	}
	renamed := s.changed(scope.Workspace, SkillChanged, string(id), s.at())
	d := event.Differences{}
	d.Note("name", before.Name, name)
	before.Name = name
	renamed.Audit = identity.Record(ctx, scope, "skill.updated", before.target()).Say(d)
	return s.skills.RenameSkill(ctx, scope.Workspace, id, name, renamed)
}

// DeleteSkill takes a skill away, from those who have it too. Needs TeamManage.
func (s *Service) DeleteSkill(ctx context.Context, scope identity.Scope, id SkillID) error {
	if err := manages(scope); err != nil {
		return err
	}
	k, err := s.skills.Skill(ctx, scope.Workspace, id)
	if err != nil {
		return err
	}
	deleted := s.changed(scope.Workspace, SkillChanged, string(id), s.at())
	deleted.Audit = identity.Record(ctx, scope, "skill.deleted", k.target())
	return s.skills.DeleteSkill(ctx, scope.Workspace, id, deleted)
}

// Abilities returns the skills of a member, by skill. Needs TeamRead.
func (s *Service) Abilities(ctx context.Context, scope identity.Scope, member identity.MemberID) ([]Need, error) {
	if err := scope.Require(identity.TeamRead); err != nil {
		return nil, err
	}
	return s.skills.Abilities(ctx, scope.Workspace, member)
}

// SetAbilities makes these the skills of a member. Needs TeamManage. Work that
// the member has stays theirs.
func (s *Service) SetAbilities(ctx context.Context, scope identity.Scope, member identity.MemberID, has []Need) ([]Need, error) {
	if err := manages(scope); err != nil {
		return nil, err
	}
	var w wrong
	has = w.needs("/skills", has, MaxAbilities)
	if err := w.err(); err != nil {
		return nil, err
	}
	before, err := s.skills.Abilities(ctx, scope.Workspace, member)
	if err != nil {
		return nil, err
	}
	changed := s.changed(scope.Workspace, identity.MemberChanged, string(member), s.at())
	d := event.Differences{}
	d.Note("skills", said(before), said(has))
	changed.Audit = identity.Record(ctx, scope, "member.skills_set", event.Party{Kind: "member", ID: string(member)}).Say(d)
	return has, s.skills.SetAbilities(ctx, scope.Workspace, member, has, changed)
}

func said(needs []Need) []string {
	out := make([]string, len(needs))
	for i, n := range needs {
		out[i] = fmt.Sprintf("%s %d", n.Skill, n.Level)
	}
	return out
}

func (k Skill) target() event.Party {
	return event.Party{Kind: "skill", ID: string(k.ID), Name: k.Name}
}
