// Package extensiontest has what every store of instances' things must keep,
// and a store in memory that keeps it.
package extensiontest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/extension"
)

type place struct {
	extension.Owner
	name string
}

type claim struct {
	token        string
	done, lapsed bool
	result       []byte
	expires      time.Time
}

type lease struct {
	holder  string
	fencing uint64
	expires time.Time
}

type schedule struct {
	extension.Run
	next       time.Time
	leaseUntil time.Time
}

// Fake keeps everything in memory. It is safe for concurrent use.
type Fake struct {
	mu        sync.Mutex
	entries   map[place]extension.Entry
	claims    map[place]claim
	leases    map[place]lease
	schedules map[place]schedule
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{
		entries: make(map[place]extension.Entry), claims: make(map[place]claim),
		leases: make(map[place]lease), schedules: make(map[place]schedule),
	}
}

func over(expires, now time.Time) bool { return !expires.IsZero() && !expires.After(now) }

// count is how many of a map are an owner's.
func count[T any](m map[place]T, o extension.Owner) int {
	n := 0
	for p := range m {
		if p.Owner == o {
			n++
		}
	}
	return n
}

// Get implements extension.StateStore.
func (f *Fake) Get(_ context.Context, o extension.Owner, key string, now time.Time) (*extension.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.get(place{o, key}, now), nil
}

func (f *Fake) get(at place, now time.Time) *extension.Entry {
	e, ok := f.entries[at]
	if !ok || over(e.ExpiresAt, now) {
		return nil
	}
	e.Value = bytes.Clone(e.Value)
	return &e
}

// Put implements extension.StateStore.
func (f *Fake) Put(_ context.Context, o extension.Owner, p extension.Put, now time.Time) (*extension.Entry, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{o, p.Key}
	there := f.get(at, now)
	version := uint64(0)
	if there != nil {
		version = there.Version
	}
	if p.IfVersion != nil && *p.IfVersion != version {
		return there, false, nil
	}
	old, known := f.entries[at]
	if !known && count(f.entries, o) >= extension.MaxStateKeys {
		return nil, false, extension.Full("keys", extension.MaxStateKeys)
	}
	next := uint64(now.UnixMicro())
	f.entries[at] = extension.Entry{Key: p.Key, Value: bytes.Clone(p.Value), Version: max(next, old.Version+1), ExpiresAt: p.ExpiresAt}
	return f.get(at, now), true, nil
}

// Delete implements extension.StateStore.
func (f *Fake) Delete(_ context.Context, o extension.Owner, key string, ifVersion *uint64, now time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	there := f.get(place{o, key}, now)
	if there == nil || ifVersion != nil && *ifVersion != there.Version {
		return false, nil
	}
	delete(f.entries, place{o, key})
	return true, nil
}

// List implements extension.StateStore.
func (f *Fake) List(_ context.Context, o extension.Owner, r extension.StateRange, now time.Time) ([]extension.Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []extension.Entry
	for at := range f.entries {
		if e := f.get(at, now); e != nil && at.Owner == o && e.Key > r.After && strings.HasPrefix(e.Key, r.Prefix) {
			out = append(out, *e)
		}
	}
	slices.SortFunc(out, func(a, b extension.Entry) int { return strings.Compare(a.Key, b.Key) })
	return out[:min(len(out), r.Limit)], nil
}

// Take implements extension.ClaimStore.
func (f *Fake) Take(_ context.Context, o extension.Owner, key, token string, span extension.Span) (extension.Claim, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, known := f.claims[place{o, key}]
	switch {
	case known && !over(old.expires, span.Now) && old.done:
		return extension.Claim{State: extension.ClaimDone, Result: old.result}, nil
	case known && !over(old.expires, span.Now):
		return extension.Claim{State: extension.ClaimHeld, Until: old.expires}, nil
	case !known && count(f.claims, o) >= extension.MaxClaims:
		return extension.Claim{}, extension.Full("claims", extension.MaxClaims)
	}
	lapsed := known && !old.done
	f.claims[place{o, key}] = claim{token: token, lapsed: lapsed, expires: span.Until}
	out := extension.Claim{State: extension.ClaimGranted, Token: token, Until: span.Until}
	if lapsed {
		out.State = extension.ClaimLapsed
	}
	return out, nil
}

