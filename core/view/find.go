package view

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
)

// Ask chooses conversations. What is given is joined by "and".
type Ask struct {
	View    string          // a built-in view, or the id of a saved one; "" = all
	Filter  json.RawMessage // nil = everything
	Team    string          // a team's id
	Queue   string          // a queue's id
	Label   string          // a label's id
	State   conversation.State
	Inbox   string
	Contact string
	Sort    Sort // "" = the view's, or UpdatedDesc
}

// Find returns a page of conversations. A wrong filter, view or order is
// errs.Invalid; a view that the member does not see is errs.Absent.
func (s *Service) Find(ctx context.Context, scope identity.Scope, a Ask, p page.Request) (page.Page[conversation.Conversation], error) {
	q, err := s.Query(ctx, scope, a)
	if err != nil {
		return page.Page[conversation.Conversation]{}, err
	}
	return s.Lister.Find(ctx, scope.Workspace, q, p)
}

// Query turns what is asked for into a query for a Lister.
func (s *Service) Query(ctx context.Context, scope identity.Scope, a Ask) (Query, error) {
	if err := scope.Require(identity.ConversationRead); err != nil {
		return Query{}, err
	}
	fields, err := s.Fields(ctx, scope.Workspace)
	if err != nil {
		return Query{}, err
	}
	n, err := filter.Parse(a.Filter, fields)
	if err != nil {
		return Query{}, err
	}
	of, sort, err := s.chosen(ctx, scope, a.View, fields)
	if err != nil {
		return Query{}, err
	}
	n = filter.Both(filter.Both(of, n), a.condition(fields))
	if a.Sort != "" {
		sort = a.Sort
	}
	if !slices.Contains(Sorts(), sort) {
		return Query{}, errs.New(errs.Invalid, "view.sort", "There is no such order of conversations.").
			WithFields(errs.Field{Pointer: "sort", Code: "enum", Detail: "is none of the orders there are"})
	}
	env, err := s.env(ctx, scope, n)
	if err != nil {
		return Query{}, err
	}
	return Query{Where: n.Plan(env), Reach: scope.Reach(), Sort: sort, Me: scope.Member()}, nil
}

// condition is what the single parameters ask for.
func (a Ask) condition(fields filter.Registry) filter.Node {
	var out filter.Node
	for _, x := range [][2]string{
		{"state", string(a.State)}, {"inbox", a.Inbox}, {"contact", a.Contact}, {"team", a.Team}, {"queue", a.Queue}, {"label", a.Label},
	} {
		value := x[1]
		f, ok := fields[x[0]]
		if value == "" || !ok {
			continue
		}
		op := filter.Is
		if f.Kind == filter.Set {
			op = filter.Has
		}
		out = filter.Both(out, filter.Node{Leaf: filter.Condition{Field: f, Op: op, Values: []filter.Value{{Text: value}}}})
	}
	return out
}

// chosen returns what a view selects, and its order.
func (s *Service) chosen(ctx context.Context, scope identity.Scope, name string, fields filter.Registry) (filter.Node, Sort, error) {
	if name == "" {
		name = string(All)
	}
	if slices.Contains(Builtins(), Builtin(name)) {
		return Builtin(name).condition(fields), UpdatedDesc, nil
	}
	if !strings.HasPrefix(name, "vie_") {
		return filter.Node{}, "", errs.New(errs.Invalid, "view.name", "There is no such view.").
			WithFields(errs.Field{Pointer: "view", Code: "enum", Detail: "is neither a built-in view nor the id of a saved one"})
	}
	v, err := s.Get(ctx, scope, ID(name))
	if err != nil {
		return filter.Node{}, "", err
	}
	n, err := filter.Parse(v.Filter, fields)
	if err != nil { // a custom attribute is gone, or is of another type now
		e := errs.As(err)
		return filter.Node{}, "", errs.New(errs.Conflict, "view.outdated", "The view asks about a field that is gone or has changed. Edit its filter.").
			WithFields(e.Fields...)
	}
	return n, v.Sort, nil
}

// env is what the filter is resolved with. Teams are looked up when it asks
// about them.
func (s *Service) env(ctx context.Context, scope identity.Scope, n filter.Node) (filter.Env, error) {
	env := filter.Env{Now: s.Now(), Me: string(scope.Member())}
	if scope.Member() == "" || !slices.Contains(n.Fields(), "team") {
		return env, nil
	}
	teams, err := s.Teams.TeamsOf(ctx, scope.Workspace, scope.Member())
	for _, t := range teams {
		env.Teams = append(env.Teams, string(t))
	}
	return env, err
}

// MostCounted is where counting stops.
const MostCounted = 1000

// MaxCounts is how many views are counted at once.
const MaxCounts = 30

// Counts counts what is in each view, at most MostCounted: of the built-in
// ones, of a team, a queue and a label (by their ids) what is open. What the
// member does not see is left out.
func (s *Service) Counts(ctx context.Context, scope identity.Scope, views []string) (map[string]int, error) {
	if len(views) > MaxCounts {
		return nil, errs.New(errs.Invalid, "view.counts", "Too many views are to be counted at once.").
			WithFields(errs.Field{Pointer: "views", Code: "too_long", Detail: "has too many names"})
	}
	out := make(map[string]int, len(views))
	for _, name := range views {
		q, err := s.Query(ctx, scope, counted(name))
		if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Conflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if out[name], err = s.Lister.Count(ctx, scope.Workspace, q, MostCounted); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// counted is what the name of a count asks for.
func counted(name string) Ask {
	switch {
	case strings.HasPrefix(name, "vie_"):
		return Ask{View: name}
	case strings.HasPrefix(name, "tea_"):
		return Ask{Team: name, State: conversation.Open}
	case strings.HasPrefix(name, "que_"):
		return Ask{Queue: name, State: conversation.Open}
	case strings.HasPrefix(name, "lab_"):
		return Ask{Label: name, State: conversation.Open}
	default:
		return Ask{View: name, State: conversation.Open}
	}
}

// MaxChecked is how many conversations are checked at once.
const MaxChecked = 50

// Check returns those of the given conversations that a list holds, in the
// order given: what a client asks when one of them changed and its rows do not
// tell whether it belongs. Conversations that the member does not see are in no
// list.
func (s *Service) Check(ctx context.Context, scope identity.Scope, a Ask, ids []conversation.ID) ([]conversation.ID, error) {
	if len(ids) == 0 || len(ids) > MaxChecked {
		return nil, errs.New(errs.Invalid, "view.check", "Name 1 to 50 conversations.").
			WithFields(errs.Field{Pointer: "/ids", Code: "count", Detail: "must have 1 to 50 entries"})
	}
	q, err := s.Query(ctx, scope, a)
	if err != nil {
		return nil, err
	}
	held, err := s.Lister.Among(ctx, scope.Workspace, q, ids)
	if err != nil {
		return nil, err
	}
	out := make([]conversation.ID, 0, len(held))
	for _, id := range ids {
		if held[id] && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}

// Among returns those of the given conversations that the filter selects for
// the member.
func (s *Service) Among(ctx context.Context, scope identity.Scope, raw json.RawMessage, ids []conversation.ID) (map[conversation.ID]bool, error) {
	q, err := s.Query(ctx, scope, Ask{Filter: raw})
	if err != nil {
		return nil, err
	}
	return s.Lister.Among(ctx, scope.Workspace, q, ids)
}
