package message

import (
	"cmp"
	"slices"
	"strings"
)

// Mention is a member of a group whom a text names, by "@" and their name.
type Mention struct {
	ID   string // channel.Member.ID
	Name string // as the text has it, after the "@"
}

// Named is a place of Text that names a member: Text[Start:End] is "@" and the
// name.
type Named struct {
	Mention
	Start, End int // bytes
}

// Named returns the places of Text that name a member, in their order. Where the
// names of two begin alike, the longer one is meant; where they are the same, the
// first place is of the first of Mentions, and so on.
func (c Content) Named() []Named {
	longest := slices.Clone(c.Mentions)
	slices.SortStableFunc(longest, func(a, b Mention) int { return cmp.Compare(len(b.Name), len(a.Name)) })
	next := make(map[string]int) // of a name, how many places it had
	var out []Named
	for at := 0; at < len(c.Text); {
		i := strings.IndexByte(c.Text[at:], '@')
		if i < 0 {
			break
		}
		at += i + 1
		first := slices.IndexFunc(longest, func(m Mention) bool { return m.Name != "" && strings.HasPrefix(c.Text[at:], m.Name) })
		if first < 0 {
			continue
		}
		name := longest[first].Name
		same := 1
		for first+same < len(longest) && longest[first+same].Name == name {
			same++
		}
		who := longest[first+min(next[name], same-1)]
		next[name]++
		out = append(out, Named{Mention: who, Start: at - 1, End: at + len(name)})
		at += len(name)
	}
	return out
}
