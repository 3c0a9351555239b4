package calendar_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/patchbay-im/patchbay/core/calendar"
)

// model is a schedule as one would say it: minute by minute, by the wall clock.
type model struct {
	hours    calendar.Hours
	location *time.Location
}

func (m model) open(at time.Time) bool {
	local := at.In(m.location)
	minute := local.Hour()*60 + local.Minute()
	hours, _ := m.hours.Of(calendar.DateOf(local.Date()))
	return slices.ContainsFunc(hours, func(in calendar.Interval) bool { return in.From <= minute && minute < in.To })
}

// zones have changes of clocks of all kinds: by an hour, half an hour, at
// midnight, of a whole day that was left out; and none.
func zones() []string {
	return []string{
		"UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia",
		"Asia/Kathmandu", "Africa/Cairo", "America/St_Johns", "Pacific/Kiritimati", "Asia/Beirut",
	}
}

func intervals(t *rapid.T, name string, atLeast int) []calendar.Interval {
	cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, 96), atLeast*2, 6, rapid.ID).Draw(t, name)
	slices.Sort(cuts)
	var out []calendar.Interval
	for i := 0; i+1 < len(cuts); i += 2 {
		out = append(out, calendar.Interval{From: cuts[i] * 15, To: cuts[i+1] * 15})
	}
	return out
}

// someHours draws hours around a date.
func someHours(t *rapid.T, around calendar.Date) calendar.Hours {
	h := calendar.Hours{Zone: rapid.SampledFrom(zones()).Draw(t, "zone")}
	always := rapid.IntRange(0, 5).Draw(t, "always open") == 0
	for d := range h.Week {
		if always {
			h.Week[d] = []calendar.Interval{{From: 0, To: 600}, {From: 600, To: 1440}}
			continue
		}
		switch rapid.IntRange(0, 3).Draw(t, "kind of day") {
		case 0:
		case 1:
			h.Week[d] = []calendar.Interval{{From: 0, To: 1440}}
		default:
			h.Week[d] = intervals(t, "day", 0)
		}
	}
	next := around - 5
	for range rapid.IntRange(0, 4).Draw(t, "exceptions") {
		e := calendar.Exception{Name: "x", From: next + calendar.Date(rapid.IntRange(0, 3).Draw(t, "gap"))}
		e.To = e.From + calendar.Date(rapid.IntRange(0, 4).Draw(t, "length"))
		e.Effect = rapid.SampledFrom([]calendar.Effect{calendar.Closed, calendar.AsWeekday, calendar.OwnHours}).Draw(t, "effect")
		e.Weekday = time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday"))
		if e.Effect == calendar.OwnHours {
			e.Hours = intervals(t, "own hours", 1)
		}
		h.Exceptions, next = append(h.Exceptions, e), e.To+1
	}
	return h
}

// starts are days around which clocks change, a leap day and the end of a year.
func starts() []time.Time {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	return []time.Time{
		day(2026, time.March, 27), day(2026, time.October, 23), day(2026, time.March, 6), day(2026, time.October, 30), day(2026, time.April, 3),
		day(2011, time.December, 28), day(2018, time.November, 2), day(2024, time.February, 27), day(2026, time.December, 30), day(2026, time.April, 22),
	}
}

// TestAgainstMinutes holds every answer against a walk minute by minute.
func TestAgainstMinutes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		start := rapid.SampledFrom(starts()).Draw(rt, "start")
		at := start.Add(time.Duration(rapid.IntRange(0, 2*24*60).Draw(rt, "at")) * time.Minute)
		h := someHours(rt, calendar.DateAt(start))
		s, err := h.Schedule()
		if err != nil {
			rt.Fatal(err)
		}
		m := model{h, s.Location()}
		const ahead = 5 * 24 * 60
		now, sum := m.open(at), time.Duration(0)
		var opens, change time.Time
		for i := range ahead {
			x := at.Add(time.Duration(i) * time.Minute)
			is := m.open(x)
			if got := i%37 != 0 || s.Open(x) == is; !got {
				rt.Fatalf("%v: open is not %v", x.In(m.location), is)
			}
			if is {
				sum += time.Minute
			}
			if is && opens.IsZero() {
				opens = x
			}
			if is != now && change.IsZero() {
				change = x
			}
		}
		end := at.Add(ahead * time.Minute)
		if got := s.Working(at, end); got != sum {
			rt.Fatalf("works %v, the model %v", got, sum)
		}
		got, ok := s.Opens(at)
		compare(rt, "opens", got, ok, opens, end)
		got, up := s.Next(at)
		compare(rt, "changes", got, !got.IsZero(), change, end)
		if !got.IsZero() && up == now {
			rt.Fatalf("at %v it was open: %v, and at %v that becomes %v", at, now, got, up)
		}
	})
}

// compare holds an instant against the model's; zero = none before end.
func compare(t *rapid.T, what string, got time.Time, ok bool, want, end time.Time) {
	t.Helper()
	switch {
	case want.IsZero() && ok && got.Before(end):
		t.Fatalf("%s at %v, the model not before %v", what, got, end)
	case !want.IsZero() && (!ok || !got.Equal(want)):
		t.Fatalf("%s at %v (%v), the model at %v", what, got, ok, want)
	}
}

func weekdays(from, to int) calendar.Week {
	var w calendar.Week
	for d := time.Monday; d <= time.Friday; d++ {
		w[d] = []calendar.Interval{{From: from, To: to}}
	}
	return w
}

