package dispatch_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/patchbay-im/patchbay/core/dispatch"
)

func skill(id string, level int) dispatch.Skill { return dispatch.Skill{ID: id, Level: level} }

func asks(group string, skills ...dispatch.Skill) dispatch.Requirement {
	return dispatch.Requirement{Group: group, Skills: skills}
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want dispatch.Class
		of   []dispatch.Requirement
	}{
		{"", nil},
		{"", []dispatch.Requirement{asks("tea_1"), asks("")}},
		{"tea_1", []dispatch.Requirement{asks("tea_1")}},
		{"tea_1 de:3 fr:1", []dispatch.Requirement{asks("tea_1", skill("fr", 0), skill("de", 2), skill("de", 3))}},
		{"de:5", []dispatch.Requirement{asks("", skill("de", 9))}},
		{"de:2|tea_1", []dispatch.Requirement{asks("tea_1"), asks("", skill("de", 2)), asks("tea_1", skill("fr", 1)), asks("", skill("de", 3))}},
		{"a%3Ab%7C%25%20", []dispatch.Requirement{asks("a:b|% ")}},
	} {
		if got := dispatch.ClassOf(c.of...); got != c.want {
			t.Errorf("the class of %v is %q, want %q", c.of, got, c.want)
		}
		slices.Reverse(c.of)
		if got := dispatch.ClassOf(c.of...); got != c.want {
			t.Errorf("the class of %v is %q, want %q", c.of, got, c.want)
		}
	}
}

func TestBySkill(t *testing.T) {
	t.Parallel()
	class := dispatch.ClassOf(asks("tea_1", skill("de", 3)), asks("tea_2"))
	for _, c := range []struct {
		groups []string
		skills []dispatch.Skill
		may    bool
	}{
		{nil, nil, false},
		{[]string{"tea_1"}, nil, false},
		{[]string{"tea_1"}, []dispatch.Skill{skill("de", 2)}, false},
		{[]string{"tea_1"}, []dispatch.Skill{skill("fr", 5), skill("de", 3)}, true},
		{[]string{"tea_3"}, []dispatch.Skill{skill("de", 5)}, false},
		{[]string{"tea_3", "tea_2"}, nil, true},
	} {
		p := dispatch.AbilitiesOf(c.groups, c.skills)
		if got := (dispatch.BySkill{}).May(p, class); got != c.may {
			t.Errorf("%q may serve %q: %v", p, class, got)
		}
		if !(dispatch.BySkill{}).May(p, "") {
			t.Errorf("%q may not serve what anybody may", p)
		}
	}
	if (dispatch.BySkill{}).May("de:5", "de:high") {
		t.Error("a class that says nothing readable lets somebody in")
	}
}

func TestChannel(t *testing.T) {
	t.Parallel()
	for c := range dispatch.Channel(dispatch.Channels) {
		if got, ok := dispatch.ParseChannel(c.String()); got != c || !ok {
			t.Errorf("%v is read as %v, %v", c, got, ok)
		}
	}
	if _, ok := dispatch.ParseChannel(dispatch.Channel(dispatch.Channels).String()); ok {
		t.Error("a channel that is none was read")
	}
}

// What a class asks for makes the same class, and lets the same people in as
// what it was made of.
func FuzzClass(f *testing.F) {
	f.Add([]byte("a:b|% \x00"), []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Fuzz(func(t *testing.T, name, data []byte) {
		next := func(n int) int {
			if len(data) < 2 {
				return 0
			}
			v := binary.LittleEndian.Uint16(data)
			data = data[2:]
			return int(v) % n
		}
		ids := []string{string(name), "tea_1", "de", "fr"}
		skills := func() (out []dispatch.Skill) {
			for range next(4) {
				out = append(out, skill(ids[next(4)], next(7)))
			}
			return out
		}
		group := func() string { return append(ids, "")[next(5)] }
		var of []dispatch.Requirement
		for range next(5) {
			of = append(of, asks(group(), skills()...))
		}
		class := dispatch.ClassOf(of...)
		if again := dispatch.ClassOf(class.Alternatives()...); again != class {
			t.Fatalf("%q is made to %q", class, again)
		}
		groups, have := []string{group(), group()}, skills()
		want := len(of) == 0 || slices.ContainsFunc(of, func(r dispatch.Requirement) bool { return meets(groups, have, r) })
		p := dispatch.AbilitiesOf(groups, have)
		if got := (dispatch.BySkill{}).May(p, class); got != want {
			t.Fatalf("%q may serve %q, made of %v: %v", p, class, of, got)
		}
		if g, s := p.Abilities(); dispatch.AbilitiesOf(g, s) != p {
			t.Fatalf("%q is made to %v %v", p, g, s)
		}
	})
}

// meets is what a requirement means, by brute force.
func meets(groups []string, have []dispatch.Skill, r dispatch.Requirement) bool {
	for _, want := range r.Skills {
		if !slices.ContainsFunc(have, func(s dispatch.Skill) bool {
			return s.ID == want.ID && max(s.Level, 1) >= min(want.Level, 5)
		}) {
			return false
		}
	}
	return r.Group == "" || slices.Contains(groups, r.Group)
}
