package calendar_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/errs"
)

// now is a Monday.
func now() time.Time { return time.Date(2026, time.November, 23, 1, 0, 0, 0, time.UTC) }

func draft(tb testing.TB, text string) calendar.Draft {
	tb.Helper()
	var d calendar.Draft
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		tb.Fatal(err)
	}
	return d
}

const office = `{"time_zone":"Asia/Shanghai","week":{"monday":[{"from":"13:00","to":"18:00"},{"from":"09:00","to":"12:00"}],"saturday":[{"from":"20:00","to":"24:00"}]},"exceptions":[`

func TestCheckPutsInOrder(t *testing.T) {
	h, err := draft(t, office+`{"name":"B","from":"2027-01-01","to":"2027-01-03","effect":"closed"},
{"name":" A ","from":"2026-12-24","effect":"hours","hours":[{"from":"09:00","to":"12:00"}]},
{"name":"again","from":"2027-01-01","to":"2027-01-03","effect":"closed"},
{"name":"C","from":"2026-12-26","to":"2026-12-26","effect":"weekday","weekday":"monday"}]}`).Check(now())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(h.Week[time.Monday], []calendar.Interval{{From: 540, To: 720}, {From: 780, To: 1080}}) || h.Week[time.Saturday][0].To != 1440 {
		t.Errorf("%v", h.Week)
	}
	var names []string
	for _, e := range h.Exceptions {
		names = append(names, e.Name)
	}
	if strings.Join(names, " ") != "A C B" {
		t.Error(names)
	}
	back, err := h.Draft().Read()
	if err != nil || !reflect.DeepEqual(back, h) {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestCheckRefuses(t *testing.T) {
	day := func(spans string) string { return `{"time_zone":"UTC","week":{"monday":[` + spans + `]}}` }
	for _, tt := range []struct{ draft, pointer, code string }{
		{`{"time_zone":"UTC"}`, "/week", "never_opens"},
		{`{"time_zone":"UTC","exceptions":[{"name":"x","from":"2025-01-01","effect":"hours","hours":[{"from":"09:00","to":"10:00"}]}]}`, "/week", "never_opens"},
		{`{"time_zone":"Moon/Crater"}`, "/time_zone", "unknown"},
		{`{"time_zone":"localtime"}`, "/time_zone", "unknown"},
		{`{"time_zone":"posixrules"}`, "/time_zone", "unknown"},
		{`{"time_zone":"Factory"}`, "/time_zone", "unknown"},
		{`{"time_zone":"right/Asia/Shanghai"}`, "/time_zone", "unknown"},
		{`{"time_zone":"posix/Asia/Shanghai"}`, "/time_zone", "unknown"},
		{`{"time_zone":"Local"}`, "/time_zone", "unknown"},
		{`{"time_zone":"../../etc/passwd"}`, "/time_zone", "unknown"},
		{day(`{"from":"9:00","to":"10:00"}`), "/week/monday/0/from", "format"},
		{day(`{"from":"09:00","to":"25:00"}`), "/week/monday/0/to", "format"},
		{day(`{"from":"24:00","to":"24:00"}`), "/week/monday/0", "empty"},
		{day(`{"from":"22:00","to":"06:00"}`), "/week/monday/0", "over_midnight"},
		{day(`{"from":"11:00","to":"13:00"},{"from":"09:00","to":"12:00"}`), "/week/monday/0", "overlaps"},
		{day(strings.TrimSuffix(strings.Repeat(`{"from":"09:00","to":"10:00"},`, 9), ",")), "/week/monday", "too_many"},
		{office + `{"name":"","from":"2026-12-24","effect":"closed"}]}`, "/exceptions/0/name", "required"},
		{office + `{"name":"x","from":"2026-02-30","effect":"closed"}]}`, "/exceptions/0/from", "format"},
		{office + `{"name":"x","from":"1999-02-20","effect":"closed"}]}`, "/exceptions/0/from", "out_of_range"},
		{office + `{"name":"x","from":"2026-12-24","to":"2026-12-23","effect":"closed"}]}`, "/exceptions/0/to", "before_from"},
		{office + `{"name":"x","from":"2026-12-24","to":"2027-12-25","effect":"closed"}]}`, "/exceptions/0/to", "too_long"},
		{office + `{"name":"x","from":"2026-12-24","effect":"open"}]}`, "/exceptions/0/effect", "enum"},
		{office + `{"name":"x","from":"2026-12-24","effect":"weekday","weekday":"Mon"}]}`, "/exceptions/0/weekday", "enum"},
		{office + `{"name":"x","from":"2026-12-24","effect":"hours"}]}`, "/exceptions/0/hours", "required"},
		{office + `{"name":"a","from":"2026-12-24","effect":"weekday","weekday":"monday"},{"name":"b","from":"2026-12-20","to":"2026-12-31","effect":"closed"}]}`, "/exceptions/1", "contradicts"},
		{office + strings.TrimSuffix(strings.Repeat(`{"name":"x","from":"2026-12-24","effect":"closed"},`, calendar.MaxExceptions+1), ",") + `]}`, "/exceptions", "too_many"},
	} {
		_, err := draft(t, tt.draft).Check(now())
		fields := errs.As(err).Fields
		if !errs.Is(err, errs.Invalid) || len(fields) == 0 || fields[0].Pointer != tt.pointer || fields[0].Code != tt.code {
			t.Errorf("%.120s: %v, want %s %s", tt.draft, err, tt.pointer, tt.code)
		}
	}
}

func TestWarnings(t *testing.T) {
	h, err := draft(t, office+`{"name":"元旦","from":"2026-01-01","to":"2026-01-03","effect":"closed"},
{"name":"班","from":"2026-11-30","effect":"weekday","weekday":"monday"},{"name":"空","from":"2026-12-01","effect":"weekday","weekday":"sunday"},
{"name":"c","from":"2026-12-24","to":"2026-12-26","effect":"closed"},{"name":"d","from":"2026-12-26","to":"2026-12-28","effect":"closed"}]}`).Check(now())
	if err != nil {
		t.Fatal(err)
	}
	said := func(at time.Time) string {
		var out []string
		for _, w := range h.Warnings(at) {
			out = append(out, w.Code+" "+w.Pointer+" "+w.About)
		}
		return strings.Join(out, "; ")
	}
	if got := said(now()); got != "year_missing /exceptions 2027; make_up_open /exceptions/1 2026-11-30; make_up_closed /exceptions/2 2026-12-01; overlaps /exceptions/4 2026-12-26" {
		t.Error(got)
	}
	if got := said(time.Date(2026, time.June, 1, 0, 0, 0, 0, time.UTC)); strings.Contains(got, "year_missing") {
		t.Error("in June nobody knows the next year's holidays:", got)
	}
	if got := said(time.Date(2027, time.January, 2, 0, 0, 0, 0, time.UTC)); got != "year_missing /exceptions 2027" {
		t.Error(got)
	}
}

// FuzzHours: whatever was accepted answers every question, and is read back as
// it was written.
func FuzzHours(f *testing.F) {
	f.Add([]byte(office+`{"name":"x","from":"2026-12-24","effect":"closed"}]}`), int64(1795400000))
	f.Add([]byte(`{"time_zone":"America/Sao_Paulo","week":{"sunday":[{"from":"00:00","to":"24:00"}]}}`), int64(1541300000))
	f.Fuzz(func(t *testing.T, raw []byte, unix int64) {
		var d calendar.Draft
		if json.Unmarshal(raw, &d) != nil {
			return
		}
		const most = 1 << 33 // the year 2242
		at := time.Unix(unix%most, 0)
		h, err := d.Check(at)
		if err != nil {
			return
		}
		s, err := h.Schedule()
		if err != nil {
			t.Fatal(err)
		}
		opens, ok := s.Opens(at)
		if !ok || !s.Open(opens) || opens.Before(at) {
			t.Fatalf("%v opens at %v (%v)", at, opens, ok)
		}
		if change, up := s.Next(at); !change.IsZero() && (s.Open(change) != up || s.Open(at) == up) {
			t.Fatalf("%v changes at %v to %v", at, change, up)
		}
		if back, err := h.Draft().Read(); err != nil || !reflect.DeepEqual(back, h) {
			t.Fatalf("%+v became %+v: %v", h, back, err)
		}
		h.Warnings(at)
	})
}
