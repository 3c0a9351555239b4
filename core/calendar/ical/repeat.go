package ical

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// Limits of rules.
const (
	maxRule     = 300    // bytes
	maxInterval = 1000   // years, months or weeks
	maxSetPos   = 12     // different entries of BYSETPOS
	maxSteps    = 50_000 // of the rules of a file: months looked at
	maxNth      = 5      // weekdays of one name in a month
)

// earliest is before what a rule may have begun; following one from further
// back costs time.
const earliest = 1970

const (
	yearMonths = 12
	weekDays   = 7
)

// repeat adds what a rule makes of an event in the window. Rules that repeat
// within a day are refused: no holiday does, and they have no end.
func (r *reader) repeat(ctx context.Context, c component, e Event, p property) error {
	if r.rules++; r.rules > maxRules {
		return refuse(p.line, "too_many", fmt.Sprintf("is the rule after the first %d", maxRules))
	}
	if len(p.value) > maxRule {
		return refuse(p.line, "rule", fmt.Sprintf("is a rule of more than %d bytes", maxRule))
	}
	rule, err := rrule.StrToROption(strings.TrimSpace(p.value))
	if err != nil {
		return refuse(p.line, "rule", "is a rule that cannot be read")
	}
	tidy(rule)
	if fault := faultOf(rule); fault != "" {
		return refuse(p.line, "rule", fault)
	}
	if lack := lackOf(e, rule); lack != "" {
		r.skip(e, Unsupported, lack)
		return nil
	}
	before := len(r.out.Events)
	if err := r.follow(ctx, c, e, p, rule); err != nil {
		return err
	}
	if len(r.out.Events) == before {
		r.skip(e, Outside, "The event is not of the years that are imported.")
	}
	return r.bounded(p.line)
}

// tidy takes away what a rule says twice.
func tidy(rule *rrule.ROption) {
	for _, list := range []*[]int{&rule.Bysetpos, &rule.Bymonth, &rule.Bymonthday, &rule.Byyearday, &rule.Byweekno} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// faultOf says why a rule is refused with its file; "" = it is not.
func faultOf(rule *rrule.ROption) string {
	tooFar := func(d rrule.Weekday) bool { return d.N() > maxNth || d.N() < -maxNth }
	inMonth := rule.Freq == rrule.MONTHLY || len(rule.Bymonth) > 0
	switch {
	case rule.Freq == rrule.SECONDLY || rule.Freq == rrule.MINUTELY || rule.Freq == rrule.HOURLY,
		len(rule.Byhour) > 0 || len(rule.Byminute) > 0 || len(rule.Bysecond) > 0:
		return "is a rule that repeats within a day"
	case len(rule.Bysetpos) > maxSetPos:
		return fmt.Sprintf("is a rule with more than %d entries of BYSETPOS", maxSetPos)
	case rule.Interval < 0 || rule.Interval > maxInterval || rule.Count < 0:
		return fmt.Sprintf("is a rule with an interval of more than %d", maxInterval)
	case inMonth && slices.ContainsFunc(rule.Byweekday, tooFar):
		return fmt.Sprintf("is a rule of a weekday that comes more than %d times in a month", maxNth)
	}
	return ""
}

// lackOf says why a rule is left out; "" = it is not.
func lackOf(e Event, rule *rrule.ROption) string {
	ofYear := len(rule.Byyearday) > 0 || len(rule.Byweekno) > 0
	switch {
	case rule.Freq == rrule.DAILY, len(rule.Byeaster) > 0, ofYear && rule.Freq != rrule.YEARLY,
		rule.Freq == rrule.WEEKLY && (len(rule.Bymonthday) > 0 || len(rule.Bymonth) > 0 || len(rule.Bysetpos) > 0):
		return "Rules that repeat yearly, monthly and weekly are read."
	case e.Start.Year() < earliest:
		return fmt.Sprintf("The rule begins before %d.", earliest)
	}
	return ""
}

func wall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// follow adds occurrences. The rule runs by the wall clock, so that an event at
// nine stays at nine when clocks change.
func (r *reader) follow(ctx context.Context, c component, e Event, p property, rule *rrule.ROption) error {
	zone := e.Start.Location()
	rule.Dtstart = wall(e.Start)
	if !rule.Until.IsZero() && strings.Contains(strings.ToUpper(p.value), "Z") && !e.AllDay {
		rule.Until = wall(rule.Until.In(zone))
	}
	if end := wall(r.last.In(zone)); rule.Until.IsZero() || rule.Until.After(end) {
		rule.Until = end
	}
	made, err := rrule.NewRRule(*rule)
	if err != nil {
		return refuse(p.line, "rule", "is a rule that cannot be followed")
	}
	list, err := r.occurrences(ctx, p.line, made.Options, wall(r.first.In(zone)).Add(-longest))
	if err != nil {
		return err
	}
	not := r.excluded(c, e)
	length := e.End.Sub(e.Start)
	for _, at := range list {
		if not[at] {
			continue
		}
		o := e
		o.Start = time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone)
		o.End = o.Start.Add(length)
		r.add(o)
	}
	return nil
}

