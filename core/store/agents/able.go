package agents

import (
	"context"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
	"github.com/patchbay-im/patchbay/core/team"
)

// abilities are what members have: their teams and their skills.
type abilities struct {
	teams  map[identity.MemberID][]team.ID
	skills map[identity.MemberID][]queue.Need
}

// read reads what members m have, of the workspace that args begin with.
func read(ctx context.Context, q db.Querier, among string, args ...any) (abilities, error) {
	out := abilities{teams: map[identity.MemberID][]team.ID{}, skills: map[identity.MemberID][]queue.Need{}}
	err := q.Rows(ctx, `SELECT m.member_id, m.team_id FROM team_member m WHERE m.workspace_id = ?`+among, args, func(sc db.Scanner) error {
		var member, of string
		err := sc.Scan(&member, &of)
		out.teams[identity.MemberID(member)] = append(out.teams[identity.MemberID(member)], team.ID(of))
		return err
	})
	if err != nil {
		return out, err
	}
	err = q.Rows(ctx, `SELECT m.member_id, m.skill_id, m.level FROM member_skill m WHERE m.workspace_id = ?`+among, args, func(sc db.Scanner) error {
		var member, skill string
		var level int
		err := sc.Scan(&member, &skill, &level)
		out.skills[identity.MemberID(member)] = append(out.skills[identity.MemberID(member)], queue.Need{Skill: queue.SkillID(skill), Level: level})
		return err
	})
	return out, err
}

func (a abilities) profile(m identity.MemberID) dispatch.Profile {
	groups := make([]string, len(a.teams[m]))
	for i, t := range a.teams[m] {
		groups[i] = string(t)
	}
	return dispatch.AbilitiesOf(groups, skillsOf(a.skills[m]))
}

func skillsOf(needs []queue.Need) []dispatch.Skill {
	out := make([]dispatch.Skill, len(needs))
	for i, n := range needs {
		out[i] = dispatch.Skill{ID: string(n.Skill), Level: n.Level}
	}
	return out
}

// Staff implements queue.People.
func (s *Store) Staff(ctx context.Context, workspace identity.WorkspaceID) ([]queue.Colleague, error) {
	can, err := read(ctx, s.db, ``, string(workspace))
	if err != nil {
		return nil, err
	}
	var out []queue.Colleague
	err = s.db.Rows(ctx, `SELECT m.member_id FROM member m WHERE m.workspace_id = ? AND `+works()+` ORDER BY m.member_id`, []any{string(workspace)}, func(sc db.Scanner) error {
		var id string
		err := sc.Scan(&id)
		m := identity.MemberID(id)
		out = append(out, queue.Colleague{Member: m, Teams: can.teams[m], Skills: can.skills[m]})
		return err
	})
	return out, err
}
