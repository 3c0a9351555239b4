package alert

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event"
	"github.com/patchbay-im/patchbay/core/id"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Floors tells how work stands.
type Floors interface {
	// Floor returns how the work of a workspace stands now.
	Floor(ctx context.Context, w identity.WorkspaceID) (Floor, error)
}

// Service holds the use cases of alerts.
type Service struct {
	store  Store
	floors Floors
	now    func() time.Time
	ids    id.Source
}

// NewService returns a Service.
func NewService(store Store, floors Floors, now func() time.Time) *Service {
	return &Service{store: store, floors: floors, now: now, ids: id.NewSource(now)}
}

// Standing lists the alerts that stand and are in reach, the oldest first. Needs
// ConversationSupervise.
func (s *Service) Standing(ctx context.Context, scope identity.Scope) ([]Alert, error) {
	if err := scope.Require(identity.ConversationSupervise); err != nil {
		return nil, err
	}
	all, err := s.store.Standing(ctx, scope.Workspace)
	if err != nil || len(all) == 0 || scope.Reach().All() {
		return all, err
	}
	floor, err := s.floors.Floor(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a Alert) bool { return !floor.covers(scope.Reach(), a.Subject) }), nil
}

// Acknowledge notes that the actor takes care of an alert; who was first stays.
// Needs ConversationSupervise; errs.Absent for what does not stand, or is out of
// reach.
func (s *Service) Acknowledge(ctx context.Context, scope identity.Scope, id ID) (Alert, error) {
	inReach, err := s.Standing(ctx, scope)
	if err != nil {
		return Alert{}, err
	}
	if !slices.ContainsFunc(inReach, func(a Alert) bool { return a.ID == id }) {
		return Alert{}, errs.Absent()
	}
	by := identity.Actor{Kind: scope.Actor.Kind, ID: scope.Actor.ID, Name: scope.Actor.Name}
	return s.store.Acknowledge(ctx, scope.Workspace, id, by, s.now().UTC().Truncate(time.Millisecond))
}

// Rules returns when supervisors are alerted, and the revision of that: 0 where
// nobody chose yet, and the default holds. Needs ConversationSupervise.
func (s *Service) Rules(ctx context.Context, scope identity.Scope) (Rules, uint64, error) {
	if err := scope.Require(identity.ConversationSupervise); err != nil {
		return Rules{}, 0, err
	}
	return chosen(ctx, s.store, scope.Workspace)
}

// chosen are the rules that hold.
func chosen(ctx context.Context, store Store, w identity.WorkspaceID) (Rules, uint64, error) {
	rules, revision, err := store.Rules(ctx, w)
	if err == nil && revision == 0 {
		rules = Default()
	}
	return rules, revision, err
}

// SetRules changes when supervisors are alerted, if revision is still the last.
// Needs TeamManage and reach over everything. Its errors: Stale, and Invalid,
// which names every threshold that means nothing.
func (s *Service) SetRules(ctx context.Context, scope identity.Scope, revision uint64, rules Rules) (Rules, uint64, error) {
	if err := scope.Require(identity.TeamManage); err != nil {
		return Rules{}, 0, err
	}
	if !scope.Reach().All() {
		return Rules{}, 0, errs.New(errs.Forbidden, "forbidden", "Alerts are of every queue. Ask somebody whose role sees everything.")
	}
	if err := rules.check(); err != nil {
		return Rules{}, 0, err
	}
	before, _, err := chosen(ctx, s.store, scope.Workspace)
	if err != nil {
		return Rules{}, 0, err
	}
	record := identity.Record(ctx, scope, "alert_rules.updated", event.Party{Kind: "alert_rules"})
	d := event.Differences{}
	d.Note("rules", text(before), text(rules))
	record.Say(d)
	changed := event.Event{
		ID: s.ids.New("chg"), Workspace: string(scope.Workspace), Type: identity.WorkspaceChanged, Subject: string(scope.Workspace),
		At: s.now().UTC().Truncate(time.Millisecond), Data: []byte(`{}`), Audit: record,
	}
	return rules, revision + 1, s.store.SaveRules(ctx, scope.Workspace, rules, revision, changed)
}

// text is rules as the audit log keeps them.
func text(r Rules) string {
	raw, _ := json.Marshal(r) // numbers always marshal
	return string(raw)
}
