package hosttest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/sdk/channel"
	"github.com/patchbay-im/patchbay/sdk/errs"
	"github.com/patchbay-im/patchbay/sdk/host"
	"github.com/patchbay-im/patchbay/sdk/instance"
	"github.com/patchbay-im/patchbay/sdk/message"
)

// invalid is the code of requests that no host takes.
const invalid = "plugin.request"

// zeros is n bytes.
func zeros(n int) io.Reader { return bytes.NewReader(make([]byte, n)) }

// The limits that the protocol names.
const (
	maxName  = 200
	maxValue = 64 << 10
)

func claims(s *suite) {
	ctx, st := s.Context(), s.on(s.Connection).State
	claim := func(key string) host.Claim {
		s.Helper()
		c, err := st.Claim(ctx, host.ClaimRequest{Key: key, Within: time.Minute})
		s.ok(err)
		return c
	}
	complete := func(key, token, result string) bool {
		s.Helper()
		done, err := st.Complete(ctx, host.CompleteRequest{Key: key, Token: token, Result: []byte(result), Keep: time.Hour})
		s.ok(err)
		return done
	}
	first := claim("send")
	if first.State != host.ClaimGranted || first.Token == "" || first.Until.IsZero() {
		s.Fatalf("the first: %+v", first)
	}
	if held := claim("send"); held.State != host.ClaimHeld || held.Token != "" || !held.Until.Equal(first.Until) {
		s.Errorf("the second: %+v", held)
	}
	if complete("send", "forged", "x") {
		s.Error("a token that is none completed it")
	}
	for i := range 2 { // the second time is fine
		if !complete("send", first.Token, "far-17") {
			s.Errorf("try %d: it was not completed", i+1)
		}
	}
	if later := claim("send"); later.State != host.ClaimDone || string(later.Result) != "far-17" {
		s.Errorf("later: %+v", later)
	}
	s.ok(st.Abandon(ctx, "send", first.Token))
	if later := claim("send"); later.State != host.ClaimDone {
		s.Errorf("what is done was given up: %+v", later)
	}
	s.Advance(time.Hour)
	if again := claim("send"); again.State != host.ClaimGranted {
		s.Errorf("when it is forgotten: %+v", again)
	}
	slow := claim("slow")
	s.Advance(time.Minute)
	next := claim("slow")
	if next.State != host.ClaimLapsed || next.Token == slow.Token || complete("slow", slow.Token, "late") {
		s.Errorf("after a lapse: %+v", next)
	}
	s.ok(st.Abandon(ctx, "slow", next.Token))
	if third := claim("slow"); third.State != host.ClaimLapsed {
		s.Errorf("the lapse is forgotten: %+v", third)
	}
	given := claim("given up")
	s.ok(st.Abandon(ctx, "given up", given.Token))
	if again := claim("given up"); again.State != host.ClaimGranted {
		s.Errorf("after it was given up: %+v", again)
	}
}

func claimLimits(s *suite) {
	ctx, st := s.Context(), s.on(s.Connection).State
	claim := func(key string, within time.Duration) error {
		_, err := st.Claim(ctx, host.ClaimRequest{Key: key, Within: within})
		return err
	}
	complete := func(token string, size int, keep time.Duration) error {
		_, err := st.Complete(ctx, host.CompleteRequest{Key: "k", Token: token, Result: make([]byte, size), Keep: keep})
		return err
	}
	for what, err := range map[string]error{
		"a claim for no time": claim("k", time.Millisecond), "for an hour": claim("k", time.Hour), "of nothing": claim("", 0),
		"no token": complete("", 0, 0), "a large result": complete("t", maxValue+1, 0), "a memory of 31 days": complete("t", 0, 31*24*time.Hour),
	} {
		s.refused(what, err, invalid)
	}
}

