package httpapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/team"
	"github.com/patchbay-im/patchbay/core/traffic"
)

// policyGap is something of a recorded day that is not known, or not played.
type policyGap struct {
	Code  string `json:"code" doc:"today (the day is not over), handling (how long customers took: drawn from the others), handling_assumed (nobody's is known), carried (waited when the day began), in_hand (were with a member then: left out), direct (given without waiting: left out), presence (members who are there from the first to the last thing that they did), gone (members who are no more: left out), hours (queues whose hours are not played), queues (customers of queues that are no more), demands (customers whose own skills are left out)."`
	Count int    `json:"count"`
}

func gapsOf(all []traffic.Gap) []policyGap {
	out := make([]policyGap, len(all))
	for i, g := range all {
		out[i] = policyGap{string(g.Code), g.Count}
	}
	return out
}

// policyDayCount is how much came on a day.
type policyDayCount struct {
	Date  string `json:"date"`
	Waits int    `json:"waits" doc:"How often conversations came to wait, those that came back from a member too."`
}

type policyDaysBody struct {
	TimeZone string           `json:"time_zone" doc:"In which they are days: that of the oldest calendar, or of the server."`
	Days     []policyDayCount `json:"days" nullable:"false" doc:"The last 31, the newest first, without those on which nobody waited."`
}

// policyDayGroup is members of a day who are alike.
type policyDayGroup struct {
	Key      string     `json:"key"`
	Count    int        `json:"count"`
	TeamIDs  []string   `json:"team_ids" nullable:"false"`
	Skills   []needBody `json:"skills" nullable:"false" doc:"On a made-up day skill-1 to skill-4."`
	Capacity int        `json:"capacity"`
	FromS    float64    `json:"from_s" doc:"Seconds since the day began, by the half hour; breaks between are each member's own."`
	ToS      float64    `json:"to_s"`
}

type policyDayBody struct {
	Since     *time.Time       `json:"since,omitempty" doc:"Of a recorded day: when it began."`
	Until     *time.Time       `json:"until,omitempty" doc:"Of a recorded day: when it ended, or now."`
	TimeZone  string           `json:"time_zone,omitempty"`
	Customers int              `json:"customers" doc:"Who came; of a made-up day 0, since they are drawn."`
	Groups    []policyDayGroup `json:"groups" nullable:"false"`
	Gaps      []policyGap      `json:"gaps" nullable:"false"`
	Scenario  json.RawMessage  `json:"scenario" doc:"The file that patchbay simulate takes."`
}

func (s *Server) listPolicyDays(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[policyDaysBody], error) {
	found, err := s.Policies.Days(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := policyDaysBody{TimeZone: found.Zone, Days: make([]policyDayCount, len(found.Days))}
	for i, d := range found.Days {
		out.Days[i] = policyDayCount(d)
	}
	return &body[policyDaysBody]{Body: out}, nil
}

type policyDayInput struct {
	WorkspacePath
	Day  string  `path:"day" doc:"A date of those that are listed (2026-11-20), or messaging or voice."`
	Load float64 `query:"load" doc:"Of a made-up day, as for a comparison."`
	Seed uint64  `query:"seed" doc:"As for a comparison."`
}

func (s *Server) getPolicyDay(ctx context.Context, scope identity.Scope, in *policyDayInput) (*body[policyDayBody], error) {
	day := policy.Day{Kind: policy.DayRecorded, Date: in.Day, Seed: in.Seed, Load: in.Load}
	if kind := policy.DayKind(in.Day); kind == policy.DayMessaging || kind == policy.DayVoice {
		day.Kind = kind
	}
	v, err := s.Policies.Look(ctx, scope, day)
	if err != nil {
		return nil, err
	}
	file, err := json.Marshal(v.Scenario)
	if err != nil {
		return nil, err
	}
	out := policyDayBody{
		TimeZone: v.Zone, Customers: len(v.Scenario.Arrivals), Groups: make([]policyDayGroup, len(v.Groups)), Gaps: gapsOf(v.Gaps), Scenario: file,
	}
	if !v.Since.IsZero() {
		out.Since, out.Until = &v.Since, &v.Until
	}
	for i, g := range v.Groups {
		out.Groups[i] = policyDayGroup{g.Key, g.Count, teamIDs(g.Teams), needsOf(g.Skills), g.Capacity, float64(g.From), float64(g.To)}
	}
	return &body[policyDayBody]{Body: out}, nil
}

func teamIDs(ids []team.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
