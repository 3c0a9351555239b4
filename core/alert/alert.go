// Package alert tells supervisors what needs them: somebody who waits for too
// long, nobody there to answer, targets about to be missed, a colleague who is
// away with work in hand.
//
// Which conditions count is data of the workspace (Rules). Watch looks at how
// work stands and compares: a condition that holds raises one alert, and its end
// clears it. Both must last for Hold first, so that nothing flaps. What stands is
// stored: a restart neither repeats it nor forgets it.
//
// Concurrency: Service is safe for concurrent use; Watch is for one goroutine.
package alert

import (
	"cmp"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// ID names an alert: alr_.
type ID string

// Rule says which condition holds.
type Rule string

// The rules.
const (
	LongWait Rule = "wait"  // somebody in a queue waits for longer than they should
	FewThere Rule = "staff" // too few members are available while somebody waits
	AtRisk   Rule = "risk"  // too many who wait are close to the target, or past it
	LongAway Rule = "away"  // a member is away with work in hand
)

// Hold is how long a condition holds before it raises an alert, and is over
// before the alert is cleared.
const Hold = 15 * time.Second

// Subject is what a condition is about: a queue, or a member.
type Subject struct {
	Queue  queue.ID          // of every rule but LongAway; "" = what is in no queue
	Member identity.MemberID // of LongAway
}

// Key tells conditions apart: a subject has one alert of a rule at most.
type Key struct {
	Rule Rule
	Subject
}

// Alert is a condition that holds.
type Alert struct {
	Key

	ID    ID
	Limit int       // that was passed: seconds, members or conversations
	Since time.Time // when the condition began
	At    time.Time // when it was raised
	// Who said that they take care of it, and when; zero = nobody yet.
	AckBy identity.Actor
	AckAt time.Time
}

// Floor is how the work of a workspace stands.
type Floor struct {
	Queues []Queue
	Agents []Agent
}

// Queue is how a queue stands.
type Queue struct {
	ID        queue.ID // "" = what is in no queue
	Team      team.ID
	Name      string
	Target    time.Duration // 0 = none
	Waiting   int           // who waits, with those who are offered to somebody
	Oldest    time.Time     // arrival of who waits longest; zero = nobody waits
	AtRisk    int           // of them, who has waited for most of the target or longer
	Available int           // members who are available and serve it
	Closed    bool          // by its hours
}

// Agent is a member who may be given work.
type Agent struct {
	Member identity.MemberID
	Teams  []team.ID
	Name   string
	Away   bool
	Since  time.Time // of being so; zero = not known
	InHand int       // open conversations that are theirs
}

// Stale is the answer to a change of rules that are no longer the last.
func Stale() *errs.Error {
	return errs.New(errs.Conflict, "alert.stale", "Somebody else changed the alerts meanwhile. Look at them again.")
}

// Older orders alerts as they were raised.
func Older(a, b Alert) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) }
