// Package rules is ordered lists of rules: each has conditions, as a tree of
// core/filter, and what is done where they hold. The first that is on and whose
// conditions hold counts. What is done is the caller's: E.
package rules

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/filter"
)

// MaxName bounds the name of a rule, in characters.
const MaxName = 100

// Rule is conditions, and what is done where they hold.
type Rule[E any] struct {
	ID      string // rul_
	Name    string
	Enabled bool
	When    filter.Node // the zero node = always
	Then    E
}

// Draft is a rule as it is to be.
type Draft[E any] struct {
	ID      string // "" = a new one
	Name    string
	Enabled bool
	When    json.RawMessage // a filter tree; empty = always
	Then    E
}

// First returns the first rule that counts for a row; nil when none does.
func First[E any](list []Rule[E], r filter.Row, at time.Time) *Rule[E] {
	i := slices.IndexFunc(list, func(rule Rule[E]) bool {
		return rule.Enabled && rule.When.Match(filter.Env{Now: at}, r)
	})
	if i < 0 {
		return nil
	}
	return &list[i]
}

// Trial is what a row would make of one rule.
type Trial[E any] struct {
	Rule       Rule[E]
	Holds      bool // its conditions hold; one that is switched off is tried, too
	Fires      bool // it is the first that counts
	Conditions []filter.Verdict
}

// Try tells of each rule what a row would make of it.
func Try[E any](list []Rule[E], r filter.Row, at time.Time) []Trial[E] {
	first := First(list, r, at)
	env := filter.Env{Now: at}
	out := make([]Trial[E], len(list))
	for i, rule := range list {
		out[i] = Trial[E]{
			Rule: rule, Holds: rule.When.Match(env, r), Fires: first != nil && first.ID == rule.ID, Conditions: rule.When.Explain(env, r),
		}
	}
	return out
}
