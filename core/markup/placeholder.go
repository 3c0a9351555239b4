package markup

import "regexp"

// Placeholders finds {{name}} in a text that somebody wrote to be filled in, with
// space around the name or not: its first group is the name. web/client's
// expandCanned has the same rule.
func Placeholders() *regexp.Regexp { return regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`) }
