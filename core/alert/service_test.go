package alert_test

import (
	"testing"
	"time"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/alert/alerttest"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/event/eventtest"
	"github.com/patchbay-im/patchbay/core/identity"
)

func supervisor(reach identity.Reach, permissions ...identity.Permission) identity.Scope {
	return identity.Scope{Workspace: here, Actor: identity.Actor{Kind: identity.ActorMember, ID: "mem_1", Name: "林晓"}}.With(identity.Rights{Permissions: permissions, Reach: reach})
}

func TestRulesThatMeanNothingAreRefusedTogether(t *testing.T) {
	t.Parallel()
	feed := eventtest.NewFeed()
	s := alert.NewService(alerttest.NewFake(feed), &alerttest.Floor{}, time.Now)
	scope := supervisor(identity.Everywhere(), identity.TeamManage, identity.ConversationSupervise)
	bad := alert.Rules{Wait: alert.WaitRule{After: time.Second, OfTarget: 20}, Staff: alert.StaffRule{Fewer: 0, After: time.Minute}, Risk: alert.RiskRule{More: -1}, Away: alert.AwayRule{After: 48 * time.Hour}}
	_, _, err := s.SetRules(t.Context(), scope, 0, bad)
	if !errs.Is(err, errs.Invalid) || errs.As(err).Code != alert.CodeRules || len(errs.As(err).Fields) != 5 {
		t.Fatalf("got %v", err)
	}
	if _, revision, err := s.Rules(t.Context(), scope); err != nil || revision != 0 {
		t.Errorf("something was saved: %d, %v", revision, err)
	}
	if _, revision, err := s.SetRules(t.Context(), scope, 0, alert.Default()); err != nil || revision != 1 {
		t.Errorf("sensible ones: %d, %v", revision, err)
	}
}

func TestRulesAreOfWhoManagesEverything(t *testing.T) {
	t.Parallel()
	s := alert.NewService(alerttest.NewFake(eventtest.NewFeed()), &alerttest.Floor{}, time.Now)
	team := identity.Reach{Kind: identity.ReachTeam, Member: "mem_1", Teams: []string{"tea_1"}}
	for name, scope := range map[string]identity.Scope{
		"who supervises":     supervisor(identity.Everywhere(), identity.ConversationSupervise),
		"who manages a team": supervisor(team, identity.ConversationSupervise, identity.TeamManage),
	} {
		if _, _, err := s.SetRules(t.Context(), scope, 0, alert.Default()); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := s.Rules(t.Context(), supervisor(team, identity.TeamManage)); !errs.Is(err, errs.Forbidden) {
		t.Errorf("who does not supervise reads them: %v", err)
	}
}

func TestWhatIsOutOfReachIsNotThere(t *testing.T) {
	t.Parallel()
	floor := &alerttest.Floor{Queues: []alert.Queue{{ID: "que_a", Team: "tea_1"}, {ID: "que_b", Team: "tea_2"}}}
	store := alerttest.NewFake(eventtest.NewFeed())
	if err := store.Raise(t.Context(), here, []alert.Alert{
		{ID: "alr_1", Key: alert.Key{Rule: alert.LongWait, Subject: alert.Subject{Queue: "que_a"}}},
		{ID: "alr_2", Key: alert.Key{Rule: alert.LongWait, Subject: alert.Subject{Queue: "que_b"}}},
	}); err != nil {
		t.Fatal(err)
	}
	s := alert.NewService(store, floor, func() time.Time { return noon })
	scope := supervisor(identity.Reach{Kind: identity.ReachTeam, Member: "mem_1", Teams: []string{"tea_1"}}, identity.ConversationSupervise)
	if got, err := s.Standing(t.Context(), scope); err != nil || len(got) != 1 || got[0].ID != "alr_1" {
		t.Errorf("stands: %v, %v", got, err)
	}
	if got, err := s.Acknowledge(t.Context(), scope, "alr_1"); err != nil || got.AckBy.Name != "林晓" || !got.AckAt.Equal(noon) {
		t.Errorf("acknowledged: %+v, %v", got, err)
	}
	if _, err := s.Acknowledge(t.Context(), scope, "alr_2"); !errs.Is(err, errs.NotFound) {
		t.Errorf("out of reach: %v", err)
	}
	if _, err := s.Standing(t.Context(), supervisor(identity.Everywhere())); !errs.Is(err, errs.Forbidden) {
		t.Errorf("without the permission: %v", err)
	}
}
