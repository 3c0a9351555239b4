package identity

import (
	"sync"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/lru"
)

// ThrottleOptions say how guessing is slowed down. Zero values mean the defaults.
type ThrottleOptions struct {
	Account Allowance // per account; default 5 free, 10 min each, at most 5 min
	Network Allowance // per network; default 20 free, 30 s each, at most 15 min
	Entries int       // accounts, and networks, remembered; default 10,000
}

// Allowance is how many failures are free and what more of them cost: a
// second, then double each time.
type Allowance struct {
	Free  int           // failures without a delay
	Leak  time.Duration // how long until one failure is forgotten
	Delay time.Duration // the longest delay
}

// Throttle slows down guessing of passwords and tokens, per account and per
// network (/24 of IPv4, /64 of IPv6). It lives in memory: a restart forgives.
//
// An attempt counts as a failure from its beginning, so many at once gain
// nothing. An account from a network where it signed in before has a counter
// of its own there, and so has a browser that shows the mark of having signed
// in to it: others who guess cannot lock them out.
//
// Concurrency: safe for concurrent use.
type Throttle struct {
	now     func() time.Time
	options ThrottleOptions

	mu       sync.Mutex
	accounts *lru.Map[string, counter]
	networks *lru.Map[string, counter]
	familiar *lru.Map[string, struct{}]
}

// counter is what is known of one account or network.
type counter struct {
	failures int
	leaked   time.Time // until when forgetting has been reckoned
	until    time.Time // no attempt before
}

// NewThrottle returns a Throttle on the given clock.
func NewThrottle(now func() time.Time, o ThrottleOptions) *Throttle {
	o.Account = o.Account.or(Allowance{Free: 5, Leak: 10 * time.Minute, Delay: 5 * time.Minute})
	o.Network = o.Network.or(Allowance{Free: 20, Leak: 30 * time.Second, Delay: 15 * time.Minute})
	o.Entries = or(o.Entries, 10_000)
	return &Throttle{
		now: now, options: o,
		accounts: lru.New[string, counter](o.Entries),
		networks: lru.New[string, counter](o.Entries),
		familiar: lru.New[string, struct{}](o.Entries),
	}
}

func (a Allowance) or(b Allowance) Allowance {
	return Allowance{Free: or(a.Free, b.Free), Leak: or(a.Leak, b.Leak), Delay: or(a.Delay, b.Delay)}
}

// delay returns how long to wait after so many failures.
func (a Allowance) delay(failures int) time.Duration {
	if failures <= a.Free {
		return 0
	}
	d := time.Second
	for range failures - a.Free - 1 {
		if d *= 2; d >= a.Delay {
			break
		}
	}
	return min(d, a.Delay)
}

// begin counts a failure in c, or returns how long to wait.
func (a Allowance) begin(c counter, now time.Time) (counter, time.Duration) {
	if wait := c.until.Sub(now); wait > 0 {
		return c, wait
	}
	if n := int(now.Sub(c.leaked) / a.Leak); c.failures == 0 || n >= c.failures {
		c.failures, c.leaked = 0, now
	} else if n > 0 {
		c.failures -= n
		c.leaked = c.leaked.Add(time.Duration(n) * a.Leak)
	}
	if a.delay(c.failures) < a.Delay { // more would only take longer to forget
		c.failures++
	}
	c.until = now.Add(a.delay(c.failures))
	return c, 0
}

// Attempt is one guess under way. Unless Succeeded or Withdraw is called it
// counts as a failure.
type Attempt struct {
	throttle *Throttle
	account  string
	known    string // the familiar pair of account and network
	network  string
	region   string
	marked   bool    // the browser shows that it signed in before
	before   counter // of the network
	after    counter
	previous counter // of the account
	counted  counter
}

// comer is who the attempt is of, for the line of those who wait.
func (a *Attempt) comer() Comer {
	return Comer{Network: a.network, Region: a.region, Known: a.marked || a.account != "" && a.account == a.known}
}

// Begin asks for an attempt on an account ("" = none in particular) from a
// client. It returns errs.RateLimited with RetryAfter when it is too early.
func (t *Throttle) Begin(account string, client Client) (*Attempt, error) {
	return t.BeginKnown(account, "", client)
}

// BeginKnown is Begin of a browser that signed in to the account before; mark
// names it, "" = it did not.
func (t *Throttle) BeginKnown(account, mark string, client Client) (*Attempt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	a := &Attempt{throttle: t, account: account, network: client.network(), region: client.region(), marked: mark != ""}
	a.known = account + "\n" + a.network
	_, familiar := t.familiar.Get(a.known)
	switch {
	case a.marked:
		a.account = account + "\nmark " + mark
	case familiar:
		a.account = a.known
	}
	var waitN, waitA time.Duration
	a.before, _ = t.networks.Get(a.network)
	a.after, waitN = t.options.Network.begin(a.before, now)
	if account != "" {
		a.previous, _ = t.accounts.Get(a.account)
		a.counted, waitA = t.options.Account.begin(a.previous, now)
	}
	if familiar || a.marked { // its own counter bounds it: a guesser in the same network does not lock it out
		waitN = 0
	}
	if wait := max(waitN, waitA); wait > 0 {
		return nil, tooMany(wait)
	}
	t.networks.Put(a.network, a.after)
	if account != "" {
		t.accounts.Put(a.account, a.counted)
	}
	return a, nil
}

// Succeeded forgets the account's failures, and of the network's this attempt alone.
func (a *Attempt) Succeeded() {
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	takeBack(t.networks, a.network, a.before, a.after)
	if a.account != "" {
		t.accounts.Remove(a.account)
		t.familiar.Put(a.known, struct{}{})
	}
}

// Withdraw takes the attempt back: it was neither right nor wrong.
func (a *Attempt) Withdraw() {
	t := a.throttle
	t.mu.Lock()
	defer t.mu.Unlock()
	takeBack(t.networks, a.network, a.before, a.after)
	if a.account != "" {
		takeBack(t.accounts, a.account, a.previous, a.counted)
	}
}

// takeBack undoes one failure. The delay it caused ends with it, unless a
// later attempt set another.
func takeBack(counters *lru.Map[string, counter], key string, before, after counter) {
	c, ok := counters.Get(key)
	if !ok {
		return
	}
	if c.failures > 0 {
		c.failures--
	}
	if c.until.Equal(after.until) {
		c.until = before.until
	}
	counters.Put(key, c)
}

func tooMany(wait time.Duration) *errs.Error {
	e := errs.New(errs.RateLimited, "session.throttled", "Too many failed attempts. Wait a little before the next.")
	e.RetryAfter = wait
	return e
}
