package channel

import (
	"encoding/json"

	"github.com/patchbay-im/patchbay/core/filter"
)

// RuleJSON is a rule as JSON has it: in the database, the audit log and the API.
type RuleJSON struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Enabled bool            `json:"enabled"`
	When    json.RawMessage `json:"when"`
	Then    EffectsJSON     `json:"then"`
}

// EffectsJSON is Effects as JSON has it.
type EffectsJSON struct {
	Team     string          `json:"team_id,omitempty"`
	Priority string          `json:"priority,omitempty"`
	Labels   []string        `json:"label_ids,omitempty"`
	Ticket   *RuleTicketJSON `json:"ticket,omitempty"`
	Ignore   bool            `json:"ignore,omitempty"`
}

// RuleTicketJSON is the ticket of EffectsJSON.
type RuleTicketJSON struct {
	Type string `json:"type_id,omitempty"`
}

// ruleJSON returns a rule as JSON has it.
func ruleJSON(r Rule) RuleJSON {
	when, _ := json.Marshal(r.When) // a checked tree always marshals
	e := EffectsJSON{Team: r.Then.Team, Priority: r.Then.Priority, Labels: r.Then.Labels, Ignore: r.Then.Ignore}
	if r.Then.Ticket {
		e.Ticket = &RuleTicketJSON{Type: r.Then.Type}
	}
	return RuleJSON{ID: r.ID, Name: r.Name, Enabled: r.Enabled, When: when, Then: e}
}

// Domain returns the effects.
func (e EffectsJSON) Domain() Effects {
	out := Effects{Team: e.Team, Priority: e.Priority, Labels: e.Labels, Ignore: e.Ignore}
	if e.Ticket != nil {
		out.Ticket, out.Type = true, e.Ticket.Type
	}
	return out
}

// rulesJSON is rules as they are stored.
type rulesJSON struct {
	Revision uint64     `json:"revision"`
	List     []RuleJSON `json:"rules"`
}

// RulesText is rules as they are stored; "" for those that were never set.
func RulesText(r Rules) string {
	if r.Revision == 0 {
		return ""
	}
	out := rulesJSON{Revision: r.Revision, List: make([]RuleJSON, len(r.List))}
	for i, rule := range r.List {
		out.List[i] = ruleJSON(rule)
	}
	text, _ := json.Marshal(out) // as above
	return string(text)
}

// ParseRules reads what RulesText wrote. A rule of another version, whose
// conditions are not known here, is switched off.
func ParseRules(text string) Rules {
	if text == "" {
		return Rules{}
	}
	var in rulesJSON
	_ = json.Unmarshal([]byte(text), &in) // we wrote it
	out := Rules{Revision: in.Revision}
	for _, r := range in.List {
		rule := Rule{ID: r.ID, Name: r.Name, Enabled: r.Enabled, Then: r.Then.Domain()}
		when, err := filter.Parse(r.When, AllRuleFields())
		rule.When, rule.Enabled = when, rule.Enabled && err == nil
		out.List = append(out.List, rule)
	}
	return out
}
