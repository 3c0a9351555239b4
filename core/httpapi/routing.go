package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
	"github.com/patchbay-im/patchbay/core/queue"
	"github.com/patchbay-im/patchbay/core/routing"
	"github.com/patchbay-im/patchbay/core/team"
)

// routingRuleBody is a routing rule.
type routingRuleBody struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Enabled bool            `json:"enabled"`
	When    map[string]any  `json:"when" doc:"Conditions: a filter as lists take it, over the fields of routing."`
	Then    routingThen     `json:"then"`
	Faults  []ruleFaultBody `json:"faults" nullable:"false" doc:"What does not work, since it is not there any more: an effect is left out; a rule that asks about it does not hold."`
}

// routingThen is what a routing rule does.
type routingThen struct {
	QueueID  string `json:"queue_id,omitempty" doc:"Absent: it waits where its inbox, or a rule of that, says."`
	Priority string `json:"priority,omitempty" enum:"low,normal,high,urgent" doc:"Absent: as it is."`
	RoutingDemand
}

// RoutingDemand is what a conversation asks of who is given it.
type RoutingDemand struct {
	Skills []needBody `json:"skills,omitempty" maxItems:"10" doc:"Beside those that its queue asks for; absent: none. They are asked for until a person gives it to another queue or team."`
	Value  int        `json:"value,omitempty" doc:"Instead of its queue's, 1 to 100; absent: that."`
}

// routingField is something that conditions can ask about.
type routingField struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind" enum:"enum,id,set,text,number,date,bool"`
	Options []string `json:"options,omitempty" doc:"Of enum."`
}

// routingBody is the routing rules of a workspace.
type routingBody struct {
	Revision uint64            `json:"revision" doc:"Grows with each change; a change names the one that it was made of."`
	TimeZone string            `json:"time_zone" doc:"Of the IANA database: of hour and weekday. Empty: UTC."`
	Rules    []routingRuleBody `json:"rules" nullable:"false" doc:"In their order: the first that is on and whose conditions hold is the one that counts."`
	Fields   []routingField    `json:"fields" nullable:"false" doc:"What conditions can ask about."`
	Warnings []ruleFaultBody   `json:"warnings" nullable:"false" doc:"Rules that can never count (never, unreachable); pointers are into this document."`
}

func (s *Server) routingRoutes() {
	path := apiPrefix + "/workspaces/{workspace}/routing"
	tags := []string{"queues"}
	member(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "Read the routing rules", Tags: tags}, identity.TeamRead, s.getRouting)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: path, Summary: "Replace the routing rules", Tags: tags,
		Description: "They count from the next conversation on that enters the queue for the first time.",
	}, identity.TeamManage, s.putRouting)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: path + "/try", Summary: "Try the routing rules", Tags: tags,
		Description: "Tells of each rule what a conversation would make of it, where it would wait, and who could serve it. Nothing is changed.",
	}, identity.TeamManage, s.tryRouting)
}

func faultBodies(faults []errs.Field) []ruleFaultBody {
	out := []ruleFaultBody{}
	for _, f := range faults {
		out = append(out, ruleFaultBody{Pointer: f.Pointer, Code: f.Code, Detail: f.Detail})
	}
	return out
}

func routingOf(b routing.Book) *body[routingBody] {
	out := routingBody{Revision: b.Revision, TimeZone: b.Zone, Rules: []routingRuleBody{}, Fields: []routingField{}, Warnings: faultBodies(b.Warnings)}
	for _, k := range b.List {
		out.Rules = append(out.Rules, routingRuleBody{
			ID: k.ID, Name: k.Name, Enabled: k.Enabled, When: jsonObject(k.When), Faults: faultBodies(b.Faults[k.ID]),
			Then: routingThenOf(k.Then),
		})
	}
	for name, f := range b.Fields {
		out.Fields = append(out.Fields, routingField{Name: name, Kind: string(f.Kind), Options: f.Options})
	}
	slices.SortFunc(out.Fields, func(a, b routingField) int { return strings.Compare(a.Name, b.Name) })
	return &body[routingBody]{Body: out}
}

func routingThenOf(e routing.Effects) routingThen {
	return routingThen{QueueID: string(e.Queue), Priority: string(e.Priority), RoutingDemand: demandOf(e.Demand())}
}

