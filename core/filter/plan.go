package filter

import (
	"slices"
	"time"
)

// Env is what a tree is resolved with: who asks, and when.
type Env struct {
	Now   time.Time
	Me    string   // id of the member who asks; "" = nobody, whom nothing is assigned to
	Teams []string // their teams
}

// Compare is what a Test does with a field.
type Compare string

// The comparisons. One that a row has no value for fails.
const (
	OneOf    Compare = "one_of"   // equals, or (Set) holds, one of the values; with no value it fails
	Exists   Compare = "exists"   // there is a value
	Within   Compare = "within"   // holds the text
	Prefixes Compare = "prefixes" // begins with the text
	Less     Compare = "less"     // than the value
	AtMost   Compare = "at_most"
	More     Compare = "more"
	AtLeast  Compare = "at_least"
	Ranges   Compare = "ranges" // from the first value to the second, both included
	True     Compare = "true"   // is true
)

// Test is a leaf of a Plan.
type Test struct {
	Field   Field
	Compare Compare
	Values  []Value
	Not     bool // the test selects what the comparison does not, rows without a value included
}

// Plan is a resolved tree, as a store takes it: joins by "and" and "or" of
// tests, and no negation but those of tests. A Plan without test and parts
// selects everything, joined by Or nothing.
type Plan struct {
	Any   bool // parts are joined by "or"
	Parts []Plan
	Test  *Test
}

// Plan resolves the tree.
func (n Node) Plan(e Env) Plan { return n.plan(e, false) }

func (n Node) plan(e Env, negate bool) Plan {
	if n.Leaf.Op != "" {
		t := n.Leaf.test(e)
		t.Not = t.Not != negate
		return Plan{Test: &t}
	}
	if n.Join == Not {
		return n.Children[0].plan(e, !negate)
	}
	p := Plan{Any: (n.Join == Or) != negate}
	for _, c := range n.Children {
		p.Parts = append(p.Parts, c.plan(e, negate))
	}
	return p
}

func (c Condition) test(e Env) Test {
	t := Test{Field: c.Field, Values: c.resolve(e)}
	switch c.Op {
	case Is, IsNot, In, NotIn, Has, HasNot, HasAny:
		t.Compare, t.Not = OneOf, c.Op == IsNot || c.Op == NotIn || c.Op == HasNot
		if c.Field.Kind == Bool {
			t.Compare, t.Not, t.Values = True, !c.Values[0].Bool, nil
		}
	case IsSet, IsNotSet:
		t.Compare, t.Not = Exists, c.Op == IsNotSet
	case Contains, NotContains:
		t.Compare, t.Not = Within, c.Op == NotContains
	case StartsWith:
		t.Compare = Prefixes
	case LT:
		t.Compare = Less
	case LTE:
		t.Compare = AtMost
	case GT:
		t.Compare = More
	case GTE:
		t.Compare = AtLeast
	case Between:
		t.Compare = Ranges
	}
	return t
}

// resolve replaces what depends on who asks and when.
func (c Condition) resolve(e Env) []Value {
	out := make([]Value, 0, len(c.Values))
	for _, v := range c.Values {
		switch {
		case v.IsAgo:
			out = append(out, c.Field.at(e.Now.Add(-v.Ago)))
		case v.Text == Me && c.Field.Word == Me:
			if e.Me != "" {
				out = append(out, Value{Text: e.Me})
			}
		case v.Text == Mine && c.Field.Word == Mine:
			for _, team := range e.Teams {
				out = append(out, Value{Text: team})
			}
		default:
			out = append(out, v)
		}
	}
	return out
}

// at is an instant as a value of the field.
func (f Field) at(t time.Time) Value {
	t = t.UTC().Truncate(time.Millisecond)
	if f.Kind == Date {
		return Value{Text: t.Format(time.DateOnly)}
	}
	return Value{Time: t}
}

// Required returns the values of which a selected row must have one of a
// field, when the plan demands that at its top: what a store may begin with.
func (p Plan) Required(field string) ([]Value, bool) {
	if p.Test != nil {
		t := p.Test
		return t.Values, t.Field.Full() == field && t.Compare == OneOf && !t.Not
	}
	if p.Any {
		return nil, false
	}
	for _, part := range p.Parts {
		if part.Test != nil || !part.Any {
			if values, ok := part.Required(field); ok {
				return slices.Clone(values), true
			}
		}
	}
	return nil, false
}
