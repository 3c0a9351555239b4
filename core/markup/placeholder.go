package markup

import (
	"regexp"
	"slices"
	"strings"
)

// Placeholders finds {{name}} in a text that somebody wrote to be filled in, with
// space around the name or not: its first group is the name. web/client's
// expandCanned has the same rule.
func Placeholders() *regexp.Regexp { return regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`) }

// Fill puts values in the place of placeholders, by their names; what is not known
// is left out, as is the space around the whole.
func Fill(text string, values map[string]string) string {
	named := Placeholders()
	return strings.TrimSpace(named.ReplaceAllStringFunc(text, func(found string) string {
		return values[named.FindStringSubmatch(found)[1]]
	}))
}

// Unfilled returns the first placeholder of a text that is none of those that are
// filled in; "" = there is none.
func Unfilled(text string, names []string) string {
	for _, found := range Placeholders().FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			return found[1]
		}
	}
	return ""
}