func leases(s *suite) {
	ctx := s.Context()
	one, two := s.as(Process{Name: "one"}, s.Connection).Leases, s.as(Process{Name: "two"}, s.Connection).Leases
	acquire := func(l host.Leases) host.Lease {
		s.Helper()
		got, err := l.Acquire(ctx, "session", time.Minute)
		s.ok(err)
		return got
	}
	first := acquire(one)
	if !first.Acquired || first.Fencing != 1 || first.Until.IsZero() {
		s.Fatalf("the first: %+v", first)
	}
	if other := acquire(two); other.Acquired || !other.Until.Equal(first.Until) {
		s.Errorf("another process has it too: %+v", other)
	}
	s.Advance(30 * time.Second)
	if longer := acquire(one); !longer.Acquired || longer.Fencing != 1 || !longer.Until.After(first.Until) {
		s.Errorf("prolonged: %+v", longer)
	}
	s.Advance(time.Minute)
	if taken := acquire(two); !taken.Acquired || taken.Fencing != 2 {
		s.Errorf("taken over: %+v", taken)
	}
	s.ok(one.Release(ctx, "session"))
	if lost := acquire(one); lost.Acquired {
		s.Errorf("released by who had lost it: %+v", lost)
	}
	s.ok(two.Release(ctx, "session"))
	if third := acquire(one); !third.Acquired || third.Fencing != 3 {
		s.Errorf("released: %+v", third)
	}
	if spare, err := s.as(Process{Name: "two"}, s.Spare).Leases.Acquire(ctx, "session", time.Minute); err != nil || !spare.Acquired || spare.Fencing != 1 {
		s.Errorf("of another instance: %+v %v", spare, err)
	}
}

func leaseLimits(s *suite) {
	acquire := func(name string, ttl time.Duration) error {
		_, err := s.on(s.Connection).Leases.Acquire(s.Context(), name, ttl)
		return err
	}
	for what, err := range map[string]error{
		"for a second": acquire("n", time.Second), "for 11 minutes": acquire("n", 11*time.Minute), "on nothing": acquire("", time.Minute),
		"a long name": acquire(strings.Repeat("n", maxName+1), time.Minute),
	} {
		s.refused(what, err, invalid)
	}
}

func schedules(s *suite) {
	ctx, sch := s.Context(), s.on(s.Connection).Schedule
	s.ok(sch.Set(ctx, host.ScheduleRequest{Key: "once", Payload: []byte("p")}))
	runs := s.Due(s.T, 1, func(Task) error { return nil })
	if len(runs) != 1 || runs[0].Key != "once" || runs[0].Payload != "p" || runs[0].Instance != s.Connection || runs[0].ID == "" {
		s.Fatalf("once: %+v", runs)
	}
	if found, err := sch.Cancel(ctx, "once"); err != nil || found {
		s.Errorf("what was done once is still there: %v %v", found, err)
	}
	s.ok(sch.Set(ctx, host.ScheduleRequest{Key: "each minute", Every: time.Minute}))
	first := s.Due(s.T, 1, func(Task) error { return errs.Unavailable(nil, "not now") })
	s.Advance(5 * time.Second)
	again := s.Due(s.T, 1, func(Task) error { return nil })
	if len(first) != 1 || len(again) != 1 || first[0].ID != again[0].ID {
		s.Fatalf("a failure comes again as the same run: %+v, then %+v", first, again)
	}
	s.Advance(5 * time.Minute)
	missed := s.Due(s.T, 1, func(Task) error { return errs.Reject("no", "never") })
	if len(missed) != 1 || missed[0].ID == again[0].ID {
		s.Errorf("what was missed is made up for by one: %+v", missed)
	}
	if found, err := sch.Cancel(ctx, "each minute"); err != nil || !found {
		s.Errorf("after a refusal it goes on: %v %v", found, err)
	}
	if found, err := sch.Cancel(ctx, "each minute"); err != nil || found {
		s.Errorf("cancelled again: %v %v", found, err)
	}
}

func scheduleLimits(s *suite) {
	ctx, sch := s.Context(), s.on(s.Spare).Schedule
	for what, req := range map[string]host.ScheduleRequest{
		"each second": {Key: "k", Every: time.Second}, "no key": {}, "a large payload": {Key: "k", Payload: make([]byte, maxValue+1)},
		"in six years": {Key: "k", At: time.Now().AddDate(60, 0, 0)},
	} {
		s.refused(what, sch.Set(ctx, req), invalid)
	}
	far := time.Now().AddDate(1, 0, 0)
	const most = 1000
	var wait sync.WaitGroup
	for hand := range 20 {
		wait.Go(func() {
			for i := hand; i < most; i += 20 {
				for {
					err := sch.Set(ctx, host.ScheduleRequest{Key: fmt.Sprint("s", i), At: far})
					if e := errs.As(err); e != nil && e.Code == host.CodeBusy { // faster than a host takes
						time.Sleep(10 * time.Millisecond)
						continue
					}
					if err != nil {
						s.Error(err)
					}
					break
				}
			}
		})
	}
	wait.Wait()
	s.refused("one more", s.patient(func() error { return sch.Set(ctx, host.ScheduleRequest{Key: "more", At: far}) }), "plugin.full")
	s.ok(s.patient(func() error { return sch.Set(ctx, host.ScheduleRequest{Key: "s1", At: far}) }))
}

