package alert

import (
	"fmt"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
)

// CodeRules is the code of rules that are refused.
const CodeRules = "alert.rules"

// Bounds of the thresholds.
const (
	MinAfter    = time.Minute
	MaxAfter    = 24 * time.Hour
	MinOfTarget = 50 // percent
	MaxOfTarget = 1000
	MaxCount    = 1000
)

// Rules are when a workspace's supervisors are alerted.
type Rules struct {
	Wait  WaitRule
	Staff StaffRule
	Risk  RiskRule
	Away  AwayRule
}

// WaitRule is about who waits longest in a queue.
type WaitRule struct {
	On       bool
	After    time.Duration
	OfTarget int // percent of the queue's target, instead of After where it has one; 0 = After everywhere
}

// StaffRule is about queues in which somebody waits.
type StaffRule struct {
	On    bool
	Fewer int           // than so many are available
	After time.Duration // of somebody's waiting
}

// RiskRule is about those who wait in a queue close to its target or past it.
type RiskRule struct {
	On   bool
	More int // than so many
}

// AwayRule is about members who are away with conversations in hand.
type AwayRule struct {
	On    bool
	After time.Duration
}

// Default returns the rules of a workspace that chose none.
func Default() Rules {
	return Rules{
		Wait: WaitRule{On: true, After: 10 * time.Minute, OfTarget: 150}, Staff: StaffRule{On: true, Fewer: 1, After: 2 * time.Minute},
		Risk: RiskRule{On: true, More: 5}, Away: AwayRule{On: true, After: 30 * time.Minute},
	}
}

// check refuses thresholds that mean nothing, also of rules that are off: they
// may be turned on later.
func (r Rules) check() error {
	var bad errs.Refusals
	span := func(pointer string, d time.Duration) {
		if d < MinAfter || d > MaxAfter {
			bad.Refuse(pointer, "range", fmt.Sprintf("must be %d to %d seconds", int(MinAfter.Seconds()), int(MaxAfter.Seconds())))
		}
	}
	count := func(pointer string, n, least int) {
		if n < least || n > MaxCount {
			bad.Refuse(pointer, "range", fmt.Sprintf("must be %d to %d", least, MaxCount))
		}
	}
	span("/wait/after_s", r.Wait.After)
	if p := r.Wait.OfTarget; p != 0 && (p < MinOfTarget || p > MaxOfTarget) {
		bad.Refuse("/wait/of_target", "range", fmt.Sprintf("must be 0 (not used), or %d to %d percent", MinOfTarget, MaxOfTarget))
	}
	count("/staff/fewer_than", r.Staff.Fewer, 1)
	span("/staff/after_s", r.Staff.After)
	count("/risk/more_than", r.Risk.More, 0)
	span("/away/after_s", r.Away.After)
	return bad.Refused(CodeRules, "The alerts are not accepted.")
}

// Sight is a condition that holds now.
type Sight struct {
	Key

	Limit int
	Since time.Time // when it began, if that can be told; zero = when it was first seen
	Name  string    // of the subject; "" = what is in no queue
}

// Look returns the conditions that hold. A queue that is closed waits for nobody.
func (r Rules) Look(f Floor, now time.Time) []Sight {
	var out []Sight
	for _, q := range f.Queues {
		if q.Waiting == 0 || q.Oldest.IsZero() || q.Closed {
			continue
		}
		waits := now.Sub(q.Oldest)
		add := func(rule Rule, limit int, since time.Time) {
			out = append(out, Sight{Key: Key{rule, Subject{Queue: q.ID}}, Limit: limit, Since: since, Name: q.Name})
		}
		if limit := r.Wait.limit(q); r.Wait.On && waits >= limit {
			add(LongWait, int(limit.Seconds()), q.Oldest.Add(limit))
		}
		if r.Staff.On && waits >= r.Staff.After && q.Available < r.Staff.Fewer {
			add(FewThere, r.Staff.Fewer, time.Time{})
		}
		if r.Risk.On && q.AtRisk > r.Risk.More {
			add(AtRisk, r.Risk.More, time.Time{})
		}
	}
	for _, a := range f.Agents {
		if r.Away.On && a.Away && a.InHand > 0 && !a.Since.IsZero() && now.Sub(a.Since) >= r.Away.After {
			out = append(out, Sight{
				Key: Key{LongAway, Subject{Member: a.Member}}, Limit: int(r.Away.After.Seconds()), Since: a.Since.Add(r.Away.After), Name: a.Name,
			})
		}
	}
	return out
}

// limit is how long somebody may wait in a queue.
func (r WaitRule) limit(q Queue) time.Duration {
	if r.OfTarget == 0 || q.Target <= 0 {
		return r.After
	}
	return q.Target * time.Duration(r.OfTarget) / 100
}
