package hosttest

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
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

func state(s *suite) {
	ctx, st := s.Context(), s.on(s.Connection).State
	if e, err := st.Get(ctx, "cursor"); e != nil || err != nil {
		s.Errorf("before anything was put: %+v %v", e, err)
	}
	first, err := st.Put(ctx, host.PutRequest{Key: "cursor", Value: []byte("1")})
	s.ok(err)
	second, err := st.Put(ctx, host.PutRequest{Key: "cursor", Value: []byte("2")})
	s.ok(err)
	if !first.Stored || !second.Stored || first.Version == 0 || second.Version <= first.Version {
		s.Errorf("versions: %+v, %+v", first, second)
	}
	e, err := st.Get(ctx, "cursor")
	s.ok(err)
	if e == nil || string(e.Value) != "2" || e.Version != second.Version || !e.ExpiresAt.IsZero() || e.Key != "cursor" {
		s.Errorf("got %+v", e)
	}
	if e, err := s.on(s.Inbox).State.Get(ctx, "cursor"); e != nil || err != nil {
		s.Errorf("another instance sees it: %+v %v", e, err)
	}
	empty, err := st.Put(ctx, host.PutRequest{Key: "empty"})
	s.ok(err)
	if e, err := st.Get(ctx, "empty"); err != nil || e == nil || len(e.Value) > 0 || e.Version != empty.Version {
		s.Errorf("an empty value: %+v %v", e, err)
	}
	if d, err := st.Delete(ctx, host.DeleteRequest{Key: "cursor"}); err != nil || !d.Deleted {
		s.Errorf("deleted: %+v %v", d, err)
	}
	if d, err := st.Delete(ctx, host.DeleteRequest{Key: "cursor"}); err != nil || d.Deleted {
		s.Errorf("deleted again: %+v %v", d, err)
	}
}

func swap(s *suite) {
	ctx, st := s.Context(), s.on(s.Connection).State
	none := uint64(0)
	put := func(value string, version *uint64) host.PutResponse {
		s.Helper()
		r, err := st.Put(ctx, host.PutRequest{Key: "swap", Value: []byte(value), IfVersion: version})
		s.ok(err)
		return r
	}
	first := put("a", &none)
	if again := put("b", &none); !first.Stored || again.Stored || again.Current == nil || string(again.Current.Value) != "a" || again.Current.Version != first.Version {
		s.Errorf("only when there is none: %+v, then %+v", first, again)
	}
	if next := put("b", &first.Version); !next.Stored || next.Version <= first.Version {
		s.Errorf("at its version: %+v", next)
	}
	if old := put("c", &first.Version); old.Stored || string(old.Current.Value) != "b" {
		s.Errorf("at an old version: %+v", old)
	}
	if d, err := st.Delete(ctx, host.DeleteRequest{Key: "swap", IfVersion: &first.Version}); err != nil || d.Deleted {
		s.Errorf("deleted at an old version: %+v %v", d, err)
	}
	_, err := st.Delete(ctx, host.DeleteRequest{Key: "swap"})
	s.ok(err)
	s.Advance(time.Millisecond)
	if fresh := put("new", &none); !fresh.Stored || fresh.Version <= first.Version {
		s.Errorf("versions over a deletion: %d, then %+v", first.Version, fresh)
	}
	if put("x", &first.Version).Stored {
		s.Error("who saw the deleted entry overwrote the new one")
	}
	won := atomic.Int32{}
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			r, err := st.Put(ctx, host.PutRequest{Key: "race", Value: fmt.Append(nil, i), IfVersion: &none})
			if err != nil {
				s.Error(err)
			}
			if r.Stored {
				won.Add(1)
			}
		})
	}
	if wait.Wait(); won.Load() != 1 {
		s.Errorf("%d of 12 writers won", won.Load())
	}
}

