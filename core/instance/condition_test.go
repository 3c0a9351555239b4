package instance_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/patchbay-im/patchbay/core/instance"
	"github.com/patchbay-im/patchbay/core/instance/instancetest"
)

var start = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

var (
	well     = instance.Health{State: "ok"}
	limited  = instance.Health{State: "degraded", Code: "rate_limited"}
	away     = instance.Health{State: "down", Code: "provider_unreachable", Detail: "no answer"}
	rejected = instance.Health{State: "down", Code: instance.CodeAuthExpired, Detail: "535 wrong password"}
)

// said applies reports, one each minute.
func said(all ...instance.Health) instance.Condition {
	c := instance.Condition{State: instance.ConditionUnknown}
	for i, h := range all {
		c = c.After(instance.Report{Health: h, Revision: 1, At: start.Add(time.Duration(i) * time.Minute)})
	}
	return c
}

func times(n int, h instance.Health) []instance.Health {
	out := make([]instance.Health, n)
	for i := range out {
		out[i] = h
	}
	return out
}

// Chatwoot PR #4176: one rejected sign-in took a mailbox out of use, though
// providers reject good passwords now and then. It takes several, over minutes.
func TestChatwoot4176OneRejectionIsNotEnough(t *testing.T) {
	for name, all := range map[string][]instance.Health{
		"one": {rejected}, "three in no time": {rejected, rejected, rejected},
		"a success between": append(append(times(4, rejected), well), times(4, rejected)...),
	} {
		if c := said(all...); c.State != instance.ConditionFailing {
			t.Errorf("%s: %s, want failing", name, c.State)
		}
	}
	if c := said(times(6, rejected)...); c.State != instance.ConditionCredentials || c.Code != instance.CodeAuthExpired || c.Detail != rejected.Detail {
		t.Errorf("six over five minutes: %+v", c)
	}
}

// That a plugin takes settings is no success: nothing was asked of the far side.
func TestOnlyWhatWasTriedWorked(t *testing.T) {
	taken := instance.Health{State: "unknown"}
	if c := said(taken, taken); c.State != instance.ConditionUnknown || !c.GoodAt.IsZero() || !c.Since.IsZero() {
		t.Errorf("settings taken: %+v", c)
	}
	if c := said(taken, rejected, taken); c.State != instance.ConditionFailing || c.Code != instance.CodeAuthExpired || !c.GoodAt.IsZero() {
		t.Errorf("never right: %+v", c)
	}
	if c := said(taken, well, rejected); c.GoodAt != start.Add(2*time.Minute) {
		t.Errorf("right once: %+v", c)
	}
}

// Chatwoot #13560: what passes by itself was counted as rejected credentials,
// and mailboxes of the healthy were switched off in an outage.
func TestChatwoot13560AnOutageIsNoRejection(t *testing.T) {
	for name, h := range map[string]instance.Health{"away": away, "limited": limited} {
		if c := said(times(500, h)...); c.State == instance.ConditionCredentials || c.Rejections != 0 {
			t.Errorf("%s for hours: %+v", name, c)
		}
	}
	c := said(append(times(2, rejected), times(60, away)...)...)
	if c.State != instance.ConditionFailing || c.Rejections != 2 {
		t.Errorf("two rejections and an outage: %+v", c)
	}
}

// Chatwoot #13688, the revert: dead mailboxes were tried for ever, since an
// outage between two rejections began the count anew.
func TestChatwoot13688AnOutageDoesNotForgetRejections(t *testing.T) {
	if c := said(rejected, away, rejected, away, away, rejected); c.State != instance.ConditionCredentials {
		t.Errorf("three rejections over five minutes, with outages between: %+v", c)
	}
}

// Chatwoot #15812: what was rejected for good came back by itself, with the next
// error that was none, and was tried again and again.
func TestChatwoot15812OnlyMendingEndsIt(t *testing.T) {
	c := said(append(times(6, rejected), away, limited, rejected)...)
	if c.State != instance.ConditionCredentials || c.Code != instance.CodeAuthExpired {
		t.Errorf("after other errors: %+v", c)
	}
	if again := c.Again(start.Add(time.Hour)); again.State != instance.ConditionUnknown || again.Rejections != 0 || again.Code != "" {
		t.Errorf("after somebody tried again: %+v", again)
	}
	saved := c.After(instance.Report{Health: away, Revision: 2, At: start.Add(time.Hour)})
	if saved.State != instance.ConditionFailing || saved.Rejections != 0 {
		t.Errorf("with new settings: %+v", saved)
	}
	if mended := c.After(instance.Report{Health: well, Revision: 1, At: start.Add(time.Hour)}); mended.State != instance.ConditionOK || mended.Code != "" {
		t.Errorf("after a success: %+v", mended)
	}
}

// Chatwoot #15812, again: what is refused for good is left alone, with the
// settings that were refused, until somebody changes or tries them. What waited
// meanwhile waits on from then.
func TestChatwoot15812PausedUntilMended(t *testing.T) {
	c := said(times(6, rejected)...)
	if !c.Paused(1) || c.Paused(2) || !c.ResumedAt.IsZero() {
		t.Errorf("refused: %+v", c)
	}
	if fails := said(times(2, rejected)...); fails.Paused(1) {
		t.Errorf("refused twice: %+v", fails)
	}
	at := start.Add(time.Hour)
	if again := c.Again(at); again.Paused(1) || again.ResumedAt != at {
		t.Errorf("tried again: %+v", again)
	}
	saved := c.After(instance.Report{Health: rejected, Revision: 2, At: at})
	if saved.Paused(2) || saved.ResumedAt != at {
		t.Errorf("with new settings, refused once: %+v", saved)
	}
	for i := range 6 {
		saved = saved.After(instance.Report{Health: rejected, Revision: 2, At: at.Add(time.Duration(i) * time.Minute)})
	}
	if !saved.Paused(2) || saved.ResumedAt != at {
		t.Errorf("refused for good anew: %+v", saved)
	}
}

