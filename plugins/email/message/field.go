package message

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// IDs reads the message ids of a field, without brackets, each once. Blanks
// within an id are the work of folding. A value without any brackets is read
// word by word. Of too many, the last remain.
func IDs(value string) []string {
	var out []string
	add := func(id string) {
		id = strings.ToValidUTF8(strings.Join(strings.Fields(id), ""), "?")
		if id != "" && len(id) <= 998 && !slices.Contains(out[max(0, len(out)-maxIDs):], id) {
			out = append(out, id)
		}
	}
	rest := value
	for {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(rest[open:], '>')
		if end < 0 {
			break
		}
		inner := rest[open+1 : open+end]
		add(inner[strings.LastIndexByte(inner, '<')+1:])
		rest = rest[open+end+1:]
	}
	if len(out) == 0 {
		for w := range strings.FieldsSeq(value) {
			if strings.Contains(w, "@") {
				add(strings.Trim(w, "<>,;"))
			}
		}
	}
	return out[max(0, len(out)-maxIDs):]
}

var (
	comment = regexp.MustCompile(`\([^()]*\)`)
	dotted  = regexp.MustCompile(`(\d{1,2})\.(\d{2})\.(\d{2})`)
)

// parseDate reads dates of mail and what is often wrong with them.
func parseDate(value string) (time.Time, bool) {
	value = strings.Join(strings.Fields(comment.ReplaceAllString(value, " ")), " ")
	tries := []string{value, dotted.ReplaceAllString(value, "$1:$2:$3"), value + " +0000", strings.TrimSuffix(value, " GMT") + " +0000"}
	if _, rest, found := strings.Cut(value, ","); found {
		tries = append(tries, strings.TrimSpace(rest))
	}
	if fields := strings.Fields(value); len(fields) > 1 {
		tries = append(tries, strings.Join(fields[:len(fields)-1], " "), strings.Join(fields[:len(fields)-1], " ")+" +0000")
	}
	for _, s := range tries {
		if t, err := mail.ParseDate(s); err == nil && plausible(t) {
			return t, true
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.ANSIC, time.UnixDate} {
		if t, err := time.Parse(layout, value); err == nil && plausible(t) {
			return t, true
		}
	}
	return time.Time{}, false
}

func plausible(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 10000 }
