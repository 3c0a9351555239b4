package notification_test

import (
	"slices"
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/page"
)

// TestFresh: what is told later is what is unread and in sight then.
func TestFresh(t *testing.T) {
	o := newOffice(t)
	ws, m := o.Workspace("fresh@patchbay.example")
	o.OK(o.Found(t.Context(), ws, notification.Alert{Tell: []identity.MemberID{m.ID}}))
	of := notification.Sight{Member: m.ID, Conversations: identity.Everywhere(), Tickets: identity.Everywhere()}
	ids := func() (out []notification.ID) {
		got, err := o.store.List(t.Context(), ws, of, false, page.Request{})
		o.OK(err)
		for _, n := range got.Items {
			out = append(out, n.ID)
		}
		return out
	}
	all := ids()
	if len(all) != 1 {
		t.Fatalf("told: %v", all)
	}
	fresh := func() bool {
		told, ok, err := o.Fresh(t.Context(), ws, all[0])
		o.OK(err)
		if ok && (told.Notification.ID != all[0] || !told.As.Rules[notification.RiskFound].Browser) {
			t.Errorf("%+v", told)
		}
		return ok
	}
	if !fresh() {
		t.Error("it is not fresh")
	}
	p := notification.Default()
	p.Rules[notification.RiskFound] = notification.Rule{}
	o.OK(o.store.SavePreferences(t.Context(), ws, m.ID, p))
	if fresh() {
		t.Error("it is told to who does not want it")
	}
	o.OK(o.store.SavePreferences(t.Context(), ws, m.ID, notification.Default()))
	o.OK(o.store.MarkRead(t.Context(), ws, m.ID, all, time.Now()))
	if fresh() {
		t.Error("what was read is told")
	}
	all[0] = "ntf_none"
	if fresh() {
		t.Error("what is not there is told")
	}
}

func TestQuietHours(t *testing.T) {
	at := func(clock string) time.Time {
		v, err := time.Parse("2006-01-02 15:04", "2026-07-01 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return v.Add(-8 * time.Hour) // Shanghai is eight hours ahead
	}
	for q, want := range map[notification.Quiet][]string{
		{From: "22:00", To: "08:00", Timezone: "Asia/Shanghai"}: {"22:00", "23:59", "00:00", "07:59"},
		{From: "12:00", To: "13:00", Timezone: "Asia/Shanghai"}: {"12:00", "12:59"},
		{From: "00:00", To: "23:59", Timezone: "Asia/Nowhere"}:  {},
	} {
		for _, clock := range []string{"00:00", "07:59", "08:00", "11:59", "12:00", "12:59", "13:00", "21:59", "22:00", "23:59"} {
			if got := q.Covers(at(clock)); got != slices.Contains(want, clock) {
				t.Errorf("%+v at %s: %v", q, clock, got)
			}
		}
	}
	var never *notification.Quiet
	if never.Covers(at("12:00")) {
		t.Error("quiet without hours")
	}
}
