package ticket

import (
	"slices"

	"github.com/patchbay-im/patchbay/core/filter"
)

// customFields is where the values of custom fields live in a filter:
// fields.KEY.
const customFields = "fields"

// Registry returns what tickets can be filtered by. A key is of one kind in all
// types; a list has the options of them all.
func Registry(types []Type) filter.Registry {
	r := filter.NewRegistry(
		filter.Field{Name: "status", Kind: filter.Enum, Options: texts(Statuses())},
		filter.Field{Name: "type", Kind: filter.ID, Prefix: "tty"},
		filter.Field{Name: "priority", Kind: filter.Enum, Options: texts(Priorities())},
		filter.Field{Name: "assignee", Kind: filter.ID, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "team", Kind: filter.ID, Prefix: "tea", Word: filter.Mine},
		filter.Field{Name: "inbox", Kind: filter.ID, Prefix: "inb"},
		filter.Field{Name: "contact", Kind: filter.ID, Prefix: "con"},
		filter.Field{Name: "contact.organisation", Kind: filter.ID, Prefix: "org"},
		filter.Field{Name: "label", Kind: filter.Set, Prefix: "lab"},
		filter.Field{Name: "follower", Kind: filter.Set, Prefix: "mem", Word: filter.Me},
		filter.Field{Name: "due_at", Kind: filter.Time},
		filter.Field{Name: "created_at", Kind: filter.Time},
		filter.Field{Name: "updated_at", Kind: filter.Time},
		filter.Field{Name: "solved_at", Kind: filter.Time},
		filter.Field{Name: "number", Kind: filter.Number},
		filter.Field{Name: "rating", Kind: filter.Number},
		filter.Field{Name: "title", Kind: filter.Text},
	)
	for _, t := range types {
		for _, f := range t.Fields {
			field := filter.Field{Name: customFields, Key: f.Key, Kind: f.Type.Filtered()}
			if field.Kind == filter.Enum {
				field.Options = union(r[field.Full()].Options, f.Options)
			}
			r[field.Full()] = field
		}
	}
	return r
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func texts[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, x := range all {
		out[i] = string(x)
	}
	return out
}
