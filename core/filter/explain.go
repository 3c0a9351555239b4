package filter

import "strconv"

// Verdict says whether a row meets one condition of a tree.
type Verdict struct {
	Pointer   string // a JSON pointer to the condition, in the tree as MarshalJSON writes it
	Condition Condition
	Holds     bool
}

// Explain says of each condition of the tree, in its order, whether a row meets
// it. What the tree makes of them is Match's.
func (n Node) Explain(e Env, r Row) []Verdict {
	return n.explain(e, r, "")
}

func (n Node) explain(e Env, r Row, at string) []Verdict {
	switch {
	case n.Leaf.Op != "":
		return []Verdict{{Pointer: at, Condition: n.Leaf, Holds: n.Leaf.match(e, r)}}
	case n.Join == Not:
		return n.Children[0].explain(e, r, at+"/"+string(Not))
	default:
		var out []Verdict
		for i, c := range n.Children {
			out = append(out, c.explain(e, r, at+"/"+string(n.Join)+"/"+strconv.Itoa(i))...)
		}
		return out
	}
}

// MarshalJSON writes the condition as a tree of it alone.
func (c Condition) MarshalJSON() ([]byte, error) { return c.marshal() }
