package calendar_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// feed is a calendar file of events: "SUMMARY|DTSTART|DTEND", dates or times.
func feed(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\n")
	for _, e := range events {
		p := strings.Split(e, "|")
		fmt.Fprintf(&b, "BEGIN:VEVENT\nSUMMARY:%s\nDTSTART:%s\nDTEND:%s\nEND:VEVENT\n", p[0], p[1], p[2])
	}
	b.WriteString("END:VCALENDAR\n")
	return b.String()
}

// told is a plan in short.
func told(p calendar.Plan) string {
	one := func(e calendar.Exception) string {
		d := e.Draft()
		return fmt.Sprintf("%s %s..%s %s%s%v", d.Name, d.From, d.To, d.Effect, d.Weekday, d.Hours)
	}
	var out []string
	for _, e := range p.Add {
		out = append(out, "+"+one(e))
	}
	for _, r := range p.Change {
		out = append(out, fmt.Sprintf("~%d %s", len(r.From), one(r.To)))
	}
	for _, s := range p.Skip {
		out = append(out, fmt.Sprintf("-%s %s %d", s.Name, s.Code, s.Line))
	}
	return strings.Join(out, "; ")
}

// has makes a calendar: Monday 09:00 to 18:00 in Shanghai, closed from 24 to 26
// December 2026.
func has(t *testing.T, s *calendar.Service) calendar.Calendar {
	t.Helper()
	p := weekly("Office")
	p.Exceptions = &[]calendar.ExceptionDraft{{Name: "Christmas", From: "2026-12-24", To: "2026-12-26", Effect: "closed"}}
	c, err := s.Create(t.Context(), as(identity.RoleOwner), p)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPreview(t *testing.T) {
	s, _ := newService()
	c := has(t, s)
	for _, tt := range []struct {
		name string
		in   calendar.Import
		want string
	}{
		{"a day each becomes one entry", calendar.Import{File: feed("春节（休）|20270206|20270207", "春节（休）|20270207|20270208", "春节（休）|20270208|20270209")}, "+春节（休） 2027-02-06..2027-02-08 closed[]"},
		{"what is there", calendar.Import{File: feed("Boxing Day|20261226|20261227")}, "-Boxing Day already_there 2"},
		{"what covers it", calendar.Import{File: feed("Winter|20261220|20270102")}, "~1 Winter 2026-12-20..2027-01-01 closed[]"},
		{"what it only has a part of", calendar.Import{File: feed("补班|20261224|20261225"), MakeUp: "monday"}, "-补班 conflicts 2"},
		{"what overlaps and agrees", calendar.Import{File: feed("Break|20261226|20261229")}, "+Break 2026-12-26..2026-12-28 closed[]"},
		{"a make-up day", calendar.Import{File: feed("春节（班）|20270213|20270214"), MakeUp: "friday"}, "+春节（班） 2027-02-13..2027-02-13 weekdayfriday[]"},
		{"no mark beside marks", calendar.Import{File: feed("立春|20270204|20270205", "春节（休）|20270206|20270207")}, "+春节（休） 2027-02-06..2027-02-06 closed[]; -立春 no_holiday 2"},
		{"twice", calendar.Import{File: feed("国庆|20271001|20271008", "中秋|20271003|20271004")}, "+国庆 2027-10-01..2027-10-07 closed[]; -中秋 already_there 7"},
		{"against itself", calendar.Import{File: feed("休|20271001|20271008", "班|20271002|20271003")}, "+班 2027-10-02..2027-10-02 weekdaymonday[]; -休 disagrees 2"},
		{"an afternoon", calendar.Import{File: feed("Party|20261130T150000|20261130T230000")}, "+Party 2026-11-30..2026-11-30 hours[{09:00 15:00}]"},
		{"the whole of it", calendar.Import{File: feed("Party|20261130T000000Z|20261130T100000Z")}, "+Party 2026-11-30..2026-11-30 closed[]"},
		{"twice in a day", calendar.Import{File: feed("A|20261130T100000|20261130T110000", "B|20261130T150000|20261130T160000")}, "+A, B 2026-11-30..2026-11-30 hours[{09:00 10:00} {11:00 15:00} {16:00 18:00}]"},
		{"of a make-up day", calendar.Import{File: feed("补班|20261205|20261207", "A|20261205T150000|20261205T230000")}, "+A 2026-12-05..2026-12-05 hours[{09:00 15:00}]; +补班 2026-12-06..2026-12-06 weekdaymonday[]"},
		{"all of a make-up day", calendar.Import{File: feed("补班|20261205|20261206", "A|20261205T000000|20261206T000000")}, "+补班 2026-12-05..2026-12-05 weekdaymonday[]; -A disagrees 7"},
		{"of a day off", calendar.Import{File: feed("Day|20261130|20261201", "A|20261130T150000|20261130T160000")}, "+Day 2026-11-30..2026-11-30 closed[]; -A nothing_else 7"},
		{"make-up days alone are no marks", calendar.Import{File: feed("补班|20270213|20270214", "Christmas|20271225|20271226")}, "+补班 2027-02-13..2027-02-13 weekdaymonday[]; +Christmas 2027-12-25..2027-12-25 closed[]"},
		{"a day off in English", calendar.Import{File: feed("Saints (Special Non-Working Day)|20270213|20270214", "Christmas|20271225|20271226")}, "+Saints (Special Non-Working Day) 2027-02-13..2027-02-13 closed[]; +Christmas 2027-12-25..2027-12-25 closed[]"},
		{"when it is closed", calendar.Import{File: feed("Party|20261201T150000|20261201T230000")}, "-Party nothing_else 2"},
		{"a make-up morning", calendar.Import{File: feed("补班|20261205T090000|20261205T120000")}, "+补班 2026-12-05..2026-12-05 hours[{09:00 12:00}]"},
		{"a make-up night", calendar.Import{File: feed("补班|20261205T220000|20261206T060000")}, "-补班 over_midnight 2"},
		{"without a name", calendar.Import{File: feed("|20270101|20270102")}, "+2027-01-01 2027-01-01..2027-01-01 closed[]"},
	} {
		p, err := s.Preview(t.Context(), as(identity.RoleSupervisor), c.ID, tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := told(p); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
	if same, err := s.Get(t.Context(), as(identity.RoleAgent), c.ID); err != nil || same.Revision != 1 || len(same.Hours.Exceptions) != 1 {
		t.Errorf("a preview changed the calendar: %+v, %v", same, err)
	}
}

// TestTimeIsTakenOnce: the same file again takes no more of a day, a changed one
// takes what it says now.
func TestTimeIsTakenOnce(t *testing.T) {
	s, _ := newService()
	c := has(t, s)
	first := calendar.Import{File: feed("Party|20261130T150000|20261130T230000")}
	if _, err := s.Import(t.Context(), as(identity.RoleOwner), c.ID, 1, first); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[calendar.Import]string{
		first: "-Party already_there 2",
		{File: feed("Party|20261130T160000|20261130T230000")}:     "~1 Party 2026-11-30..2026-11-30 hours[{09:00 16:00}]",
		{File: feed("Breakfast|20261130T090000|20261130T100000")}: "~1 Breakfast 2026-11-30..2026-11-30 hours[{10:00 15:00}]",
	} {
		if p, err := s.Preview(t.Context(), as(identity.RoleOwner), c.ID, in); err != nil || told(p) != want {
			t.Errorf("%s, %v; want %s", told(p), err, want)
		}
	}
}

// TestAnImportIsBounded: many events over many days are refused, not followed.
func TestAnImportIsBounded(t *testing.T) {
	s, _ := newService()
	c := has(t, s)
	var events []string
	for i := range 1900 {
		events = append(events, fmt.Sprintf("E%d|20261101T100000|20271030T160000", i))
	}
	_, err := s.Preview(t.Context(), as(identity.RoleOwner), c.ID, calendar.Import{File: feed(events...)})
	if fields := errs.As(err).Fields; len(fields) != 1 || fields[0].Code != "too_many" || fields[0].Pointer != "/file" {
		t.Error(err)
	}
}

func TestImport(t *testing.T) {
	s, _ := newService()
	c := has(t, s)
	in := calendar.Import{Set: "cn-2026", MakeUp: "monday"}
	if _, err := s.Import(t.Context(), as(identity.RoleAgent), c.ID, 1, in); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent imports:", err)
	}
	if _, err := s.Preview(t.Context(), as(identity.RoleAgent), c.ID, in); !errs.Is(err, errs.Forbidden) {
		t.Error("an agent previews:", err)
	}
	if _, err := s.Import(t.Context(), as(identity.RoleOwner), c.ID, 2, in); errs.As(err).Code != "calendar.stale" {
		t.Error("into a calendar that is another:", err)
	}
	after, err := s.Import(t.Context(), as(identity.RoleOwner), c.ID, 1, in)
	if err != nil || after.Revision != 2 || len(after.Hours.Exceptions) != 14 {
		t.Fatalf("%+v, %v", after, err)
	}
	again, err := s.Preview(t.Context(), as(identity.RoleOwner), c.ID, in)
	if err != nil || len(again.Add)+len(again.Change) > 0 || len(again.Skip) != 13 {
		t.Errorf("a second time: %s, %v", told(again), err)
	}
	for pointer, in := range map[string]calendar.Import{
		"/file": {}, "/set": {Set: "cn-1066"}, "/make_up": {Set: "cn-2026", MakeUp: "someday"},
	} {
		_, err := s.Import(t.Context(), as(identity.RoleOwner), c.ID, 2, in)
		if fields := errs.As(err).Fields; errs.As(err).Code != "calendar.invalid" || len(fields) != 1 || fields[0].Pointer != pointer {
			t.Errorf("%s: %v", pointer, err)
		}
	}
	if _, err := s.Import(t.Context(), as(identity.RoleOwner), c.ID, 2, calendar.Import{File: "PK\x03\x04"}); errs.As(err).Code != "calendar.file_refused" {
		t.Error(err)
	}
}

// TestHolidaySets: the sets are of their year, contradict nothing, and make-up
// days are on weekends.
func TestHolidaySets(t *testing.T) {
	for _, set := range calendar.HolidaySets() {
		var d calendar.Draft
		d.Zone, d.Week.Monday = "Asia/Shanghai", []calendar.Span{{From: "09:00", To: "18:00"}}
		days := 0
		for _, e := range set.Days() {
			if e.From.Year() != set.Year || e.To.Year() != set.Year {
				t.Errorf("%s: %v", set.ID, e)
			}
			if e.Effect == calendar.AsWeekday && e.From.Weekday() != 0 && e.From.Weekday() != 6 {
				t.Errorf("%s: %v is no weekend", set.ID, e.From)
			}
			if e.Effect == calendar.Closed {
				days += int(e.To-e.From) + 1
			}
			d.Exceptions = append(d.Exceptions, e.Draft())
		}
		if _, err := d.Check(now()); err != nil {
			t.Errorf("%s: %v", set.ID, err)
		}
		if set.ID == "cn-2026" && days != 33 {
			t.Errorf("the notice of 2026 has 33 days off, the set %d", days)
		}
	}
}
