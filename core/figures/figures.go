// Package figures is how work goes: what waits, rings and is in hand now, and
// what came, was answered, given up and resolved today, by queue and by agent.
//
// What stands now is read from dispatch, whose index is exact. What happened
// today is folded from the workspace's events (Day), in their order, and from
// nothing else: folding a day again from its events gives the same figures.
// What each figure means is said where it is declared, and in docs/use/figures.md.
//
// Concurrency: Service is safe for concurrent use and starts nothing; Day is a
// single-threaded value.
package figures

import (
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Figures is how the work of a workspace stands and went today.
type Figures struct {
	At     time.Time
	Since  time.Time // the midnight that today began with
	Zone   string    // of that midnight, of the IANA database
	Queues []Queue   // every queue, by id, the work in no queue last
	Agents []Agent   // everybody who may be given work, by id
}

// Queue is how a queue stands, and went today.
type Queue struct {
	ID           queue.ID // "" = the work in no queue
	Team         team.ID
	Target       time.Duration  // within which a first answer should come; 0 = none
	Waiting      int            // for somebody to be found; without what rings
	Tickets      int            // tickets that wait for somebody to be found; all else is of conversations
	Ringing      int            // offered to somebody who has not answered yet
	InHand       int            // open, and a member has it
	Oldest       time.Time      // arrival of who has waited the longest, ringing or not; zero = nobody waits
	ExpectedWait *time.Duration // for who comes now; nil = not known
	Closed       bool           // by its hours
	Available    int            // available members who serve it at once, busy or not
	AtRisk       int            // who has waited for three quarters of the target or longer
	Breached     int            // of those, who has waited for longer than the target
	Today        QueueDay
}

// Agent is how a member stands, and what they did today.
type Agent struct {
	Member    identity.MemberID
	Teams     []team.ID
	Status    string // available, away, offline
	Reason    string // why away
	Since     time.Time
	WrapUp    time.Time // until then they are given nothing
	Open      int       // weight of their open work
	Capacity  int
	InHand    int // open conversations that are theirs
	Ringing   int // conversations that are offered to them
	Available time.Duration
	Busy      time.Duration
	Today     AgentDay
}

// QueueDay is what happened in a queue today.
type QueueDay struct {
	// Arrived counts conversations that came to wait in the queue: new ones, those
	// reopened, handed over by a bot or moved from elsewhere. One that comes back
	// from a member waits on, and is not counted again.
	Arrived int
	// Answered counts those of them that were given to a member.
	Answered int
	// Abandoned counts customers who left while they waited.
	Abandoned int
	// Resolved counts conversations that were resolved while they stood in the queue.
	Resolved int
	Wait     Histogram // of those answered: from their arrival to when they were given
	// FirstResponse is from a customer's first message since the conversation was
	// opened to the first message to them that a person wrote. Answers of bots and
	// automatic ones do not count.
	FirstResponse Histogram
	Handle        Histogram // as AgentDay.Handle, of whoever had the conversations
}

// AgentDay is what a member did today.
type AgentDay struct {
	Given    int // conversations that became theirs, by whomever
	Resolved int // that were resolved while theirs
	Missed   int // offers that they left unanswered
	Rejected int // offers that they rejected
	// FirstResponse is from when a conversation became theirs, or the customer wrote
	// if that was later, to their answer that was the first since it was opened.
	FirstResponse Histogram
	// Handle is from when a conversation became theirs until it was resolved or left
	// them, without the time that it slept; once for each time they had it.
	Handle Histogram
}

// Spread is how durations are spread, in seconds. Mean and Max are exact;
// quantiles are within 5 %, and those below a second are told as half of one.
type Spread struct{ Mean, P50, P90, Max float64 }
