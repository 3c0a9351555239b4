package routing

import (
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/calendar"
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/channel"
	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/team"
)

// Facts are what rules look at of a conversation.
type Facts struct {
	Inbox        channel.InboxID
	Channel      string // Chat, Message or Mail
	Team         team.ID
	Language     string // BCP 47; "" = not known
	PageURL      string // that the customer looked at last in the inbox
	PageTitle    string
	Organisation contact.OrganisationID
	Attributes   map[string]any // of the contact
	Verified     bool           // it is proven who they are
	Returning    bool           // the contact has another conversation
	Labels       []catalog.LabelID
	Priority     conversation.Priority
	Text         string   // of the customer's first message
	Findings     []string // codes of what analyzers noticed
	Open         []calendar.ID
	At           time.Time // in the time zone of the rules
}

// Values implements filter.Row.
func (x Facts) Values(f filter.Field) []filter.Value {
	switch f.Name {
	case fieldInbox:
		return texts(string(x.Inbox))
	case fieldChannel:
		return texts(x.Channel)
	case fieldTeam:
		return texts(string(x.Team))
	case fieldLanguage:
		return texts(languages(x.Language)...)
	case fieldPageURL:
		return texts(x.PageURL)
	case fieldPageTitle:
		return texts(x.PageTitle)
	case fieldText:
		return texts(x.Text)
	case fieldFinding:
		return texts(x.Findings...)
	case fieldPriority:
		return texts(string(x.Priority))
	case fieldLabel:
		return texts(x.Labels...)
	case fieldOpen:
		return texts(x.Open...)
	default:
		return x.more(f)
	}
}

// more is Values for what is of the contact, and of the time.
func (x Facts) more(f filter.Field) []filter.Value {
	switch f.Name {
	case fieldOrganisation:
		return texts(string(x.Organisation))
	case fieldAttributes:
		return f.Given(x.Attributes[f.Key])
	case fieldVerified:
		return []filter.Value{{Bool: x.Verified}}
	case fieldReturning:
		return []filter.Value{{Bool: x.Returning}}
	case fieldWeekday:
		return texts(weekday(x.At.Weekday()))
	case fieldHour:
		return []filter.Value{{Number: float64(x.At.Hour())}}
	default:
		return nil
	}
}

// texts are values of what is not empty.
func texts[T ~string](all ...T) []filter.Value {
	var out []filter.Value
	for _, text := range all {
		if text != "" {
			out = append(out, filter.Value{Text: string(text)})
		}
	}
	return out
}

// languages are a tag and each that it is a kind of: zh-Hans-CN, zh-Hans and zh.
func languages(tag string) []string {
	var out []string
	for tag != "" {
		out = append(out, tag)
		tag = tag[:max(strings.LastIndexAny(tag, "-_"), 0)]
	}
	return out
}