func demandOf(d conversation.Demand) RoutingDemand {
	out := RoutingDemand{Value: d.Value}
	for _, n := range d.Needs {
		out.Skills = append(out.Skills, needBody{string(n.Skill), n.Level})
	}
	return out
}

func (t routingThen) effects() routing.Effects {
	out := routing.Effects{Queue: queue.ID(t.QueueID), Priority: conversation.Priority(t.Priority), Value: t.Value}
	for _, n := range t.Skills {
		out.Skills = append(out.Skills, routing.Need{Skill: queue.SkillID(n.SkillID), Level: n.Level})
	}
	return out
}

func (s *Server) getRouting(ctx context.Context, scope identity.Scope, _ *WorkspacePath) (*body[routingBody], error) {
	book, err := s.RoutingRules.Rules(ctx, scope)
	if err != nil {
		return nil, err
	}
	return routingOf(book), nil
}

type putRoutingInput struct {
	WorkspacePath
	Body struct {
		Revision uint64             `json:"revision" doc:"That of the rules that were changed; 0 where there were none yet."`
		TimeZone string             `json:"time_zone,omitempty" doc:"Absent or empty: UTC."`
		Rules    []routingRuleDraft `json:"rules" nullable:"false" maxItems:"100"`
	}
}

// routingRuleDraft is a routing rule as it is to be.
type routingRuleDraft struct {
	ID      string         `json:"id,omitempty" doc:"Absent of a new one."`
	Name    string         `json:"name"`
	Enabled bool           `json:"enabled"`
	When    map[string]any `json:"when,omitempty" doc:"Conditions; absent: always."`
	Then    routingThen    `json:"then"`
}

func (s *Server) putRouting(ctx context.Context, scope identity.Scope, in *putRoutingInput) (*body[routingBody], error) {
	drafts := make([]routing.Draft, len(in.Body.Rules))
	for i, r := range in.Body.Rules {
		when, err := json.Marshal(r.When)
		if err != nil {
			return nil, err //nolint:wrapcheck // it came as JSON
		}
		drafts[i] = routing.Draft{ID: r.ID, Name: r.Name, Enabled: r.Enabled, When: when, Then: r.Then.effects()}
	}
	book, err := s.RoutingRules.Set(ctx, scope, in.Body.Revision, in.Body.TimeZone, drafts)
	if err != nil {
		return nil, err
	}
	return routingOf(book), nil
}

type tryRoutingInput struct {
	WorkspacePath
	Body struct {
		ConversationID string `json:"conversation_id,omitempty" doc:"One that there was: as it began, with its labels, priority and contact as they are now. Else it is made of the other fields."`

		InboxID        string         `json:"inbox_id,omitempty"`
		TeamID         string         `json:"team_id,omitempty" doc:"That a rule of its inbox, an interceptor or a bot has chosen. Absent: nobody did."`
		Language       string         `json:"language,omitempty" maxLength:"35"`
		PageURL        string         `json:"page_url,omitempty" maxLength:"2000"`
		PageTitle      string         `json:"page_title,omitempty" maxLength:"300"`
		OrganisationID string         `json:"organisation_id,omitempty"`
		Attributes     map[string]any `json:"attributes,omitempty" doc:"Of the contact, by key."`
		Verified       bool           `json:"verified,omitempty"`
		Returning      bool           `json:"returning,omitempty"`
		LabelIDs       []string       `json:"label_ids,omitempty" maxItems:"50"`
		Priority       string         `json:"priority,omitempty" enum:"low,normal,high,urgent"`
		Text           string         `json:"text,omitempty" maxLength:"10000"`
		Findings       []string       `json:"findings,omitempty" maxItems:"50" doc:"Codes of what analyzers noticed."`
		At             *time.Time     `json:"at,omitempty" doc:"Absent: now."`
	}
}

// routingTrialsBody is what a conversation makes of the routing rules.
type routingTrialsBody struct {
	ruleTrialsBody
	At       time.Time `json:"at" doc:"The time that was looked at, in the time zone of the rules."`
	QueueID  string    `json:"queue_id,omitempty" doc:"The queue in which it would wait; absent: none."`
	TeamID   string    `json:"team_id,omitempty" doc:"Whose people would answer it; absent: everybody."`
	Priority string    `json:"priority,omitempty" enum:"low,normal,high,urgent"`
	RoutingDemand
	Skipped  []ruleFaultBody  `json:"skipped" nullable:"false" doc:"What the rule that counts says, and would be left out."`
	Serves   []routingMember  `json:"serves" nullable:"false" doc:"Who may be given it once its queue is open, by id."`
	Warnings []routingWarning `json:"warnings" nullable:"false"`
}

