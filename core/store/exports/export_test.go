package exports

import "strings"

// Taken lists the columns that exports read, as table.column; members' e-mail
// addresses are read beside.
func Taken() map[string]bool {
	out := map[string]bool{}
	for _, n := range nouns() {
		table, _, _ := strings.Cut(n.from, " ")
		if strings.HasPrefix(n.from, "(") {
			table = "member"
		}
		_, columns := n.parse()
		for _, c := range columns {
			out[table+"."+strings.TrimPrefix(c, "x.")] = true
		}
	}
	return out
}
