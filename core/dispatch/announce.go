package dispatch

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
)

// Announcer tells people what changed. Its methods are called by a workspace's
// goroutine, at most once per Config.Announce each, and must not block; what
// they lose is not said again until it changes.
type Announcer interface {
	// QueueMoved tells new places in the queue, and old ones for which there is
	// somebody available now and was not before, or the reverse.
	QueueMoved(ctx context.Context, workspace identity.WorkspaceID, news QueueNews)
	// PresenceChanged tells members whose status or load changed.
	PresenceChanged(ctx context.Context, workspace identity.WorkspaceID, agents []AgentStatus)
}

// QueueNews is what customers who wait should know.
type QueueNews struct {
	Moved   []Position // at most a few thousand
	Waiting int        // how many wait
}

// AgentStatus is what colleagues see of a member.
type AgentStatus struct {
	Member   identity.MemberID
	Status   Status // effective
	Open     int    // weight of open work
	Capacity int
	Reason   string    // why away; "" = not said, or not away
	Since    time.Time // of the status and its reason; zero = never here
	// WrapUpUntil is when the member, who is given no work now, will be again.
	WrapUpUntil time.Time // zero = in no wrap-up
}

// movedPerNews bounds QueueNews.Moved, those who wait no more aside.
const movedPerNews = 2000

func (s *shard) statusOf(a Agent) AgentStatus {
	out := AgentStatus{
		Member: a.Member, Status: s.presence.Status(a.Member), Open: a.Used, Capacity: a.Capacity,
		Since: s.presence.Since(a.Member), WrapUpUntil: a.WrapUpUntil,
	}
	if out.Status == Away {
		out.Reason = s.presence.Reason(a.Member)
	}
	return out
}

// hasNews reports whether there is something to announce. s.mu is held.
func (s *shard) hasNews() bool {
	return len(s.news) > 0 || s.engine.Unsettled()
}

// announce tells the news, unless it is too soon. It comes after the claims of
// a turn, so nobody hears of a place that was gone at once.
func (s *shard) announce(ctx context.Context, now time.Time) {
	s.mu.Lock()
	if !s.hasNews() || now.Before(s.announceAt) {
		s.mu.Unlock()
		return
	}
	s.announceAt = now.Add(s.Announce)
	queue := QueueNews{Moved: s.engine.Moved(movedPerNews), Waiting: s.engine.Len()}
	agents := make([]AgentStatus, 0, len(s.news))
	for _, m := range sortedKeys(s.news) {
		a, known := s.engine.Agent(m)
		if !known {
			a.Member = m
		}
		agents = append(agents, s.statusOf(a))
	}
	clear(s.news)
	s.mu.Unlock()
	if len(queue.Moved) > 0 {
		s.Announcer.QueueMoved(ctx, s.ws, queue)
	}
	if len(agents) > 0 {
		s.Announcer.PresenceChanged(ctx, s.ws, agents)
	}
}
