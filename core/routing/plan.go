package routing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// plan is rules that can be asked.
type plan struct {
	list   []Rule                  // in their order; one that asks about what is gone is off
	faults map[string][]errs.Field // by rule, of those that are off for that
	zone   *time.Location
	hours  map[calendar.ID]*calendar.Schedule // that rules ask about
	asks   map[string]bool                    // names of fields
}

// compile makes a plan of a document.
func (s *Service) compile(ctx context.Context, w identity.WorkspaceID, d Document, fields filter.Registry) (plan, error) {
	zone, err := location(d.Zone)
	if err != nil {
		zone = time.UTC // this program knows fewer zones than the one that checked it
	}
	p := plan{faults: map[string][]errs.Field{}, zone: zone, hours: map[calendar.ID]*calendar.Schedule{}, asks: map[string]bool{}}
	for _, k := range d.List {
		rule := Rule{ID: k.ID, Name: k.Name, Enabled: k.Enabled, Then: k.Then}
		fault, err := s.read(ctx, w, k.When, fields, &rule, p.hours)
		if err != nil {
			return plan{}, err
		}
		if fault != nil {
			rule.Enabled = false
			p.faults[k.ID] = append(p.faults[k.ID], *fault)
		}
		for _, v := range rule.When.Explain(filter.Env{}, Facts{}) {
			p.asks[v.Condition.Field.Name] = true
		}
		p.list = append(p.list, rule)
	}
	return p, nil
}

// read gives a rule its conditions, and says what they ask about that is gone.
func (s *Service) read(ctx context.Context, w identity.WorkspaceID, when json.RawMessage, fields filter.Registry, rule *Rule, hours map[calendar.ID]*calendar.Schedule) (*errs.Field, error) {
	tree, err := filter.Parse(when, fields)
	if e := errs.As(err); e != nil && len(e.Fields) > 0 {
		return &errs.Field{Pointer: "/when" + e.Fields[0].Pointer, Code: "gone", Detail: "it asks about something that is not there any more, so it does not hold."}, nil
	}
	if err != nil {
		return nil, err
	}
	rule.When = tree
	missing, err := s.schedules(ctx, w, tree, hours)
	if err != nil || missing == nil {
		return nil, err
	}
	return &errs.Field{Pointer: "/when" + missing.Pointer, Code: "gone", Detail: "it asks about business hours that are not there any more, so it does not hold."}, nil
}

// schedules reads the calendars that a tree asks about, and returns the first
// condition on one that is not there; nil = all are.
func (s *Service) schedules(ctx context.Context, w identity.WorkspaceID, tree filter.Node, into map[calendar.ID]*calendar.Schedule) (*filter.Verdict, error) {
	for _, v := range tree.Explain(filter.Env{}, Facts{}) {
		if v.Condition.Field.Name != fieldOpen {
			continue
		}
		for _, value := range v.Condition.Values {
			of := calendar.ID(value.Text)
			if into[of] != nil {
				continue
			}
			c, err := s.Calendars.Calendar(ctx, w, of)
			if errs.Is(err, errs.NotFound) {
				return &v, nil
			}
			if err != nil {
				return nil, err
			}
			schedule, err := c.Hours.Schedule()
			if err != nil { // this program knows fewer zones than the one that checked it
				return &v, nil //nolint:nilerr // what it means is not known
			}
			into[of] = schedule
		}
	}
	return nil, nil //nolint:nilnil // nil is nothing
}

// open lists the calendars of the plan that are open at a time.
func (p plan) open(at time.Time) []calendar.ID {
	var out []calendar.ID
	for of, schedule := range p.hours {
		if schedule.Open(at) {
			out = append(out, of)
		}
	}
	slices.Sort(out)
	return out
}

// checked reads new rules: all of it must be right.
func (s *Service) checked(ctx context.Context, w identity.WorkspaceID, now Document, drafts []Draft) ([]Rule, error) {
	custom, err := s.Catalog.Attributes(ctx, w, catalog.OfContact)
	if err != nil {
		return nil, err
	}
	checks := rules.Book[Effects]{
		Code: CodeRules, Max: MaxRules, Full: "A workspace has at most 100 routing rules.", Fields: Fields(custom), IDs: s.ids,
		Known:   func(id string) bool { return slices.ContainsFunc(now.List, func(k Kept) bool { return k.ID == id }) },
		Effects: Effects.checked,
	}
	list, err := checks.Check(drafts)
	if err != nil {
		return nil, err
	}
	hours := map[calendar.ID]*calendar.Schedule{}
	for i, r := range list {
		missing, err := s.schedules(ctx, w, r.When, hours)
		if err != nil {
			return nil, err
		}
		if missing != nil {
			return nil, checks.Bad(i, r.Name, "/when"+missing.Pointer+"/value", "unknown", "there are no such business hours.")
		}
		_, faults, err := s.possible(ctx, w, r.Then)
		if err != nil {
			return nil, err
		}
		if len(faults) > 0 {
			return nil, checks.Bad(i, r.Name, "/then"+faults[0].Pointer, faults[0].Code, faults[0].Detail)
		}
	}
	return list, nil
}

