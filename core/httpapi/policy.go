package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/dispatch"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/policy"
	"github.com/patchbay-im/patchbay/core/wire"
)

// policyOrder is the order of what waits.
type policyOrder struct {
	By     string `json:"by,omitempty" doc:"arrival (or absent): first come, first served. value: the more valuable first. ageing: the more valuable as if it had waited boost_s longer for each unit of value. deadline: whose target ends first. cost: where waiting costs most for the time that it takes."`
	BoostS int    `json:"boost_s,omitempty" doc:"Of ageing: seconds of waiting that a unit of value is worth."`
}

// policyAgents is the order of the members who have room.
type policyAgents struct {
	By      string         `json:"by,omitempty" doc:"longest_idle (or absent), least_loaded, or pack: who has the least room that is enough."`
	Reserve *policyReserve `json:"reserve,omitempty" doc:"Members who are kept for channels that take a whole member; absent: none."`
}

// policyReserve keeps members who have nothing.
type policyReserve struct {
	Free     int      `json:"free" doc:"How many who have nothing are given no other work while anybody else has room; at most 1000."`
	Channels []string `json:"channels" nullable:"false" doc:"For whose conversations they are kept."`
}

// policyChannel is what a channel's conversations take, and what is expected of
// them.
type policyChannel struct {
	Weight    int      `json:"weight,omitempty" doc:"Of a member's capacity, for each; 0: 1. A conversation keeps what it weighed when it came to wait."`
	Limit     int      `json:"limit,omitempty" doc:"How many a member is given at once, unless the member has a limit of their own; 0: as the capacity allows; -1: none."`
	Exclusive bool     `json:"exclusive,omitempty" doc:"Takes a whole member: one who has nothing, and is given nothing else meanwhile. So do those of a queue that says so."`
	TargetS   int      `json:"target_s,omitempty" doc:"Seconds to the first answer, where the queue says nothing else; 0: none."`
	Cost      *float64 `json:"cost,omitempty" doc:"Of cost: of missing the target, beside other channels; absent: 1."`
	HandlingS int      `json:"handling_s,omitempty" doc:"Of cost: mean seconds of a member's time for one; 0: 300."`
}

// policyValue says what a conversation of a value costs.
type policyValue struct {
	Value int     `json:"value" doc:"1 to 100."`
	Cost  float64 `json:"cost" doc:"Of cost: by how much more than an ordinary one. A value that is not listed: 1 and the value."`
}

// policySticky is how long a conversation waits for one member.
type policySticky struct {
	ForS int `json:"for_s" doc:"Seconds for which it waits for the member who answered its customer last, where its queue says nothing else; 0: not at all, at most 7 days."`
}

// policyPlan is how work is given out.
type policyPlan struct {
	Order      policyOrder              `json:"order"`
	Agents     policyAgents             `json:"agents"`
	Starvation float64                  `json:"starvation" doc:"Past so many times its target, a conversation goes before all that are not as late. 0: 4; -1: never."`
	Channels   map[string]policyChannel `json:"channels" doc:"By channel: chat, message, mail, ticket, voice."`
	Values     []policyValue            `json:"values" nullable:"false"`
	Sticky     policySticky             `json:"sticky"`
}

