package dispatch

import "slices"

// glossary numbers groups and skills, so that what BySkill says of a profile
// and a class is a few looks into arrays. nil = the matcher is another one.
type glossary struct {
	groups, skills map[string]int
	next           int
}

// term is a group or a skill by its number, and a level; a group has level 1.
type term struct {
	number int
	level  uint8
}

// terms is what a requirement asks for, or in order of the numbers what
// somebody has.
type terms []term

func newGlossary(m Matcher) *glossary {
	if _, ok := m.(BySkill); !ok {
		return nil
	}
	return &glossary{groups: map[string]int{}, skills: map[string]int{}}
}

func (g *glossary) number(of map[string]int, id string) int {
	n, known := of[id]
	if !known {
		n = g.next
		g.next++
		of[id] = n
	}
	return n
}

// terms translates a group ("" = none) and skills.
func (g *glossary) terms(groups []string, skills []Skill) terms {
	out := make(terms, 0, len(groups)+len(skills))
	for _, id := range groups {
		if id != "" {
			out = append(out, term{g.number(g.groups, id), 1})
		}
	}
	for _, s := range skills {
		out = append(out, term{g.number(g.skills, s.ID), uint8(s.Level)}) //nolint:gosec // at most MaxLevel + 1
	}
	return out
}

// class translates the alternatives of a class.
func (g *glossary) class(c Class) []terms {
	if g == nil {
		return nil
	}
	var out []terms
	for _, r := range c.Alternatives() {
		out = append(out, g.terms([]string{r.Group}, r.Skills))
	}
	return out
}

// profile translates what somebody has.
func (g *glossary) profile(p Profile) terms {
	if g == nil {
		return nil
	}
	out := g.terms(p.Abilities())
	slices.SortFunc(out, func(a, b term) int { return a.number - b.number })
	return out
}

// cover reports whether whoever has t has what is asked.
func (t terms) cover(asked terms) bool {
	for _, want := range asked {
		i, ok := slices.BinarySearchFunc(t, want.number, func(have term, n int) int { return have.number - n })
		if !ok || t[i].level < want.level {
			return false
		}
	}
	return true
}