// Complete implements extension.ClaimStore.
func (f *Fake) Complete(_ context.Context, o extension.Owner, key, token string, r extension.Completed) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.claims[place{o, key}]
	if !ok || c.token != token {
		return false, nil
	}
	f.claims[place{o, key}] = claim{token: token, done: true, result: bytes.Clone(r.Result), expires: r.Until}
	return true, nil
}

// Abandon implements extension.ClaimStore.
func (f *Fake) Abandon(_ context.Context, o extension.Owner, key, token string, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	c, ok := f.claims[place{o, key}]
	switch {
	case !ok || c.token != token || c.done:
	case c.lapsed:
		c.expires = now
		f.claims[place{o, key}] = c
	default:
		delete(f.claims, place{o, key})
	}
	return nil
}

// Acquire implements extension.LeaseStore.
func (f *Fake) Acquire(_ context.Context, o extension.Owner, name, holder string, span extension.Span) (extension.Lease, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, known := f.leases[place{o, name}]
	running := known && l.expires.After(span.Now)
	if running && l.holder != holder {
		return extension.Lease{Until: l.expires}, nil
	}
	if !known && count(f.leases, o) >= extension.MaxLeases {
		return extension.Lease{}, extension.Full("leases", extension.MaxLeases)
	}
	if !running {
		l.fencing++
	}
	l.holder, l.expires = holder, span.Until
	f.leases[place{o, name}] = l
	return extension.Lease{Acquired: true, Fencing: l.fencing, Until: l.expires}, nil
}

// Release implements extension.LeaseStore.
func (f *Fake) Release(_ context.Context, o extension.Owner, name, holder string) error {
	f.release(func(p place, l lease) bool { return p == place{o, name} && l.holder == holder })
	return nil
}

// ReleaseAll implements extension.LeaseStore.
func (f *Fake) ReleaseAll(_ context.Context, holder string) error {
	f.release(func(_ place, l lease) bool { return l.holder == holder })
	return nil
}

func (f *Fake) release(which func(place, lease) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p, l := range f.leases {
		if l.holder != "" && which(p, l) {
			f.leases[p] = lease{fencing: l.fencing}
		}
	}
}

// Schedules is the Fake as an extension.ScheduleStore.
type Schedules struct{ *Fake }

// Put implements extension.ScheduleStore.
func (f Schedules) Put(_ context.Context, o extension.Owner, s extension.Schedule, runID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	old, known := f.schedules[place{o, s.Key}]
	if !known && count(f.schedules, o) >= extension.MaxSchedules {
		return extension.Full("schedules", extension.MaxSchedules)
	}
	s.Payload = bytes.Clone(s.Payload)
	f.schedules[place{o, s.Key}] = schedule{
		Run: extension.Run{Owner: o, Schedule: s, ID: runID, Lease: old.Lease}, next: s.At, leaseUntil: old.leaseUntil,
	}
	return nil
}

// Cancel implements extension.ScheduleStore.
func (f Schedules) Cancel(_ context.Context, o extension.Owner, key string) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, known := f.schedules[place{o, key}]
	delete(f.schedules, place{o, key})
	return known, nil
}

// Due implements extension.ScheduleStore.
func (f Schedules) Due(_ context.Context, plugins []extension.PluginID, lease string, span extension.Span, limit int) ([]extension.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var due []schedule
	for _, s := range f.schedules {
		if slices.Contains(plugins, s.Plugin) && !s.next.After(span.Now) && !s.leaseUntil.After(span.Now) {
			due = append(due, s)
		}
	}
	slices.SortFunc(due, func(a, b schedule) int { return a.next.Compare(b.next) })
	var out []extension.Run
	for _, s := range due[:min(len(due), limit)] {
		s.Lease, s.leaseUntil = lease, span.Until
		f.schedules[place{s.Owner, s.Key}] = s
		out = append(out, s.Run)
	}
	return out, nil
}

// Settle implements extension.ScheduleStore.
func (f Schedules) Settle(_ context.Context, r extension.Run, to extension.Settled) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := place{r.Owner, r.Key}
	s, known := f.schedules[at]
	switch {
	case !known || s.Lease != r.Lease:
		return nil
	case s.ID == r.ID && to.Next.IsZero():
		delete(f.schedules, at)
		return nil
	case s.ID == r.ID:
		s.At, s.next, s.Attempts, s.ID = to.Due, to.Next, to.Attempts, to.RunID
	}
	s.Lease, s.leaseUntil = "", time.Time{}
	f.schedules[at] = s
	return nil
}
