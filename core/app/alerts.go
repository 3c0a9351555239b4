package app

import (
	"context"
	"slices"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/figures"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/notification"
	"github.com/patchbay-im/patchbay/core/queue"
)

// floors implements alert.Floors, out of the figures of now.
type floors struct {
	board   func(w identity.WorkspaceID) dispatch.Board
	figures *figures.Service
	queues  queue.Store
}

func (s *server) floors() floors {
	return floors{s.dispatcher.Board, s.figures, s.store.Queues()}
}

// Floor implements alert.Floors. A workspace in which nobody waits and nobody is
// away costs no query.
func (f floors) Floor(ctx context.Context, w identity.WorkspaceID) (alert.Floor, error) {
	board := f.board(w)
	waits := func(q dispatch.QueueState) bool { return q.Waiting+q.Ringing > 0 }
	away := func(a dispatch.AgentOnDuty) bool { return a.Status == dispatch.Away }
	if !slices.ContainsFunc(board.Queues, waits) && !slices.ContainsFunc(board.Agents, away) {
		return alert.Floor{}, nil
	}
	now, err := f.figures.Standing(ctx, w)
	if err != nil {
		return alert.Floor{}, err //nolint:wrapcheck // the use case's own error
	}
	queues, err := queue.All(ctx, f.queues, w)
	if err != nil {
		return alert.Floor{}, err //nolint:wrapcheck // a port's error says where it comes from
	}
	var out alert.Floor
	for _, q := range now.Queues {
		out.Queues = append(out.Queues, alert.Queue{
			ID: q.ID, Team: q.Team, Name: queues[q.ID].Name, Target: q.Target, Waiting: q.Waiting + q.Ringing, Oldest: q.Oldest,
			AtRisk: q.AtRisk, Available: q.Available, Closed: q.Closed,
		})
	}
	for _, a := range now.Agents {
		out.Agents = append(out.Agents, alert.Agent{
			Member: a.Member, Teams: a.Teams, Away: a.Status == string(dispatch.Away), Since: a.Since, InHand: a.InHand,
		})
	}
	return out, nil
}

func (s *server) newAlerts() *alert.Watch {
	return alert.NewWatch(alert.WatchDeps{
		Store: s.store.Alerts(), Floors: s.floors(), Leads: s.dispatcher.Leads, Supervisors: s.supervisors, Tell: s.tellAlert, Now: s.now,
	})
}

// watchAlerts looks at every workspace.
func (s *server) watchAlerts(ctx context.Context) error {
	all, err := s.workspaces(ctx)
	if err != nil {
		return err
	}
	list := make([]identity.WorkspaceID, len(all))
	for i, w := range all {
		list[i] = identity.WorkspaceID(w)
	}
	return s.alerts.Look(ctx, list) //nolint:wrapcheck // a port's error says where it comes from
}

// supervisors lists who is told of alerts.
func (s *server) supervisors(ctx context.Context, w identity.WorkspaceID) ([]alert.Supervisor, error) {
	who, err := alarm{s.identity, s.notifications, s.log}.holding(ctx, identity.SystemScope(w), identity.ConversationSupervise)
	if err != nil {
		return nil, err
	}
	out := make([]alert.Supervisor, 0, len(who))
	for _, m := range who {
		within, err := s.identity.Roles.ReachOf(ctx, w, m, identity.ConversationSupervise)
		if err != nil {
			return nil, err //nolint:wrapcheck // the use case's own error
		}
		out = append(out, alert.Supervisor{Member: m, Reach: within})
	}
	return out, nil
}

// tellAlert tells supervisors of an alert, by the name of whom it is about.
func (s *server) tellAlert(ctx context.Context, w identity.WorkspaceID, n alert.News) error {
	about := notification.Raised{ID: string(n.ID), Rule: string(n.Rule), Queue: string(n.Queue), Member: string(n.Member), Name: n.Name, Limit: n.Limit}
	if n.Member != "" {
		m, err := s.identity.Members.Get(ctx, identity.SystemScope(w), n.Member)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err //nolint:wrapcheck // the use case's own error
		}
		about.Name = m.Name
	}
	return s.notifications.AlertRaised(ctx, w, about, n.Tell) //nolint:wrapcheck // as above
}
