package contacttest

import (
	"context"
	"maps"
	"slices"

	"github.com/patchbay-im/patchbay/core/contact"
	"github.com/patchbay-im/patchbay/core/errs"
	"github.com/patchbay-im/patchbay/core/identity"
)

// Attributes implements contact.Attributes and contact.Definitions: types by
// key, the same in every workspace.
type Attributes map[string]string

// Definitions implements contact.Attributes.
func (a Attributes) Definitions(context.Context, identity.WorkspaceID) (contact.Definitions, error) {
	return a, nil
}

// Type implements contact.Definitions.
func (a Attributes) Type(key string) string { return a[key] }

// Check implements contact.Definitions.
func (a Attributes) Check(values map[string]any) (map[string]any, error) {
	e := errs.New(errs.Invalid, "attribute.invalid", "Some attributes are not accepted.")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		fits := values[key] == nil
		switch values[key].(type) {
		case string:
			fits = a[key] == "text" || a[key] == "date" || a[key] == "list" || a[key] == "link"
		case float64:
			fits = a[key] == "number"
		case bool:
			fits = a[key] == "boolean"
		}
		if !fits {
			e.Fields = append(e.Fields, errs.Field{Pointer: "/attributes/" + key, Code: "attribute.value", Detail: "is not accepted"})
		}
	}
	if len(e.Fields) > 0 {
		return nil, e
	}
	return values, nil
}