// Chatwoot #15823: who was told was told with every attempt, or never that it is
// good again.
func TestChatwoot15823OneNoticeWhenBadAndOneWhenGood(t *testing.T) {
	c := said(well, away)
	if c.NoticeAt != start.Add(time.Minute).Add(instance.Settled) {
		t.Fatalf("bad: %+v", c)
	}
	if flap := c.After(instance.Report{Health: well, Revision: 1, At: start.Add(2 * time.Minute)}); !flap.NoticeAt.IsZero() {
		t.Errorf("a flap: %+v", flap)
	}
	c = c.Noticed()
	for i := range 100 {
		if c = c.After(instance.Report{Health: away, Revision: 1, At: start.Add(time.Hour + time.Duration(i)*time.Minute)}); !c.NoticeAt.IsZero() {
			t.Fatalf("told again: %+v", c)
		}
	}
	if tried := c.Again(start.Add(4 * time.Hour)); !tried.NoticeAt.IsZero() || !tried.Told {
		t.Errorf("said to be good before anybody knows: %+v", tried)
	}
	c = c.After(instance.Report{Health: well, Revision: 1, At: start.Add(5 * time.Hour)})
	if c.NoticeAt != start.Add(5*time.Hour).Add(instance.Settled) || c.Noticed().Told {
		t.Errorf("good again: %+v", c)
	}
}

// A Watch tells once when it is bad for long and once when it is good again,
// over a restart, and over a database that fails.
func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := instancetest.NewFake()
		fake.Add("wsp_1", "inb_1", true)
		failing := true
		var told []instance.ConditionState
		run := func() (w *instance.Watch, stop func()) {
			ctx, cancel := context.WithCancel(t.Context())
			w = instance.NewWatch(instance.WatchDeps{
				Store: fake, Now: time.Now, Log: slog.New(slog.DiscardHandler),
				Tell: func(_ context.Context, c instance.Condition) error {
					if failing {
						failing = false
						return errors.New("the database is away")
					}
					told = append(told, c.State)
					return nil
				},
			})
			done := make(chan struct{})
			go func() { defer close(done); w.Run(ctx) }()
			return w, func() { cancel(); <-done }
		}
		w, stop := run()
		say := func(h instance.Health, span time.Duration) {
			for range span / (30 * time.Second) {
				w.Report(instance.Report{Workspace: "wsp_1", Instance: "inb_1", Revision: 1, Health: h})
				w.Report(instance.Report{Workspace: "wsp_1", Instance: "inb_gone", Revision: 1, Health: h})
				time.Sleep(30 * time.Second)
			}
		}
		say(well, 10*time.Minute)
		say(away, 2*time.Minute) // a flap
		say(well, 10*time.Minute)
		if len(told) != 0 {
			t.Errorf("told of a flap: %v", told)
		}
		say(rejected, 4*time.Minute)
		stop()
		w, stop = run()
		say(rejected, time.Hour)
		if len(told) != 1 {
			t.Errorf("told: %v, want once that it is bad", told)
		}
		c, _ := fake.Condition(t.Context(), "wsp_1", "inb_1")
		if c.State != instance.ConditionCredentials || !c.Told || !c.NoticeAt.IsZero() {
			t.Errorf("after an hour: %+v", c)
		}
		if err := w.Again(t.Context(), "wsp_1", "inb_1", nil); err != nil {
			t.Error(err)
		}
		say(well, 20*time.Minute)
		stop()
		if len(told) != 2 || told[1] != instance.ConditionOK {
			t.Errorf("told: %v, want once that it is bad and once that it is good", told)
		}
		var states []string
		for _, e := range fake.Events() {
			states = append(states, e.Type)
		}
		if len(states) != 6 { // failing, ok, failing, credentials, unknown, ok
			t.Errorf("%d events: %v", len(states), states)
		}
	})
}

// The last time that an account did not work for long is told once it works again.
func TestOutage(t *testing.T) {
	ok, bad := instance.Health{State: "ok"}, instance.Health{State: "down", Code: "unavailable"}
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	var c instance.Condition
	say := func(minutes int, h instance.Health) {
		c = c.After(instance.Report{Health: h, At: at(minutes)})
	}
	want := func(from, until int, there bool) {
		t.Helper()
		if got, ok := c.Outage(); ok != there || there && (!got.From.Equal(at(from)) || !got.Until.Equal(at(until))) {
			t.Errorf("outage %v %t, wanted %d to %d, %t", got, ok, from, until, there)
		}
	}
	want(0, 0, false)
	say(0, ok)
	say(10, bad)
	say(14, ok)
	want(0, 0, false) // too short
	say(20, bad)
	say(30, bad)
	want(0, 0, false) // not over
	c = c.Again(at(31))
	want(0, 0, false)
	say(32, instance.Health{State: "degraded", Code: "slow"})
	want(20, 32, true)
	say(40, ok)
	want(20, 32, true)
	say(50, bad)
	say(51, ok)
	want(20, 32, true) // a flap hides none
	say(60, bad)
	say(66, ok)
	want(60, 66, true)

	c = instance.Condition{}
	say(0, bad) // from the beginning
	say(9, ok)
	want(0, 9, true)
}
