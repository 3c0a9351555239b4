package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/filter/rules"
	"github.com/patchbay-im/patchbay/core/identity"
)

// inboxRuleBody is a rule of an inbox.
type inboxRuleBody struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Enabled bool            `json:"enabled"`
	When    map[string]any  `json:"when" doc:"Conditions: a filter as lists take it, over the fields of this inbox."`
	Then    ruleThen        `json:"then"`
	Faults  []ruleFaultBody `json:"faults" nullable:"false" doc:"What is left out when the rule is applied, since it is not there any more."`
}

// ruleThen is what a rule does with a conversation that begins.
type ruleThen struct {
	TeamID   string      `json:"team_id,omitempty" doc:"Whose queue it waits in; absent: that of the inbox."`
	Priority string      `json:"priority,omitempty" enum:"low,normal,high,urgent"`
	LabelIDs []string    `json:"label_ids,omitempty" maxItems:"20"`
	Ticket   *ruleTicket `json:"ticket,omitempty" doc:"A ticket is made at once, with the conversation linked."`
	Ignore   bool        `json:"ignore,omitempty" doc:"It is filed as ignored: kept, and found by the filter ignored, but it waits for nobody and nobody is told."`
}

// ruleTicket is the ticket that a rule makes.
type ruleTicket struct {
	TypeID string `json:"type_id,omitempty" doc:"Absent: the default type."`
}

