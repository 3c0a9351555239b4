package filter

import (
	"slices"
	"strings"
	"time"
)

// Row is one thing that a tree may select.
type Row interface {
	// Values returns what the row has of a field: none, one, or (Set) any number.
	Values(f Field) []Value
}

// Match reports whether the tree selects a row. It is the meaning of a tree:
// every store's query is tested against it.
func (n Node) Match(e Env, r Row) bool {
	switch {
	case n.Leaf.Op != "":
		return n.Leaf.match(e, r)
	case n.Join == Not:
		return !n.Children[0].Match(e, r)
	case n.Join == Or:
		return slices.ContainsFunc(n.Children, func(c Node) bool { return c.Match(e, r) })
	default:
		return !slices.ContainsFunc(n.Children, func(c Node) bool { return !c.Match(e, r) })
	}
}

func (c Condition) match(e Env, r Row) bool {
	have, want := r.Values(c.Field), c.resolve(e)
	one := func(fn func(h Value) bool) bool { return slices.ContainsFunc(have, fn) }
	any := func() bool { //nolint:predeclared // the word for it
		return one(func(h Value) bool {
			return slices.ContainsFunc(want, func(w Value) bool { return c.Field.compare(h, w) == 0 })
		})
	}
	order := func(ok func(n int) bool) bool {
		return one(func(h Value) bool { return ok(c.Field.compare(h, want[0])) })
	}
	switch c.Op {
	case Is, In, Has, HasAny:
		if c.Field.Kind == Bool {
			return one(func(h Value) bool { return h.Bool }) == c.Values[0].Bool
		}
		return any()
	case IsNot, NotIn, HasNot:
		return !any()
	case IsSet:
		return len(have) > 0
	case IsNotSet:
		return len(have) == 0
	case Contains:
		return one(func(h Value) bool { return strings.Contains(Lower(h.Text), Lower(want[0].Text)) })
	case NotContains:
		return !one(func(h Value) bool { return strings.Contains(Lower(h.Text), Lower(want[0].Text)) })
	case StartsWith:
		return one(func(h Value) bool { return strings.HasPrefix(Lower(h.Text), Lower(want[0].Text)) })
	case LT:
		return order(func(n int) bool { return n < 0 })
	case LTE:
		return order(func(n int) bool { return n <= 0 })
	case GT:
		return order(func(n int) bool { return n > 0 })
	case GTE:
		return order(func(n int) bool { return n >= 0 })
	case Between:
		return order(func(n int) bool { return n >= 0 }) &&
			one(func(h Value) bool { return c.Field.compare(h, want[1]) <= 0 })
	default:
		return false
	}
}

// compare orders two values of the field's kind.
func (f Field) compare(a, b Value) int {
	switch f.Kind {
	case Number:
		switch {
		case a.Number < b.Number:
			return -1
		case a.Number > b.Number:
			return 1
		}
		return 0
	case Time:
		return a.Time.Truncate(time.Millisecond).Compare(b.Time.Truncate(time.Millisecond))
	case Text:
		return strings.Compare(Lower(a.Text), Lower(b.Text))
	default:
		return strings.Compare(a.Text, b.Text)
	}
}

// Lower changes ASCII letters only: the one folding that both databases do alike.
func Lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}

// Match reports whether a resolved tree selects a row: for fakes. Stores are
// compared with Node.Match.
func (p Plan) Match(r Row) bool {
	selects := func(part Plan) bool { return part.Match(r) }
	switch {
	case p.Test != nil:
		return p.Test.match(r) != p.Test.Not
	case p.Any:
		return slices.ContainsFunc(p.Parts, selects)
	default:
		return !slices.ContainsFunc(p.Parts, func(part Plan) bool { return !selects(part) })
	}
}

// match asks by the operator that a comparison came from.
func (t Test) match(r Row) bool {
	op := map[Compare]Op{
		OneOf: In, Exists: IsSet, Within: Contains, Prefixes: StartsWith,
		Less: LT, AtMost: LTE, More: GT, AtLeast: GTE, Ranges: Between,
	}[t.Compare]
	values := t.Values
	if t.Compare == True {
		op, values = Is, []Value{{Bool: true}}
	}
	return Condition{Field: t.Field, Op: op, Values: values}.match(Env{}, r)
}