func expiry(s *suite) {
	ctx, st := s.Context(), s.on(s.Connection).State
	_, err := st.Put(ctx, host.PutRequest{Key: "ttl/a", Value: []byte("v"), TTL: time.Minute})
	s.ok(err)
	e, err := st.Get(ctx, "ttl/a")
	s.ok(err)
	if e == nil || e.ExpiresAt.IsZero() {
		s.Fatalf("within its time: %+v", e)
	}
	s.Advance(time.Minute)
	if e, err := st.Get(ctx, "ttl/a"); err != nil || e != nil {
		s.Errorf("after its time: %+v %v", e, err)
	}
	if l, err := st.List(ctx, host.ListRequest{Prefix: "ttl/"}); err != nil || len(l.Entries) > 0 {
		s.Errorf("listed: %+v %v", l, err)
	}
	if d, err := st.Delete(ctx, host.DeleteRequest{Key: "ttl/a"}); err != nil || d.Deleted {
		s.Errorf("deleted: %+v %v", d, err)
	}
	none := uint64(0)
	if r, err := st.Put(ctx, host.PutRequest{Key: "ttl/a", Value: []byte("w"), IfVersion: &none}); err != nil || !r.Stored {
		s.Errorf("what expired is in the way: %+v %v", r, err)
	}
}

func lists(s *suite) {
	ctx, st := s.Context(), s.on(s.Spare).State
	for _, key := range []string{"a", "b/2", "b/1", "b0", "b/\U0010FFFF", "客", "客户"} {
		_, err := st.Put(ctx, host.PutRequest{Key: key, Value: []byte(key)})
		s.ok(err)
	}
	for _, tt := range []struct {
		req  host.ListRequest
		want string
	}{
		{host.ListRequest{}, "a b/1 b/2 b/\U0010FFFF b0 客 客户 false"},
		{host.ListRequest{Prefix: "b/"}, "b/1 b/2 b/\U0010FFFF false"},
		{host.ListRequest{Prefix: "b/", After: "b/1", Limit: 1}, "b/2 true"},
		{host.ListRequest{Prefix: "客"}, "客 客户 false"},
		{host.ListRequest{Prefix: "B"}, " false"},
		{host.ListRequest{After: "b0", Limit: 2}, "客 客户 false"},
	} {
		got, err := st.List(ctx, tt.req)
		s.ok(err)
		var names []string
		for _, e := range got.Entries {
			names = append(names, e.Key)
		}
		if text := fmt.Sprint(strings.Join(names, " "), " ", got.More); text != tt.want {
			s.Errorf("%+v: %q, want %q", tt.req, text, tt.want)
		}
	}
	// A page is bounded by its bytes too.
	const many = 60
	for i := range many {
		_, err := st.Put(ctx, host.PutRequest{Key: fmt.Sprintf("large/%02d", i), Value: make([]byte, maxValue)})
		s.ok(err)
	}
	seen, after := 0, ""
	for {
		page, err := st.List(ctx, host.ListRequest{Prefix: "large/", After: after})
		s.ok(err)
		if seen += len(page.Entries); !page.More {
			break
		}
		after = page.Entries[len(page.Entries)-1].Key
	}
	if seen != many {
		s.Errorf("%d of %d large entries in all pages", seen, many)
	}
}

func stateLimits(s *suite) {
	ctx, st := s.Context(), s.on(s.Connection).State
	long := strings.Repeat("k", maxName+1)
	put := func(key string, size int, ttl time.Duration) error {
		_, err := st.Put(ctx, host.PutRequest{Key: key, Value: make([]byte, size), TTL: ttl})
		return err
	}
	list := func(req host.ListRequest) error { _, err := st.List(ctx, req); return err }
	for what, err := range map[string]error{
		"no key": put("", 1, 0), "a long key": put(long, 1, 0), "a key with NUL": put("a\x00b", 1, 0), "a large value": put("k", maxValue+1, 0),
		"a time that has gone": put("k", 1, -time.Second), "a long prefix": list(host.ListRequest{Prefix: long}), "a page of 201": list(host.ListRequest{Limit: 201}),
		"a page of -1": list(host.ListRequest{Limit: -1}),
	} {
		s.refused(what, err, invalid)
	}
	s.ok(put(long[1:], maxValue, 0))
}

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
	elsewhere := in("i3", "carol", "three")
	elsewhere.Instance = s.Connection
	for what, bad := range map[string]channel.Inbound{
		"without an id": in("", "carol", "x"), "without a sender": in("i4", "", "x"), "without text": in("i5", "carol", ""),
		"a text that is too long": in("i6", "carol", strings.Repeat("x", 10_001)), "by a connection": elsewhere,
		"a long id": in(strings.Repeat("i", 513), "carol", "x"),
	} {
		if err := s.all.Ingest(ctx, bad); err == nil || errs.As(err).Source != errs.Rejected {
			s.Errorf("%s: %v", what, err)
		}
	}
}
