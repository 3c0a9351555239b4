package httpapi

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/patchbay-im/patchbay/core/dispatch/simulate"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy"
)

// policyStaff is members of the same capacity.
type policyStaff struct {
	Count    int `json:"count" doc:"At most 200 in all."`
	Capacity int `json:"capacity" doc:"1 to 100."`
}

// policyStream is customers who come by a channel.
type policyStream struct {
	Channel   string  `json:"channel" doc:"chat, message, mail, ticket or voice."`
	PerHour   float64 `json:"per_hour" doc:"How many come, all along the day; at most 20,000 in all."`
	HandlingS int     `json:"handling_s" doc:"Mean seconds that one takes a member."`
	TargetS   int     `json:"target_s,omitempty" doc:"Seconds to the first answer; 0: as the policy says."`
	PatienceS int     `json:"patience_s,omitempty" doc:"Mean seconds after which they leave; 0: nobody leaves."`
	Value     int     `json:"value,omitempty" doc:"0: ordinary; at most 100."`
}

// policyDay is a day that policies are compared by.
type policyDay struct {
	Kind    string         `json:"kind" doc:"recorded, messaging (chats, important chats, messages, mails), voice (calls instead of messages), or own. messaging and voice are made up: 60 members with two of four skills each, and two peaks in 8 hours."`
	Date    string         `json:"date,omitempty" doc:"Of recorded: one of the days that are listed."`
	Load    float64        `json:"load,omitempty" doc:"Of a made-up day: how many come beside its usual ones, 0.5 to 2; 0: 1."`
	Seed    uint64         `json:"seed,omitempty" doc:"Another one is another day of the same kind; of recorded: draws anew what was not recorded."`
	Staff   []policyStaff  `json:"staff,omitempty" doc:"Of own: at most 20. Everybody may be given everything."`
	Streams []policyStream `json:"streams,omitempty" doc:"Of own: at most 20."`
}

// policyHeadcount is how many members of a group there are to be.
type policyHeadcount struct {
	Group string `json:"group" doc:"Its key."`
	Count int    `json:"count" doc:"0 to 1,000. Of fewer the last stay away, of more some are there twice."`
}

type comparePolicyInput struct {
	WorkspacePath
	Body struct {
		Plans    [2]string           `json:"plans" doc:"Each: draft, current (in force), or the number of a revision."`
		Day      policyDay           `json:"day"`
		Staffing [][]policyHeadcount `json:"staffing,omitempty" maxItems:"2" doc:"For each of plans, the groups of the day's members that are to have another count; absent: all are as on the day."`
		Files    bool                `json:"files,omitempty" doc:"Whether the answer is to have the files that patchbay simulate takes."`
	}
}

// policyFigures is what came of customers.
type policyFigures struct {
	Arrived   int     `json:"arrived"`
	Abandoned int     `json:"abandoned" doc:"Left before somebody answered."`
	Left      int     `json:"left" doc:"Not answered when the day ended."`
	Within    float64 `json:"within" doc:"Share of those with a target who were answered within it."`
	WaitMean  float64 `json:"wait_mean_s" doc:"Seconds until the first answer, of those who were answered."`
	WaitP50   float64 `json:"wait_p50_s"`
	WaitP95   float64 `json:"wait_p95_s"`
}

// policyChannelFigures is figures of a channel.
type policyChannelFigures struct {
	Channel string        `json:"channel"`
	Figures policyFigures `json:"figures"`
}

// policyQueueFigures is figures of a stream of customers.
type policyQueueFigures struct {
	Name    string        `json:"name"`
	Channel string        `json:"channel"`
	Value   int           `json:"value"`
	Skill   string        `json:"skill,omitempty" doc:"That a member must have, on a made-up day."`
	QueueID string        `json:"queue_id,omitempty" doc:"In which they stood, on a recorded day."`
	TeamID  string        `json:"team_id,omitempty" doc:"Who serves them, on a recorded day; absent: everybody."`
	Skills  []needBody    `json:"skills,omitempty" doc:"That they asked for beside what their queue does, on a recorded day."`
	TargetS int           `json:"target_s,omitempty"`
	Figures policyFigures `json:"figures"`
}

// policyQuarter is a quarter of an hour.
type policyQuarter struct {
	AtS      float64  `json:"at_s"`
	Arrived  int      `json:"arrived"`
	WaitMean *float64 `json:"wait_mean_s,omitempty" doc:"Of those who came then and were answered; absent: nobody was."`
	Within   *float64 `json:"within,omitempty" doc:"Share of those who came then, with a target, who were answered within it; absent: nobody had one."`
	Waiting  int      `json:"waiting" doc:"At its end."`
}

// policyBand is how many customers were answered after so long.
type policyBand struct {
	UpToS float64 `json:"up_to_s,omitempty" doc:"Longer than the band before, and at most this; absent of the last: however long."`
	Count int     `json:"count"`
}

// policyMember is what a member of the day did.
type policyMember struct {
	Occupancy float64 `json:"occupancy" doc:"Mean share of their capacity that was in use."`
	Served    int     `json:"served"`
}

