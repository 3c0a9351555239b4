package queuetest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Skill implements queue.Skills.
func (f *Fake) Skill(_ context.Context, w identity.WorkspaceID, id queue.SkillID) (queue.Skill, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.skill(w, id)
}

func (f *Fake) skill(w identity.WorkspaceID, id queue.SkillID) (queue.Skill, error) {
	k, ok := f.skills[id]
	if !ok || k.Workspace != w {
		return queue.Skill{}, errs.Absent()
	}
	k.Members = slices.Clone(k.Members)
	return k, nil
}

// of lists the skills of a workspace. f.mu is held.
func (f *Fake) of(w identity.WorkspaceID) []queue.Skill {
	return slices.DeleteFunc(slices.Collect(maps.Values(f.skills)), func(k queue.Skill) bool { return k.Workspace != w })
}

// Skills implements queue.Skills.
func (f *Fake) Skills(_ context.Context, w identity.WorkspaceID, request page.Request) (page.Page[queue.Skill], error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return paged(f.of(w), request, func(k queue.Skill) string { return string(k.ID) })
}

func (f *Fake) nameFree(w identity.WorkspaceID, id queue.SkillID, name string) error {
	if slices.ContainsFunc(f.of(w), func(k queue.Skill) bool { return k.ID != id && k.Name == name }) {
		return queue.NameTaken()
	}
	return broken(name)
}

// CreateSkill implements queue.Skills.
func (f *Fake) CreateSkill(_ context.Context, k queue.Skill, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.of(k.Workspace)) >= queue.MaxSkills {
		return queue.TooManySkills()
	}
	if err := f.nameFree(k.Workspace, k.ID, k.Name); err != nil {
		return err
	}
	f.skills[k.ID] = k
	f.feed.Append(events...)
	return nil
}

// RenameSkill implements queue.Skills.
func (f *Fake) RenameSkill(_ context.Context, w identity.WorkspaceID, id queue.SkillID, name string, events ...event.Event) (queue.Skill, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.skill(w, id)
	if err == nil {
		err = f.nameFree(w, id, name)
	}
	if err != nil {
		return queue.Skill{}, err
	}
	k.Name = name
	f.skills[id] = k
	f.feed.Append(events...)
	return k, nil
}

// DeleteSkill implements queue.Skills.
func (f *Fake) DeleteSkill(_ context.Context, w identity.WorkspaceID, id queue.SkillID, events ...event.Event) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.skill(w, id); err != nil {
		return err
	}
	asks := func(q queue.Queue) bool {
		return slices.ContainsFunc(q.Needs, func(n queue.Need) bool { return n.Skill == id })
	}
	if err := f.unused(w, asks); err != nil {
		return err
	}
	delete(f.skills, id)
	f.feed.Append(events...)
	return nil
}

// Abilities implements queue.Skills.
func (f *Fake) Abilities(_ context.Context, w identity.WorkspaceID, member identity.MemberID) ([]queue.Need, error) {
	if !f.known.HasMember(w, member) {
		return nil, errs.Absent()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []queue.Need
	for _, k := range f.of(w) {
		for _, a := range k.Members {
			if a.Member == member {
				out = append(out, queue.Need{Skill: k.ID, Level: a.Level})
			}
		}
	}
	slices.SortFunc(out, func(a, b queue.Need) int { return cmp.Compare(a.Skill, b.Skill) })
	return out, nil
}

// SetAbilities implements queue.Skills.
func (f *Fake) SetAbilities(_ context.Context, w identity.WorkspaceID, member identity.MemberID, has []queue.Need, events ...event.Event) error {
	if !f.known.HasMember(w, member) {
		return errs.Absent()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.skillsThere(w, has); err != nil {
		return err
	}
	for _, k := range f.of(w) {
		k.Members = slices.DeleteFunc(slices.Clone(k.Members), func(a queue.Ability) bool { return a.Member == member })
		for _, n := range has {
			if n.Skill == k.ID {
				k.Members = append(k.Members, queue.Ability{Member: member, Level: n.Level})
			}
		}
		slices.SortFunc(k.Members, func(a, b queue.Ability) int { return cmp.Compare(a.Member, b.Member) })
		if len(k.Members) == 0 {
			k.Members = nil
		}
		f.skills[k.ID] = k
	}
	f.feed.Append(events...)
	return nil
}