// policyWarning is something that may be meant, and may be a mistake.
type policyWarning struct {
	Pointer string `json:"pointer" doc:"Into the plan."`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// policyDraft is what is worked on.
type policyDraft struct {
	Plan     policyPlan      `json:"plan"`
	Revision uint64          `json:"revision" doc:"Grows with each change; a change, and publishing, name the one that was read. 0: nothing was written yet."`
	Warnings []policyWarning `json:"warnings" nullable:"false" doc:"What may be a mistake."`
	By       *wire.Actor     `json:"by,omitempty"`
	At       *time.Time      `json:"at,omitempty"`
}

// policyRevision is a plan that was put in force.
type policyRevision struct {
	Number   uint64     `json:"number" doc:"1, 2, 3, ... The largest is in force."`
	Plan     policyPlan `json:"plan"`
	Note     string     `json:"note"`
	Restores uint64     `json:"restores,omitempty" doc:"The revision whose plan it is again; absent: it was the draft."`
	By       wire.Actor `json:"by"`
	At       time.Time  `json:"at"`
}

// dispatchPolicyBody is the draft and what is in force.
type dispatchPolicyBody struct {
	Draft     policyDraft     `json:"draft"`
	Published *policyRevision `json:"published,omitempty" doc:"In force; absent: first come, first served, by whoever has been idle the longest."`
}

func (s *Server) policyRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/dispatch-policy"
	tags := []string{"dispatch policy"}
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path, Summary: "Get the dispatch policy", Tags: tags,
		Description: "In which order what waits is given out, and to whom: the draft, and what is in force.",
	}, identity.TeamRead, s.getDispatchPolicy)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: path + "/draft", Summary: "Change the draft of the dispatch policy", Tags: tags,
		Description: "All of it: what is absent is as where nothing is said. It has no effect until it is published.",
	}, identity.TeamManage, s.putPolicyDraft)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/publish", Summary: "Publish the draft of the dispatch policy", Tags: tags,
		Description: "It is in force at once, for what waits already as well.",
	}, identity.TeamManage, s.publishPolicy)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/restore", Summary: "Put an older dispatch policy in force again", Tags: tags,
		Description: "The plan becomes a new revision, and the draft.",
	}, identity.TeamManage, s.restorePolicy)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path + "/revisions", Summary: "List the dispatch policies that were in force", Tags: tags,
		Description: "The newest first.",
	}, identity.TeamRead, s.listPolicies)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/compare", Summary: "Compare two dispatch policies on a day", Tags: tags,
		Description: "A day of customers, recorded or made up, is given out by each, with who was there or with others. Nothing is changed, and nothing that anybody wrote is read. The same day, seed, members and policies give the same answer.",
	}, identity.TeamManage, s.comparePolicies)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path + "/days", Summary: "List the days that dispatch policies can be compared on", Tags: tags,
		Description: "Those of the last 31 on which somebody waited.",
	}, identity.TeamManage, s.listPolicyDays)
	member(s, huma.Operation{
		Method: http.MethodGet, Path: path + "/days/{day}", Summary: "Get a day that dispatch policies can be compared on", Tags: tags,
		Description: "Who came and who was there, as patchbay simulate plays it. Nobody's name is in it.",
	}, identity.TeamManage, s.getPolicyDay)
}

func planOf(p dispatch.Plan) policyPlan {
	out := policyPlan{
		Order: policyOrder(p.Order), Agents: policyAgents{By: p.Agents.By}, Starvation: p.Starvation,
		Channels: map[string]policyChannel{}, Values: make([]policyValue, len(p.Values)), Sticky: policySticky(p.Sticky),
	}
	if keep := p.Agents.Reserve; keep.Free > 0 || len(keep.Channels) > 0 {
		out.Agents.Reserve = &policyReserve{Free: keep.Free, Channels: make([]string, len(keep.Channels))}
		for i, c := range keep.Channels {
			out.Agents.Reserve.Channels[i] = c.String()
		}
	}
	for c, ch := range p.Channels {
		out.Channels[c.String()] = policyChannel(ch)
	}
	for i, v := range p.Values {
		out.Values[i] = policyValue(v)
	}
	return out
}

func revisionOf(r policy.Revision) policyRevision {
	return policyRevision{
		Number: r.Number, Plan: planOf(r.Plan), Note: r.Note, Restores: r.Restores, By: actorOf(r.By), At: wire.Stamp(r.At),
	}
}

func actorOf(a identity.Actor) wire.Actor {
	return wire.Actor{Kind: string(a.Kind), ID: a.ID, Name: a.Name}
}

func warningsOf(all []dispatch.Warning) []policyWarning {
	out := make([]policyWarning, len(all))
	for i, w := range all {
		out[i] = policyWarning(w)
	}
	return out
}

func onePolicy(st policy.Advised, err error) (*body[dispatchPolicyBody], error) {
	if err != nil {
		return nil, err
	}
	out := dispatchPolicyBody{Draft: policyDraft{Plan: planOf(st.Draft.Plan), Revision: st.Draft.Revision, Warnings: warningsOf(st.Warnings)}}
	if st.Draft.Revision > 0 {
		by, at := actorOf(st.Draft.By), wire.Stamp(st.Draft.At)
		out.Draft.By, out.Draft.At = &by, &at
	}
	if st.Published.Number > 0 {
		r := revisionOf(st.Published)
		out.Published = &r
	}
	return &body[dispatchPolicyBody]{Body: out}, nil
}

func (s *Server) getDispatchPolicy(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[dispatchPolicyBody], error) {
	return onePolicy(s.Policies.State(ctx, scope))
}

