package channel

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter/rules"
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

// CodeRules is the code of rules that are not accepted.
const CodeRules = "inbox.rules"

// checks is what new rules are checked by, in place of those of the book.
func (b RuleBook) checks(live bool, ids id.Source) rules.Book[Effects] {
	return rules.Book[Effects]{
		Code: CodeRules, Max: MaxRules, Full: "An inbox has at most 50 rules.", Fields: b.Fields, IDs: ids,
		Known: func(id string) bool { return slices.ContainsFunc(b.List, func(r Rule) bool { return r.ID == id }) },
		Effects: func(e Effects) (Effects, *errs.Field) {
			fault := e.fault(live)
			e.Labels = id.Sorted(e.Labels)
			return e, fault
		},
	}
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
