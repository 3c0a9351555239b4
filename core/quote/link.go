package quote

import (
	"net/url"
	"regexp"
	"strings"
)

// Programs say where a link leads ("our site <https://shop.example/>"), and
// servers lead links over their own. Both are seen through, where the address
// was said before.
var (
	said = regexp.MustCompile(`\s?<(https?://|mailto:|tel:)[^<>\s]+>`)
	link = regexp.MustCompile(`https?://[^\s<>"]+`)
)

// readings are the ways to read a line, as letters: as it is, and without what
// was done to its links.
func (m *memory) readings(line string) []string {
	out := []string{squeeze(line)}
	if len(line) > maxLine || !strings.Contains(line, ":") {
		return out
	}
	seen := said.ReplaceAllStringFunc(line, func(s string) string {
		address := strings.Trim(s, " \t<>")
		for _, scheme := range []string{"mailto:", "tel:"} {
			address = strings.TrimPrefix(address, scheme)
		}
		if m.hasLink(unwrapped(address)) {
			return ""
		}
		return s
	})
	seen = link.ReplaceAllStringFunc(seen, func(s string) string {
		if inner := unwrapped(s); m.hasLink(inner) {
			return inner
		}
		return s
	})
	if seen != line {
		out = append(out, squeeze(seen))
	}
	return out
}

func (m *memory) hasLink(address string) bool {
	letters := squeeze(strings.TrimSuffix(address, "/"))
	return letters != "" && m.has(letters)
}

// unwrapped is where a link leads in the end, as far as it says so itself.
func unwrapped(link string) string {
	if _, inner, ok := strings.Cut(link, "/v3/__"); ok { // Proofpoint
		inner, _, _ = strings.Cut(inner, "__;")
		return inner
	}
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	for _, name := range []string{"url", "q", "target"} { // Outlook, Google, NetEase
		if inner := u.Query().Get(name); strings.HasPrefix(inner, "http://") || strings.HasPrefix(inner, "https://") {
			return inner
		}
	}
	return link
}