// occurrences returns those of a rule until its end, at least from an instant on.
// Each year, month or week is a rule of its own, so that one that never matches
// ends, and what is before the instant is passed over where nothing counts it.
func (r *reader) occurrences(ctx context.Context, line int, rule rrule.ROption, from time.Time) ([]time.Time, error) {
	begin, count := rule.Dtstart, rule.Count
	period := periodOf(rule)
	n := 0
	if rule.Count == 0 {
		n = period.before(from)
	}
	const once = 12 * 10_000 // an interval that leads beyond the last year
	rule.Interval, rule.Count = once, 0
	if rule.Freq == rrule.WEEKLY { // it always matches, and so ends
		rule.Interval = 1
	}
	until := rule.Until
	var out []time.Time
	for at := period.at(n); !at.After(until); at = period.at(n) {
		if r.steps += period.cost(); r.steps > maxSteps {
			return nil, refuse(line, "too_many", "is a rule that takes too long to follow")
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n++
		rule.Dtstart, rule.Until = at, earlier(until, period.end(at))
		one, err := rrule.NewRRule(rule)
		if err != nil {
			return nil, refuse(line, "rule", "is a rule that cannot be followed")
		}
		found := slices.DeleteFunc(one.All(), func(o time.Time) bool { return o.Before(begin) })
		if out = append(out, found...); count > 0 && len(out) >= count {
			return out[:count], nil
		}
	}
	return out, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// period is the stretches that a rule steps through: the first, at the rule's
// time of the day, and either months or days from one to the next.
type period struct {
	first        time.Time
	months, days int
}

func periodOf(rule rrule.ROption) period {
	interval := max(rule.Interval, 1)
	year, month, day := rule.Dtstart.Date()
	hour, minute, second := rule.Dtstart.Clock()
	on := func(month time.Month, day int) time.Time {
		return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
	}
	switch rule.Freq {
	case rrule.YEARLY:
		return period{on(time.January, 1), interval * yearMonths, 0}
	case rrule.MONTHLY:
		return period{on(month, 1), interval, 0}
	default:
		since := (int(rule.Dtstart.Weekday()) + weekDays - 1 - rule.Wkst.Day() + weekDays) % weekDays
		return period{on(month, day-since), 0, interval * weekDays}
	}
}

// at returns when the nth begins, from 0.
func (p period) at(n int) time.Time { return p.first.AddDate(0, n*p.months, n*p.days) }

// end returns the last second in which one that begins at an instant may match.
func (p period) end(at time.Time) time.Time {
	if p.days > 0 {
		return at.AddDate(0, 0, weekDays).Add(-time.Second)
	}
	return at.AddDate(0, p.months, 0).Add(-time.Second)
}

// before returns the last that begins before an instant, or the first.
func (p period) before(t time.Time) int {
	var n int
	if p.months > 0 {
		n = ((t.Year()-p.first.Year())*yearMonths+int(t.Month()-p.first.Month()))/p.months - 1
	} else {
		n = int(t.Sub(p.first)/day)/p.days - 1
	}
	return max(n, 0)
}

func (p period) cost() int { return cmp.Or(min(p.months, yearMonths), 1) }

// excluded are the occurrences that EXDATE takes away, by the wall clock of the
// event.
func (r *reader) excluded(c component, e Event) map[time.Time]bool {
	out := make(map[time.Time]bool)
	for _, p := range c.props {
		if p.name != "EXDATE" {
			continue
		}
		for value := range strings.SplitSeq(p.value, ",") {
			at, dates, code := r.moment(property{value: value, params: p.params})
			switch fixed := p.params["TZID"] != "" || strings.HasSuffix(strings.TrimSpace(value), "Z"); {
			case code != "":
			case fixed && !dates && !e.AllDay:
				out[wall(at.In(e.Start.Location()))] = true
			default:
				out[wall(at)] = true
			}
		}
	}
	return out
}
