package wire

import (
	"math"
	"time"

	"github.com/patchbay-im/patchbay/core/figures"
)

// Spread is how durations are spread.
type Spread struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50" doc:"Within 5 %."`
	P90  float64 `json:"p90" doc:"Within 5 %."`
	Max  float64 `json:"max"`
}

// WorkFigures is how work stands and went today.
type WorkFigures struct {
	Waiting        int        `json:"waiting" doc:"For somebody to be found, without what rings."`
	Tickets        int        `json:"tickets" doc:"Tickets that wait for somebody to be found; all else here is of conversations."`
	Ringing        int        `json:"ringing" doc:"Offered to a member who has not answered yet."`
	InHand         int        `json:"in_hand" doc:"Open, and a member has it."`
	OldestSince    *time.Time `json:"oldest_since,omitempty" doc:"Arrival of who has waited the longest, ringing or not; absent when nobody waits."`
	ExpectedWaitS  *int       `json:"expected_wait_s,omitempty" doc:"For who comes now; absent when it is not known."`
	Closed         bool       `json:"closed" doc:"By its hours; of the total: all of them are."`
	Available      int        `json:"available" doc:"Available members who serve it at once, busy or not."`
	AtRisk         int        `json:"at_risk" doc:"Who has waited for three quarters of the target or longer."`
	Breached       int        `json:"breached" doc:"Of those, who has waited for longer than the target."`
	Arrived        int        `json:"arrived" doc:"Today: conversations that came to wait."`
	Answered       int        `json:"answered" doc:"Today: of those, given to a member."`
	Abandoned      int        `json:"abandoned" doc:"Today: customers who left while they waited."`
	Resolved       int        `json:"resolved" doc:"Today."`
	WaitS          *Spread    `json:"wait_s,omitempty" doc:"Seconds from arrival to being given to a member."`
	FirstResponseS *Spread    `json:"first_response_s,omitempty" doc:"Seconds from the customer's first message to the first answer that a person wrote."`
	HandleS        *Spread    `json:"handle_s,omitempty" doc:"Seconds that a member had a conversation, without the time that it slept."`
	WithinTarget   *float64   `json:"within_target,omitempty" minimum:"0" maximum:"1" doc:"Share of today's first answers that came within the target of the queue; absent without a target, or without answers."`
}

// QueueFigures is figures of a queue.
type QueueFigures struct {
	QueueID string `json:"queue_id" doc:"Empty: the work in no queue."`
	WorkFigures
}

// AgentFigures is figures of a member.
type AgentFigures struct {
	MemberID       string     `json:"member_id"`
	Status         string     `json:"status" enum:"available,away,offline"`
	Reason         string     `json:"reason,omitempty" doc:"Why away."`
	Since          *time.Time `json:"since,omitempty" doc:"When the status, or its reason, began."`
	WrapUpUntil    *time.Time `json:"wrap_up_until,omitempty" doc:"Until then the member is given no new work."`
	Open           int        `json:"open" doc:"Weight of the member's open work."`
	Capacity       int        `json:"capacity"`
	InHand         int        `json:"in_hand" doc:"Open conversations that are theirs."`
	Ringing        int        `json:"ringing" doc:"Conversations that are offered to them now."`
	Given          int        `json:"given" doc:"Today: conversations that became theirs."`
	Resolved       int        `json:"resolved" doc:"Today: that were resolved while theirs."`
	Missed         int        `json:"missed" doc:"Today: offers that they left unanswered."`
	Rejected       int        `json:"rejected" doc:"Today: offers that they rejected."`
	FirstResponseS *Spread    `json:"first_response_s,omitempty" doc:"Seconds from when a conversation became theirs to their answer, where it was the first."`
	HandleS        *Spread    `json:"handle_s,omitempty" doc:"Seconds that they had a conversation, without the time that it slept."`
	AvailableS     int64      `json:"available_s" doc:"Seconds today in which they were available."`
	BusyS          int64      `json:"busy_s" doc:"Of those, with at least one conversation in hand."`
	Occupancy      *float64   `json:"occupancy,omitempty" minimum:"0" maximum:"1" doc:"busy_s over available_s; absent when they were not available."`
}

// Figures is how the work of a workspace stands, and went today.
type Figures struct {
	At     time.Time      `json:"at"`
	Since  time.Time      `json:"since" doc:"The midnight that today began with."`
	Zone   string         `json:"zone" doc:"Of that midnight: the time zone of the workspace's oldest calendar, or else the server's."`
	Total  WorkFigures    `json:"total" doc:"Of the queues below."`
	Queues []QueueFigures `json:"queues" nullable:"false" doc:"By id; the work in no queue comes last."`
	Agents []AgentFigures `json:"agents" nullable:"false" doc:"By id."`
}

// FiguresOf makes the view of figures.
func FiguresOf(f figures.Figures) Figures {
	out := Figures{
		At: Stamp(f.At), Since: Stamp(f.Since), Zone: f.Zone,
		Total: workFiguresOf(f.Total(), share(f.WithinTargets())), Queues: make([]QueueFigures, len(f.Queues)), Agents: make([]AgentFigures, len(f.Agents)),
	}
	for i, q := range f.Queues {
		out.Queues[i] = QueueFigures{string(q.ID), workFiguresOf(q, share(q.WithinTarget()))}
	}
	for i, a := range f.Agents {
		out.Agents[i] = agentFiguresOf(a)
	}
	return out
}

func workFiguresOf(q figures.Queue, within *float64) WorkFigures {
	return WorkFigures{
		Waiting: q.Waiting, Tickets: q.Tickets, Ringing: q.Ringing, InHand: q.InHand, OldestSince: stampOrNil(q.Oldest), ExpectedWaitS: secondsOf(q.ExpectedWait),
		Closed: q.Closed, Available: q.Available, AtRisk: q.AtRisk, Breached: q.Breached,
		Arrived: q.Today.Arrived, Answered: q.Today.Answered, Abandoned: q.Today.Abandoned, Resolved: q.Today.Resolved,
		WaitS: spreadOf(q.Today.Wait), FirstResponseS: spreadOf(q.Today.FirstResponse), HandleS: spreadOf(q.Today.Handle), WithinTarget: within,
	}
}

func agentFiguresOf(a figures.Agent) AgentFigures {
	return AgentFigures{
		MemberID: string(a.Member), Status: a.Status, Reason: a.Reason, Since: stampOrNil(a.Since), WrapUpUntil: stampOrNil(a.WrapUp),
		Open: a.Open, Capacity: a.Capacity, InHand: a.InHand, Ringing: a.Ringing,
		Given: a.Today.Given, Resolved: a.Today.Resolved, Missed: a.Today.Missed, Rejected: a.Today.Rejected,
		FirstResponseS: spreadOf(a.Today.FirstResponse), HandleS: spreadOf(a.Today.Handle),
		AvailableS: int64(a.Available.Seconds()), BusyS: int64(a.Busy.Seconds()), Occupancy: share(a.Occupancy()),
	}
}

// secondsOf is a duration in whole seconds, if it is known.
func secondsOf(d *time.Duration) *int {
	if d == nil {
		return nil
	}
	s := int(d.Round(time.Second).Seconds())
	return &s
}

func spreadOf(h figures.Histogram) *Spread { return (*Spread)(h.Spread()) }

// share is a share in thousandths, if there is one.
func share(of float64, ok bool) *float64 {
	if !ok {
		return nil
	}
	of = math.Round(of*1000) / 1000
	return &of
}