// routingMember is somebody who could serve.
type routingMember struct {
	MemberID string `json:"member_id"`
	Status   string `json:"status" enum:"available,away,offline"`
}

// routingWarning is why nobody would be given it, or not now.
type routingWarning struct {
	Code    string     `json:"code" enum:"closed,passed_on,nobody,nobody_available" doc:"closed: its queue is closed at that time. passed_on: the queue of queue_id is closed, and it goes on to the one that it overflows into. nobody: no member is of the team and has the skills that are asked for. nobody_available: those who could are away or offline."`
	Detail  string     `json:"detail"`
	QueueID string     `json:"queue_id,omitempty" doc:"Of closed and passed_on: the queue that is closed."`
	OpensAt *time.Time `json:"opens_at,omitempty" doc:"Of closed and passed_on: when it opens; absent: it does not."`
}

// doorOf warns of the queue that is closed at the time of a trial; nothing = it is
// open.
func doorOf(at routing.Landing) []routingWarning {
	out := routingWarning{Code: "closed", Detail: "its queue is closed at that time", QueueID: string(at.Shut)}
	switch {
	case at.Shut == "":
		return []routingWarning{}
	case at.Shut != at.Queue:
		out.Code, out.Detail = "passed_on", "its queue is closed at that time: it goes on to the one that it overflows into"
	}
	if !at.Opens.IsZero() {
		out.OpensAt = &at.Opens
	}
	return []routingWarning{out}
}

func (s *Server) tryRouting(ctx context.Context, scope identity.Scope, in *tryRoutingInput) (*body[routingTrialsBody], error) {
	b := in.Body
	var got routing.Outcome
	var err error
	if b.ConversationID != "" {
		got, err = s.RoutingRules.TryOn(ctx, scope, conversation.ID(b.ConversationID))
	} else {
		x := routing.Facts{
			Inbox: channel.InboxID(b.InboxID), Team: team.ID(b.TeamID), Language: b.Language, PageURL: b.PageURL, PageTitle: b.PageTitle,
			Organisation: contact.OrganisationID(b.OrganisationID), Attributes: b.Attributes, Verified: b.Verified, Returning: b.Returning,
			Labels: named[catalog.LabelID](b.LabelIDs), Priority: conversation.Priority(b.Priority), Text: b.Text, Findings: b.Findings,
		}
		if b.At != nil {
			x.At = *b.At
		}
		got, err = s.RoutingRules.Try(ctx, scope, x)
	}
	if err != nil {
		return nil, err
	}
	return s.routingTrials(ctx, scope, got)
}

func (s *Server) routingTrials(ctx context.Context, scope identity.Scope, got routing.Outcome) (*body[routingTrialsBody], error) {
	out := routingTrialsBody{
		ruleTrialsBody: trialsOf(got.Trials, got.Facts), At: got.Facts.At, QueueID: string(got.Queue), TeamID: string(got.Team), Priority: string(got.Priority),
		Skipped: faultBodies(got.Skipped), Serves: []routingMember{}, Warnings: doorOf(got.Landing), RoutingDemand: demandOf(got.Demand),
	}
	there, err := s.Presence.Snapshot(ctx, scope.Workspace)
	if err != nil {
		return nil, err
	}
	status := make(map[string]string, len(there))
	for _, p := range there {
		status[p.MemberID] = p.Status
	}
	available := false
	for _, id := range got.Serves {
		m := routingMember{MemberID: string(id), Status: status[string(id)]}
		if m.Status == "" {
			m.Status = "offline"
		}
		available = available || m.Status == "available"
		out.Serves = append(out.Serves, m)
	}
	switch {
	case len(out.Serves) == 0:
		out.Warnings = append(out.Warnings, routingWarning{Code: "nobody", Detail: "nobody is of the team and has the skills that are asked for"})
	case !available:
		out.Warnings = append(out.Warnings, routingWarning{Code: "nobody_available", Detail: "nobody who could serve it is available"})
	}
	return &body[routingTrialsBody]{Body: out}, nil
}
