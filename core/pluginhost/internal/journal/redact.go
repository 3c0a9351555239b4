package journal

import (
	"regexp"
	"strings"
)

// hidden stands where a secret was.
const hidden = "[hidden]"

// minSecret is how many bytes a secret has at least to be looked for: a short
// one would hide half of every line.
const minSecret = 6

// Redactor takes secrets out of text: the values that are in use now, and what
// has the shape of a token. It may be used from anywhere.
type Redactor struct {
	shapes []shape

	live func() []string // the longest first; nil = none
}

type shape struct {
	is   *regexp.Regexp
	with string
}

// NewRedactor returns a Redactor. live returns the secrets in use, the longest
// first: one may be the beginning of another. nil = it knows shapes only.
func NewRedactor(live func() []string) *Redactor {
	return &Redactor{live: live, shapes: []shape{
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "$1 " + hidden},
		{regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`), hidden},                     // a JSON web token
		{regexp.MustCompile(`\b(sk|pk|rk|ghp|gho|ghs|glpat|xox[abprs]|pat|key|whsec)[-_][A-Za-z0-9_-]{16,}`), hidden}, // tokens that say so
		{regexp.MustCompile(`\bpb[a-z]{0,4}_[A-Za-z0-9]{24,}`), hidden},                                               // ours
		{regexp.MustCompile(`\b\d{8,12}:[A-Za-z0-9_-]{30,}`), hidden},                                                 // a bot's, of Telegram
		{regexp.MustCompile(`(?i)((?:access_|refresh_|id_|api_?|client_)?(?:token|secret|password|passwd|api_?key|authorization)["']?\s*[:=]\s*["']?)[^\s"'&,;}]{4,}`), "${1}" + hidden},
		{regexp.MustCompile(`://[^/\s:@]+:[^/\s@]+@`), "://" + hidden + "@"}, // in an address
	}}
}

// Clean returns text without secrets.
func (r *Redactor) Clean(text string) string {
	if r.live != nil {
		for _, value := range r.live() {
			if len(value) >= minSecret {
				text = strings.ReplaceAll(text, value, hidden)
			}
		}
	}
	for _, s := range r.shapes {
		text = s.is.ReplaceAllString(text, s.with)
	}
	return text
}
