package catalog

import (
	"slices"
	"strings"

	"github.com/patchbay-im/patchbay/core/markup"
)

// Variables lists what clients fill in for {{name}} in a canned reply, beside
// contact.attributes.KEY.
func Variables() []string {
	return []string{"contact.name", "contact.first_name", "agent.name", "workspace.name", "inbox.name", "conversation.number"}
}

const attributeVariable = "contact.attributes."

// Unknown returns the variables of a text that no client fills in, each once,
// in the order in which they come. They stay visible in what is sent, so the
// author should know. contact are the definitions of contacts' attributes.
func Unknown(text string, contact Definitions) []string {
	var out []string
	for _, m := range markup.Placeholders().FindAllStringSubmatch(text, -1) {
		name := m[1]
		if !known(name, contact) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func known(name string, contact Definitions) bool {
	if key, ok := strings.CutPrefix(name, attributeVariable); ok {
		return slices.ContainsFunc(contact, func(a Attribute) bool { return a.Key == key })
	}
	return slices.Contains(Variables(), name)
}
