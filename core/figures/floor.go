package figures

import (
	"cmp"
	"slices"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
)

// floor is what is read to say how work stands now.
type floor struct {
	board  dispatch.Board
	staff  map[identity.MemberID]queue.Colleague
	free   []queue.Colleague // who is available
	states map[queue.ID]dispatch.QueueState
	inQ    map[queue.ID]int // conversations that members have
	inM    map[identity.MemberID]int
}

func newFloor(board dispatch.Board, staff []queue.Colleague, hands []InHand) floor {
	f := floor{
		board: board, staff: map[identity.MemberID]queue.Colleague{}, states: map[queue.ID]dispatch.QueueState{},
		inQ: map[queue.ID]int{}, inM: map[identity.MemberID]int{},
	}
	for _, c := range staff {
		f.staff[c.Member] = c
	}
	for _, a := range board.Agents {
		if c, works := f.staff[a.Member]; works && a.Status == dispatch.Available {
			f.free = append(f.free, c)
		}
	}
	for _, st := range board.Queues {
		f.states[queue.ID(st.Queue)] = st
	}
	for _, h := range hands {
		f.inQ[h.Queue] += h.Count
		f.inM[h.Member] += h.Count
	}
	return f
}

// queues are all of them by id, and then the work that is in none.
func (f floor) queues(all map[queue.ID]queue.Queue) []Queue {
	out := make([]Queue, 0, len(all)+1)
	for _, q := range all {
		out = append(out, f.queue(Queue{ID: q.ID, Team: q.Team, Target: q.Target, Available: f.who(q.ServedBy)}))
	}
	slices.SortFunc(out, func(a, b Queue) int { return cmp.Compare(a.ID, b.ID) })
	return append(out, f.queue(Queue{Available: len(f.free)}))
}

func (f floor) queue(q Queue) Queue {
	st := f.states[q.ID]
	q.Waiting, q.Ringing, q.Oldest, q.Closed, q.AtRisk, q.Breached = st.Waiting, st.Ringing, st.Oldest, st.Closed, st.AtRisk, st.Breached
	q.InHand, q.Tickets = f.inQ[q.ID], st.Tickets
	return q
}

// who counts the available members of whom serves is true.
func (f floor) who(serves func(queue.Colleague) bool) int {
	n := 0
	for _, c := range f.free {
		if serves(c) {
			n++
		}
	}
	return n
}

func (f floor) agents() []Agent {
	out := make([]Agent, 0, len(f.board.Agents))
	for _, a := range f.board.Agents {
		out = append(out, Agent{
			Member: a.Member, Teams: f.staff[a.Member].Teams, Status: string(a.Status), Reason: a.Reason, Since: a.Since, WrapUp: a.WrapUpUntil,
			Open: a.Open, Capacity: a.Capacity, InHand: f.inM[a.Member], Ringing: a.Ringing,
		})
	}
	return out
}
