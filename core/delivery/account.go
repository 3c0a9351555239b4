package delivery

import (
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/lru"
)

// Rules of accounts.
const (
	trips      = 5                // failures in a row that open the breaker
	firstProbe = 5 * time.Second  // from then to the first probe; doubled for each that fails
	lastProbe  = 2 * time.Minute  // the longest wait between probes
	easing     = 30 * time.Second // how long an account is slowed down before it recovers
	recovery   = 0.1              // of its rate, each second
	leastPace  = 1.0 / 16         // of its rate
	recipients = 10_000           // whose pace is known, of one account
)

// CodeRateLimited is the code by which a plugin says that the far side wants
// less of an account.
const CodeRateLimited = "rate_limited"

// Account is how the sending of one inbox fares.
type Account struct {
	Broken   bool      // its far side failed several times in a row: only probes leave
	Until    time.Time // nothing leaves before; zero = it may now
	Failures int       // in a row
	Pace     float64   // of its rate: less than 1 after the far side wanted less
	Code     string    // of the last failure
	Detail   string
}

// Codes of Account.Health.
const (
	CodeSendingPaused = "sending_paused" // the breaker is open
	CodeSlowedDown    = "slowed_down"    // the far side wanted less
)

// Health is what an account's sending says of its far side; false = nothing
// that anybody needs to know.
func (a Account) Health() (channel.Health, bool) {
	said := a.Code
	if a.Detail != "" {
		said += ": " + a.Detail
	}
	switch {
	case a.Broken:
		return channel.Health{State: "degraded", Code: CodeSendingPaused, Detail: said}, true
	case a.Pace < 1:
		return channel.Health{State: "degraded", Code: CodeSlowedDown, Detail: said}, true
	default:
		return channel.Health{}, false
	}
}

// accounts are the books of the inboxes. They outlive lines and processes, not
// the server.
//
// Concurrency: safe for concurrent use.
type accounts struct {
	mu sync.Mutex
	of map[channel.InboxID]*account
}

type account struct {
	rates  []channel.Rate // that the limits were made by
	limits []*rate.Limiter
	people *lru.Map[string, []*rate.Limiter]

	pace     float64   // when it was slowed down last
	slowedAt time.Time // zero = never

	held     time.Time // the far side asked for a pause until then
	failures int
	pause    time.Duration // before the next probe; 0 = the breaker is closed
	probeAt  time.Time
	probing  bool
	code     string
	detail   string
}

// room returns how many items of an account may leave now and, when none may,
// how long it takes.
func (a *accounts) room(inbox channel.InboxID, rates []channel.Rate, now time.Time) (n int, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.get(inbox, rates)
	if wait := x.held.Sub(now); wait > 0 {
		return 0, wait
	}
	most := batchSize
	if x.pause > 0 {
		switch wait := x.probeAt.Sub(now); {
		case x.probing:
			return 0, idle
		case wait > 0:
			return 0, wait
		}
		most = 1
	}
	return tokens(x.limits, x.limitsAt(now, channel.PerAccount), now, most)
}

// fits reports whether one more item may leave to a recipient now and, when it
// may not, how long it takes.
func (a *accounts) fits(inbox channel.InboxID, rates []channel.Rate, recipient string, now time.Time) (ok bool, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.get(inbox, rates)
	n, wait := tokens(x.person(recipient), nil, now, 1)
	return n > 0, wait
}

// took books an item that leaves.
func (a *accounts) took(inbox channel.InboxID, rates []channel.Rate, recipient string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.get(inbox, rates)
	x.probing = x.pause > 0
	for _, l := range slices.Concat(x.limits, x.person(recipient)) {
		l.ReserveN(now, 1) // on credit, should two lines have asked at once
	}
}

// lost forgets the probe that was under way when its line died.
func (a *accounts) lost(inbox channel.InboxID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.of[inbox]; x != nil {
		x.probing = false
	}
}

// answered draws conclusions from what became of an item.
func (a *accounts) answered(inbox channel.InboxID, r channel.Result, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.get(inbox, nil)
	switch {
	case r.Outcome == channel.OutcomeUnknown:
		x.probing = false
	case r.Outcome == channel.OutcomeRetry && r.Code == CodeRateLimited:
		x.slow(r.RetryAfter, now)
		x.failures, x.pause, x.probing = 0, 0, false
		x.code, x.detail = r.Code, r.Detail
	case r.Outcome == channel.OutcomeAccepted || r.Outcome == channel.OutcomeDuplicate || r.Outcome == channel.OutcomeRejected:
		x.failures, x.pause, x.probing = 0, 0, false
	default:
		x.failed(r, now)
	}
}