// patient asks again while the host is busy.
func (s *suite) patient(call func() error) error {
	for {
		err := call()
		if e := errs.As(err); e == nil || e.Code != host.CodeBusy || s.Context().Err() != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func databases(s *suite) {
	ctx := s.Context()
	first, err := s.on(s.Connection).Database.Open(ctx)
	s.ok(err)
	again, err := s.on(s.Connection).Database.Open(ctx)
	s.ok(err)
	other, err := s.on(s.Inbox).Database.Open(ctx)
	s.ok(err)
	if first.Driver != "sqlite" && first.Driver != "postgres" || first.Source == "" || again != first || other.Source == first.Source {
		s.Errorf("the drivers are %q, %q and %q; the same again: %v; apart: %v", first.Driver, again.Driver, other.Driver, again == first, other.Source != first.Source)
	}
}

func metrics(s *suite) {
	ctx, m := s.Context(), s.on(s.Connection).Metrics
	many := make([]host.Figure, 101)
	names := make([]host.Figure, 60)
	for i := range many {
		many[i] = host.Figure{Name: "many", Kind: host.Counter, Value: 1}
	}
	for i := range names {
		names[i] = host.Figure{Name: fmt.Sprint("name_n", i), Kind: host.Counter, Value: 1}
	}
	s.ok(m.Record(ctx, host.Figure{Name: "orders", Kind: host.Counter, Value: 2, Labels: map[string]string{"shop": "a"}},
		host.Figure{Name: "open_orders", Kind: host.Gauge, Value: -1}, host.Figure{Name: "took", Kind: host.Duration, Value: 0.25}))
	labels := map[string]string{"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""}
	for what, figures := range map[string][]host.Figure{
		"none": nil, "101": many, "a name in capitals": {{Name: "Orders", Kind: host.Counter}}, "a name of Prometheus's own": {{Name: "took_sum", Kind: host.Counter}},
		"no kind": {{Name: "x"}}, "a counter that falls": {{Name: "x", Kind: host.Counter, Value: -1}}, "six labels": {{Name: "x", Kind: host.Counter, Labels: labels}},
		"a label of the host's own": {{Name: "x", Kind: host.Counter, Labels: map[string]string{"plugin": "x"}}},
		"a long label":              {{Name: "x", Kind: host.Counter, Labels: map[string]string{"l": strings.Repeat("v", 101)}}},
	} {
		s.refused(what, m.Record(ctx, figures...), invalid)
	}
	s.refused("another kind", m.Record(ctx, host.Figure{Name: "orders", Kind: host.Gauge}), "metric.kind")
	s.refused("more than 50 names", m.Record(ctx, names...), "plugin.full")
}

func health(s *suite) {
	s.ok(s.all.ReportHealth(s.Context(), s.Connection, instance.Health{State: instance.Degraded, Code: "slow", Detail: strings.Repeat("长", 1000)}))
	s.refused("of another", s.all.ReportHealth(s.Context(), s.Others[0], instance.Health{}), host.CodeAbsent)
}

func ingest(s *suite) {
	ctx := s.Context()
	in := func(id, who, text string) channel.Inbound {
		return channel.Inbound{Instance: s.Inbox, ExternalID: id, Sender: channel.Person{ID: who, Name: "Carol"}, Content: message.Text(text)}
	}
	s.ok(s.all.Ingest(ctx, in("i1", "carol", "one"), in("i2", "carol", "two")))
	s.ok(s.all.Ingest(ctx, in("i1", "carol", "one")))
	s.ok(s.all.Ingest(ctx, in("i6", "carol", strings.Repeat("x", 10_001)))) // the rest is kept apart
	elsewhere := in("i3", "carol", "three")
	elsewhere.Instance = s.Connection
	for what, bad := range map[string]channel.Inbound{
		"without an id": in("", "carol", "x"), "without a sender": in("i4", "", "x"), "without text": in("i5", "carol", ""),
		"by a connection": elsewhere,
		"a long id":       in(strings.Repeat("i", 513), "carol", "x"),
	} {
		if err := s.all.Ingest(ctx, bad); err == nil || errs.As(err).Source != errs.Rejected {
			s.Errorf("%s: %v", what, err)
		}
	}
}