// policyPlayed is what a policy would do to the day.
type policyPlayed struct {
	Plan      string                 `json:"plan" doc:"As it was named."`
	Warnings  []policyWarning        `json:"warnings" nullable:"false" doc:"With the day's people."`
	All       policyFigures          `json:"all"`
	Channels  []policyChannelFigures `json:"channels" nullable:"false"`
	Queues    []policyQueueFigures   `json:"queues" nullable:"false"`
	Series    []policyQuarter        `json:"series" nullable:"false" doc:"By quarter of an hour."`
	Waits     []policyBand           `json:"waits" nullable:"false" doc:"How waits are spread."`
	Crew      []policyMember         `json:"crew" nullable:"false" doc:"Each member of the day, in the same order for both plans."`
	Occupancy float64                `json:"occupancy" doc:"Mean share of the members' capacity that is in use."`
	Fairness  float64                `json:"fairness" doc:"Jain's index of the members' occupancies; 1: all equal."`
	Members   int                    `json:"members" doc:"Who were there."`
	Files     *policyFiles           `json:"files,omitempty" doc:"As asked for."`
}

// policyFiles are what patchbay simulate takes.
type policyFiles struct {
	Scenario json.RawMessage `json:"scenario" doc:"The day, with its members and seed."`
	Policy   json.RawMessage `json:"policy"`
}

type policyComparisonBody struct {
	Customers int            `json:"customers"`
	Members   int            `json:"members" doc:"Of the first of plans."`
	Gaps      []policyGap    `json:"gaps" nullable:"false" doc:"What of a recorded day is not known, or not played."`
	Played    []policyPlayed `json:"played" nullable:"false" doc:"In the order of plans."`
}

func (s *Server) comparePolicies(ctx context.Context, scope identity.Scope, in *comparePolicyInput) (*body[policyComparisonBody], error) {
	var sides [2]policy.Side
	for i, plan := range in.Body.Plans {
		sides[i].Plan = policy.Which(plan)
	}
	for i, groups := range in.Body.Staffing {
		for _, g := range groups {
			sides[i].Staffing = append(sides[i].Staffing, policy.Headcount(g))
		}
	}
	c, err := s.Policies.Compare(ctx, scope, sides, in.Body.Day.day())
	if err != nil {
		return nil, err
	}
	out := policyComparisonBody{Customers: c.Played[0].Result.All.Arrived, Members: c.Played[0].People, Gaps: gapsOf(c.Gaps)}
	for i, p := range c.Played {
		one := playedOf(in.Body.Plans[i], c.View, p)
		if in.Body.Files {
			if one.Files, err = filesOf(p); err != nil {
				return nil, err
			}
		}
		out.Played = append(out.Played, one)
	}
	return &body[policyComparisonBody]{Body: out}, nil
}

func (d policyDay) day() policy.Day {
	out := policy.Day{Kind: policy.DayKind(d.Kind), Date: d.Date, Seed: d.Seed, Load: d.Load}
	for _, st := range d.Staff {
		out.Staff = append(out.Staff, policy.Staff(st))
	}
	for _, st := range d.Streams {
		out.Streams = append(out.Streams, policy.Stream(st))
	}
	return out
}

func filesOf(p policy.Played) (*policyFiles, error) {
	scenario, err := json.Marshal(p.Scenario)
	if err != nil {
		return nil, err
	}
	plan, err := json.Marshal(p.Plan)
	return &policyFiles{scenario, plan}, err
}

func playedOf(name string, day policy.View, p policy.Played) policyPlayed {
	r := p.Result
	out := policyPlayed{
		Plan: name, Warnings: warningsOf(p.Warnings), All: figuresOf(r.All), Channels: make([]policyChannelFigures, len(r.Channels)),
		Queues: make([]policyQueueFigures, len(r.Queues)), Series: make([]policyQuarter, len(r.Series)), Occupancy: r.Occupancy, Fairness: r.Fairness, Members: p.People,
	}
	for i, c := range r.Channels {
		out.Channels[i] = policyChannelFigures{c.Name, figuresOf(c.Figures)}
	}
	for i, q := range r.Queues {
		of := day.Scenario.Queues[i]
		out.Queues[i] = policyQueueFigures{
			Name: q.Name, Channel: of.ChannelName(), Value: of.Value, TargetS: int(of.Target), Figures: figuresOf(q.Figures),
		}
		if i < len(day.Streams) {
			st := day.Streams[i]
			out.Queues[i].QueueID, out.Queues[i].TeamID, out.Queues[i].Skills = string(st.Queue), string(st.Team), needsOf(st.Skills)
			continue
		}
		for skill := range of.Skills { // at most one
			out.Queues[i].Skill = strings.TrimPrefix(skill, "skill-")
		}
	}
	for i, q := range r.Series {
		out.Series[i] = quarterOf(q)
	}
	for _, b := range r.Waits {
		out.Waits = append(out.Waits, policyBand{b.UpTo, b.Count})
	}
	for _, a := range r.Agents {
		out.Crew = append(out.Crew, policyMember{a.Occupancy, a.Served})
	}
	return out
}

// quarterOf leaves out what is said of nobody.
func quarterOf(q simulate.Quarter) policyQuarter {
	out := policyQuarter{AtS: q.At, Arrived: q.Arrived, Waiting: q.Waiting}
	if q.Answered > 0 {
		out.WaitMean = &q.MeanWait
	}
	if q.Due > 0 {
		out.Within = &q.Within
	}
	return out
}

func figuresOf(f simulate.Figures) policyFigures {
	return policyFigures{
		Arrived: f.Arrived, Abandoned: f.Abandoned, Left: f.Left, Within: f.Within,
		WaitMean: f.Wait.Mean, WaitP50: f.Wait.P50, WaitP95: f.Wait.P95,
	}
}
