// Package pushtest holds what every store of pushes must keep, a fake that
// keeps it, and a strict push service with browsers behind it.
package pushtest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/push"
)

// Fake implements push.Store and push.Ledger in memory.
//
// Concurrency: safe for concurrent use.
type Fake struct {
	mu       sync.Mutex
	sessions map[identity.SessionID]identity.AccountID
	members  map[identity.MemberID]identity.AccountID
	all      map[identity.SessionID]*held
	waiting  []pending
}

type held struct {
	push.Subscription

	claimed time.Time
}

type pending struct {
	push.Waiting

	session identity.SessionID
}

// NewFake returns an empty Fake.
func NewFake() *Fake {
	return &Fake{
		sessions: make(map[identity.SessionID]identity.AccountID), members: make(map[identity.MemberID]identity.AccountID),
		all: make(map[identity.SessionID]*held),
	}
}

// Begin begins a session of an account.
func (f *Fake) Begin(s identity.SessionID, a identity.AccountID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions[s] = a
}

// Finish ends a session.
func (f *Fake) Finish(s identity.SessionID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, s)
	f.drop(s)
}

// Join makes an account a member.
func (f *Fake) Join(m identity.MemberID, a identity.AccountID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.members[m] = a
}

// Notify stores what the browsers of a notification's member wait for.
func (f *Fake) Notify(n notification.Notification) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for session, x := range f.all {
		if x.Account == f.members[n.Member] {
			f.waiting = append(f.waiting, pending{push.Waiting{Workspace: n.Workspace, Member: n.Member, Notification: n.ID, At: n.At}, session})
		}
	}
}

// drop removes a subscription with what waits for it. f.mu is held.
func (f *Fake) drop(s identity.SessionID) {
	delete(f.all, s)
	f.waiting = slices.DeleteFunc(f.waiting, func(p pending) bool { return p.session == s })
}

// Subscribe implements push.Store.
func (f *Fake) Subscribe(_ context.Context, s push.Subscription) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sessions[s.Session] != s.Account || s.Account == "" {
		return errs.Absent()
	}
	n := 0
	for session, x := range f.all {
		if session != s.Session && x.Endpoint != s.Endpoint && x.Account == s.Account {
			n++
		}
	}
	if n >= push.Most {
		return push.TooMany()
	}
	for session, x := range f.all {
		if session == s.Session || x.Endpoint == s.Endpoint {
			f.drop(session)
		}
	}
	f.all[s.Session] = &held{Subscription: s}
	return nil
}

// Subscriptions implements push.Store.
func (f *Fake) Subscriptions(_ context.Context, a identity.AccountID) ([]push.Subscription, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []push.Subscription
	for _, x := range f.all {
		if x.Account == a {
			out = append(out, x.Subscription)
		}
	}
	slices.SortFunc(out, func(a, b push.Subscription) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Session, b.Session))
	})
	return out, nil
}

// Unsubscribe implements push.Store.
func (f *Fake) Unsubscribe(_ context.Context, a identity.AccountID, s identity.SessionID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x := f.all[s]; x == nil || x.Account != a {
		return errs.Absent()
	}
	f.drop(s)
	return nil
}

// Next implements push.Ledger.
func (f *Fake) Next(context.Context) (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var next time.Time
	for _, p := range f.waiting {
		x, at := f.all[p.session], p.At.Add(push.Delay)
		for _, t := range []time.Time{x.RestTill, x.claimed} {
			if t.After(at) {
				at = t
			}
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next, nil
}

// Claim implements push.Ledger.
func (f *Fake) Claim(_ context.Context, now, until time.Time, limit int) ([]push.Subscription, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []push.Subscription
	for session, x := range f.all {
		due := slices.ContainsFunc(f.waiting, func(p pending) bool { return p.session == session && !p.At.Add(push.Delay).After(now) })
		if due && !x.RestTill.After(now) && !x.claimed.After(now) && len(out) < limit {
			x.claimed = until
			out = append(out, x.Subscription)
		}
	}
	return out, nil
}

// Waiting implements push.Ledger.
func (f *Fake) Waiting(_ context.Context, session identity.SessionID, now time.Time, limit int) ([]push.Waiting, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []push.Waiting
	for _, p := range f.waiting {
		if p.session == session && !p.At.Add(push.Delay).After(now) {
			out = append(out, p.Waiting)
		}
	}
	slices.SortFunc(out, func(a, b push.Waiting) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Notification, b.Notification))
	})
	return out[:min(len(out), limit)], nil
}

// Settle implements push.Ledger.
func (f *Fake) Settle(_ context.Context, s push.Subscription, done []push.Waiting) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiting = slices.DeleteFunc(f.waiting, func(p pending) bool {
		return p.session == s.Session && slices.ContainsFunc(done, func(d push.Waiting) bool { return d.Notification == p.Notification })
	})
	if x := f.all[s.Session]; x != nil && x.Endpoint == s.Endpoint {
		x.SentAt, x.Code, x.Failures, x.RestTill, x.Paced, x.claimed = s.SentAt, s.Code, s.Failures, s.RestTill, s.Paced, time.Time{}
	}
	return nil
}

// End implements push.Ledger.
func (f *Fake) End(_ context.Context, s push.Subscription) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x := f.all[s.Session]; x != nil && x.Endpoint == s.Endpoint {
		f.drop(s.Session)
	}
	return nil
}

// Unclaim implements push.Ledger.
func (f *Fake) Unclaim(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.all {
		x.claimed = time.Time{}
	}
	return nil
}
