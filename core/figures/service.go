package figures

import (
	"context"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/page"
	"github.com/patchbay-im/patchbay/core/queue"
)

// Work reads what members have.
type Work interface {
	// InHand counts the open conversations that members have, by queue and member,
	// in any order.
	InHand(ctx context.Context, workspace identity.WorkspaceID) ([]InHand, error)
}

// InHand is how many open conversations of a queue a member has.
type InHand struct {
	Queue  queue.ID
	Member identity.MemberID
	Count  int
}

// Calendars lists the calendars of a workspace. It is calendar.Store's.
type Calendars interface {
	Calendars(ctx context.Context, w identity.WorkspaceID, request page.Request) (page.Page[calendar.Calendar], error)
}

// Deps is what a Service stands on.
type Deps struct {
	Board     func(w identity.WorkspaceID) dispatch.Board
	Queues    queue.Store
	People    queue.People
	Work      Work
	Journal   Journal
	Calendars Calendars
	// Expected says how long who comes to a queue now is likely to wait; false = it
	// is not known.
	Expected func(w identity.WorkspaceID, queue string) (time.Duration, bool)
	Zone     *time.Location // of workspaces without a calendar
	Now      func() time.Time
}

// Service answers how work stands and goes.
type Service struct {
	Deps

	ledgers ledgers
}

// NewService returns a Service.
func NewService(d Deps) *Service { return &Service{Deps: d} }

// Get returns the figures as far as an actor reaches. Needs
// ConversationSupervise.
func (s *Service) Get(ctx context.Context, scope identity.Scope) (Figures, error) {
	if err := scope.Require(identity.ConversationSupervise); err != nil {
		return Figures{}, err
	}
	f, err := s.Read(ctx, scope.Workspace)
	return f.Within(scope.Reach()), err
}

// Read returns all figures of a workspace.
func (s *Service) Read(ctx context.Context, w identity.WorkspaceID) (Figures, error) {
	out, err := s.Standing(ctx, w)
	if err != nil {
		return out, err
	}
	today, err := s.totals(ctx, w, out.Since, out.At)
	if err != nil {
		return out, err
	}
	for i, q := range out.Queues {
		out.Queues[i].Today = today.Queues[q.ID]
	}
	for i, a := range out.Agents {
		t := today.Agents[a.Member]
		out.Agents[i].Today, out.Agents[i].Available, out.Agents[i].Busy = t.AgentDay, t.Available, t.Busy
	}
	return out, nil
}

// Standing returns how the work of a workspace stands now, without what happened
// today.
func (s *Service) Standing(ctx context.Context, w identity.WorkspaceID) (Figures, error) {
	now := s.Now()
	zone, err := s.zone(ctx, w)
	if err != nil {
		return Figures{}, err
	}
	out := Figures{At: now, Since: midnight(now, zone), Zone: zone.String()}
	queues, err := queue.All(ctx, s.Queues, w)
	if err != nil {
		return out, err
	}
	staff, err := s.People.Staff(ctx, w)
	if err != nil {
		return out, err
	}
	hands, err := s.Work.InHand(ctx, w)
	if err != nil {
		return out, err
	}
	f := newFloor(s.Board(w), staff, hands)
	out.Queues, out.Agents = f.queues(queues), f.agents()
	for i, q := range out.Queues {
		if wait, known := s.Expected(w, string(q.ID)); known {
			out.Queues[i].ExpectedWait = &wait
		}
	}
	return out, nil
}

// zone is that of the workspace's oldest calendar.
func (s *Service) zone(ctx context.Context, w identity.WorkspaceID) (*time.Location, error) {
	return ZoneOf(ctx, s.Calendars, w, s.Zone)
}

// ZoneOf returns the time zone in which a workspace's days begin: that of its
// oldest calendar, or else another.
func ZoneOf(ctx context.Context, of Calendars, w identity.WorkspaceID, other *time.Location) (*time.Location, error) {
	found, err := of.Calendars(ctx, w, page.Request{Limit: 1})
	if err != nil || len(found.Items) == 0 {
		return other, err
	}
	zone, err := time.LoadLocation(found.Items[0].Hours.Zone)
	if err != nil { // a zone that this machine does not know any more
		return other, nil //nolint:nilerr // as said
	}
	return zone, nil
}

// midnight is when the day of an instant began.
func midnight(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}
