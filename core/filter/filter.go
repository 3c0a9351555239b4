// Package filter is conditions as a tree: what people choose lists by. A tree
// comes as JSON, is checked against a registry of typed fields before anything
// looks at it, and leaves as a Plan, in which nothing is left to interpret.
//
// The package knows no storage. A store turns a Plan into a query of its own
// words, in which every value of the tree is bound and none is text; Match is
// what any such query must agree with.
package filter

import (
	"slices"
	"time"
)

// Limits of a tree.
const (
	MaxBytes  = 16 << 10 // of JSON
	MaxDepth  = 5        // nodes from the root to a condition, both counted
	MaxLeaves = 50       // conditions
	MaxValues = 50       // of one condition
	MaxText   = 200      // characters of a text
)

// Kind is the type of a field: it decides which operators and values there are.
type Kind string

// The kinds.
const (
	Enum   Kind = "enum"   // one of Field.Options, or none
	ID     Kind = "id"     // one id, or none
	Set    Kind = "set"    // any number of ids
	Text   Kind = "text"   // compared without regard to the case of ASCII letters
	Number Kind = "number" // up to 2^53 either way
	Time   Kind = "time"   // whole milliseconds
	Date   Kind = "date"   // a day: 2026-03-01
	Bool   Kind = "bool"   // what was never set is false
)

// Op is an operator.
type Op string

// The operators.
const (
	Is          Op = "is"
	IsNot       Op = "is_not"
	In          Op = "in"
	NotIn       Op = "not_in"
	Has         Op = "has"
	HasNot      Op = "has_not"
	HasAny      Op = "has_any"
	Contains    Op = "contains"
	NotContains Op = "not_contains"
	StartsWith  Op = "starts_with"
	LT          Op = "lt"
	LTE         Op = "lte"
	GT          Op = "gt"
	GTE         Op = "gte"
	Between     Op = "between" // both ends included
	IsSet       Op = "is_set"
	IsNotSet    Op = "is_not_set"
)

// Ops lists the operators of a kind.
func (k Kind) Ops() []Op {
	switch k {
	case Enum, ID:
		return []Op{Is, IsNot, In, NotIn, IsSet, IsNotSet}
	case Set:
		return []Op{Has, HasNot, HasAny, IsSet, IsNotSet}
	case Text:
		return []Op{Is, IsNot, Contains, NotContains, StartsWith, IsSet, IsNotSet}
	case Number, Time, Date:
		return []Op{Is, LT, LTE, GT, GTE, Between, IsSet, IsNotSet}
	case Bool:
		return []Op{Is}
	default:
		return nil
	}
}

// Words that stand for ids until a tree is resolved.
const (
	Me   = "me"   // the member who asks
	Mine = "mine" // the teams of the member who asks
)

// Field is something that can be asked about.
type Field struct {
	Name    string   // as it stands in the tree, without a key: "state", "attributes"
	Key     string   // of a custom attribute: what follows the first dot after Name
	Kind    Kind     // decides operators and values
	Prefix  string   // of ids, without the underscore
	Word    string   // Me or Mine, where the field takes it
	Options []string // of an enum
}

// Full is the field's name with its key.
func (f Field) Full() string {
	if f.Key == "" {
		return f.Name
	}
	return f.Name + "." + f.Key
}

// Registry is the fields of a list, by full name. What is not in it cannot be
// asked about.
type Registry map[string]Field

// NewRegistry returns a registry of fields.
func NewRegistry(fields ...Field) Registry {
	r := make(Registry, len(fields))
	for _, f := range fields {
		r[f.Full()] = f
	}
	return r
}

// Node is one node of a checked tree: a condition, or a join of nodes. The
// zero Node, a join by "and" of nothing, selects everything.
type Node struct {
	Join     Join   // "" for a condition
	Children []Node // one of a Not
	Leaf     Condition
}

// Join is how the children of a node are joined.
type Join string

// The joins.
const (
	And Join = "and"
	Or  Join = "or"
	Not Join = "not"
)

// Condition is a leaf: a field, an operator, and as many values as it takes.
type Condition struct {
	Field  Field
	Op     Op
	Values []Value
}

// Value is one value of a condition, or of a row. Which part holds it follows
// from the kind of the field.
type Value struct {
	Text   string        // Enum, ID, Set, Text, Date
	Number float64       // Number
	Time   time.Time     // Time; whole milliseconds in UTC
	Bool   bool          // Bool
	Ago    time.Duration // Time, Date: so long before the tree is resolved; negative = after
	IsAgo  bool
}

// All reports whether the tree selects everything.
func (n Node) All() bool {
	return len(n.Children) == 0 && n.Leaf.Op == "" && n.Join != Or && n.Join != Not
}

// Fields lists the full names of the fields that the tree asks about, sorted.
func (n Node) Fields() []string {
	var out []string
	n.each(func(c Condition) { out = append(out, c.Field.Full()) })
	slices.Sort(out)
	return slices.Compact(out)
}

func (n Node) each(fn func(Condition)) {
	if n.Leaf.Op != "" {
		fn(n.Leaf)
	}
	for _, c := range n.Children {
		c.each(fn)
	}
}

// Both returns a tree that selects what both select.
func Both(a, b Node) Node {
	switch {
	case a.All():
		return b
	case b.All():
		return a
	default:
		return Node{Join: And, Children: []Node{a, b}}.normal()
	}
}
