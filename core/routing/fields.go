package routing

import (
	"maps"
	"strings"
	"time"

	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/filter"
	"github.com/patchbay-im/patchbay/core/view"
)

// The fields of conditions that lists of conversations do not have.
const (
	fieldChannel   = "channel"
	fieldLanguage  = "language" // the tag of the contact's language, and what it is a kind of: zh-CN has zh
	fieldPageTitle = "page_title"
	fieldVerified  = "verified"
	fieldReturning = "returning"
	fieldText      = "text"
	fieldFinding   = "finding"
	fieldOpen      = "open_hours" // the calendars that are open
	fieldWeekday   = "weekday"
	fieldHour      = "hour"
)

// Those that they share with lists.
const (
	fieldInbox        = "inbox"
	fieldTeam         = "team"
	fieldLabel        = "label"
	fieldPriority     = "priority"
	fieldPageURL      = "page_url"
	fieldOrganisation = "contact.organisation"
	fieldAttributes   = "contact.attributes"
)

// The channels, as dispatch tells them apart.
const (
	Chat    = "chat"    // somebody waits on a page
	Message = "message" // of an app or a network
	Mail    = "mail"
)

// Fields returns what rules can ask about, with the workspace's attributes of
// contacts.
func Fields(custom []catalog.Attribute) filter.Registry {
	out := filter.NewRegistry(
		filter.Field{Name: fieldChannel, Kind: filter.Enum, Options: []string{Chat, Message, Mail}},
		filter.Field{Name: fieldLanguage, Kind: filter.Text},
		filter.Field{Name: fieldPageTitle, Kind: filter.Text},
		filter.Field{Name: fieldVerified, Kind: filter.Bool},
		filter.Field{Name: fieldReturning, Kind: filter.Bool},
		filter.Field{Name: fieldText, Kind: filter.Text},
		filter.Field{Name: fieldFinding, Kind: filter.Text},
		filter.Field{Name: fieldOpen, Kind: filter.Set, Prefix: "cal"},
		filter.Field{Name: fieldWeekday, Kind: filter.Enum, Options: weekdays()},
		filter.Field{Name: fieldHour, Kind: filter.Number},
	)
	lists := view.Fields(custom)
	maps.DeleteFunc(lists, func(_ string, f filter.Field) bool { return !shared(f) })
	for name, f := range lists {
		f.Word = "" // nobody asks
		out[name] = f
	}
	return out
}

func shared(f filter.Field) bool {
	switch f.Name {
	case fieldInbox, fieldTeam, fieldLabel, fieldPriority, fieldPageURL, fieldOrganisation, fieldAttributes:
		return true
	}
	return false
}

// weekdays are the days of a week, from Monday on.
func weekdays() []string {
	out := make([]string, 7)
	for i := range out {
		out[i] = weekday(time.Weekday((i + 1) % 7))
	}
	return out
}

func weekday(d time.Weekday) string { return strings.ToLower(d.String()) }
