package rules

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/id"
)

// Book is what a list of rules is checked by.
type Book[E any] struct {
	Code   string // of refusals
	Max    int    // rules
	Full   string // the sentence that says so
	Fields filter.Registry
	Known  func(id string) bool // whether the list has a rule of this id now
	IDs    id.Source
	// Effects returns what is done in its stored form, or says what of it does not
	// go together; the pointer is below the effects.
	Effects func(E) (E, *errs.Field)
}

// Check reads a list of rules. A refusal names the rule, with a pointer below
// /rules to what is wrong.
func (b Book[E]) Check(drafts []Draft[E]) ([]Rule[E], error) {
	if len(drafts) > b.Max {
		return nil, errs.New(errs.Invalid, b.Code, b.Full).
			WithFields(errs.Field{Pointer: "/rules", Code: "too_many", Detail: fmt.Sprintf("has more than %d entries", b.Max)})
	}
	out := make([]Rule[E], len(drafts))
	for i, d := range drafts {
		rule := Rule[E]{ID: d.ID, Name: strings.TrimSpace(d.Name), Enabled: d.Enabled}
		if n := utf8.RuneCountInString(rule.Name); n == 0 || n > MaxName || !utf8.ValidString(rule.Name) || strings.ContainsFunc(rule.Name, unicode.IsControl) {
			return nil, b.Bad(i, "", "/name", "length", "its name has 1 to 100 characters.")
		}
		same := func(r Rule[E]) bool { return r.ID == rule.ID }
		switch {
		case rule.ID == "":
			rule.ID = b.IDs.New("rul")
		case !b.Known(rule.ID) || slices.ContainsFunc(out[:i], same):
			return nil, b.Bad(i, rule.Name, "/id", "id", "there is no rule of this id in the list, or it stands twice. Leave it out for a new rule.")
		}
		when, err := filter.Parse(d.When, b.Fields)
		if err != nil {
			return nil, b.within(i, rule.Name, err)
		}
		then, fault := b.Effects(d.Then)
		if fault != nil {
			return nil, b.Bad(i, rule.Name, "/then"+fault.Pointer, fault.Code, fault.Detail)
		}
		rule.When, rule.Then = when, then
		out[i] = rule
	}
	return out, nil
}

// Bad refuses a rule: place is its place, counted from 0.
func (b Book[E]) Bad(place int, name, pointer, code, detail string) error {
	sentence := fmt.Sprintf("Rule %d is not right: %s", place+1, detail)
	if name != "" {
		sentence = fmt.Sprintf("Rule %d (%s) is not right: %s", place+1, name, detail)
	}
	return errs.New(errs.Invalid, b.Code, sentence).
		WithFields(errs.Field{Pointer: "/rules/" + strconv.Itoa(place) + pointer, Code: code, Detail: detail})
}

// within is what is wrong with the conditions of a rule.
func (b Book[E]) within(place int, name string, err error) error {
	var e *errs.Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	f := e.Fields[0]
	return b.Bad(place, name, "/when"+f.Pointer, f.Code, f.Detail)
}

// Noter takes what changed, as event.Differences does.
type Noter interface {
	Note(what string, before, after any)
}

// Note says what became of rules: their order, and each as it was and as it is.
// text is a rule as it is noted.
func Note[E any](d Noter, before, after []Rule[E], text func(Rule[E]) string) {
	d.Note("order", order(before), order(after))
	was, is := texts(before, text), texts(after, text)
	for id, one := range was {
		d.Note("rule."+id, one, is[id])
	}
	for id, one := range is {
		if _, known := was[id]; !known {
			d.Note("rule."+id, "", one)
		}
	}
}

// order is the ids of rules, in their order.
func order[E any](list []Rule[E]) string {
	ids := make([]string, len(list))
	for i, rule := range list {
		ids[i] = rule.ID
	}
	return strings.Join(ids, " ")
}

func texts[E any](list []Rule[E], text func(Rule[E]) string) map[string]string {
	out := make(map[string]string, len(list))
	for _, rule := range list {
		out[rule.ID] = text(rule)
	}
	return out
}