// state returns how an account fares; false when nothing was ever sent by it.
func (a *accounts) state(inbox channel.InboxID, now time.Time) (Account, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.of[inbox]
	if x == nil {
		return Account{Pace: 1}, false
	}
	out := Account{Broken: x.pause > 0, Failures: x.failures, Pace: x.paceAt(now), Code: x.code, Detail: x.detail}
	if until := later(x.held, x.probeAt); until.After(now) {
		out.Until = until
	}
	return out, true
}

// broken lists the inboxes whose breaker is open.
func (a *accounts) broken() []channel.InboxID {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []channel.InboxID
	for inbox, x := range a.of {
		if x.pause > 0 {
			out = append(out, inbox)
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// get returns the books of an inbox; rates that have changed begin anew, nil
// leaves them.
func (a *accounts) get(inbox channel.InboxID, rates []channel.Rate) *account {
	x := a.of[inbox]
	if x == nil {
		x = &account{pace: 1}
		a.of[inbox] = x
	}
	if rates != nil && !slices.Equal(x.rates, rates) {
		x.rates, x.limits, x.people = rates, limiters(rates, channel.PerAccount), lru.New[string, []*rate.Limiter](recipients)
	}
	return x
}

func (x *account) person(recipient string) []*rate.Limiter {
	if x.people == nil {
		return nil
	}
	l, ok := x.people.Get(recipient)
	if !ok {
		l = limiters(x.rates, channel.PerRecipient)
		x.people.Put(recipient, l)
	}
	return l
}

// slow halves the rate, and stops for as long as the far side asks. What was
// under way already counts as one.
func (x *account) slow(asked time.Duration, now time.Time) {
	if now.Sub(x.slowedAt) >= time.Second {
		x.pace, x.slowedAt = max(x.paceAt(now)/2, leastPace), now
	}
	if asked <= 0 {
		asked = firstRetry
	}
	x.held = later(x.held, now.Add(min(asked, lastRetry)))
}

// paceAt is the share of its rate that an account may use now.
func (x *account) paceAt(now time.Time) float64 {
	rested := now.Sub(x.slowedAt.Add(easing)).Seconds()
	if x.slowedAt.IsZero() || rested <= 0 {
		return x.pace
	}
	return min(1, x.pace+recovery*rested)
}

func (x *account) failed(r channel.Result, now time.Time) {
	x.code, x.detail = r.Code, r.Detail
	x.failures++
	switch {
	case x.probing:
		x.pause = min(2*x.pause, lastProbe)
	case x.pause == 0 && x.failures >= trips:
		x.pause = firstProbe
	default:
		return
	}
	x.probing, x.probeAt = false, now.Add(x.pause)
}

// limitsAt are the rates of a scope as they count now.
func (x *account) limitsAt(now time.Time, scope channel.RateScope) []rate.Limit {
	pace := x.paceAt(now)
	var out []rate.Limit
	for _, r := range x.rates {
		if r.Per == scope && r.Count > 0 && r.Every > 0 {
			out = append(out, rate.Every(r.Every)*rate.Limit(r.Count)*rate.Limit(pace))
		}
	}
	return out
}

func limiters(rates []channel.Rate, scope channel.RateScope) []*rate.Limiter {
	var out []*rate.Limiter
	for _, r := range rates {
		if r.Per != scope || r.Count <= 0 || r.Every <= 0 {
			continue
		}
		burst := r.Burst
		if burst == 0 {
			burst = r.Count
		}
		out = append(out, rate.NewLimiter(rate.Every(r.Every)*rate.Limit(r.Count), burst))
	}
	return out
}

// tokens returns how many items all limits let through now, at most so many,
// and, when none, how long it takes. at, where given, are their rates from now on.
func tokens(limits []*rate.Limiter, at []rate.Limit, now time.Time, most int) (n int, wait time.Duration) {
	n = most
	for i, l := range limits {
		if at != nil && l.Limit() != at[i] {
			l.SetLimitAt(now, at[i])
		}
		has := l.TokensAt(now)
		n = min(n, int(has))
		if has < 1 {
			wait = max(wait, time.Duration((1-has)/float64(l.Limit())*float64(time.Second))+time.Millisecond)
		}
	}
	if n > 0 {
		return n, 0
	}
	return 0, wait
}
