package filter

import (
	"math"
	"slices"
)

// maxWays bounds how many ways in which a tree may hold are looked at.
const maxWays = 256

// Never reports whether no row can be selected, as far as the conditions alone
// tell: those of one way in which the tree may hold contradict each other, and
// so do those of every other way. false = perhaps some row is.
func (n Node) Never() bool {
	ways, ok := n.Plan(Env{}).ways()
	return ok && !slices.ContainsFunc(ways, func(way []Test) bool { return !contradictory(way) })
}

// ways are the conjunctions that a plan is the disjunction of; false = too many.
func (p Plan) ways() ([][]Test, bool) {
	if p.Test != nil {
		return [][]Test{{*p.Test}}, true
	}
	out := [][]Test{{}}
	if p.Any {
		out = nil
	}
	for _, part := range p.Parts {
		ways, ok := part.ways()
		if !ok || !p.Any && len(out)*len(ways) > maxWays || len(out)+len(ways) > maxWays {
			return nil, false
		}
		if p.Any {
			out = append(out, ways...)
			continue
		}
		var both [][]Test
		for _, a := range out {
			for _, b := range ways {
				both = append(both, slices.Concat(a, b))
			}
		}
		out = both
	}
	return out, true
}

// contradictory reports whether no row passes all tests.
func contradictory(all []Test) bool {
	for i, a := range all {
		if a.Compare == Ranges && a.Field.compare(a.Values[0], a.Values[1]) > 0 && !a.Not {
			return true
		}
		for _, b := range all[:i] {
			if a.Field.Full() == b.Field.Full() && (a.against(b) || b.against(a)) {
				return true
			}
		}
	}
	return outOfRange(all)
}

// against reports whether no value passes both tests of a field.
func (t Test) against(o Test) bool {
	within := func(v Value) bool {
		return slices.ContainsFunc(o.Values, func(w Value) bool { return t.Field.compare(v, w) == 0 })
	}
	switch {
	case t.Not:
		return false
	case o.Not && o.Compare == Exists:
		return true
	case o.Not && t.Compare == OneOf && o.Compare == OneOf:
		return !slices.ContainsFunc(t.Values, func(v Value) bool { return !within(v) })
	case o.Not:
		return t.Compare == o.Compare && slices.Equal(t.Values, o.Values)
	case t.Compare == OneOf && o.Compare == OneOf && (t.Field.Kind == Enum || t.Field.Kind == ID || t.Field.Kind == Number):
		return !slices.ContainsFunc(t.Values, within)
	default:
		return false
	}
}

// outOfRange reports whether no number passes the tests of a field.
func outOfRange(all []Test) bool {
	type span struct{ low, high float64 }
	spans := map[string]span{}
	for _, t := range all {
		if t.Field.Kind != Number || t.Not || len(t.Values) == 0 {
			continue
		}
		s, known := spans[t.Field.Full()]
		if !known {
			s = span{math.Inf(-1), math.Inf(1)}
		}
		low, high := t.bounds()
		s = span{max(s.low, low), min(s.high, high)}
		spans[t.Field.Full()] = s
		if s.low > s.high {
			return true
		}
	}
	return false
}

// bounds are the least and the largest number that pass.
func (t Test) bounds() (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	first := t.Values[0].Number
	switch t.Compare {
	case OneOf:
		low, high = math.Inf(1), math.Inf(-1)
		for _, v := range t.Values {
			low, high = min(low, v.Number), max(high, v.Number)
		}
	case Less:
		high = math.Nextafter(first, math.Inf(-1))
	case AtMost:
		high = first
	case More:
		low = math.Nextafter(first, math.Inf(1))
	case AtLeast:
		low = first
	case Ranges:
		low, high = first, t.Values[1].Number
	case Exists, Within, Prefixes, True:
	}
	return low, high
}
