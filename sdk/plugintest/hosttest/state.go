package hosttest

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/patchbay-im/patchbay/sdk/host"
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
