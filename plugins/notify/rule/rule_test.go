package rule_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/plugins/notify/news"
	"github.com/patchbay-im/patchbay/plugins/notify/rule"
)

func clock(t *testing.T, s string) rule.Clock {
	t.Helper()
	c, ok := rule.ParseClock(s)
	if !ok {
		t.Fatalf("%s is no time of day", s)
	}
	return c
}

func TestClock(t *testing.T) {
	for _, bad := range []string{"", "9:00", "24:00", "12:60", "noon", "12:00:00", " 9:00"} {
		if _, ok := rule.ParseClock(bad); ok {
			t.Errorf("%q is a time of day", bad)
		}
	}
}

// TestHours: also over midnight, on the day on which they begin, and over a
// change of the clocks.
func TestHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	work := rule.Hours{From: clock(t, "09:00"), To: clock(t, "18:00"), Days: []time.Weekday{time.Monday, time.Friday}}
	night := rule.Hours{From: clock(t, "22:00"), To: clock(t, "08:00")}
	friday := rule.Hours{From: clock(t, "22:00"), To: clock(t, "06:00"), Days: []time.Weekday{time.Friday}}
	for _, tt := range []struct {
		hours rule.Hours
		at    string
		until string // "" = in none
	}{
		{work, "2026-11-20T08:59", ""}, // a Friday
		{work, "2026-11-20T09:00", "2026-11-20T18:00"},
		{work, "2026-11-20T18:00", ""},
		{work, "2026-11-21T12:00", ""},
		{night, "2026-11-20T23:30", "2026-11-21T08:00"},
		{night, "2026-11-20T07:59", "2026-11-20T08:00"},
		{night, "2026-11-20T08:00", ""},
		{friday, "2026-11-21T05:00", "2026-11-21T06:00"}, // it began on Friday
		{friday, "2026-11-21T23:00", ""},
		{night, "2026-03-29T01:30", "2026-03-29T08:00"}, // an hour is left out
		{night, "2026-10-25T02:30", "2026-10-25T08:00"}, // an hour comes twice
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", tt.at, berlin)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if until, within := tt.hours.Until(at); within {
			got = until.Format("2006-01-02T15:04")
		}
		if got != tt.until {
			t.Errorf("at %s: until %q, want %q", tt.at, got, tt.until)
		}
	}
}

func TestWants(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	fresh := news.Fresh{
		Item:  news.Item{Kind: "reply", At: time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC), Member: news.Member{ID: "mem_1", Name: "林晓", Email: "lin@example.com"}},
		Inbox: news.Named{ID: "inb_1", Name: "Web"}, Team: news.Named{ID: "tea_1", Name: "Orders"}, Priority: "high",
	} // noon in Shanghai, on a Friday
	office := &rule.Hours{From: clock(t, "09:00"), To: clock(t, "18:00")}
	for name, tt := range map[string]struct {
		rules func(*rule.Rules)
		fresh func(*news.Fresh)
		want  bool
	}{
		"of the kind":             {nil, nil, true},
		"of another kind":         {func(r *rule.Rules) { r.Kinds = []string{"rating"} }, nil, false},
		"inbox by name":           {func(r *rule.Rules) { r.Inboxes = []string{" web "} }, nil, true},
		"inbox by id":             {func(r *rule.Rules) { r.Inboxes = []string{"inb_1"} }, nil, true},
		"another inbox":           {func(r *rule.Rules) { r.Inboxes = []string{"Mail"} }, nil, false},
		"team":                    {func(r *rule.Rules) { r.Teams = []string{"Sales", "orders"} }, nil, true},
		"another team":            {func(r *rule.Rules) { r.Teams = []string{"Sales"} }, nil, false},
		"of no team":              {func(r *rule.Rules) { r.Teams = []string{"Sales"} }, func(n *news.Fresh) { n.Team = news.Named{} }, false},
		"member by address":       {func(r *rule.Rules) { r.Members = []string{"LIN@example.com"} }, nil, true},
		"another member":          {func(r *rule.Rules) { r.Members = []string{"Mo", ""} }, nil, false},
		"priority":                {func(r *rule.Rules) { r.Priorities = []string{"urgent", "high"} }, nil, true},
		"another priority":        {func(r *rule.Rules) { r.Priorities = []string{"urgent"} }, nil, false},
		"was read":                {nil, func(n *news.Fresh) { n.Attended = true }, false},
		"in working hours":        {func(r *rule.Rules) { r.Outside = office }, nil, false},
		"after work":              {func(r *rule.Rules) { r.Outside = office }, func(n *news.Fresh) { n.At = n.At.Add(7 * time.Hour) }, true},
		"in the hours of another": {func(r *rule.Rules) { r.Outside, r.Zone = office, time.UTC }, nil, true},
		"everything that is asked": {func(r *rule.Rules) {
			r.Inboxes, r.Teams, r.Members = []string{"Web"}, []string{"Orders"}, []string{"林晓"}
		}, nil, true},
	} {
		r, n := rule.Rules{Kinds: []string{"mention", "reply"}, Zone: shanghai}, fresh
		if tt.rules != nil {
			tt.rules(&r)
		}
		if tt.fresh != nil {
			tt.fresh(&n)
		}
		if got := r.Wants(n); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