// checked returns effects in their stored form, and what of them is wrong by
// itself; nil = nothing.
func (e Effects) checked() (Effects, *errs.Field) {
	needs, wrong := queue.CheckNeeds(e.Demand().Needs)
	switch {
	case wrong != nil:
		wrong.Detail += "."
		return e, wrong
	case e.Value < 0 || e.Value > queue.MaxValue:
		return e, &errs.Field{Pointer: conversation.AtValue, Code: "out_of_range", Detail: fmt.Sprintf("a value is 0 to %d.", queue.MaxValue)}
	case e.Queue == "" && e.Priority == "" && len(needs) == 0 && e.Value == 0:
		return e, &errs.Field{Code: "required", Detail: "it does nothing. Choose a queue, a priority, skills or a value."}
	case !slices.Contains(conversation.Priorities(), e.Priority):
		return e, &errs.Field{Pointer: conversation.AtPriority, Code: "enum", Detail: "a priority is low, normal, high or urgent."}
	}
	e.Skills = nil
	for _, n := range needs {
		e.Skills = append(e.Skills, Need(n))
	}
	return e, nil
}

// possible returns what of effects can be done, and what cannot.
func (s *Service) possible(ctx context.Context, w identity.WorkspaceID, e Effects) (conversation.Effects, []errs.Field, error) {
	out := conversation.Effects{Priority: e.Priority, Demand: conversation.Demand{Value: e.Value}}
	var faults []errs.Field
	if e.Queue != "" {
		q, err := s.Queues.Queue(ctx, w, e.Queue)
		if errs.Is(err, errs.NotFound) {
			faults = append(faults, errs.Field{Pointer: conversation.AtQueue, Code: "unknown", Detail: "its queue is not there (any more)."})
		} else if err != nil {
			return out, nil, err
		}
		out.Queue, out.Team = q.ID, q.Team
	}
	for i, n := range e.Demand().Needs {
		_, err := s.Skills.Skill(ctx, w, n.Skill)
		if errs.Is(err, errs.NotFound) {
			faults = append(faults, errs.Field{Pointer: conversation.AtSkills + "/" + strconv.Itoa(i), Code: "unknown", Detail: "its skill is not there (any more)."})
			continue
		}
		if err != nil {
			return out, nil, err
		}
		out.Needs = append(out.Needs, n)
	}
	return out, faults, nil
}

// parsed are the rules as they were read; what cannot be read any more has no
// conditions.
func (b Book) parsed() []Rule {
	out := make([]Rule, len(b.List))
	for i, k := range b.List {
		when, _ := filter.Parse(k.When, b.Fields)
		out[i] = Rule{ID: k.ID, Name: k.Name, Enabled: k.Enabled, When: when, Then: k.Then}
	}
	return out
}

// warnings says which rules can never count.
func warnings(list []Rule) []errs.Field {
	var out []errs.Field
	always := ""
	for i, r := range list {
		at := "/rules/" + strconv.Itoa(i)
		switch {
		case !r.Enabled:
		case always != "":
			out = append(out, errs.Field{Pointer: at, Code: "unreachable", Detail: "it is never asked: the rule “" + always + "” before it always holds."})
		case never(r.When):
			out = append(out, errs.Field{Pointer: at + "/when", Code: "never", Detail: "its conditions contradict each other, so it can never hold."})
		case r.When.All():
			always = r.Name
		}
	}
	return out
}

// impossible says which rules ask for skills that nobody has where they put what
// they hold for.
func (s *Service) impossible(ctx context.Context, w identity.WorkspaceID, list []Rule) ([]errs.Field, error) {
	asks := func(r Rule) bool { return r.Enabled && len(r.Then.Skills) > 0 }
	if !slices.ContainsFunc(list, asks) {
		return nil, nil
	}
	staff, err := s.People.Staff(ctx, w)
	if err != nil {
		return nil, err
	}
	var out []errs.Field
	for i, r := range list {
		if !asks(r) {
			continue
		}
		then, _, err := s.possible(ctx, w, r.Then)
		if err != nil {
			return nil, err
		}
		q, err := s.asking(ctx, w, then)
		if err != nil {
			return nil, err
		}
		if lacking := q.Lacking(staff); len(lacking) > 0 {
			out = append(out, errs.Field{Pointer: "/rules/" + strconv.Itoa(i) + "/then" + conversation.AtSkills, Code: "nobody", Detail: "nobody can be given what it holds for: " + lacking[0].Detail + "."})
		}
	}
	return out, nil
}

// asking is the queue of effects, the zero Queue where they have none, asking for
// their skills too.
func (s *Service) asking(ctx context.Context, w identity.WorkspaceID, then conversation.Effects) (queue.Queue, error) {
	var q queue.Queue
	if then.Queue != "" {
		var err error
		if q, err = s.Queues.Queue(ctx, w, then.Queue); err != nil {
			return q, err
		}
	}
	q.Team, q.Needs = then.Team, queue.Both(q.Needs, then.Needs)
	return q, nil
}

// never reports whether a tree can hold for nothing that there is: an hour is 0 to
// 23.
func never(when filter.Node) bool {
	hours, err := filter.Parse([]byte(`{"field":"hour","op":"between","value":[0,23]}`), Fields(nil))
	if err == nil && slices.Contains(when.Fields(), fieldHour) {
		when = filter.Both(when, hours)
	}
	return when.Never()
}

// location returns a time zone; "" is UTC.
func location(zone string) (*time.Location, error) {
	if strings.EqualFold(zone, "utc") || zone == "" {
		return time.UTC, nil
	}
	at, err := calendar.Location(zone)
	if err != nil {
		return nil, errs.New(errs.Invalid, CodeRules, "The time zone is not right.").
			WithFields(errs.Field{Pointer: "/time_zone", Code: "unknown", Detail: "is no zone of the IANA database, such as Asia/Shanghai"})
	}
	return at, nil
}
