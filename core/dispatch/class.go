package dispatch

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Skill is an ability and how good somebody is in it, or must be.
type Skill struct {
	ID    string
	Level int // MinLevel to MaxLevel
}

// The levels of a skill. What is outside counts as the nearer of the two.
const (
	MinLevel = 1
	MaxLevel = 5
)

// Requirement is what an agent must have to serve an item: membership of a
// group and every skill, at least at its level.
type Requirement struct {
	Group  string // "" = of any group, or none
	Skills []Skill
}

// Classes and profiles are written with these marks between and within
// requirements; ids that have one in them are escaped.
const (
	betweenAlternatives = "|"
	betweenTerms        = " "
	beforeLevel         = ":"
)

func escape(id string) string {
	if !strings.ContainsAny(id, "%"+betweenTerms+betweenAlternatives+beforeLevel) {
		return id
	}
	return strings.NewReplacer("%", "%25", betweenTerms, "%20", betweenAlternatives, "%7C", beforeLevel, "%3A").Replace(id)
}

func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	return strings.NewReplacer("%25", "%", "%20", betweenTerms, "%7C", betweenAlternatives, "%3A", beforeLevel).Replace(text)
}

// ClassOf names the items that may be served by whoever meets one of the
// alternatives. It is a normal form: alternatives that let the same agents in
// have equal classes. None at all, or one that asks for nothing, is "": anybody.
// What asks for a group alone is Class(group), if the id has no space, "%", "|"
// or ":" in it.
func ClassOf(alternatives ...Requirement) Class {
	tidy := make([]Requirement, len(alternatives))
	for i, r := range alternatives {
		tidy[i] = Requirement{Group: r.Group, Skills: tidySkills(r.Skills)}
	}
	var texts []string
	for i, r := range tidy {
		if !slices.ContainsFunc(tidy[:i], func(o Requirement) bool { return o.covers(r) }) &&
			!slices.ContainsFunc(tidy[i+1:], func(o Requirement) bool { return o.covers(r) && !r.covers(o) }) {
			texts = append(texts, r.text())
		}
	}
	slices.Sort(texts)
	return Class(strings.Join(texts, betweenAlternatives))
}

// Alternatives returns what a class that ClassOf made asks for, in a fixed order.
func (c Class) Alternatives() []Requirement {
	var out []Requirement
	for text := range strings.SplitSeq(string(c), betweenAlternatives) {
		groups, skills := parseTerms(text)
		out = append(out, Requirement{Group: strings.Join(groups, betweenTerms), Skills: skills})
	}
	return out
}

// AbilitiesOf names what somebody can do who belongs to groups and has skills.
// Equal sets have equal profiles.
func AbilitiesOf(groups []string, skills []Skill) Profile {
	groups = slices.Clone(groups)
	slices.Sort(groups)
	var terms []string
	for _, g := range slices.Compact(groups) {
		if g != "" {
			terms = append(terms, escape(g))
		}
	}
	for _, s := range tidySkills(skills) {
		terms = append(terms, s.text())
	}
	return Profile(strings.Join(terms, betweenTerms))
}

// ProfileOf is AbilitiesOf somebody without skills.
func ProfileOf(groups ...string) Profile { return AbilitiesOf(groups, nil) }

// Abilities returns the groups and the skills of a profile, each by id.
func (p Profile) Abilities() (groups []string, skills []Skill) { return parseTerms(string(p)) }

// BySkill is the Matcher of classes made by ClassOf and profiles made by
// AbilitiesOf.
type BySkill struct{}

// May implements Matcher.
func (BySkill) May(p Profile, c Class) bool {
	if c == "" {
		return true
	}
	groups, skills := p.Abilities()
	for _, r := range c.Alternatives() {
		if (r.Group == "" || slices.Contains(groups, r.Group)) && haveSkills(skills, r.Skills) {
			return true
		}
	}
	return false
}

// covers reports whether whoever meets o meets r.
func (r Requirement) covers(o Requirement) bool {
	return (r.Group == "" || r.Group == o.Group) && haveSkills(o.Skills, r.Skills)
}

// haveSkills reports whether every wanted skill is there at its level. Both are
// tidy.
func haveSkills(have, want []Skill) bool {
	for _, w := range want {
		i, ok := slices.BinarySearchFunc(have, w.ID, func(s Skill, id string) int { return cmp.Compare(s.ID, id) })
		if !ok || have[i].Level < w.Level {
			return false
		}
	}
	return true
}

// tidySkills returns the skills by id, each once at its highest level.
func tidySkills(skills []Skill) []Skill {
	out := slices.Clone(skills)
	for i := range out {
		out[i].Level = min(max(out[i].Level, MinLevel), MaxLevel)
	}
	slices.SortFunc(out, func(a, b Skill) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(b.Level, a.Level)) })
	return slices.CompactFunc(out, func(a, b Skill) bool { return a.ID == b.ID })
}

func (s Skill) text() string { return escape(s.ID) + beforeLevel + strconv.Itoa(s.Level) }

func (r Requirement) text() string {
	var terms []string
	if r.Group != "" {
		terms = append(terms, escape(r.Group))
	}
	for _, s := range r.Skills {
		terms = append(terms, s.text())
	}
	return strings.Join(terms, betweenTerms)
}

// parseTerms reads groups and skills. A level that is no number is above all
// that anybody has, so that a text which ClassOf never wrote lets nobody in.
func parseTerms(text string) (groups []string, skills []Skill) {
	for term := range strings.SplitSeq(text, betweenTerms) {
		id, level, isSkill := strings.Cut(term, beforeLevel)
		switch {
		case isSkill:
			n, err := strconv.Atoi(level)
			if err != nil {
				n = MaxLevel + 1
			}
			skills = append(skills, Skill{unescape(id), n})
		case id != "":
			groups = append(groups, unescape(id))
		}
	}
	return groups, skills
}
