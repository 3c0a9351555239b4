package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/alert"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/wire"
)

// alertWait is about who waits longest in a queue.
type alertWait struct {
	On       bool `json:"on"`
	AfterS   int  `json:"after_s" doc:"Seconds, 60 to 86400."`
	OfTarget int  `json:"of_target" doc:"Percent of the queue's target, instead of after_s where it has one: 50 to 1000; 0: after_s everywhere."`
}

// alertStaff is about queues in which somebody waits.
type alertStaff struct {
	On        bool `json:"on"`
	FewerThan int  `json:"fewer_than" doc:"Available members who serve the queue, 1 to 1000."`
	AfterS    int  `json:"after_s" doc:"Seconds that somebody has waited, 60 to 86400."`
}

// alertRisk is about those who wait close to their target or past it.
type alertRisk struct {
	On       bool `json:"on"`
	MoreThan int  `json:"more_than" doc:"Conversations of a queue, 0 to 1000."`
}

// alertAway is about members who are away with conversations in hand.
type alertAway struct {
	On     bool `json:"on"`
	AfterS int  `json:"after_s" doc:"Seconds, 60 to 86400."`
}

// alertRules are when supervisors are alerted.
type alertRules struct {
	Revision uint64     `json:"revision" doc:"Grows with each change, which names the one that was read. 0: nobody chose yet."`
	Wait     alertWait  `json:"wait"`
	Staff    alertStaff `json:"staff"`
	Risk     alertRisk  `json:"risk"`
	Away     alertAway  `json:"away"`
}

func (s *Server) alertRoutes() {
	base := apiPrefix + "/workspaces/{workspace}"
	tags := []string{"alerts"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/alerts", Summary: "List the alerts that stand", Tags: tags,
		Description: "The oldest first, as far as you reach. A condition raises one alert once it has held for 15 seconds, and clears it once it has been over for as long.",
	}, identity.ConversationSupervise, s.listAlerts)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/alerts/{alert}/acknowledge", Summary: "Say that you take care of an alert", Tags: tags,
		Description: "Colleagues see who and when. It stands until its condition is over. Where somebody does already, nothing changes.",
	}, identity.ConversationSupervise, s.acknowledgeAlert)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: base + "/alert-rules", Summary: "When supervisors are alerted", Tags: tags,
	}, identity.ConversationSupervise, s.getAlertRules)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: base + "/alert-rules", Summary: "Change when supervisors are alerted", Tags: tags,
		Description: "All of it, for every queue. 409 alert.stale when revision is not the last.",
	}, identity.TeamManage, s.putAlertRules)
}

func (s *Server) listAlerts(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[list[wire.Alert]], error) {
	all, err := s.Alerts.Standing(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := &body[list[wire.Alert]]{Body: list[wire.Alert]{Items: make([]wire.Alert, len(all))}}
	for i, a := range all {
		out.Body.Items[i] = wire.AlertOf(a)
	}
	return out, nil
}

// AlertPath names an alert.
type AlertPath struct {
	WorkspacePath

	Alert string `path:"alert"`
}

func (s *Server) acknowledgeAlert(ctx context.Context, scope identity.Scope, in *AlertPath) (*body[wire.Alert], error) {
	return asOne(wire.AlertOf)(s.Alerts.Acknowledge(ctx, scope, alert.ID(in.Alert)))
}

func (s *Server) getAlertRules(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[alertRules], error) {
	return alertRulesOf(s.Alerts.Rules(ctx, scope))
}

type putAlertRulesInput struct {
	WorkspacePath

	Body alertRules
}

func (s *Server) putAlertRules(ctx context.Context, scope identity.Scope, in *putAlertRulesInput) (*body[alertRules], error) {
	b := in.Body
	return alertRulesOf(s.Alerts.SetRules(ctx, scope, b.Revision, alert.Rules{
		Wait:  alert.WaitRule{On: b.Wait.On, After: spanOfSeconds(b.Wait.AfterS), OfTarget: b.Wait.OfTarget},
		Staff: alert.StaffRule{On: b.Staff.On, Fewer: b.Staff.FewerThan, After: spanOfSeconds(b.Staff.AfterS)},
		Risk:  alert.RiskRule{On: b.Risk.On, More: b.Risk.MoreThan},
		Away:  alert.AwayRule{On: b.Away.On, After: spanOfSeconds(b.Away.AfterS)},
	}))
}

// spanOfSeconds is a span; one that nobody can mean is as long as can be told.
func spanOfSeconds(n int) time.Duration { return time.Duration(min(n, 1<<30)) * time.Second }

func alertRulesOf(r alert.Rules, revision uint64, err error) (*body[alertRules], error) {
	if err != nil {
		return nil, err
	}
	return &body[alertRules]{Body: alertRules{
		Revision: revision,
		Wait:     alertWait{r.Wait.On, int(r.Wait.After.Seconds()), r.Wait.OfTarget},
		Staff:    alertStaff{r.Staff.On, r.Staff.Fewer, int(r.Staff.After.Seconds())},
		Risk:     alertRisk{r.Risk.On, r.Risk.More},
		Away:     alertAway{r.Away.On, int(r.Away.After.Seconds())},
	}}, nil
}