// ruleFaultBody is an effect that cannot be done.
type ruleFaultBody struct {
	Pointer string `json:"pointer" doc:"Into then."`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// ruleFieldBody is something that conditions can ask about.
type ruleFieldBody struct {
	Name string `json:"name"`
	Kind string `json:"kind" enum:"text,bool"`
}

// inboxRulesBody is the rules of an inbox.
type inboxRulesBody struct {
	Revision uint64          `json:"revision" doc:"Grows with each change; a change names the one that it was made of."`
	Rules    []inboxRuleBody `json:"rules" nullable:"false" doc:"In their order: the first whose conditions hold is the one that counts."`
	Fields   []ruleFieldBody `json:"fields" nullable:"false" doc:"What conditions can ask about here: what messages of the channel have."`
}

func (s *Server) ruleRoutes() {
	base := apiPrefix + "/workspaces/{workspace}/inboxes/{inbox}/rules"
	member(s, huma.Operation{Method: http.MethodGet, Path: base, Summary: "List the rules of an inbox", Tags: []string{"inboxes"}},
		identity.InboxManage, s.getRules)
	member(s, huma.Operation{
		Method: http.MethodPut, Path: base, Summary: "Replace the rules of an inbox", Tags: []string{"inboxes"},
		Description: "They count from the next message on that begins a conversation.",
	}, identity.InboxManage, s.putRules)
	member(s, huma.Operation{
		Method: http.MethodPost, Path: base + "/try", Summary: "Try the rules of an inbox on a message", Tags: []string{"inboxes"},
		Description: "Tells of each rule what the message would make of it. Nothing is changed.",
	}, identity.InboxManage, s.tryRules)
}

func rulesOf(b channel.RuleBook) *body[inboxRulesBody] {
	out := inboxRulesBody{Revision: b.Revision, Rules: make([]inboxRuleBody, len(b.List)), Fields: []ruleFieldBody{}}
	for i, r := range b.List {
		out.Rules[i] = ruleOf(r, b.Faults[r.ID])
	}
	for name, f := range b.Fields {
		out.Fields = append(out.Fields, ruleFieldBody{Name: name, Kind: string(f.Kind)})
	}
	slices.SortFunc(out.Fields, func(a, b ruleFieldBody) int { return strings.Compare(a.Name, b.Name) })
	return &body[inboxRulesBody]{Body: out}
}

func ruleOf(r channel.Rule, faults []errs.Field) inboxRuleBody {
	out := inboxRuleBody{
		ID: r.ID, Name: r.Name, Enabled: r.Enabled, When: treeOf(r.When), Faults: faultBodies(faults),
		Then: ruleThen{TeamID: r.Then.Team, Priority: r.Then.Priority, LabelIDs: r.Then.Labels, Ignore: r.Then.Ignore},
	}
	if r.Then.Ticket {
		out.Then.Ticket = &ruleTicket{TypeID: r.Then.Type}
	}
	return out
}

func treeOf(tree any) map[string]any {
	raw, err := json.Marshal(tree)
	if err != nil { // a checked tree always marshals
		return map[string]any{}
	}
	return jsonObject(raw)
}

func (s *Server) getRules(ctx context.Context, scope identity.Scope, in *InboxPath) (*body[inboxRulesBody], error) {
	book, err := s.Inboxes.Rules(ctx, scope, channel.InboxID(in.Inbox))
	if err != nil {
		return nil, err
	}
	return rulesOf(book), nil
}

type putRulesInput struct {
	InboxPath
	Body struct {
		Revision uint64 `json:"revision" doc:"That of the rules that were changed; 0 where there were none yet."`
		Rules    []struct {
			ID      string         `json:"id,omitempty" doc:"Absent of a new one."`
			Name    string         `json:"name"`
			Enabled bool           `json:"enabled"`
			When    map[string]any `json:"when,omitempty" doc:"Conditions; absent: always."`
			Then    ruleThen       `json:"then"`
		} `json:"rules" nullable:"false" maxItems:"50"`
	}
}

func (s *Server) putRules(ctx context.Context, scope identity.Scope, in *putRulesInput) (*body[inboxRulesBody], error) {
	drafts := make([]channel.RuleDraft, len(in.Body.Rules))
	for i, r := range in.Body.Rules {
		when, err := json.Marshal(r.When)
		if err != nil {
			return nil, err //nolint:wrapcheck // it came as JSON
		}
		drafts[i] = channel.RuleDraft{ID: r.ID, Name: r.Name, Enabled: r.Enabled, When: when, Then: r.Then.domain()}
	}
	book, err := s.Inboxes.SetRules(ctx, scope, channel.InboxID(in.Inbox), in.Body.Revision, drafts)
	if err != nil {
		return nil, err
	}
	return rulesOf(book), nil
}

func (t ruleThen) domain() channel.Effects {
	e := channel.EffectsJSON{Team: t.TeamID, Priority: t.Priority, Labels: t.LabelIDs, Ignore: t.Ignore}
	if t.Ticket != nil {
		e.Ticket = &channel.RuleTicketJSON{Type: t.Ticket.TypeID}
	}
	return e.Domain()
}

type tryRulesInput struct {
	InboxPath
	Body struct {
		ConversationID string `json:"conversation_id,omitempty" doc:"With message_id: a message that came in this inbox. Else it is made of the other fields."`
		MessageID      string `json:"message_id,omitempty"`

		From        string   `json:"from,omitempty" maxLength:"320"`
		To          []string `json:"to,omitempty" maxItems:"200" doc:"The addresses of to and cc."`
		Subject     string   `json:"subject,omitempty" maxLength:"1000"`
		Text        string   `json:"text,omitempty" maxLength:"10000"`
		Attachments bool     `json:"attachments,omitempty"`
		Automatic   bool     `json:"automatic,omitempty" doc:"A machine or a list sent it."`
		Verified    bool     `json:"verified,omitempty"`
	}
}

// ruleTrialBody is what a message makes of a rule.
type ruleTrialBody struct {
	RuleID     string              `json:"rule_id"`
	Name       string              `json:"name"`
	Enabled    bool                `json:"enabled"`
	Holds      bool                `json:"holds" doc:"Whether its conditions hold."`
	Fires      bool                `json:"fires" doc:"Whether it is the one that counts: the first that is on and whose conditions hold."`
	Conditions []ruleConditionBody `json:"conditions" nullable:"false"`
}

// ruleConditionBody is whether a message meets a condition.
type ruleConditionBody struct {
	Pointer   string         `json:"pointer" doc:"Into when."`
	Condition map[string]any `json:"condition" doc:"The condition: field, op, value."`
	Holds     bool           `json:"holds"`
	Has       []string       `json:"has" nullable:"false" doc:"What the message has of the field; of text, its beginning."`
}

// ruleTrialsBody is what a message makes of the rules of an inbox.
type ruleTrialsBody struct {
	RuleID string          `json:"rule_id,omitempty" doc:"The rule that counts; absent: none does."`
	Rules  []ruleTrialBody `json:"rules" nullable:"false"`
}

func (s *Server) tryRules(ctx context.Context, scope identity.Scope, in *tryRulesInput) (*body[ruleTrialsBody], error) {
	b := in.Body
	a := channel.Arrival{
		From: b.From, To: b.To, Subject: b.Subject, Text: b.Text,
		Attachments: b.Attachments, Automatic: b.Automatic, Verified: b.Verified,
	}
	id := channel.InboxID(in.Inbox)
	if b.ConversationID != "" || b.MessageID != "" {
		var err error
		a, err = s.Conversations.ArrivalOf(ctx, scope, id, conversation.ID(b.ConversationID), conversation.MessageID(b.MessageID))
		if err != nil {
			return nil, err
		}
	}
	trials, err := s.Inboxes.Try(ctx, scope, id, a)
	if err != nil {
		return nil, err
	}
	return &body[ruleTrialsBody]{Body: trialsOf(trials, a)}, nil
}

// trialsOf is what a row makes of rules.
func trialsOf[E any](trials []rules.Trial[E], a filter.Row) ruleTrialsBody {
	out := ruleTrialsBody{Rules: make([]ruleTrialBody, len(trials))}
	for i, t := range trials {
		if t.Fires {
			out.RuleID = t.Rule.ID
		}
		out.Rules[i] = trialOf(t, a)
	}
	return out
}

func trialOf[E any](t rules.Trial[E], a filter.Row) ruleTrialBody {
	out := ruleTrialBody{RuleID: t.Rule.ID, Name: t.Rule.Name, Enabled: t.Rule.Enabled, Holds: t.Holds, Fires: t.Fires, Conditions: []ruleConditionBody{}}
	for _, v := range t.Conditions {
		out.Conditions = append(out.Conditions, ruleConditionBody{
			Pointer: v.Pointer, Condition: treeOf(v.Condition), Holds: v.Holds, Has: saidOf(a.Values(v.Condition.Field), v.Condition.Field.Kind),
		})
	}
	return out
}

// saidOf is values for people.
func saidOf(values []filter.Value, kind filter.Kind) []string {
	const most, longest = 10, 100
	out := []string{}
	for _, v := range values[:min(len(values), most)] {
		text := v.Text
		switch kind {
		case filter.Bool:
			text = strconv.FormatBool(v.Bool)
		case filter.Number:
			text = strconv.FormatFloat(v.Number, 'f', -1, 64)
		default:
		}
		if r := []rune(text); len(r) > longest {
			text = string(r[:longest-1]) + "…"
		}
		out = append(out, text)
	}
	return out
}
