package view

import (
	"github.com/patchbay-im/patchbay/core/catalog"
	"github.com/patchbay-im/patchbay/core/conversation"
	"github.com/patchbay-im/patchbay/core/filter"
)

// Where custom attributes live.
const (
	conversationAttributes = "attributes"
	contactAttributes      = "contact.attributes"
)

// Fields returns what conversations can be filtered by.
func Fields(custom []catalog.Attribute) filter.Registry {
	r := filter.NewRegistry(
		filter.Field{Name: "state", Kind: filter.Enum, Options: []string{
			string(conversation.Open), string(conversation.Snoozed), string(conversation.Resolved),
		}},
		filter.Field{Name: "responder", Kind: filter.Enum, Options: []string{
			string(conversation.ResponderBot), string(conversation.ResponderQueue), string(conversation.ResponderAgent),
		}},
		filter.Field{Name: "assignee", Kind: filter.ID, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "offered", Kind: filter.ID, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "team", Kind: filter.ID, Prefix: "tea", Word: filter.Mine},
		filter.Field{Name: "queue", Kind: filter.ID, Prefix: "que"},
		filter.Field{Name: "inbox", Kind: filter.ID, Prefix: "inb"},
		filter.Field{Name: "label", Kind: filter.Set, Prefix: "lab"},
		filter.Field{Name: "participant", Kind: filter.Set, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "mention", Kind: filter.Set, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "priority", Kind: filter.Enum, Options: priorities()},
		filter.Field{Name: "number", Kind: filter.Number},
		filter.Field{Name: "contact", Kind: filter.ID, Prefix: "con"},
		filter.Field{Name: "unread", Kind: filter.Bool},
		filter.Field{Name: "ignored", Kind: filter.Bool},
		filter.Field{Name: "created_at", Kind: filter.Time},
		filter.Field{Name: "updated_at", Kind: filter.Time},
		filter.Field{Name: "waiting_since", Kind: filter.Time},
		filter.Field{Name: "last_message_at", Kind: filter.Time},
		filter.Field{Name: "contact.name", Kind: filter.Text},
		filter.Field{Name: "contact.email", Kind: filter.Text},
		filter.Field{Name: "contact.organisation", Kind: filter.ID, Prefix: "org"},
		filter.Field{Name: "rating", Kind: filter.Number},
		filter.Field{Name: "page_url", Kind: filter.Text},
	)
	for _, a := range custom {
		f := filter.Field{Name: conversationAttributes, Key: a.Key, Kind: a.Type.Filtered()}
		if a.Target == catalog.OfContact {
			f.Name = contactAttributes
		}
		if f.Kind == filter.Enum {
			f.Options = a.Options
		}
		r[f.Full()] = f
	}
	return r
}

func priorities() []string {
	var out []string
	for _, p := range conversation.Priorities() {
		if p != "" {
			out = append(out, string(p))
		}
	}
	return out
}
