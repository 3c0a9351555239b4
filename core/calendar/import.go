package calendar

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar/ical"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Import is where days come from: a calendar file, or a built-in set.
type Import struct {
	File   string // text/calendar; "" = Set
	Set    string // the id of a HolidaySet
	MakeUp string // as which day of the week make-up days are open; "" = monday
}

// Plan is what an import makes of a calendar.
type Plan struct {
	Revision uint64 // of the calendar it was made for
	Add      []Exception
	Change   []Replacement
	Skip     []Skip
	Hours    Hours // as they would be
	Warnings []Warning
}

// Replacement is entries that an imported one takes the place of.
type Replacement struct {
	From []Exception
	To   Exception
}

// Skip is something that is left out, and why.
type Skip struct {
	Line   int // of the file; 0 = of a set
	Name   string
	Code   string // those of package ical, and the ones here
	Detail string
}

// The codes of what an import leaves out, beside those of package ical.
const (
	AlreadyThere = "already_there"
	Conflicts    = "conflicts"     // with an entry that has other dates, too
	NoHoliday    = "no_holiday"    // without a mark, in a feed that marks days off
	NothingElse  = "nothing_else"  // it changes none of the hours of its days
	Disagrees    = "disagrees"     // with another entry of the same file
	OverMidnight = "over_midnight" // a make-up day with a time that ends on another
)

// years is how many years an import reads: this one and those after.
const years = 3

// Preview says what an import would make of a calendar. Nothing is saved. Needs
// TeamManage. Errors: errs.Invalid with the line of a file that is not accepted.
func (s *Service) Preview(ctx context.Context, scope identity.Scope, id ID, in Import) (Plan, error) {
	if err := manages(scope); err != nil {
		return Plan{}, err
	}
	c, err := s.store.Calendar(ctx, scope.Workspace, id)
	if err != nil {
		return Plan{}, err
	}
	return in.plan(ctx, c, s.now())
}

// Import does what Preview says, if revision is still the calendar's. Needs
// TeamManage.
func (s *Service) Import(ctx context.Context, scope identity.Scope, id ID, revision uint64, in Import) (Calendar, error) {
	if err := manages(scope); err != nil {
		return Calendar{}, err
	}
	p, err := s.Preview(ctx, scope, id, in)
	if err != nil {
		return Calendar{}, err
	}
	if p.Revision != revision {
		return Calendar{}, Stale()
	}
	return s.change(ctx, scope, id, revision, "calendar.imported", func(c *Calendar, at time.Time) error {
		c.Hours, c.UpdatedAt = p.Hours.Clone(), at
		c.Revision++
		return nil
	})
}

// arrival is an imported entry.
type arrival struct {
	Exception
	line  int
	timed bool // time off, not yet of dates
}

func (in Import) plan(ctx context.Context, c Calendar, now time.Time) (Plan, error) {
	location, err := Location(c.Hours.Zone)
	if err != nil {
		return Plan{}, err
	}
	p := planner{Plan: Plan{Revision: c.Revision, Hours: c.Hours.Clone()}, location: location, makeUp: time.Monday}
	if in.MakeUp != "" {
		var known bool
		if p.makeUp, known = parseDay(in.MakeUp); !known {
			return Plan{}, refusedImport("/make_up", "enum", "must be a day of the week such as monday")
		}
	}
	list, err := p.arrivals(ctx, in, DateAt(now.In(location)).Year())
	if err != nil {
		return Plan{}, err
	}
	for _, a := range list {
		p.place(a)
	}
	sortExceptions(p.Hours.Exceptions)
	if p.Hours, err = p.Hours.Draft().Check(now); err != nil { // too many, or it never opens again
		return Plan{}, err
	}
	p.Warnings = p.Hours.Warnings(now)
	return p.Plan, nil
}

func refusedImport(pointer, code, detail string) error {
	return errs.New(errs.Invalid, "calendar.invalid", "Some values are not accepted.").WithFields(errs.Field{Pointer: pointer, Code: code, Detail: detail})
}

