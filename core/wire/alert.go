package wire

import (
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
)

// Alert is a condition that supervisors are to know of.
type Alert struct {
	ID       string     `json:"id" doc:"alr_"`
	Rule     string     `json:"rule" enum:"wait,staff,risk,away" doc:"wait: somebody waits for too long. staff: too few are available while somebody waits. risk: too many are close to their target, or past it. away: a member is away with conversations in hand."`
	QueueID  string     `json:"queue_id,omitempty" doc:"Absent, and not away: what is in no queue."`
	MemberID string     `json:"member_id,omitempty" doc:"Of away."`
	Limit    int        `json:"limit" doc:"That was passed: seconds of wait and away, members of staff, conversations of risk."`
	Since    time.Time  `json:"since" doc:"When the condition began."`
	RaisedAt time.Time  `json:"raised_at"`
	AckBy    *Actor     `json:"acknowledged_by,omitempty" doc:"Who takes care of it; absent: nobody yet."`
	AckAt    *time.Time `json:"acknowledged_at,omitempty"`
}

// AlertOf returns the view of an alert.
func AlertOf(a alert.Alert) Alert {
	out := Alert{
		ID: string(a.ID), Rule: string(a.Rule), QueueID: string(a.Queue), MemberID: string(a.Member), Limit: a.Limit,
		Since: Stamp(a.Since), RaisedAt: Stamp(a.At), AckAt: stampOrNil(a.AckAt),
	}
	if !a.AckAt.IsZero() {
		by := actorOf(a.AckBy)
		out.AckBy = &by
	}
	return out
}