func compiled(t *testing.T, h calendar.Hours) *calendar.Schedule {
	t.Helper()
	s, err := h.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSpringFestival(t *testing.T) {
	h := calendar.Hours{Zone: "Asia/Shanghai", Week: weekdays(9*60, 18*60), Exceptions: []calendar.Exception{
		{Name: "春节（班）", From: calendar.DateOf(2026, time.February, 14), To: calendar.DateOf(2026, time.February, 14), Effect: calendar.AsWeekday, Weekday: time.Monday},
		{Name: "春节", From: calendar.DateOf(2026, time.February, 15), To: calendar.DateOf(2026, time.February, 23), Effect: calendar.Closed},
	}}
	s := compiled(t, h)
	shanghai := func(d, hour int) time.Time { return time.Date(2026, time.February, d, hour, 0, 0, 0, s.Location()) }
	if !s.Open(shanghai(14, 10)) || s.Open(shanghai(16, 10)) {
		t.Error("the make-up day or the holiday counts for nothing")
	}
	if at, opens := s.Next(shanghai(14, 10)); opens || !at.Equal(shanghai(14, 18)) {
		t.Error(at, opens)
	}
	if at, opens := s.Next(shanghai(14, 18)); !opens || !at.Equal(shanghai(24, 9)) {
		t.Error(at, opens)
	}
	if d := s.Working(shanghai(14, 17), shanghai(24, 11)); d != 3*time.Hour {
		t.Error(d)
	}
}

// TestClocksChange: what is open over the change is as long as it is.
func TestClocksChange(t *testing.T) {
	var always calendar.Week
	for d := range always {
		always[d] = []calendar.Interval{{From: 0, To: 1440}}
	}
	s := compiled(t, calendar.Hours{Zone: "Europe/Berlin", Week: always})
	midnight := func(m time.Month, d int) time.Time { return time.Date(2026, m, d, 0, 0, 0, 0, s.Location()) }
	for _, tt := range []struct {
		month time.Month
		day   int
		want  time.Duration
	}{{time.March, 29, 23 * time.Hour}, {time.October, 25, 25 * time.Hour}, {time.June, 1, 24 * time.Hour}} {
		if d := s.Working(midnight(tt.month, tt.day), midnight(tt.month, tt.day+1)); d != tt.want {
			t.Errorf("%v %d: %v", tt.month, tt.day, d)
		}
	}
	if at, _ := s.Next(midnight(time.March, 1)); !at.IsZero() {
		t.Error("what is always open changes at", at)
	}
}

func TestSecondsCount(t *testing.T) {
	s := compiled(t, calendar.Hours{Zone: "UTC", Week: weekdays(540, 541)})
	at := time.Date(2026, time.November, 23, 9, 0, 59, 999_999_999, time.UTC)
	if d := s.Working(at, at.Add(time.Hour)); d != time.Nanosecond {
		t.Error(d)
	}
	if !s.Open(at) || s.Open(at.Add(time.Nanosecond)) || s.Working(at, at.Add(-time.Hour)) != 0 {
		t.Error("the end of an interval is in it, or time runs backwards")
	}
}

// TestNeverOpens: what never opens says so without a walk through all time.
func TestNeverOpens(t *testing.T) {
	var closed []calendar.Exception
	for i := range calendar.MaxExceptions {
		from := calendar.DateOf(2026, time.January, 1) + calendar.Date(i*calendar.MaxRange)
		closed = append(closed, calendar.Exception{Name: "x", From: from, To: from + calendar.MaxRange - 1, Effect: calendar.Closed})
	}
	for name, h := range map[string]calendar.Hours{
		"empty":                {Zone: "UTC"},
		"closed for centuries": {Zone: "Europe/Berlin", Exceptions: closed},
		"as a closed day":      {Zone: "UTC", Exceptions: []calendar.Exception{{From: closed[0].From, To: closed[499].To, Effect: calendar.AsWeekday}}},
	} {
		s, at := compiled(t, h), time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
		if opens, ok := s.Opens(at); ok {
			t.Errorf("%s: opens %v", name, opens)
		}
		if change, _ := s.Next(at); !change.IsZero() {
			t.Errorf("%s: changes at %v", name, change)
		}
		if n := testing.AllocsPerRun(1, func() { s.Opens(at) }); n > 100_000 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	h := calendar.Hours{Zone: "UTC", Exceptions: closed, Week: weekdays(0, 60)}
	if _, ok := compiled(t, h).Opens(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)); !ok {
		t.Error("what opens after centuries never opens")
	}
}

// TestOpenForALongTime: what is open until a date far away is not walked by day.
func TestOpenForALongTime(t *testing.T) {
	always := []calendar.Interval{{From: 0, To: 720}, {From: 720, To: 1440}}
	far := calendar.DateOf(2199, time.December, 31)
	h := calendar.Hours{Zone: "Europe/Berlin", Exceptions: []calendar.Exception{{Name: "x", From: far, To: far, Effect: calendar.Closed}}}
	for d := range h.Week {
		h.Week[d] = always
	}
	s, err := h.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2199, time.December, 31, 0, 0, 0, 0, s.Location())
	for range 5000 { // by the day this took hours
		if at, opens := s.Next(now()); opens || !at.Equal(want) {
			t.Fatal(at, opens)
		}
	}
	if got := s.Working(now(), now().AddDate(10, 0, 0)); got != now().AddDate(10, 0, 0).Sub(now()) {
		t.Error(got)
	}
	h.Exceptions = nil
	if s, err = h.Schedule(); err != nil {
		t.Fatal(err)
	}
	if at, _ := s.Next(now()); !at.IsZero() {
		t.Error(at)
	}
}
