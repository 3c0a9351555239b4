package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Targets knows what effects of rules point at.
type Targets interface {
	// Faults says what of effects cannot be done: a priority that is none, a team,
	// a label or a type of tickets that is not there (any more), or that takes
	// nothing new. Pointers are below the effects.
	Faults(ctx context.Context, w identity.WorkspaceID, e Effects) ([]errs.Field, error)
}

// The pointers of effects.
const (
	AtTeam     = "/team_id"
	AtPriority = "/priority"
	AtLabels   = "/label_ids"
	AtTicket   = "/ticket"
)

// Without returns the effects without those that have a fault.
func (e Effects) Without(faults []errs.Field) Effects {
	out := e
	for _, f := range faults {
		switch {
		case f.Pointer == AtTeam:
			out.Team = ""
		case f.Pointer == AtPriority:
			out.Priority = ""
		case strings.HasPrefix(f.Pointer, AtTicket):
			out.Ticket, out.Type = false, ""
		}
	}
	out.Labels = nil
	for i, label := range e.Labels {
		at := AtLabels + "/" + strconv.Itoa(i)
		if !slices.ContainsFunc(faults, func(f errs.Field) bool { return f.Pointer == at }) {
			out.Labels = append(out.Labels, label)
		}
	}
	return out
}

// RuleDraft is a rule as it is to be.
type RuleDraft struct {
	ID      string // "" = a new one
	Name    string
	Enabled bool
	When    json.RawMessage // a filter tree over the inbox's RuleFields; empty = always
	Then    Effects
}

// badRule refuses a rule: place is its place, counted from 0.
func badRule(place int, name, pointer, code, detail string) error {
	sentence := fmt.Sprintf("Rule %d is not right: %s", place+1, detail)
	if name != "" {
		sentence = fmt.Sprintf("Rule %d (%s) is not right: %s", place+1, name, detail)
	}
	return errs.New(errs.Invalid, "inbox.rules", sentence).
		WithFields(errs.Field{Pointer: "/rules/" + strconv.Itoa(place) + pointer, Code: code, Detail: detail})
}

// check reads the rules of an inbox, which has these now.
func check(drafts []RuleDraft, live bool, fields filter.Registry, now []Rule, ids id.Source) ([]Rule, error) {
	if len(drafts) > MaxRules {
		return nil, errs.New(errs.Invalid, "inbox.rules", "An inbox has at most 50 rules.").
			WithFields(errs.Field{Pointer: "/rules", Code: "too_many", Detail: "has more than 50 entries"})
	}
	out := make([]Rule, len(drafts))
	for i, d := range drafts {
		rule := Rule{ID: d.ID, Name: strings.TrimSpace(d.Name), Enabled: d.Enabled, Then: d.Then}
		if n := utf8.RuneCountInString(rule.Name); n == 0 || n > MaxRuleName || !utf8.ValidString(rule.Name) || strings.ContainsFunc(rule.Name, unicode.IsControl) {
			return nil, badRule(i, "", "/name", "length", "its name has 1 to 100 characters.")
		}
		same := func(r Rule) bool { return r.ID == rule.ID }
		switch {
		case rule.ID == "":
			rule.ID = ids.New("rul")
		case !slices.ContainsFunc(now, same) || slices.ContainsFunc(out[:i], same):
			return nil, badRule(i, rule.Name, "/id", "id", "the inbox has no rule of this id, or it stands twice. Leave it out for a new rule.")
		}
		when, err := filter.Parse(d.When, fields)
		if err != nil {
			return nil, within(i, rule.Name, err)
		}
		rule.When = when
		if fault := d.Then.fault(live); fault != nil {
			return nil, badRule(i, rule.Name, "/then"+fault.Pointer, fault.Code, fault.Detail)
		}
		rule.Then.Labels = id.Sorted(rule.Then.Labels)
		out[i] = rule
	}
	return out, nil
}

// within is what is wrong with the conditions of a rule.
func within(place int, name string, err error) error {
	e := errs.As(err)
	if e == nil || len(e.Fields) == 0 {
		return err
	}
	f := e.Fields[0]
	return badRule(place, name, "/when"+f.Pointer, f.Code, f.Detail)
}

// fault says what of effects does not go together; nil = nothing.
func (e Effects) fault(live bool) *errs.Field {
	switch {
	case e.none():
		return &errs.Field{Code: "required", Detail: "it does nothing. Choose at least one effect."}
	case e.Ignore && live:
		return &errs.Field{Pointer: "/ignore", Code: "live", Detail: "somebody waits at a web chat, so it is never ignored."}
	case e.Ignore && e.Ticket:
		return &errs.Field{Pointer: "/ticket", Code: "ignored", Detail: "what is ignored makes no ticket."}
	case len(e.Labels) > MaxRuleLabels:
		return &errs.Field{Pointer: AtLabels, Code: "too_many", Detail: "it has more than 20 labels."}
	default:
		return nil
	}
}
