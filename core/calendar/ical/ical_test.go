package ical_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar/ical"
	"github.com/patchbay-im/patchbay/core/errs"
)

func window() (first, last time.Time) {
	first = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(3, 0, 0)
}

func file(events ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(events, "") + "END:VCALENDAR\r\n"
}

func event(lines ...string) string {
	return "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

func read(t *testing.T, text string) ical.File {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	first, last := window()
	f, err := ical.Read(t.Context(), text, berlin, first, last)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func said(f ical.File) string {
	kinds := map[ical.Kind]string{ical.Unmarked: "", ical.Off: " off", ical.Work: " work", ical.Observance: " observance"}
	var out []string
	for _, e := range f.Events {
		layout := "2006-01-02"
		if !e.AllDay {
			layout = "2006-01-02T15:04Z07:00"
		}
		out = append(out, fmt.Sprintf("%s %s..%s%s", e.Name, e.Start.Format(layout), e.End.Format(layout), kinds[e.Kind]))
	}
	for _, s := range f.Skipped {
		out = append(out, fmt.Sprintf("-%s %s %d", s.Name, s.Code, s.Line))
	}
	return strings.Join(out, "; ")
}

func TestRead(t *testing.T) {
	for _, tt := range []struct{ name, event, want string }{
		{"all day", event("SUMMARY:New Year", "DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260104"), "New Year 2026-01-01..2026-01-04"},
		{"one day without an end", event("SUMMARY:a", "DTSTART;VALUE=DATE:20260101"), "a 2026-01-01..2026-01-02"},
		{"an end that is the start", event("SUMMARY:a", "DTSTART;VALUE=DATE:20260101", "DTEND;VALUE=DATE:20260101"), "a 2026-01-01..2026-01-02"},
		{"a length", event("SUMMARY:a", "DTSTART;VALUE=DATE:20260101", "DURATION:P1W"), "a 2026-01-01..2026-01-08"},
		{"folded, escaped", event("SUMMARY:Spring\r\n  Festival\\, Beijing", "DTSTART:20260215"), "Spring Festival, Beijing 2026-02-15..2026-02-16"},
		{"with a zone", event("SUMMARY:a", "DTSTART;TZID=\"America/New_York\":20261224T120000", "DURATION:PT2H30M"), "a 2026-12-24T12:00-05:00..2026-12-24T14:30-05:00"},
		{"without one", event("SUMMARY:a", "DTSTART:20260701T120000", "DTEND:20260701T130000"), "a 2026-07-01T12:00+02:00..2026-07-01T13:00+02:00"},
		{"in UTC", event("SUMMARY:a", "DTSTART:20260701T120000Z", "DTEND:20260701T130000Z"), "a 2026-07-01T12:00Z..2026-07-01T13:00Z"},
		{"every year", event("SUMMARY:a", "DTSTART;VALUE=DATE:20101225", "RRULE:FREQ=YEARLY"), "a 2026-12-25..2026-12-26; a 2027-12-25..2027-12-26; a 2028-12-25..2028-12-26"},
		{"leap days", event("SUMMARY:a", "DTSTART;VALUE=DATE:20200229", "RRULE:FREQ=YEARLY"), "a 2028-02-29..2028-03-01"},
		{"a Monday of January", event("SUMMARY:a", "DTSTART;VALUE=DATE:20100118", "RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=3MO;UNTIL=20270601"), "a 2026-01-19..2026-01-20; a 2027-01-18..2027-01-19"},
		{"weekly, some left out", event("SUMMARY:a", "DTSTART;VALUE=DATE:20260703", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20260710"), "a 2026-07-03..2026-07-04; a 2026-07-17..2026-07-18"},
		{"left out by another clock", event("SUMMARY:a", "DTSTART;TZID=Asia/Shanghai:20260703T060000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260709T220000Z"), "a 2026-07-03T06:00+08:00..2026-07-03T07:00+08:00; a 2026-07-17T06:00+08:00..2026-07-17T07:00+08:00"},
		{"counted from long ago", event("SUMMARY:a", "DTSTART:20000110", "RRULE:FREQ=YEARLY;INTERVAL=2;COUNT=14"), "a 2026-01-10..2026-01-11"},
		{"every other year", event("SUMMARY:a", "DTSTART:19710110", "RRULE:FREQ=YEARLY;INTERVAL=2"), "a 2027-01-10..2027-01-11"},
		{"each fifth month", event("SUMMARY:a", "DTSTART:20201231", "RRULE:FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1;UNTIL=20270101"), "a 2026-05-31..2026-06-01; a 2026-10-31..2026-11-01"},
		{"the last workday", event("SUMMARY:a", "DTSTART:20260130", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2"), "a 2026-01-30..2026-01-31; a 2026-02-27..2026-02-28"},
		{"every other week, by Sundays", event("SUMMARY:a", "DTSTART:20260104", "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,SA;UNTIL=20260125"), "a 2026-01-04..2026-01-05; a 2026-01-10..2026-01-11; a 2026-01-18..2026-01-19; a 2026-01-24..2026-01-25"},
		{"every other week, by Mondays", event("SUMMARY:a", "DTSTART:20260104", "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;UNTIL=20260125"), "a 2026-01-04..2026-01-05; a 2026-01-17..2026-01-18; a 2026-01-18..2026-01-19"},
		{"nine stays nine", event("SUMMARY:a", "DTSTART:20260327T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2"), "a 2026-03-27T09:00+01:00..2026-03-27T10:00+01:00; a 2026-04-03T09:00+02:00..2026-04-03T10:00+02:00"},
		{"alarms within", event("SUMMARY:a", "DTSTART:20260101", "BEGIN:VALARM", "SUMMARY:b", "DURATION:PT1M", "END:VALARM"), "a 2026-01-01..2026-01-02"},
		{"休", event("SUMMARY:春节（休）", "DTSTART:20260215"), "春节（休） 2026-02-15..2026-02-16 off"},
		{"班", event("SUMMARY:春节（班）", "DTSTART:20260214"), "春节（班） 2026-02-14..2026-02-15 work"},
		{"补班", event("SUMMARY:国庆节 补班", "DTSTART:20261010"), "国庆节 补班 2026-10-10..2026-10-11 work"},
		{"不上班", event("SUMMARY:国庆节不上班", "DTSTART:20261001"), "国庆节不上班 2026-10-01..2026-10-02 off"},
		{"Apple's mark", event("SUMMARY:春节", "DTSTART:20260214", "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY"), "春节 2026-02-14..2026-02-15 work"},
		{"Google's mark", event("SUMMARY:Arbor Day", "DTSTART:20260312", "DESCRIPTION:Observance\\nTo hide"), "Arbor Day 2026-03-12..2026-03-13 observance"},
		{"a day off in English", event("SUMMARY:All Saints' Day (Special Non-Working Day)", "DTSTART:20261101"), "All Saints' Day (Special Non-Working Day) 2026-11-01..2026-11-02 off"},
		{"a make-up day in English", event("SUMMARY:Special Working Day", "DTSTART:20261101"), "Special Working Day 2026-11-01..2026-11-02 work"},
		{"a public holiday", event("SUMMARY:Christmas", "DTSTART:20261225", "DESCRIPTION:Public holiday"), "Christmas 2026-12-25..2026-12-26 off"},
		{"cancelled", event("SUMMARY:a", "STATUS:CANCELLED", "DTSTART:20260101"), "-a cancelled 3"},
		{"no date", event("SUMMARY:a"), "-a no_date 3"},
		{"no day", event("SUMMARY:a", "DTSTART:20260230"), "-a no_date 3"},
		{"backwards", event("SUMMARY:a", "DTSTART:20260103", "DTEND:20260101"), "-a backwards 3"},
		{"for years", event("SUMMARY:a", "DTSTART:20260103", "DTEND:20280101"), "-a backwards 3"},
		{"no zone", event("SUMMARY:a", "DTSTART;TZID=China Standard Time:20260101T090000"), "-a unknown_zone 3"},
		{"long ago", event("SUMMARY:a", "DTSTART:20200101"), "-a outside 3"},
		{"ended", event("SUMMARY:a", "DTSTART:20200101", "RRULE:FREQ=YEARLY;UNTIL=20240101"), "-a outside 3"},
		{"never", event("SUMMARY:a", "DTSTART:20200101", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "-a outside 3"},
		{"daily", event("SUMMARY:a", "DTSTART:20200101", "RRULE:FREQ=DAILY"), "-a unsupported 3"},
		{"free", event("SUMMARY:a", "DTSTART:20260101T090000", "DURATION:PT1H", "TRANSP:TRANSPARENT"), "-a free 3"},
	} {
		if got := said(read(t, "\ufeff"+file(tt.event))); got != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	one := event("SUMMARY:a", "DTSTART:20260101")
	for name, tt := range map[string]struct{ text, code, where string }{
		"nothing":           {"", "no_calendar", "line 1 "},
		"a page":            {"<html>\n<p>Sign in: here</p>", "no_value", "line 1 "},
		"an event alone":    {one, "no_calendar", "line 1 "},
		"cut off":           {strings.TrimSuffix(file(one), "END:VCALENDAR\r\n"), "cut_off", "line 6 "},
		"crossed":           {"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", "not_open", "line 3 "},
		"deep":              {strings.Repeat("BEGIN:VCALENDAR\n", 100), "too_deep", "line 7 "},
		"a long line":       {"BEGIN:VCALENDAR\nX:" + strings.Repeat("x", 20_000), "long_line", "line 2 "},
		"folds":             {"BEGIN:VCALENDAR\nX:y\n" + strings.Repeat(" 0123456789012345678901234567890123456789\n", 1000), "long_line", "line 2 "},
		"large":             {strings.Repeat("x", ical.MaxFile+1), "too_large", "line 1 "},
		"events":            {file(strings.Repeat(one, 5001)), "too_many", "line 20003 "},
		"lines":             {file(event(strings.Repeat("X:y\r\n", 101) + "Z:z")), "too_many", "line 104 "},
		"rules":             {file(strings.Repeat(event("DTSTART:20260101", "RRULE:FREQ=YEARLY;UNTIL=20260201"), 201)), "too_many", "line 805 "},
		"occurrences":       {file(strings.Repeat(event("DTSTART:20260101", "RRULE:FREQ=WEEKLY"), 20)), "too_many", "line 53 "},
		"every second":      {file(event("DTSTART:20260101", "RRULE:FREQ=SECONDLY")), "rule", "line 5 "},
		"every hour of one": {file(event("DTSTART:20260101", "RRULE:FREQ=YEARLY;BYHOUR=1,2,3")), "rule", "line 5 "},
		"no rule":           {file(event("DTSTART:20260101", "RRULE:FREQ=NEVER")), "rule", "line 5 "},
		"no such Monday":    {file(event("DTSTART:20260101", "RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=53MO")), "rule", "line 5 "},
		"no such Mondays":   {file(event("DTSTART:20260101", "RRULE:FREQ=MONTHLY;BYDAY=-53MO")), "rule", "line 5 "},
		"positions":         {file(event("DTSTART:20260101", "RRULE:FREQ=YEARLY;BYYEARDAY=1;BYSETPOS=1,2,3,4,5,6,7,8,9,10,11,12,13")), "rule", "line 5 "},
		"eons":              {file(event("DTSTART:20260101", "RRULE:FREQ=YEARLY;INTERVAL=1001")), "rule", "line 5 "},
		"steps":             {file(strings.Repeat(event("DTSTART:19700101", "RRULE:FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2;COUNT=9"), 100)), "too_many", ""},
		"a long rule":       {file(event("DTSTART:20260101", "RRULE:FREQ=YEARLY;BYMONTHDAY=1"+strings.Repeat(",1", 200))), "rule", "line 5 "},
		"no text":           {"BEGIN:VCALENDAR\nX:\xff\n", "invalid_text", "line 2 "},
	} {
		first, last := window()
		_, err := ical.Read(t.Context(), tt.text, time.UTC, first, last)
		fields := errs.As(err).Fields
		if errs.As(err).Code != "calendar.file_refused" || len(fields) != 1 || fields[0].Code != tt.code || !strings.HasPrefix(fields[0].Detail, tt.where) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMarked: only a feed that marks its days off says that the others are none.
func TestMarked(t *testing.T) {
	for name, want := range map[string]bool{
		"春节（休）": true, "春节（班）": false, "Special Working Day": false, "All Saints (Special Non-Working Day)": false, "Christmas": false,
	} {
		if got := read(t, file(event("SUMMARY:"+name, "DTSTART:20260101"))); got.Marked != want {
			t.Errorf("%s: %v", name, got.Marked)
		}
	}
}

// TestNoRuleIsFollowedToTheEndOfTime: a rule that never matches is not looked
// for in the next eight thousand years. One of these took seconds.
func TestNoRuleIsFollowedToTheEndOfTime(t *testing.T) {
	never := event("SUMMARY:a", "DTSTART:19700101", "RRULE:FREQ=MONTHLY;BYMONTHDAY=30;BYMONTH=2;UNTIL=20290101;BYSETPOS=1"+strings.Repeat(",1", 100))
	if f := read(t, file(strings.Repeat(never, 200))); len(f.Events) != 0 || len(f.Skipped) != 200 {
		t.Error(said(f))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	first, last := window()
	if _, err := ical.Read(ctx, file(never), time.UTC, first, last); !errors.Is(err, context.Canceled) {
		t.Error("it goes on for nobody:", err)
	}
}

// FuzzRead: nothing brings it down, and what was read is in the window and
// bounded.
func FuzzRead(f *testing.F) {
	f.Add(file(event("SUMMARY:a", "DTSTART;TZID=America/New_York:20261224T120000", "DURATION:PT2H", "RRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=3MO", "EXDATE:20270101")))
	f.Add(file(event("SUMMARY:春节（班）", "DTSTART;VALUE=DATE:20260214", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;BYSETPOS=1;WKST=SU;UNTIL=20280101T000000Z")))
	f.Fuzz(func(t *testing.T, text string) {
		first, last := window()
		file, err := ical.Read(t.Context(), text, time.UTC, first, last)
		if err != nil {
			if !errs.Is(err, errs.Invalid) {
				t.Fatal(err)
			}
			return
		}
		if len(file.Events) > 2000 {
			t.Fatal(len(file.Events))
		}
		for _, e := range file.Events {
			if !e.Start.Before(last) || !e.End.After(first) || !e.Start.Before(e.End) {
				t.Fatalf("%+v", e)
			}
		}
	})
}
