package simulate

import (
	"time"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Dispatcher is what pairs customers with agents. *dispatch.Engine is one, and
// its documentation says what each method must do; a run tells it everything
// that happens and asks it to decide after each.
type Dispatcher interface {
	Wait(item dispatch.Item)
	Gone(key dispatch.Key)
	Set(agent dispatch.Agent)
	Exclude(key dispatch.Key, member identity.MemberID, until time.Time)
	Decide(now time.Time, limit int) []dispatch.Assignment
	Next() (time.Time, bool)
	Len() int
}

// Way is a way of dispatching, by name.
type Way struct {
	Name string
	New  func() Dispatcher // an empty one for each run
	// Plan says what work of a channel weighs and takes, what is expected of it,
	// how many of it an agent has at once, and how long it waits for somebody
	// whom its customer knows: dispatch.Plan.Shape and Limits.
	Plan dispatch.Plan
}

// Planned is the product's engine with a policy that its Check accepts.
func Planned(name string, plan dispatch.Plan) Way {
	return Way{Name: name, Plan: plan, New: func() Dispatcher { return dispatch.NewEngine(plan.Policy()) }}
}

// RoundRobin serves first come, first served, the moment somebody has room, and
// gives to the agents in turn. Of the plan it takes what work weighs and takes,
// as the ways after it do.
func RoundRobin(plan dispatch.Plan) Way {
	return Way{Name: "round robin", Plan: plan, New: func() Dispatcher { return newNaive(inTurn) }}
}

// LeastLoaded serves first come, first served, and gives to whoever has the
// fewest items: Chatwoot's balanced mode.
func LeastLoaded(plan dispatch.Plan) Way {
	return Way{Name: "least loaded", Plan: plan, New: func() Dispatcher { return newNaive(fewest) }}
}

// Polled is RoundRobin by a job that looks every so often: Libredesk's default
// is five minutes.
func Polled(plan dispatch.Plan, every time.Duration) Way {
	return Way{Name: every.String() + " poll", Plan: plan, New: func() Dispatcher {
		return &polled{naive: newNaive(inTurn), every: every, next: start.Add(every)}
	}}
}

// polled decides at its times alone.
type polled struct {
	*naive
	every time.Duration
	next  time.Time
}

// Decide implements Dispatcher.
func (p *polled) Decide(now time.Time, limit int) []dispatch.Assignment {
	if now.Before(p.next) {
		return nil
	}
	for !now.Before(p.next) {
		p.next = p.next.Add(p.every)
	}
	return p.naive.Decide(now, limit)
}

// Next implements Dispatcher.
func (p *polled) Next() (time.Time, bool) { return p.next, true }