type putPolicyInput struct {
	WorkspacePath
	Body struct {
		Revision   uint64                   `json:"revision" doc:"That of the draft that was changed."`
		Order      *policyOrder             `json:"order,omitempty"`
		Agents     *policyAgents            `json:"agents,omitempty"`
		Starvation float64                  `json:"starvation,omitempty" doc:"Past so many times its target, a conversation goes before all that are not as late. 0: 4; -1: never."`
		Channels   map[string]policyChannel `json:"channels,omitempty" doc:"By channel: chat, message, mail, ticket, voice."`
		Values     []policyValue            `json:"values,omitempty" doc:"At most 20, each value once."`
		Sticky     *policySticky            `json:"sticky,omitempty"`
	}
}

func (in *putPolicyInput) plan() (dispatch.Plan, error) {
	b := in.Body
	out := dispatch.Plan{Starvation: b.Starvation}
	if b.Order != nil {
		out.Order = dispatch.OrderPlan(*b.Order)
	}
	if b.Sticky != nil {
		out.Sticky = dispatch.StickyPlan(*b.Sticky)
	}
	if b.Agents != nil {
		out.Agents.By = b.Agents.By
		if err := b.Agents.Reserve.into(&out.Agents.Reserve); err != nil {
			return out, err
		}
	}
	for name, ch := range b.Channels {
		c, err := channelNamed("/channels", name)
		if err != nil {
			return out, err
		}
		if out.Channels == nil {
			out.Channels = map[dispatch.Channel]dispatch.ChannelPlan{}
		}
		out.Channels[c] = dispatch.ChannelPlan(ch)
	}
	for _, v := range b.Values {
		out.Values = append(out.Values, dispatch.ValuePlan(v))
	}
	return out, nil
}

// into says in the plan what r says; nil is nothing.
func (r *policyReserve) into(plan *dispatch.ReservePlan) error {
	if r == nil {
		return nil
	}
	plan.Free = r.Free
	for i, name := range r.Channels {
		c, err := channelNamed(fmt.Sprintf("/agents/reserve/channels/%d", i), name)
		if err != nil {
			return err
		}
		plan.Channels = append(plan.Channels, c)
	}
	return nil
}

func channelNamed(pointer, name string) (dispatch.Channel, error) {
	c, ok := dispatch.ParseChannel(name)
	if !ok {
		return c, errs.New(errs.Invalid, "dispatch.plan", "The policy is not accepted; fields says why.").
			WithFields(errs.Field{Pointer: pointer, Code: "enum", Detail: fmt.Sprintf("names %q, which is no channel", name)})
	}
	return c, nil
}

func (s *Server) putPolicyDraft(ctx context.Context, scope identity.Scope, in *putPolicyInput) (*body[dispatchPolicyBody], error) {
	plan, err := in.plan()
	if err != nil {
		return nil, err
	}
	return onePolicy(s.Policies.Save(ctx, scope, in.Body.Revision, plan))
}

type publishPolicyInput struct {
	WorkspacePath
	Body struct {
		Revision uint64 `json:"revision" doc:"That of the draft that was read."`
		Note     string `json:"note,omitempty" doc:"Why; at most 500 characters."`
	}
}

func (s *Server) publishPolicy(ctx context.Context, scope identity.Scope, in *publishPolicyInput) (*body[dispatchPolicyBody], error) {
	return onePolicy(s.Policies.Publish(ctx, scope, in.Body.Revision, in.Body.Note))
}

type restorePolicyInput struct {
	WorkspacePath
	Body struct {
		Number    uint64 `json:"number" doc:"Of the revision whose plan is wanted."`
		Published uint64 `json:"published" doc:"The number in force as it was read."`
		Note      string `json:"note,omitempty" doc:"Why; at most 500 characters."`
	}
}

func (s *Server) restorePolicy(ctx context.Context, scope identity.Scope, in *restorePolicyInput) (*body[dispatchPolicyBody], error) {
	return onePolicy(s.Policies.Restore(ctx, scope, in.Body.Number, in.Body.Published, in.Body.Note))
}

type listPoliciesInput struct {
	WorkspacePath
	Paging
}

func (s *Server) listPolicies(ctx context.Context, scope identity.Scope, in *listPoliciesInput) (*body[list[policyRevision]], error) {
	p, err := s.Policies.Revisions(ctx, scope, in.request())
	if err != nil {
		return nil, err
	}
	return listOf(p, revisionOf), nil
}
