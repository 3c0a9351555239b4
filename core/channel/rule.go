package channel

import (
	"time"

	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/filter/rules"
)

// Rules say what becomes of the conversations that begin in an inbox. The first
// rule that the beginning message meets is the one that counts; where it meets
// none, the inbox does what it does without rules.
type Rules struct {
	Revision uint64 // grows with each change
	List     []Rule // in their order
}

// Limits of the rules of an inbox.
const (
	MaxRules      = 50
	MaxRuleLabels = 20
)

type (
	// Rule is conditions over RuleFields, and what is done where they hold.
	Rule = rules.Rule[Effects]
	// RuleDraft is a rule as it is to be.
	RuleDraft = rules.Draft[Effects]
	// Trial is what a message would make of one rule.
	Trial = rules.Trial[Effects]
)

// Effects are what a rule does with a conversation that begins.
type Effects struct {
	Team     string   // a team.ID: whose queue it waits in; "" = that of the inbox
	Priority string   // a conversation.Priority; "" = not said
	Labels   []string // catalog.LabelIDs
	Ticket   bool     // one is made at once
	Type     string   // of the ticket: a ticket.TypeID; "" = the default
	Ignore   bool     // filed: kept and found, but it waits for nobody and nobody is told
}

// none reports whether nothing is done.
func (e Effects) none() bool {
	return e.Team == "" && e.Priority == "" && len(e.Labels) == 0 && !e.Ticket && !e.Ignore
}

// Arrival is what rules look at of a message that begins a conversation.
type Arrival struct {
	From        string   // of the envelope, in lower case; "" = the channel has none
	To          []string // likewise, of to and cc
	Subject     string
	Text        string
	Attachments bool // it has files
	Automatic   bool // a machine or a list sent it
	Verified    bool // the far side, or the plugin, vouches for its sender
}

// The fields of conditions.
const (
	fieldFrom        = "from"
	fieldFromDomain  = "from_domain" // that of the address, and each that it is below
	fieldTo          = "to"          // each address of to and cc
	fieldToTag       = "to_tag"      // what stands behind a plus in one of them: help+vip@… has vip
	fieldSubject     = "subject"
	fieldText        = "text"
	fieldAttachments = "attachments"
	fieldAutomatic   = "automatic"
	fieldVerified    = "verified"
)

// RuleFields returns what the rules of an inbox can ask about: what messages of
// its channel have.
func RuleFields(live bool, c Capabilities) filter.Registry {
	fields := []filter.Field{{Name: fieldText, Kind: filter.Text}}
	if c.Takes(ContentEnvelope) {
		for _, name := range []string{fieldFrom, fieldFromDomain, fieldTo, fieldToTag, fieldSubject} {
			fields = append(fields, filter.Field{Name: name, Kind: filter.Text})
		}
	}
	if c.TakesFiles() || live {
		fields = append(fields, filter.Field{Name: fieldAttachments, Kind: filter.Bool})
	}
	fields = append(fields, filter.Field{Name: fieldVerified, Kind: filter.Bool})
	if !live {
		fields = append(fields, filter.Field{Name: fieldAutomatic, Kind: filter.Bool})
	}
	return filter.NewRegistry(fields...)
}

// AllRuleFields returns what rules of any inbox can ask about.
func AllRuleFields() filter.Registry {
	return RuleFields(false, Capabilities{Content: []string{ContentEnvelope, ContentFile}})
}

// Values implements filter.Row.
func (a Arrival) Values(f filter.Field) []filter.Value {
	switch f.Name {
	case fieldFrom:
		return texts(a.From)
	case fieldFromDomain:
		return texts(domains(a.From)...)
	case fieldTo:
		return texts(a.To...)
	case fieldToTag:
		return texts(tags(a.To)...)
	case fieldSubject:
		return texts(a.Subject)
	case fieldText:
		return texts(a.Text)
	case fieldAttachments:
		return []filter.Value{{Bool: a.Attachments}}
	case fieldAutomatic:
		return []filter.Value{{Bool: a.Automatic}}
	case fieldVerified:
		return []filter.Value{{Bool: a.Verified}}
	default:
		return nil
	}
}

// First returns the first rule that a message meets; nil when it meets none.
func (r Rules) First(a Arrival, at time.Time) *Rule { return rules.First(r.List, a, at) }

// Try tells of each rule what a message would make of it.
func (r Rules) Try(a Arrival, at time.Time) []Trial { return rules.Try(r.List, a, at) }