// planner is a plan in the making.
type planner struct {
	Plan
	location *time.Location
	makeUp   time.Weekday
}

func (p *planner) skip(a arrival, code, detail string) {
	p.Skip = append(p.Skip, Skip{a.line, a.Name, code, detail})
}

// arrivals are the entries of what is imported, from a year on.
func (p *planner) arrivals(ctx context.Context, in Import, year int) ([]arrival, error) {
	if (in.File == "") == (in.Set == "") {
		return nil, refusedImport("/file", "required", "is missing: send a file or the name of a set, and not both")
	}
	if in.Set != "" {
		i := slices.IndexFunc(HolidaySets(), func(s HolidaySet) bool { return s.ID == in.Set })
		if i < 0 {
			return nil, refusedImport("/set", "unknown", "is no set of holidays")
		}
		var out []arrival
		for _, e := range HolidaySets()[i].Days() {
			if e.Effect == AsWeekday {
				e.Weekday = p.makeUp
			}
			out = append(out, arrival{Exception: e})
		}
		return p.agreed(out), nil
	}
	first := time.Date(year, time.January, 1, 0, 0, 0, 0, p.location)
	file, err := ical.Read(ctx, in.File, p.location, first, first.AddDate(years, 0, 0))
	if err != nil {
		return nil, err
	}
	for _, s := range file.Skipped {
		p.Skip = append(p.Skip, Skip{s.Line, clip(s.Name), s.Code, s.Detail})
	}
	var days []arrival
	var times timesOff
	for _, e := range file.Events {
		if a, ok := p.entry(e, file.Marked); ok && a.timed {
			times.add(a, e.Start.In(p.location), e.End.In(p.location))
		} else if ok {
			days = append(days, a)
		}
	}
	list, err := p.cut(p.agreed(joined(days)), &times)
	return joined(list), err
}

// agreed leaves out what another entry of the same file contradicts: the make-up
// day counts, and else who comes first.
func (p *planner) agreed(list []arrival) []arrival {
	slices.SortStableFunc(list, func(a, b arrival) int {
		return cmp.Compare(rank(a.Effect), rank(b.Effect))
	})
	var out []arrival
	for _, a := range list {
		against := slices.IndexFunc(out, func(o arrival) bool { return a.Meets(o.Exception) && !a.Agrees(o.Exception) })
		with := slices.IndexFunc(out, func(o arrival) bool { return o.Covers(a.Exception) && a.Agrees(o.Exception) })
		switch {
		case against >= 0:
			p.skip(a, Disagrees, fmt.Sprintf("“%s” of the file says another thing of the same dates.", out[against].Name))
		case with >= 0:
			p.skip(a, AlreadyThere, fmt.Sprintf("“%s” of the file says the same.", out[with].Name))
		default:
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b arrival) int { return cmp.Compare(a.From, b.From) })
	return out
}

func rank(e Effect) int {
	if e == Closed {
		return 1
	}
	return 0
}

// place puts an entry into the calendar: beside what is there, or in its place
// where it covers it all.
func (p *planner) place(a arrival) {
	var met []Exception
	for _, e := range p.Hours.Exceptions {
		if !a.Meets(e) {
			continue
		}
		switch {
		case e.Agrees(a.Exception) && e.Covers(a.Exception):
			p.skip(a, AlreadyThere, fmt.Sprintf("“%s” says the same already.", e.Name))
			return
		case e.Agrees(a.Exception) && !a.Covers(e):
			continue // both stay, and say the same
		case !a.Covers(e):
			p.skip(a, Conflicts, fmt.Sprintf("“%s” has some of the dates, and others: change it by hand.", e.Name))
			return
		}
		met = append(met, e)
	}
	if len(met) == 0 {
		p.Add = append(p.Add, a.Exception)
	} else {
		p.Change = append(p.Change, Replacement{From: met, To: a.Exception})
		p.Hours.Exceptions = slices.DeleteFunc(p.Hours.Exceptions, func(e Exception) bool { return a.Covers(e) })
	}
	p.Hours.Exceptions = append(p.Hours.Exceptions, a.Exception)
}
