package queues

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/store/db"
)

const selectSkill = `SELECT skill_id, name, created_at FROM skill WHERE workspace_id = ?`

// Skill implements queue.Skills.
func (s *Store) Skill(ctx context.Context, w identity.WorkspaceID, id queue.SkillID) (queue.Skill, error) {
	return skill(ctx, s.db, w, id)
}

func skill(ctx context.Context, q db.Querier, w identity.WorkspaceID, id queue.SkillID) (queue.Skill, error) {
	found, err := skills(ctx, q, w, selectSkill+` AND skill_id = ?`, string(w), string(id))
	if err == nil && len(found) == 0 {
		err = errs.Absent()
	}
	if err == nil {
		err = able(ctx, q, w, found)
	}
	if err != nil {
		return queue.Skill{}, err
	}
	return found[0], nil
}

// skills reads skills without who has them.
func skills(ctx context.Context, q db.Querier, w identity.WorkspaceID, query string, args ...any) ([]queue.Skill, error) {
	var out []queue.Skill
	err := q.Rows(ctx, query, args, func(sc db.Scanner) error {
		k := queue.Skill{Workspace: w}
		var id string
		var created int64
		err := sc.Scan(&id, &k.Name, &created)
		k.ID, k.CreatedAt = queue.SkillID(id), db.Time(created)
		out = append(out, k)
		return err
	})
	return out, err
}

// able reads who has skills.
func able(ctx context.Context, q db.Querier, w identity.WorkspaceID, list []queue.Skill) error {
	if len(list) == 0 {
		return nil
	}
	at, ids := make(map[string]*queue.Skill, len(list)), make([]queue.SkillID, len(list))
	for i := range list {
		at[string(list[i].ID)], ids[i] = &list[i], list[i].ID
	}
	where, args := among("skill_id", w, ids)
	return q.Rows(ctx, `SELECT skill_id, member_id, level FROM member_skill WHERE workspace_id = ? AND `+where+` ORDER BY member_id`, args, func(sc db.Scanner) error {
		var id, member string
		var level int
		err := sc.Scan(&id, &member, &level)
		at[id].Members = append(at[id].Members, queue.Ability{Member: identity.MemberID(member), Level: level})
		return err
	})
}

// Skills implements queue.Skills.
func (s *Store) Skills(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[queue.Skill], error) {
	after, err := afterID(request)
	if err != nil {
		return page.Page[queue.Skill]{}, err
	}
	found, err := skills(ctx, s.db, w, selectSkill+` AND skill_id > ? ORDER BY skill_id LIMIT ?`, string(w), after, request.Size()+1)
	if err != nil {
		return page.Page[queue.Skill]{}, err
	}
	out := paged(found, request, func(k queue.Skill) string { return string(k.ID) })
	return out, able(ctx, s.db, w, out.Items)
}

// nameFree refuses a name that another skill has.
func nameFree(ctx context.Context, tx *db.Tx, w identity.WorkspaceID, id queue.SkillID, name string) error {
	taken, err := tx.Exists(ctx, `SELECT 1 FROM skill WHERE workspace_id = ? AND name = ? AND skill_id <> ?`, string(w), name, string(id))
	if err == nil && taken {
		err = queue.NameTaken()
	}
	return err
}

// CreateSkill implements queue.Skills.
func (s *Store) CreateSkill(ctx context.Context, k queue.Skill, events ...event.Event) error {
	return s.db.Write(ctx, string(k.Workspace), events, func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.Row(ctx, `SELECT count(*) FROM skill WHERE workspace_id = ?`, []any{string(k.Workspace)}, &n); err != nil {
			return err
		}
		if n >= queue.MaxSkills {
			return queue.TooManySkills()
		}
		if err := nameFree(ctx, tx, k.Workspace, k.ID, k.Name); err != nil {
			return err
		}
		return tx.Queue(ctx, `INSERT INTO skill (workspace_id, skill_id, name, created_at) VALUES (?, ?, ?, ?)`,
			string(k.Workspace), string(k.ID), k.Name, db.Micros(k.CreatedAt))
	})
}

// RenameSkill implements queue.Skills.
func (s *Store) RenameSkill(ctx context.Context, w identity.WorkspaceID, id queue.SkillID, name string, events ...event.Event) (queue.Skill, error) {
	var out queue.Skill
	err := s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		k, err := skill(ctx, tx, w, id)
		if err != nil {
			return err
		}
		if err := nameFree(ctx, tx, w, id, name); err != nil {
			return err
		}
		out = k
		out.Name = name
		return tx.Queue(ctx, `UPDATE skill SET name = ? WHERE workspace_id = ? AND skill_id = ?`, name, string(w), string(id))
	})
	if err != nil {
		return queue.Skill{}, err
	}
	return out, nil
}

// DeleteSkill implements queue.Skills.
func (s *Store) DeleteSkill(ctx context.Context, w identity.WorkspaceID, id queue.SkillID, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		all, err := All(ctx, tx, w)
		if err != nil {
			return err
		}
		asks := func(q queue.Queue) bool {
			return slices.ContainsFunc(q.Needs, func(n queue.Need) bool { return n.Skill == id })
		}
		if err := unused(all, asks); err != nil {
			return err
		}
		if err := tx.Queue(ctx, `DELETE FROM member_skill WHERE workspace_id = ? AND skill_id = ?`, string(w), string(id)); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM skill WHERE workspace_id = ? AND skill_id = ?`, string(w), string(id))
		if err == nil && n == 0 {
			err = errs.Absent()
		}
		return err
	})
}

// Abilities implements queue.Skills.
func (s *Store) Abilities(ctx context.Context, w identity.WorkspaceID, member identity.MemberID) ([]queue.Need, error) {
	var out []queue.Need
	known := false
	err := s.db.Rows(ctx, `SELECT COALESCE(k.skill_id, ''), COALESCE(k.level, 0) FROM member m
LEFT JOIN member_skill k ON k.workspace_id = m.workspace_id AND k.member_id = m.member_id
WHERE m.workspace_id = ? AND m.member_id = ? ORDER BY k.skill_id`, []any{string(w), string(member)}, func(sc db.Scanner) error {
		var id string
		var n queue.Need
		err := sc.Scan(&id, &n.Level)
		known, n.Skill = true, queue.SkillID(id)
		if n.Skill != "" {
			out = append(out, n)
		}
		return err
	})
	if err == nil && !known {
		err = errs.Absent()
	}
	return out, err
}

// SetAbilities implements queue.Skills.
func (s *Store) SetAbilities(ctx context.Context, w identity.WorkspaceID, member identity.MemberID, has []queue.Need, events ...event.Event) error {
	return s.db.Write(ctx, string(w), events, func(ctx context.Context, tx *db.Tx) error {
		known, err := tx.Exists(ctx, `SELECT 1 FROM member WHERE workspace_id = ? AND member_id = ?`, string(w), string(member))
		if err != nil {
			return err
		}
		if !known {
			return errs.Absent()
		}
		if err := skillsThere(ctx, tx, w, has); err != nil {
			return err
		}
		if err := tx.Queue(ctx, `DELETE FROM member_skill WHERE workspace_id = ? AND member_id = ?`, string(w), string(member)); err != nil {
			return err
		}
		for _, n := range has {
			err := tx.Queue(ctx, `INSERT INTO member_skill (workspace_id, member_id, skill_id, level) VALUES (?, ?, ?, ?)`, string(w), string(member), string(n.Skill), n.Level)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
