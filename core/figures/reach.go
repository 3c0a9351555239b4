package figures

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Within returns what of the figures a reach covers: the queues of its teams,
// and its member with those who share a team with them. Work in no queue, and
// queues of everybody, are of who reaches everything: which part of them is in
// a smaller reach, figures do not tell.
func (f Figures) Within(reach identity.Reach) Figures {
	if reach.All() {
		return f
	}
	all := f
	f.Queues, f.Agents = nil, nil
	if reach.Kind != identity.ReachTeam && reach.Kind != identity.ReachOwn {
		return f
	}
	for _, q := range all.Queues {
		if q.Team != "" && slices.Contains(reach.Teams, string(q.Team)) {
			f.Queues = append(f.Queues, q)
		}
	}
	for _, a := range all.Agents {
		if a.Member == reach.Member || a.shares(reach.Teams) {
			f.Agents = append(f.Agents, a)
		}
	}
	return f
}

// shares reports whether the agent is of one of some teams.
func (a Agent) shares(teams []string) bool {
	for _, t := range a.Teams {
		if slices.Contains(teams, string(t)) {
			return true
		}
	}
	return false
}

// Total sums the queues up. Its members are those who are available at all, and
// it is closed when every queue is.
func (f Figures) Total() Queue {
	out := Queue{Closed: len(f.Queues) > 0}
	for _, q := range f.Queues {
		out.Waiting += q.Waiting
		out.Tickets += q.Tickets
		out.Ringing += q.Ringing
		out.InHand += q.InHand
		out.AtRisk += q.AtRisk
		out.Breached += q.Breached
		out.Closed = out.Closed && q.Closed
		if !q.Oldest.IsZero() && (out.Oldest.IsZero() || q.Oldest.Before(out.Oldest)) {
			out.Oldest = q.Oldest
		}
		out.Today.merge(q.Today)
	}
	for _, a := range f.Agents {
		if a.Status == "available" {
			out.Available++
		}
	}
	return out
}

// merge sums days up.
func (d *QueueDay) merge(o QueueDay) {
	d.Arrived += o.Arrived
	d.Answered += o.Answered
	d.Abandoned += o.Abandoned
	d.Resolved += o.Resolved
	d.Wait.Merge(o.Wait)
	d.FirstResponse.Merge(o.FirstResponse)
	d.Handle.Merge(o.Handle)
}

// WithinTarget is the share of today's first answers that came within the
// queue's target as it is now; false = it has none, or nobody was answered.
func (q Queue) WithinTarget() (float64, bool) {
	if q.Target <= 0 {
		return 0, false
	}
	return q.Today.FirstResponse.Within(q.Target)
}

// WithinTargets is WithinTarget over the queues that have one, each counting by
// its answers.
func (f Figures) WithinTargets() (float64, bool) {
	share, n := 0.0, 0
	for _, q := range f.Queues {
		if one, ok := q.WithinTarget(); ok {
			share += one * float64(q.Today.FirstResponse.Count)
			n += q.Today.FirstResponse.Count
		}
	}
	if n == 0 {
		return 0, false
	}
	return share / float64(n), true
}

// Occupancy is the share of the time in which the member was available today
// that they had at least one conversation in hand; false = they were not
// available.
func (a Agent) Occupancy() (float64, bool) {
	if a.Available <= 0 {
		return 0, false
	}
	return float64(a.Busy) / float64(a.Available), true
}
