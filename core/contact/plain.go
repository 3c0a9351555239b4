package contact

import (
	"context"

	"github.com/patchbay-im/patchbay/core/identity"
)

// PlainAttributes implements Attributes and Definitions where no catalog says
// more: every key may have a text.
type PlainAttributes struct{}

// Definitions implements Attributes.
func (PlainAttributes) Definitions(context.Context, identity.WorkspaceID) (Definitions, error) {
	return PlainAttributes{}, nil
}

// Type implements Definitions.
func (PlainAttributes) Type(string) string { return "text" }

// Check implements Definitions.
func (PlainAttributes) Check(values map[string]any) (map[string]any, error) {
	var c check
	c.plain(values)
	return values, c.err("contact.invalid")
}
