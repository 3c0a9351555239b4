package view

import (
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
)

// Where custom attributes live.
const (
	conversationAttributes = "attributes"
	contactAttributes      = "contact.attributes"
)

// Attribute is the definition of a custom attribute, as far as a filter must
// know it.
type Attribute struct {
	OfContact bool // otherwise of the conversation
	Key       string
	Kind      filter.Kind
	Options   []string // of an enum
}

// Fields returns what conversations can be filtered by.
func Fields(custom []Attribute) filter.Registry {
	r := filter.NewRegistry(
		filter.Field{Name: "state", Kind: filter.Enum, Options: []string{
			string(conversation.Open), string(conversation.Snoozed), string(conversation.Resolved),
		}},
		filter.Field{Name: "responder", Kind: filter.Enum, Options: []string{
			string(conversation.ResponderQueue), string(conversation.ResponderAgent),
		}},
		filter.Field{Name: "assignee", Kind: filter.ID, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "inbox", Kind: filter.ID, Prefix: "inb"},
		filter.Field{Name: "contact", Kind: filter.ID, Prefix: "con"},
		filter.Field{Name: "unread", Kind: filter.Bool},
		filter.Field{Name: "created_at", Kind: filter.Time},
		filter.Field{Name: "updated_at", Kind: filter.Time},
		filter.Field{Name: "waiting_since", Kind: filter.Time},
		filter.Field{Name: "last_message_at", Kind: filter.Time},
		filter.Field{Name: "contact.name", Kind: filter.Text},
		filter.Field{Name: "contact.email", Kind: filter.Text},
	)
	for _, a := range custom {
		f := filter.Field{Name: conversationAttributes, Key: a.Key, Kind: a.Kind, Options: a.Options}
		if a.OfContact {
			f.Name = contactAttributes
		}
		r[f.Full()] = f
	}
	return r
}
