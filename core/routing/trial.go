package routing

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/team"
)

// Outcome is what the rules make of a conversation.
type Outcome struct {
	Facts  Facts // what they looked at; of a conversation that there was, what rules ask about
	Trials []Trial
	Landing
}

// Landing is where a conversation would wait.
type Landing struct {
	Queue    queue.ID // "" = in none
	Team     team.ID  // "" = everybody
	Priority conversation.Priority
	conversation.Demand
	Skipped []errs.Field        // of the rule that counts
	Serves  []identity.MemberID // who may be given it once its queue is open, by id

	// Shut is the queue that it would be in and that is closed then; "" = it is
	// open. Queue is another where it goes on to an overflow queue, which is open.
	Shut  queue.ID
	Opens time.Time // when Shut does; zero = nobody knows
}

// Try tells what the rules make of facts; the zone of At does not matter, its
// zero = now, and Open and Channel are found out. Needs TeamManage and reach over
// everything. Errors: errs.Invalid for an inbox that is not of the workspace.
func (s *Service) Try(ctx context.Context, scope identity.Scope, x Facts) (Outcome, error) {
	p, err := s.tries(ctx, scope)
	if err != nil {
		return Outcome{}, err
	}
	left := conversation.ToRoute
	if x.Team != "" {
		left |= conversation.TeamChosen
	}
	if x.Inbox != "" {
		inbox, err := s.Inboxes.Inbox(ctx, x.Inbox)
		if errs.Is(err, errs.NotFound) || err == nil && inbox.Workspace != scope.Workspace {
			return Outcome{}, errs.New(errs.Invalid, CodeRules, "There is no such inbox.").
				WithFields(errs.Field{Pointer: "/inbox_id", Code: "unknown", Detail: "names an inbox that is not in this workspace"})
		}
		if err != nil {
			return Outcome{}, err
		}
		x.Channel = s.channelOf(inbox.Plugin, inbox.Live)
	}
	return s.outcome(ctx, scope.Workspace, p, x, left)
}

// TryOn tells what the rules make of a conversation that there was, at the time at
// which it began: its labels, its priority and its contact are as they are now.
// Needs TeamManage, ConversationRead and reach over everything.
func (s *Service) TryOn(ctx context.Context, scope identity.Scope, id conversation.ID) (Outcome, error) {
	p, err := s.tries(ctx, scope)
	if err != nil {
		return Outcome{}, err
	}
	if err := scope.Require(identity.ConversationRead); err != nil {
		return Outcome{}, err
	}
	c, err := s.Talks.Get(ctx, scope.Workspace, id)
	if err != nil {
		return Outcome{}, err
	}
	c.Team = ""
	x, err := s.facts(ctx, p, c, func(ctx context.Context) (contact.Contact, error) {
		who, _, err := s.Contacts.Get(ctx, scope.Workspace, c.Contact)
		return who, err
	})
	if err != nil {
		return Outcome{}, err
	}
	x.At = c.CreatedAt
	return s.outcome(ctx, scope.Workspace, p, x, conversation.ToRoute)
}

// tries is the plan for whoever may try it.
func (s *Service) tries(ctx context.Context, scope identity.Scope) (plan, error) {
	if err := queue.Manages(scope); err != nil {
		return plan{}, err
	}
	d, err := s.Store.Document(ctx, scope.Workspace)
	if err != nil {
		return plan{}, err
	}
	custom, err := s.Catalog.Attributes(ctx, scope.Workspace, catalog.OfContact)
	if err != nil {
		return plan{}, err
	}
	return s.compile(ctx, scope.Workspace, d, Fields(custom))
}

// outcome asks the plan about facts, of which left may still be decided.
func (s *Service) outcome(ctx context.Context, w identity.WorkspaceID, p plan, x Facts, left conversation.Unrouted) (Outcome, error) {
	if x.At.IsZero() {
		x.At = s.Now()
	}
	x.At = x.At.In(p.zone)
	x.Open = p.open(x.At)
	out := Outcome{}
	var err error
	if out.Landing, err = s.unruled(ctx, w, x); err != nil {
		return out, err
	}
	if x.Team == "" { // that of the inbox, as of a conversation that begins there
		x.Team = out.Team
	}
	out.Facts, out.Trials = x, rules.Try(p.list, x, x.At)
	if rule := rules.First(p.list, x, x.At); rule != nil {
		then, faults, err := s.possible(ctx, w, rule.Then)
		if err != nil {
			return out, err
		}
		then, skipped := then.Within(left, x.Team)
		if out.Skipped = append(faults, skipped...); then.Queue != "" {
			out.Queue, out.Team = then.Queue, then.Team
		}
		if then.Priority != "" {
			out.Priority = then.Priority
		}
		out.Demand = then.Demand
	}
	if err := s.hours(ctx, w, &out.Landing, x.At); err != nil {
		return out, err
	}
	return out, s.served(ctx, w, &out.Landing)
}

// unruled is where a conversation waits for which no rule holds.
func (s *Service) unruled(ctx context.Context, w identity.WorkspaceID, x Facts) (Landing, error) {
	out := Landing{Team: x.Team, Priority: x.Priority}
	if x.Inbox == "" || x.Team != "" {
		return out, nil
	}
	var err error
	if out.Queue, out.Team, err = s.Queues.QueueOfInbox(ctx, w, string(x.Inbox)); err == nil && out.Queue == "" {
		out.Team, err = s.Teams.TeamOfInbox(ctx, w, string(x.Inbox))
	}
	return out, err
}

// hours looks whether the queue is open at a time, and where what comes goes on to.
func (s *Service) hours(ctx context.Context, w identity.WorkspaceID, to *Landing, at time.Time) error {
	if to.Queue == "" {
		return nil
	}
	here, err := s.Hours.Standing(ctx, w, to.Queue, at)
	if err != nil || !here.Closed {
		return err
	}
	to.Shut, to.Opens = to.Queue, here.Opens
	on, err := s.Hours.Entering(ctx, w, to.Queue, at)
	if err == nil && !on.Closed && on.Queue.ID != "" {
		to.Queue, to.Team = on.Queue.ID, on.Queue.Team
	}
	return err
}

// served finds out who may be given what waits there.
func (s *Service) served(ctx context.Context, w identity.WorkspaceID, at *Landing) error {
	q, err := s.asking(ctx, w, conversation.Effects{Queue: at.Queue, Team: at.Team, Demand: at.Demand})
	if err != nil {
		return err
	}
	staff, err := s.People.Staff(ctx, w)
	for _, c := range staff {
		if q.ServedBy(c) {
			at.Serves = append(at.Serves, c.Member)
		}
	}
	slices.SortFunc(at.Serves, func(a, b identity.MemberID) int { return strings.Compare(string(a), string(b)) })
	return err
}
